//! What is known of each platform, gathered from its folder, and the one list of them all.
//!
//! A folder `platforms/<name>/` has the files of its images and a `platform.rs` with one
//! [`Definition`] and the code that plans a build. Nothing else here or in the agent asks which platform
//! it has before it.

use beanpole_protocol::Platform;

use crate::{
    changelog::{self, Release},
    detect::Sign,
    plan::{Plan, PlanError},
    source::Source,
};

#[path = "../docker/platform.rs"]
pub(crate) mod docker;
#[path = "../dotnet/platform.rs"]
pub(crate) mod dotnet;
#[path = "../go/platform.rs"]
mod go;
#[path = "../java/platform.rs"]
mod java;
#[path = "../nodejs/platform.rs"]
mod nodejs;
#[path = "../php/platform.rs"]
mod php;
#[path = "../python/platform.rs"]
mod python;
#[path = "../ruby/platform.rs"]
mod ruby;
#[path = "../tomcat/platform.rs"]
mod tomcat;

/// One platform, as data.
#[derive(Debug)]
pub struct Definition {
    pub platform: Platform,
    /// What changed from version to version; [`Definition::release`] is its head.
    pub changelog: &'static str,
    /// What applications run in; `ARG BASE` is the base image. None: the bundle brings its own.
    pub runtime: Option<Recipe>,
    /// Where applications are built that need more than they run in; `ARG BASE` is the base image,
    /// `ARG RUNTIME` the runtime image.
    pub builder: Option<Recipe>,
    /// The files by which a bundle is recognised.
    pub signs: &'static [Sign],
    /// From a bundle's files to the build of its image.
    pub plan: fn(&Source) -> Result<Plan, PlanError>,
}

impl Definition {
    /// Its branch, and its version now.
    pub fn release(&self) -> Release {
        changelog::release(self.changelog)
    }
}

/// The files that an image is built from, `Dockerfile` among them.
pub type Recipe = &'static [RecipeFile];

/// One file of a recipe: path, mode, content.
pub type RecipeFile = (&'static str, u32, &'static [u8]);

/// The tags of a platform's images on this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// Empty for a platform whose bundles bring their own.
    pub runtime: String,
    /// The same as `runtime` for a platform without a builder of its own.
    pub builder: String,
}

const DEFINITIONS: &[&Definition] = &[
    &docker::DEFINITION,
    &dotnet::DEFINITION,
    &go::DEFINITION,
    &java::DEFINITION,
    &nodejs::DEFINITION,
    &php::DEFINITION,
    &python::DEFINITION,
    &ruby::DEFINITION,
    &tomcat::DEFINITION,
];

/// Every platform.
pub fn all() -> impl Iterator<Item = &'static Definition> {
    DEFINITIONS.iter().copied()
}

/// The definition of one.
pub fn definition(platform: Platform) -> &'static Definition {
    match platform {
        Platform::Docker => &docker::DEFINITION,
        Platform::DotNet => &dotnet::DEFINITION,
        Platform::Go => &go::DEFINITION,
        Platform::Java => &java::DEFINITION,
        Platform::NodeJs => &nodejs::DEFINITION,
        Platform::Php => &php::DEFINITION,
        Platform::Python => &python::DEFINITION,
        Platform::Ruby => &ruby::DEFINITION,
        Platform::Tomcat => &tomcat::DEFINITION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_is_on_the_list_under_its_own_name() {
        let listed: Vec<_> = all().map(|definition| definition.platform).collect();
        assert_eq!(listed.len(), Platform::ALL.len());
        for platform in Platform::ALL {
            assert!(listed.contains(&platform), "{platform}");
            assert_eq!(definition(platform).platform, platform);
        }
    }

    #[test]
    fn every_changelog_begins_with_a_branch_and_a_version() {
        for definition in all() {
            let Release { branch, version } = definition.release();
            assert!(!branch.is_empty(), "{}", definition.platform);
            let numbers: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
            assert!(
                numbers.len() == 3 && numbers.iter().all(Result::is_ok),
                "{version}"
            );
        }
    }

    #[test]
    fn a_recipe_has_a_dockerfile_that_stands_on_our_images() {
        let recipes = all().flat_map(|definition| [definition.runtime, definition.builder]);
        for recipe in recipes.flatten() {
            let (_, _, text) = recipe.iter().find(|(path, ..)| *path == "Dockerfile").unwrap();
            let text = std::str::from_utf8(text).unwrap();
            assert!(
                text.contains("ARG BASE") || text.contains("ARG RUNTIME"),
                "{text}"
            );
        }
    }
}

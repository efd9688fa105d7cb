//! The images that Beanpole makes itself: one base, one for each platform on top of it.
//!
//! A tag carries a hash of everything the image is made from, so an image that exists under its tag is
//! current. Pulling, importing and building are the agent's.

use std::sync::Arc;

use beanpole_protocol::Platform;
use sha2::{Digest, Sha256};

use crate::platform::{Images, Recipe, definition};

/// The Debian release that images are made from.
pub const SUITE: &str = "bookworm";

/// What a registry would give; also the alias that our base gets where none answers.
pub const SEED_PULL: (&str, &str) = ("debian", "bookworm-slim");

/// Where images and packages come from, and whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The plain Debian to start from, as its registry names it; none: [`SEED_PULL`], or what Debian's
    /// packages give where no registry answers.
    pub base_image: Option<String>,
    /// Debian's packages; none: where the image we start from has them from.
    pub mirror: Option<String>,
    /// Debian's security updates; none: the mirror's own.
    pub security_mirror: Option<String>,
    /// File name and PEM text of certificate authorities beyond Debian's, sorted by name.
    pub authorities: Vec<(String, Vec<u8>)>,
}

/// One file of a build context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextFile {
    pub path: String,
    pub mode: u32,
    pub content: Vec<u8>,
}

/// An image to be built from its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageBuild {
    /// `base`, `host`, the platform's name, or that with `-runtime` or `-builder`.
    pub name: String,
    /// Repository and tag.
    pub tag: String,
    pub files: Vec<ContextFile>,
    pub arguments: Vec<(&'static str, String)>,
}

fn file(path: &str, mode: u32, content: &[u8]) -> ContextFile {
    ContextFile {
        path: path.to_owned(),
        mode,
        content: content.to_vec(),
    }
}

/// The tag of the image that the base stands on. One that was asked for by name has its own.
pub fn seed_tag(sources: &Sources) -> String {
    match &sources.base_image {
        None => format!("beanpole/seed:{SUITE}"),
        Some(name) => {
            let digest = hex::encode(Sha256::digest(name.as_bytes()));
            format!("beanpole/seed:{SUITE}-{}", &digest[..12])
        }
    }
}

/// The base image on the seed image `seed`, which is named by tag.
pub fn base(sources: &Sources, seed: &str) -> ImageBuild {
    let mut files = vec![
        file("Dockerfile", 0o644, include_bytes!("../base/Dockerfile")),
        file(
            "files/usr/sbin/policy-rc.d",
            0o755,
            include_bytes!("../base/files/usr/sbin/policy-rc.d"),
        ),
        file(
            "files/etc/dpkg/dpkg.cfg.d/beanpole",
            0o644,
            include_bytes!("../base/files/etc/dpkg/dpkg.cfg.d/beanpole"),
        ),
        file(
            "files/etc/apt/apt.conf.d/90beanpole",
            0o644,
            include_bytes!("../base/files/etc/apt/apt.conf.d/90beanpole"),
        ),
        // The folder must exist in the context even when there is nothing to trust.
        file(
            "ca/README",
            0o644,
            b"Certificate authorities of the host Beanpole runs on.\n",
        ),
    ];
    for (name, pem) in &sources.authorities {
        files.push(file(&format!("ca/{name}"), 0o644, pem));
    }
    let arguments = vec![
        ("SEED", seed.to_owned()),
        ("SUITE", SUITE.to_owned()),
        ("MIRROR", sources.mirror.clone().unwrap_or_default()),
        (
            "SECURITY_MIRROR",
            sources.security_mirror.clone().unwrap_or_default(),
        ),
    ];
    tagged("base", files, arguments)
}

/// What the images of a platform stand on.
#[derive(Clone, Debug)]
pub struct Foundation {
    /// Tag of the base image.
    pub base: String,
    /// The program that instances run as their first process; see the crate `beanpole-instance-init`.
    pub init: Arc<[u8]>,
}

/// The images of a platform in the order in which they are to be built; none for a platform whose bundles
/// bring their own.
///
/// What every instance has stands below the platform's runtime, and the init above it: applications run in
/// that last one, which has the platform's name.
pub fn platform(platform: Platform, on: &Foundation) -> Vec<ImageBuild> {
    let definition = definition(platform);
    let Some(runtime) = definition.runtime else {
        return Vec::new();
    };
    let base = ("BASE", on.base.clone());
    let host = file("Dockerfile", 0o644, include_bytes!("../host/Dockerfile"));
    let host = tagged("host", vec![host], vec![base.clone()]);
    let name = format!("{platform}-runtime");
    let runtime = tagged(&name, recipe(runtime), vec![("BASE", host.tag.clone())]);
    let below = ("RUNTIME", runtime.tag.clone());
    let builder = definition.builder.map(|builder| {
        let arguments = vec![base, below.clone()];
        tagged(&format!("{platform}-builder"), recipe(builder), arguments)
    });
    let files = vec![
        file("Dockerfile", 0o644, include_bytes!("../host/finish/Dockerfile")),
        file("init", 0o755, &on.init),
    ];
    let finished = tagged(platform.name(), files, vec![below]);
    [host, runtime]
        .into_iter()
        .chain(builder)
        .chain([finished])
        .collect()
}

/// The tags that [`platform()`] gives, by what they are for.
pub fn names(of: Platform, on: &Foundation) -> Images {
    let builds = platform(of, on);
    let tag = |name: &str| {
        builds
            .iter()
            .find(|build| build.name == name)
            .map(|build| build.tag.clone())
    };
    let runtime = tag(of.name()).unwrap_or_default();
    Images {
        builder: tag(&format!("{of}-builder")).unwrap_or_else(|| runtime.clone()),
        runtime,
    }
}

fn recipe(recipe: Recipe) -> Vec<ContextFile> {
    recipe
        .iter()
        .map(|(path, mode, content)| file(path, *mode, content))
        .collect()
}

fn tagged(name: &str, files: Vec<ContextFile>, arguments: Vec<(&'static str, String)>) -> ImageBuild {
    let mut hash = Sha256::new();
    let mut feed = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    for file in &files {
        feed(file.path.as_bytes());
        feed(&file.mode.to_be_bytes());
        feed(&file.content);
    }
    for (name, value) in &arguments {
        feed(name.as_bytes());
        feed(value.as_bytes());
    }
    let digest = hex::encode(hash.finalize());
    ImageBuild {
        name: name.to_owned(),
        tag: format!("beanpole/{name}:{}", &digest[..12]),
        files,
        arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_changes_with_what_goes_in_and_only_then() {
        let plain = Sources::default();
        let mut company = plain.clone();
        company
            .authorities
            .push(("company.crt".to_owned(), b"pem".to_vec()));
        let (one, two) = (base(&plain, "s"), base(&company, "s"));
        assert_eq!(one, base(&plain, "s"));
        assert_ne!(one.tag, two.tag);
        let on = |base: &ImageBuild, init: &[u8]| Foundation {
            base: base.tag.clone(),
            init: init.into(),
        };
        let python = |on: Foundation| names(Platform::Python, &on).runtime;
        assert_ne!(python(on(&one, b"x")), python(on(&two, b"x")));
        assert_eq!(platform(Platform::Docker, &on(&one, b"x")), []);
        let tags = |on: &Foundation| platform(Platform::Python, on).into_iter().map(|build| build.tag);
        let (old, new) = (on(&one, b"x"), on(&one, b"y"));
        let same = tags(&old).zip(tags(&new)).map(|(old, new)| old == new);
        assert_eq!(
            same.collect::<Vec<_>>(),
            [true, true, false],
            "another init is one layer"
        );
    }

    #[test]
    fn a_base_image_asked_for_by_name_has_a_seed_of_its_own() {
        let named = |name: &str| Sources {
            base_image: Some(name.to_owned()),
            ..Sources::default()
        };
        assert_eq!(seed_tag(&Sources::default()), "beanpole/seed:bookworm");
        let (one, two) = (
            seed_tag(&named("registry.example/debian:12")),
            seed_tag(&named("debian:12")),
        );
        assert_ne!(one, two);
        assert!(one.starts_with("beanpole/seed:bookworm-"), "{one}");
    }
}

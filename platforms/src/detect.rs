//! Which platform a bundle is for, by the names of its files.
//!
//! Reads no content. Every platform's folder says which files are its signs and how telling each is; the
//! most telling one decides. What Beanpole does not run is recognised too, and refused by its name.

use beanpole_protocol::Platform;

use crate::platform;

/// A file that points to a platform. The lowest rank found decides: 10 for the file that says it outright,
/// 20 for a manifest of dependencies, 30 for one that other languages' projects have too, 40 for loose
/// sources, 50 for what could be anything's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    pattern: Pattern,
    rank: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    File(&'static str),
    Ending(&'static str),
    Folder(&'static str),
}

impl Sign {
    /// A file of this name in the root.
    pub const fn file(name: &'static str, rank: u8) -> Self {
        let pattern = Pattern::File(name);
        Self { pattern, rank }
    }

    /// A file in the root whose name ends so.
    pub const fn ending(ending: &'static str, rank: u8) -> Self {
        let pattern = Pattern::Ending(ending);
        Self { pattern, rank }
    }

    /// A folder of this name in the root, with something in it.
    pub const fn folder(name: &'static str, rank: u8) -> Self {
        let pattern = Pattern::Folder(name);
        Self { pattern, rank }
    }

    /// The first of `names` that fits.
    fn found<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().copied().find(|name| match self.pattern {
            Pattern::File(wanted) => *name == wanted,
            Pattern::Ending(ending) => !name.contains('/') && name.ends_with(ending),
            Pattern::Folder(folder) => name
                .strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/')),
        })
    }
}

/// What is recognised and refused, under the name that its users know.
const REFUSED: &[(Sign, &str)] = &[
    (
        Sign::file("aws-windows-deployment-manifest.json", 5),
        "Windows Server with IIS",
    ),
    (
        Sign::file("docker-compose.yaml", 11),
        "Docker Compose, whose file must be named docker-compose.yml",
    ),
    (Sign::file("web.config", 45), "Windows Server with IIS"),
    (Sign::file("Buildfile", 50), "a platform with a Buildfile"),
];

/// Why no platform could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectError {
    #[error("the bundle has no files")]
    Empty,
    #[error(
        "{file} points to {platform}, which this version of Beanpole does not run: add a Dockerfile, or use one of {}",
        platforms()
    )]
    NotSupported { file: String, platform: &'static str },
    #[error(
        "the bundle fits no platform: its root has none of the files by which one is recognised, such as Dockerfile, requirements.txt or package.json{hint}"
    )]
    Unknown { hint: String },
}

fn platforms() -> String {
    Platform::ALL.map(Platform::name).join(", ")
}

/// Chooses the platform of a bundle from its file names, given relative to its root with `/` between.
pub fn detect<'a>(file_names: impl IntoIterator<Item = &'a str>) -> Result<Platform, DetectError> {
    let names: Vec<&str> = file_names
        .into_iter()
        .map(|name| name.trim_start_matches("./"))
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        return Err(DetectError::Empty);
    }
    let known = platform::all().flat_map(|definition| {
        let platform = definition.platform;
        definition.signs.iter().map(move |sign| (sign, Ok(platform)))
    });
    let refused = REFUSED.iter().map(|(sign, name)| (sign, Err(*name)));
    let best = known
        .chain(refused)
        .filter_map(|(sign, whose)| Some((sign.rank, sign.found(&names)?, whose)))
        .min_by_key(|(rank, ..)| *rank);
    match best {
        Some((_, _, Ok(platform))) => Ok(platform),
        Some((_, file, Err(platform))) => Err(DetectError::NotSupported {
            file: file.to_owned(),
            platform,
        }),
        None => Err(DetectError::Unknown { hint: hint(&names) }),
    }
}

/// What the person probably got wrong.
fn hint(names: &[&str]) -> String {
    let wanted = || {
        platform::all()
            .flat_map(|definition| definition.signs)
            .filter_map(|sign| match sign.pattern {
                Pattern::File(name) => Some(name),
                _ => None,
            })
    };
    let is_deep = |name: &&&str| {
        name.rsplit_once('/')
            .is_some_and(|(_, last)| wanted().any(|wanted| wanted == last))
    };
    if let Some(deep) = names.iter().find(is_deep) {
        return format!("; {deep} is there, but in a subfolder");
    }
    let misspelt = names
        .iter()
        .find(|name| wanted().any(|wanted| name.eq_ignore_ascii_case(wanted)));
    match misspelt {
        Some(name) => format!("; {name} is there, but file names are case sensitive"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_explicit_file_decides() {
        for (names, expected) in [
            (
                &["Dockerfile", "package.json", "requirements.txt"][..],
                Platform::Docker,
            ),
            (&["Dockerrun.aws.json", "package.json"], Platform::Docker),
            (&["requirements.txt", "package.json"], Platform::Python),
            (&["package.json", "build.py"], Platform::NodeJs),
            (&["Procfile", "application.py"], Platform::Python),
            (&["./app.py"], Platform::Python),
            (&["Pipfile"], Platform::Python),
            (&["go.mod", "main.go"], Platform::Go),
            (&["pom.xml", "src/main/java/A.java"], Platform::Java),
            (&["WEB-INF/web.xml", "index.jsp"], Platform::Tomcat),
            (&["shop.war"], Platform::Tomcat),
            (&["Gemfile", "config.ru", "package.json"], Platform::Ruby),
            (&["composer.json", "package.json"], Platform::Php),
            (&["index.php"], Platform::Php),
            (&["Pipfile", "package.json"], Platform::Python),
            (&["pyproject.toml", "package.json"], Platform::Python),
            (&["Shop.runtimeconfig.json", "web.config"], Platform::DotNet),
            (&["Shop.csproj", "Program.cs"], Platform::DotNet),
            (&["Shop.sln", "src/Shop.csproj"], Platform::DotNet),
        ] {
            assert_eq!(detect(names.iter().copied()), Ok(expected), "{names:?}");
        }
    }

    #[test]
    fn what_is_not_built_yet_is_named() {
        for (names, words) in [
            (
                &["web.config", "index.aspx"][..],
                "web.config points to Windows Server with IIS",
            ),
            (&["docker-compose.yaml"], "must be named docker-compose.yml"),
            (&["Procfile"], "fits no platform"),
            (
                &["src/package.json"],
                "src/package.json is there, but in a subfolder",
            ),
            (&["dockerfile"], "case sensitive"),
            (&[], "no files"),
        ] {
            let error = detect(names.iter().copied()).unwrap_err().to_string();
            assert!(error.contains(words), "{names:?}: {error}");
        }
    }
}

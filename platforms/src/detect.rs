//! Which platform a bundle is for, by the names of its files.
//!
//! Looks at names in the bundle's root only and reads no content. When several platforms fit, the
//! most explicit file wins: Dockerfile, then requirements.txt, then package.json, then loose sources.

use beanpole_protocol::Platform;

/// Why no platform could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectError {
    #[error("the bundle has no files")]
    Empty,
    #[error(
        "{file} points to {platform}, which this version of Beanpole does not build yet: add a Dockerfile, or use python or nodejs"
    )]
    NotSupported { file: String, platform: &'static str },
    #[error(
        "the bundle fits no platform: its root has none of Dockerfile, requirements.txt, package.json or a .py file{hint}"
    )]
    Unknown { hint: String },
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
    let root: Vec<&str> = names.iter().copied().filter(|name| !name.contains('/')).collect();
    let has = |wanted: &str| root.contains(&wanted);
    let first_ending = |ending: &str| root.iter().find(|name| name.ends_with(ending));

    if has("Dockerfile") {
        return Ok(Platform::Docker);
    }
    if let Some(unsupported) = compose_or_dockerrun(&root) {
        return Err(unsupported);
    }
    if has("requirements.txt") {
        return Ok(Platform::Python);
    }
    if has("package.json") {
        return Ok(Platform::NodeJs);
    }
    if has("Pipfile") || has("Pipfile.lock") || first_ending(".py").is_some() {
        return Ok(Platform::Python);
    }
    match unsupported_language(&root) {
        Some(error) => Err(error),
        None => Err(DetectError::Unknown {
            hint: hint(&names, &root),
        }),
    }
}

fn compose_or_dockerrun(root: &[&str]) -> Option<DetectError> {
    let (file, platform) = [
        ("docker-compose.yml", "Docker Compose"),
        ("docker-compose.yaml", "Docker Compose"),
        ("Dockerrun.aws.json", "Docker with a Dockerrun.aws.json"),
    ]
    .into_iter()
    .find(|(file, _)| root.contains(file))?;
    Some(DetectError::NotSupported {
        file: file.to_owned(),
        platform,
    })
}

fn unsupported_language(root: &[&str]) -> Option<DetectError> {
    const EXACT: [(&str, &str); 10] = [
        ("aws-windows-deployment-manifest.json", "Windows Server with IIS"),
        ("web.config", "Windows Server with IIS"),
        ("Gemfile", "Ruby"),
        ("config.ru", "Ruby"),
        ("composer.json", "PHP"),
        ("go.mod", "Go"),
        ("pom.xml", "Java"),
        ("build.gradle", "Java"),
        ("build.gradle.kts", "Java"),
        ("Buildfile", "a platform with a Buildfile"),
    ];
    const ENDING: [(&str, &str); 7] = [
        (".csproj", ".NET"),
        (".sln", ".NET"),
        (".war", "Tomcat"),
        (".jar", "Java"),
        (".php", "PHP"),
        (".go", "Go"),
        (".rb", "Ruby"),
    ];
    let exact = EXACT.iter().find(|(file, _)| root.contains(file)).copied();
    let found = exact
        .map(|(file, platform)| (file.to_owned(), platform))
        .or_else(|| {
            ENDING.iter().find_map(|(ending, platform)| {
                let file = root.iter().find(|name| name.ends_with(ending))?;
                Some(((*file).to_owned(), *platform))
            })
        });
    found.map(|(file, platform)| DetectError::NotSupported { file, platform })
}

/// What the person probably got wrong.
fn hint(names: &[&str], root: &[&str]) -> String {
    const WANTED: [&str; 3] = ["Dockerfile", "requirements.txt", "package.json"];
    let deep = names
        .iter()
        .find(|name| WANTED.iter().any(|wanted| name.ends_with(&format!("/{wanted}"))));
    if let Some(deep) = deep {
        return format!("; {deep} is there, but in a subfolder");
    }
    let misspelt = root
        .iter()
        .find(|name| WANTED.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)));
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
            (&["requirements.txt", "package.json"], Platform::Python),
            (&["package.json", "build.py"], Platform::NodeJs),
            (&["Procfile", "application.py"], Platform::Python),
            (&["./app.py"], Platform::Python),
            (&["Pipfile"], Platform::Python),
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
            (&["pom.xml"], "pom.xml points to Java"),
            (&["app.war"], "app.war points to Tomcat"),
            (&["docker-compose.yml", "package.json"], "Docker Compose"),
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

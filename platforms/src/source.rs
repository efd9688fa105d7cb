//! A bundle as the decisions here see it: every path, and the text of the few files that matter.

use std::collections::{BTreeMap, BTreeSet};

/// Larger files are never read as text, bytes.
pub const TEXT_LIMIT: u64 = 1024 * 1024;

/// The files of a bundle, relative to its root, with `/` between.
#[derive(Clone, Debug, Default)]
pub struct Source {
    paths: BTreeSet<String>,
    texts: BTreeMap<String, String>,
}

impl Source {
    /// Whether the text of this file may be asked for.
    pub fn wants_text(path: &str) -> bool {
        matches!(
            path,
            "Procfile"
                | "Buildfile"
                | "package.json"
                | "pnpm-lock.yaml"
                | "yarn.lock"
                | "Dockerrun.aws.json"
                | "docker-compose.yml"
                | "Pipfile"
                | "Pipfile.lock"
                | "pyproject.toml"
        ) || is_of_docker(path.rsplit('/').next().unwrap_or(path))
            || path.ends_with(".txt")
            || path.ends_with(".in")
            || path.ends_with(".runtimeconfig.json")
            || [".csproj", ".fsproj", ".vbproj"]
                .iter()
                .any(|ending| path.ends_with(ending))
            || beanpole_ebextensions::is_config_file(path)
    }

    pub fn add(&mut self, path: impl Into<String>) {
        self.paths.insert(path.into());
    }

    pub fn add_text(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let path = path.into();
        self.paths.insert(path.clone());
        self.texts.insert(path, text.into());
    }

    pub fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Whether anything is inside this folder.
    pub fn has_folder(&self, folder: &str) -> bool {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        self.paths
            .range(prefix.clone()..)
            .next()
            .is_some_and(|path| path.starts_with(&prefix))
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }
}

/// In any folder, because a Compose file builds from several.
fn is_of_docker(name: &str) -> bool {
    name == "Dockerfile"
        || name == ".dockerignore"
        || name.starts_with("Dockerfile.")
        || name.ends_with(".Dockerfile")
        || name.starts_with(".env")
        || name.ends_with(".env")
}

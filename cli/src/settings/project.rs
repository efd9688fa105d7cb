//! A folder's settings, `.beanpole/config.toml`: which application it is, where it is deployed.
//!
//! Holds no secret, so that it can be committed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use beanpole_protocol::Platform;
use serde::{Deserialize, Serialize};

use super::SettingsError;

/// The folder that marks a project, never part of a bundle.
pub const FOLDER: &str = ".beanpole";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSettings {
    pub application: String,
    /// Default environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Given with every upload; found out from the files when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The server this folder belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Default environments of git branches.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub branches: BTreeMap<String, String>,
}

impl ProjectSettings {
    /// The default environment: the branch's, else the folder's.
    pub fn default_environment(&self, branch: Option<&str>) -> Option<&str> {
        branch
            .and_then(|branch| self.branches.get(branch))
            .or(self.environment.as_ref())
            .map(String::as_str)
    }

    /// Makes `environment` the default: of the branch when there is one. The first one is the
    /// folder's as well.
    pub fn set_default(&mut self, branch: Option<&str>, environment: &str) {
        match branch {
            Some(branch) => {
                self.branches.insert(branch.to_owned(), environment.to_owned());
                self.environment.get_or_insert_with(|| environment.to_owned());
            }
            None => self.environment = Some(environment.to_owned()),
        }
    }

    /// Forgets an environment that is no more.
    pub fn forget(&mut self, environment: &str) {
        self.branches.retain(|_, name| name != environment);
        if self.environment.as_deref() == Some(environment) {
            self.environment = None;
        }
    }
}

/// A folder with its settings.
#[derive(Clone, Debug)]
pub struct Project {
    pub root: PathBuf,
    pub settings: ProjectSettings,
}

impl Project {
    /// The nearest project at `start` or above.
    pub fn find(start: &Path) -> Result<Option<Project>, SettingsError> {
        for root in start.ancestors() {
            let path = file(root);
            if let Some(text) = super::read(&path)? {
                return Ok(Some(Project {
                    root: root.to_owned(),
                    settings: super::parse(&path, &text)?,
                }));
            }
        }
        Ok(None)
    }

    pub fn save(&self) -> Result<(), SettingsError> {
        let path = file(&self.root);
        let text = toml::to_string(&self.settings).map_err(|error| SettingsError::Parse {
            path: path.clone(),
            message: error.to_string(),
        })?;
        super::replace(&path, &text, 0o644)
    }
}

fn file(root: &Path) -> PathBuf {
    root.join(FOLDER).join("config.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_folder_above_is_found_and_survives_a_round_trip() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        assert!(Project::find(&below).unwrap().is_none());
        let mut project = Project {
            root: folder.path().to_owned(),
            settings: ProjectSettings {
                application: "guestbook".into(),
                platform: Some(Platform::NodeJs),
                ..Default::default()
            },
        };
        project.settings.set_default(Some("feature/x"), "guestbook-x");
        project.save().unwrap();
        let found = Project::find(&below).unwrap().unwrap();
        assert_eq!(found.root, folder.path());
        assert_eq!(found.settings, project.settings);
    }

    #[test]
    fn a_branch_has_its_own_default_and_the_first_is_everyones() {
        let mut settings = ProjectSettings::default();
        settings.set_default(Some("main"), "prod");
        settings.set_default(Some("dev"), "staging");
        assert_eq!(settings.default_environment(Some("dev")), Some("staging"));
        assert_eq!(settings.default_environment(Some("other")), Some("prod"));
        assert_eq!(settings.default_environment(None), Some("prod"));
        settings.forget("prod");
        assert_eq!(settings.default_environment(Some("main")), None);
        assert_eq!(settings.default_environment(Some("dev")), Some("staging"));
    }

    #[test]
    fn a_mistake_in_the_file_is_told_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(FOLDER)).unwrap();
        std::fs::write(file(folder.path()), "aplication = 'x'").unwrap();
        let message = Project::find(folder.path()).unwrap_err().to_string();
        assert!(
            message.contains("config.toml") && message.contains("aplication"),
            "{message}"
        );
    }
}

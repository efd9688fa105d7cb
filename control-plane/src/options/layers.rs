//! Where the value of an option comes from: set for the environment, else from the deployed version's
//! `.ebextensions`, else the default.
//!
//! Beanstalk's precedence. What a version brings is never stored as set: a version without the file gives
//! the default back.

use std::collections::BTreeMap;

use beanpole_protocol::api::OptionSetting;

use super::{OptionError, OptionSet, catalogue::PROPERTIES};

/// Options and properties of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layer {
    pub options: BTreeMap<(String, String), String>,
    pub properties: BTreeMap<String, String>,
    /// What the environment has of late steps and container commands; of a version only, and no option that anybody
    /// sets.
    pub late: Option<String>,
}

/// What [`Layer::late`] is stored as.
const LATE: (&str, &str) = ("beanpole:version", "late");

/// What is late, as JSON, in a list of settings that a version brings.
pub fn late(json: String) -> OptionSetting {
    OptionSetting {
        namespace: LATE.0.to_owned(),
        name: LATE.1.to_owned(),
        value: json,
    }
}

fn is_late(setting: &OptionSetting) -> bool {
    (setting.namespace.as_str(), setting.name.as_str()) == LATE
}

impl Layer {
    /// From storage, as accepted.
    pub fn stored(settings: Vec<OptionSetting>) -> Self {
        let mut layer = Self::default();
        for setting in settings {
            if is_late(&setting) {
                layer.late = Some(setting.value);
                continue;
            }
            let OptionSetting {
                namespace,
                name,
                value,
            } = setting;
            if namespace == PROPERTIES {
                layer.properties.insert(name, value);
            } else {
                layer.options.insert((namespace, name), value);
            }
        }
        layer
    }

    /// Everything in it, properties last.
    pub fn settings(&self) -> Vec<OptionSetting> {
        let options = self
            .options
            .iter()
            .map(|((namespace, name), value)| (namespace.as_str(), name, value));
        let properties = self
            .properties
            .iter()
            .map(|(name, value)| (PROPERTIES, name, value));
        options
            .chain(properties)
            .map(|(namespace, name, value)| OptionSetting {
                namespace: namespace.to_owned(),
                name: name.clone(),
                value: value.clone(),
            })
            .chain(self.late.clone().map(late))
            .collect()
    }

    /// Keys and values for which `wanted` holds.
    pub fn options_that(&self, wanted: impl Fn(&str, &str) -> bool) -> BTreeMap<(String, String), String> {
        self.options
            .iter()
            .filter(|((namespace, name), _)| wanted(namespace, name))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

impl OptionSet {
    /// The same, with what another version's `.ebextensions` say below it.
    pub fn with_version(&self, settings: &[OptionSetting]) -> Result<Self, OptionError> {
        // A file may say again what an earlier one has said: the last one counts.
        let mut version = OptionSet::default();
        for setting in settings {
            if is_late(setting) {
                version.own.late = Some(setting.value.clone());
            } else {
                version.insert(setting)?;
            }
        }
        let next = Self {
            own: self.own.clone(),
            version: version.own,
        };
        next.check_total()?;
        Ok(next)
    }

    /// What the version brings, for storage.
    pub fn version_settings(&self) -> Vec<OptionSetting> {
        self.version.settings()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{
        Difference, Reveal,
        catalogue::{COMMAND, GROUP},
    };

    fn option(namespace: &str, name: &str, value: &str) -> OptionSetting {
        OptionSetting {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn what_is_set_comes_before_the_version_and_that_before_the_default() {
        let set = OptionSet::parse(&[option(PROPERTIES, "A", "own"), option(GROUP, "MaxSize", "9")]).unwrap();
        let version = [
            option(PROPERTIES, "A", "file"),
            option(PROPERTIES, "B", "first"),
            option(PROPERTIES, "B", "last"),
            option(GROUP, "MaxSize", "3"),
            option(GROUP, "MinSize", "02"),
        ];
        let both = set.with_version(&version).unwrap();
        assert_eq!(both.get(GROUP, "MaxSize"), Some("9"));
        assert_eq!(both.get(GROUP, "MinSize"), Some("2"));
        let properties =
            [("A", "own"), ("B", "last")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(both.properties(), properties.into());
        let shown = both.effective(Reveal::Values);
        let min = shown.iter().find(|option| option.name == "MinSize").unwrap();
        assert!(!min.set && min.from_version, "{min:?}");
        assert_eq!(
            both.with_version(&[]).unwrap(),
            set,
            "the next version has no such file"
        );
        assert_eq!(
            OptionSet::stored(
                both.settings(),
                both.own_properties().clone(),
                both.version_settings()
            ),
            both
        );
    }

    #[test]
    fn removing_what_is_set_shows_the_versions_again() {
        let set = OptionSet::parse(&[option(GROUP, "MaxSize", "9")]).unwrap();
        let both = set.with_version(&[option(GROUP, "MaxSize", "3")]).unwrap();
        let name = beanpole_protocol::api::OptionName {
            namespace: GROUP.to_owned(),
            name: "MaxSize".to_owned(),
        };
        assert_eq!(
            both.changed(&[], &[name]).unwrap().get(GROUP, "MaxSize"),
            Some("3")
        );
    }

    #[test]
    fn a_version_may_change_what_instances_run_with() {
        let set = OptionSet::default();
        for (setting, expected) in [
            (option(PROPERTIES, "A", "1"), Difference::Instances),
            (option(COMMAND, "BatchSize", "30"), Difference::Environment),
        ] {
            assert_eq!(set.difference(&set.with_version(&[setting]).unwrap()), expected);
        }
    }
}

//! The options an environment has set: what is stored, and how a change of them is checked.

use std::collections::BTreeMap;

use beanpole_protocol::api::{EffectiveOption, OptionName, OptionSetting};

use super::{
    OptionError,
    catalogue::{self, CATALOGUE, PROPERTIES},
    nearest, properties, unsupported,
};

/// Options that are set, in canonical spelling. Every single value is valid; whether they fit
/// together is for [`super::Settings::of`] to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionSet {
    options: BTreeMap<(String, String), String>,
    properties: BTreeMap<String, String>,
}

/// Which part of an environment a change of options touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    Nothing,
    /// Only how deployments go or how many instances there are: no instance has to be replaced.
    Environment,
    /// Instances run with something else than before.
    Instances,
}

impl OptionSet {
    /// Checks settings one by one on top of nothing.
    pub fn parse(settings: &[OptionSetting]) -> Result<Self, OptionError> {
        Self::default().changed(settings, &[])
    }

    /// From storage: the settings and the properties as they were accepted.
    pub fn stored(settings: Vec<OptionSetting>, properties: BTreeMap<String, String>) -> Self {
        let options = settings
            .into_iter()
            .map(|setting| ((setting.namespace, setting.name), setting.value))
            .collect();
        Self { options, properties }
    }

    /// Set options without the properties, for storage.
    pub fn settings(&self) -> Vec<OptionSetting> {
        self.options
            .iter()
            .map(|((namespace, name), value)| OptionSetting {
                namespace: namespace.clone(),
                name: name.clone(),
                value: value.clone(),
            })
            .collect()
    }

    pub fn properties(&self) -> &BTreeMap<String, String> {
        &self.properties
    }

    /// The value set, if it is.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&str> {
        self.options
            .get(&(namespace.to_owned(), name.to_owned()))
            .map(String::as_str)
    }

    /// The set after a change: removals first, then settings.
    pub fn changed(&self, set: &[OptionSetting], remove: &[OptionName]) -> Result<Self, OptionError> {
        let mut next = self.clone();
        for name in remove {
            next.remove(name)?;
        }
        let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for setting in set {
            let key = (setting.namespace.as_str(), setting.name.as_str());
            if let Some(first) = seen.insert(key, &setting.value)
                && first != setting.value
            {
                return Err(OptionError::SetTwice {
                    namespace: setting.namespace.clone(),
                    name: setting.name.clone(),
                    first: first.to_owned(),
                    second: setting.value.clone(),
                });
            }
            next.insert(setting)?;
        }
        let total = properties::total(next.properties.iter());
        if total > properties::MAX_TOTAL {
            return Err(OptionError::TooManyProperties { total });
        }
        Ok(next)
    }

    fn remove(&mut self, option: &OptionName) -> Result<(), OptionError> {
        if option.namespace == PROPERTIES {
            self.properties.remove(&option.name);
            return Ok(());
        }
        known(&option.namespace, &option.name)?;
        self.options
            .remove(&(option.namespace.clone(), option.name.clone()));
        Ok(())
    }

    fn insert(&mut self, setting: &OptionSetting) -> Result<(), OptionError> {
        let OptionSetting {
            namespace,
            name,
            value,
        } = setting;
        if namespace == PROPERTIES {
            if let Some(problem) = properties::problem(name, value) {
                return Err(OptionError::BadProperty {
                    key: name.clone(),
                    problem,
                });
            }
            self.properties.insert(name.clone(), value.clone());
            return Ok(());
        }
        let known = known(namespace, name)?;
        let value = known
            .values
            .canonical(value)
            .map_err(|wanted| OptionError::BadValue {
                namespace: namespace.clone(),
                name: name.clone(),
                value: value.chars().take(200).collect(),
                wanted,
            })?;
        self.options.insert((namespace.clone(), name.clone()), value);
        Ok(())
    }

    /// Every known option with its value in force, sorted, properties included. `reveal` is asked
    /// for each property's value.
    pub fn effective(&self, reveal: Reveal) -> Vec<EffectiveOption> {
        let options = CATALOGUE.iter().map(|known| {
            let set = self.get(known.namespace, known.name);
            EffectiveOption {
                namespace: known.namespace.to_owned(),
                name: known.name.to_owned(),
                value: set.unwrap_or(known.default).to_owned(),
                set: set.is_some(),
            }
        });
        let properties = self.properties.iter().map(|(key, value)| EffectiveOption {
            namespace: PROPERTIES.to_owned(),
            name: key.clone(),
            value: match reveal {
                Reveal::Values => value.clone(),
                Reveal::NamesOnly => properties::MASK.to_owned(),
            },
            set: true,
        });
        let mut all: Vec<_> = options.chain(properties).collect();
        all.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
        all
    }

    /// These options, but with all that instances run with taken from `other`.
    pub fn with_instances_as_in(&self, other: &OptionSet) -> OptionSet {
        let about = |set: &OptionSet, instances: bool| {
            let kept = set
                .options
                .iter()
                .filter(move |((namespace, name), _)| reaches_instances(namespace, name) == instances);
            kept.map(|(key, value)| (key.clone(), value.clone()))
                .collect::<Vec<_>>()
        };
        OptionSet {
            options: about(self, false).into_iter().chain(about(other, true)).collect(),
            properties: other.properties.clone(),
        }
    }

    /// What has to happen to get from `self` to `next`.
    pub fn difference(&self, next: &OptionSet) -> Difference {
        if self == next {
            return Difference::Nothing;
        }
        let about_instances = |set: &OptionSet| -> BTreeMap<(String, String), String> {
            set.options
                .iter()
                .filter(|((namespace, name), _)| reaches_instances(namespace, name))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        if self.properties == next.properties && about_instances(self) == about_instances(next) {
            Difference::Environment
        } else {
            Difference::Instances
        }
    }
}

/// Who may read values of environment properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    Values,
    NamesOnly,
}

/// Options that an instance is started with. The others say how deployments go, how many
/// instances there are, or what the edge does, and hold at once.
pub(super) fn reaches_instances(namespace: &str, name: &str) -> bool {
    match namespace {
        catalogue::COMMAND | catalogue::SPLITTING | catalogue::GROUP | catalogue::ENVIRONMENT => false,
        catalogue::DEPLOYMENT => matches!(name, "GatePasses" | "GateInterval" | "StopGracePeriod"),
        catalogue::PROCESS => !matches!(
            name,
            "DeregistrationDelay" | "StickinessEnabled" | "StickinessLBCookieDuration"
        ),
        _ => true,
    }
}

fn known(namespace: &str, name: &str) -> Result<&'static catalogue::Known, OptionError> {
    if let Some(known) = catalogue::find(namespace, name) {
        return Ok(known);
    }
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    if unsupported::is_beanstalks(&namespace, &name) {
        return Err(OptionError::NotSupportedYet { namespace, name });
    }
    let nearest = nearest::nearest(&namespace, &name);
    if nearest::is_namespace(&namespace) {
        Err(OptionError::UnknownOption {
            namespace,
            name,
            nearest,
        })
    } else {
        Err(OptionError::UnknownNamespace {
            namespace,
            name,
            nearest,
        })
    }
}

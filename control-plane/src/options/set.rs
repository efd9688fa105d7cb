//! The options an environment has set: what is stored, and how a change of them is checked.

use std::collections::BTreeMap;

use beanpole_protocol::api::{EffectiveOption, OptionName, OptionSetting};

use super::{
    OptionError,
    catalogue::{self, CATALOGUE, PROPERTIES},
    layers::Layer,
    nearest, properties, statics, unsupported,
};

/// Options that are set, and below them what the deployed version says, in canonical spelling. Every
/// single value is valid; whether they fit together is for [`super::Settings::of`] to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionSet {
    pub(super) own: Layer,
    pub(super) version: Layer,
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

    /// From storage: the settings, the properties and what the version said, as they were accepted.
    pub fn stored(
        settings: Vec<OptionSetting>,
        properties: BTreeMap<String, String>,
        version: Vec<OptionSetting>,
    ) -> Self {
        let mut own = Layer::stored(settings);
        own.properties.extend(properties);
        Self {
            own,
            version: Layer::stored(version),
        }
    }

    /// Set options without the properties, for storage.
    pub fn settings(&self) -> Vec<OptionSetting> {
        let mut settings = self.own.settings();
        settings.retain(|setting| setting.namespace != PROPERTIES);
        settings
    }

    /// Properties that are set for the environment, for storage.
    pub fn own_properties(&self) -> &BTreeMap<String, String> {
        &self.own.properties
    }

    /// The properties in force.
    pub fn properties(&self) -> BTreeMap<String, String> {
        let mut properties = self.version.properties.clone();
        properties.extend(self.own.properties.clone());
        properties
    }

    /// What of the version's configuration files differs between environments, as JSON for instances.
    pub fn late(&self) -> Option<&str> {
        self.version.late.as_deref()
    }

    /// Paths that the proxy serves, and the folder of each.
    pub fn static_files(&self) -> BTreeMap<String, String> {
        let of = |layer: &Layer| layer.options_that(|namespace, _| namespace == statics::NAMESPACE);
        let mut files = of(&self.version);
        files.extend(of(&self.own));
        files
            .into_iter()
            .map(|((_, path), folder)| (path, folder))
            .collect()
    }

    /// Every option in force that is not the default, by namespace and name; properties are not among them.
    pub fn in_force(&self) -> BTreeMap<(String, String), String> {
        let mut options = self.version.options.clone();
        options.extend(self.own.options.clone());
        options
    }

    /// The value in force, if it is not the default.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&str> {
        let key = (namespace.to_owned(), name.to_owned());
        let layers = [&self.own, &self.version];
        layers
            .into_iter()
            .find_map(|layer| layer.options.get(&key))
            .map(String::as_str)
    }

    /// The value that is set, properties too; not what a version says.
    pub fn own(&self, namespace: &str, name: &str) -> Option<&str> {
        let key = (namespace.to_owned(), name.to_owned());
        let value = match namespace {
            PROPERTIES => self.own.properties.get(name),
            _ => self.own.options.get(&key),
        };
        value.map(String::as_str)
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
        next.check_total()?;
        Ok(next)
    }

    pub(super) fn check_total(&self) -> Result<(), OptionError> {
        let total = properties::total(self.properties().iter());
        if total > properties::MAX_TOTAL {
            return Err(OptionError::TooManyProperties { total });
        }
        Ok(())
    }

    fn remove(&mut self, option: &OptionName) -> Result<(), OptionError> {
        if option.namespace == PROPERTIES {
            self.own.properties.remove(&option.name);
            return Ok(());
        }
        if statics::is_namespace(&option.namespace) {
            let path = (statics::NAMESPACE.to_owned(), option.name.clone());
            self.own.options.remove(&path);
            return Ok(());
        }
        known(&option.namespace, &option.name)?;
        self.own
            .options
            .remove(&(option.namespace.clone(), option.name.clone()));
        Ok(())
    }

    pub(super) fn insert(&mut self, setting: &OptionSetting) -> Result<(), OptionError> {
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
            self.own.properties.insert(name.clone(), value.clone());
            return Ok(());
        }
        if statics::is_namespace(namespace) {
            let (path, folder) = statics::canonical(name, value)?;
            self.own
                .options
                .insert((statics::NAMESPACE.to_owned(), path), folder);
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
        self.own.options.insert((namespace.clone(), name.clone()), value);
        Ok(())
    }

    /// Every known option with its value in force, sorted, properties included. `reveal` is asked
    /// for each property's value.
    pub fn effective(&self, reveal: Reveal) -> Vec<EffectiveOption> {
        let options = CATALOGUE.iter().map(|known| {
            let key = (known.namespace.to_owned(), known.name.to_owned());
            let set = self.own.options.contains_key(&key);
            EffectiveOption {
                value: self
                    .get(known.namespace, known.name)
                    .unwrap_or(known.default)
                    .to_owned(),
                set,
                from_version: !set && self.version.options.contains_key(&key),
                namespace: key.0,
                name: key.1,
            }
        });
        let statics = self.static_files().into_iter().map(|(path, folder)| {
            let key = (statics::NAMESPACE.to_owned(), path);
            let set = self.own.options.contains_key(&key);
            EffectiveOption {
                value: folder,
                set,
                from_version: !set,
                namespace: key.0,
                name: key.1,
            }
        });
        let properties = self.properties().into_iter().map(|(key, value)| {
            let set = self.own.properties.contains_key(&key);
            EffectiveOption {
                namespace: PROPERTIES.to_owned(),
                name: key,
                value: match reveal {
                    Reveal::Values => value,
                    Reveal::NamesOnly => properties::MASK.to_owned(),
                },
                set,
                from_version: !set,
            }
        });
        let mut all: Vec<_> = options.chain(statics).chain(properties).collect();
        all.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
        all
    }

    /// These options, but with all that instances run with, and all that a version says, taken from
    /// `other`.
    pub fn with_instances_as_in(&self, other: &OptionSet) -> OptionSet {
        let mut options = self
            .own
            .options_that(|namespace, name| !reaches_instances(namespace, name));
        options.extend(other.own.options_that(reaches_instances));
        OptionSet {
            own: Layer {
                options,
                properties: other.own.properties.clone(),
                late: None,
            },
            version: other.version.clone(),
        }
    }

    /// What has to happen to get from `self` to `next`.
    pub fn difference(&self, next: &OptionSet) -> Difference {
        if self == next {
            return Difference::Nothing;
        }
        let about_instances = |set: &OptionSet| {
            let mut options = set.version.options_that(reaches_instances);
            options.extend(set.own.options_that(reaches_instances));
            (options, set.properties(), set.late().map(str::to_owned))
        };
        if about_instances(self) == about_instances(next) {
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

/// Whether there is an option of this name, whatever its value.
pub fn check_name(namespace: &str, name: &str) -> Result<(), OptionError> {
    if namespace == PROPERTIES {
        return match properties::problem(name, "") {
            None => Ok(()),
            Some(problem) => Err(OptionError::BadProperty {
                key: name.to_owned(),
                problem,
            }),
        };
    }
    if statics::is_namespace(namespace) {
        return Ok(());
    }
    known(namespace, name).map(drop)
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

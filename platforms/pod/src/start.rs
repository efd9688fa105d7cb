//! What a container is started with, once the environment's properties are known.

use std::collections::BTreeMap;

use crate::{
    Argv, Pod, PodContainer,
    expand::{ExpandError, Unset, expand},
    words::words,
};

/// Program, arguments and variables of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// None: the image's.
    pub entrypoint: Option<Vec<String>>,
    /// None: the image's.
    pub command: Option<Vec<String>>,
    pub environment: BTreeMap<String, String>,
}

/// Why a container cannot be started in this environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error("{key} of the container {container}: {source}")]
    Expand {
        container: String,
        key: String,
        source: ExpandError,
    },
    #[error("{key} of the container {container} has a quote that does not end")]
    Quote { container: String, key: &'static str },
}

impl PodContainer {
    /// How it starts in an environment with these properties.
    pub fn started(&self, pod: &Pod, properties: &BTreeMap<String, String>) -> Result<Started, StartError> {
        let value = |name: &str| properties.get(name).or_else(|| pod.defaults.get(name)).cloned();
        let expanded = |key: &str, text: &str| {
            expand(text, Unset::IsEmpty, &value).map_err(|source| StartError::Expand {
                container: self.name.clone(),
                key: key.to_owned(),
                source,
            })
        };
        let argv = |key: &'static str, argv: &Option<Argv>| match argv {
            None => Ok(None),
            Some(Argv::List(list)) => list
                .iter()
                .map(|text| expanded(key, text))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(Argv::Line(line)) => match words(&expanded(key, line)?) {
                Some(words) => Ok(Some(words)),
                None => Err(StartError::Quote {
                    container: self.name.clone(),
                    key,
                }),
            },
        };
        let mut environment = BTreeMap::new();
        if self.all_properties {
            environment.extend(pod.defaults.clone());
            environment.extend(properties.clone());
        }
        for (name, text) in &self.environment {
            match text {
                Some(text) => {
                    let text = expanded(&format!("environment.{name}"), text)?;
                    environment.insert(name.clone(), text);
                }
                None => environment.extend(value(name).map(|value| (name.clone(), value))),
            }
        }
        Ok(Started {
            entrypoint: argv("entrypoint", &self.entrypoint)?,
            command: argv("command", &self.command)?,
            environment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn properties_reach_a_container_by_reference_by_name_or_altogether() {
        let pod = Pod {
            defaults: map(&[("HOST", "db"), ("COLOUR", "grey")]),
            ..Pod::default()
        };
        let mut container = PodContainer {
            name: "web".to_owned(),
            command: Some(Argv::Line("serve --colour '${COLOUR}' $HOST".to_owned())),
            environment: vec![
                ("URL".to_owned(), Some("pg://${HOST}/${NAME:-shop}".to_owned())),
                ("COLOUR".to_owned(), None),
                ("NOT_SET".to_owned(), None),
            ],
            ..PodContainer::default()
        };
        let properties = map(&[("COLOUR", "deep red"), ("SECRET", "s")]);
        let started = container.started(&pod, &properties).unwrap();
        assert_eq!(
            started.environment,
            map(&[("URL", "pg://db/shop"), ("COLOUR", "deep red")])
        );
        assert_eq!(started.command.unwrap(), ["serve", "--colour", "deep red", "db"]);
        assert_eq!(started.entrypoint, None);

        container.all_properties = true;
        let started = container.started(&pod, &properties).unwrap();
        assert_eq!(started.environment["SECRET"], "s");

        container.environment = vec![("URL".to_owned(), Some("${NAME:?name the database}".to_owned()))];
        let error = container.started(&pod, &properties).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment.URL of the container web: NAME is not set: name the database"
        );
    }
}

//! Option settings as people type them: `namespace:name=value`, or the bare name when it is clear.

use std::collections::BTreeMap;

use beanpole_protocol::api::{Configuration, OptionName, OptionSetting};

use crate::failure::Failure;

/// Where environment properties live; their names may hold colons themselves.
pub const PROPERTIES: &str = "aws:elasticbeanstalk:application:environment";
pub const CAPACITY: &str = "aws:autoscaling:asg";
pub const ENVIRONMENT: &str = "aws:elasticbeanstalk:environment";

pub fn setting(namespace: &str, name: &str, value: impl ToString) -> OptionSetting {
    OptionSetting {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        value: value.to_string(),
    }
}

/// `NAME=VALUE`, as typed.
pub fn assignment(text: &str) -> Result<(&str, &str), Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err(Failure::usage(format!(
            "{text:?} has no name and value: write it as NAME=VALUE."
        ))),
    }
}

/// `namespace:name` in its parts; nothing for a bare name.
pub fn split(text: &str) -> Option<OptionName> {
    let (namespace, name) = match text.strip_prefix(PROPERTIES) {
        Some(rest) => (PROPERTIES, rest.strip_prefix(':')?),
        None => text.rsplit_once(':')?,
    };
    (!namespace.is_empty() && !name.is_empty()).then(|| OptionName {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// The option that `text` names, full or bare; the configuration lists every known one.
pub fn resolve(text: &str, known: &Configuration) -> Result<OptionName, Failure> {
    if let Some(name) = split(text) {
        return Ok(name);
    }
    let found: Vec<OptionName> = known
        .options
        .iter()
        .filter(|option| option.namespace != PROPERTIES && option.name.eq_ignore_ascii_case(text))
        .map(|option| OptionName {
            namespace: option.namespace.clone(),
            name: option.name.clone(),
        })
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::usage(format!("There is no option named {text:?}."))
            .hint("`bp config --all` lists all of them; environment properties are set by `bp setenv`.")),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|option| format!("{}:{}", option.namespace, option.name))
                .collect();
            Err(Failure::usage(format!("{text:?} names more than one option."))
                .hint(format!("Write one of: {}.", names.join(", "))))
        }
    }
}

/// What `bp setenv` does: values set a property, empty ones remove it. The last of one name wins.
pub fn properties(assignments: &[String]) -> Result<(Vec<OptionSetting>, Vec<OptionName>), Failure> {
    let mut wanted = BTreeMap::new();
    for text in assignments {
        let (name, value) = assignment(text)?;
        wanted.insert(name, value);
    }
    let (removed, set): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, value)| value.is_empty());
    let set = set
        .into_iter()
        .map(|(name, value)| setting(PROPERTIES, name, value))
        .collect();
    let removed = removed
        .into_iter()
        .map(|(name, _)| OptionName {
            namespace: PROPERTIES.to_owned(),
            name: name.to_owned(),
        })
        .collect();
    Ok((set, removed))
}

/// `A=1,B=2`, as `eb create --envvars` takes it: a comma starts a new one only before a `NAME=`.
pub fn comma_separated(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split(',') {
        match found.last_mut() {
            Some(last) if !part.contains('=') => {
                last.push(',');
                last.push_str(part);
            }
            _ => found.push(part.trim_start().to_owned()),
        }
    }
    found.retain(|part| !part.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::api::EffectiveOption;

    use super::*;

    fn known() -> Configuration {
        let option = |namespace: &str, name: &str| EffectiveOption {
            namespace: namespace.into(),
            name: name.into(),
            value: String::new(),
            set: false,
            from_version: false,
        };
        Configuration {
            revision: 1,
            options: vec![
                option("aws:elasticbeanstalk:command", "DeploymentPolicy"),
                option("aws:elasticbeanstalk:command", "Timeout"),
                option("some:other", "Timeout"),
                option(PROPERTIES, "Color"),
            ],
        }
    }

    #[test]
    fn full_names_split_at_the_last_colon_but_for_properties() {
        for (text, parts) in [
            ("a:b:Name", Some(("a:b", "Name"))),
            (
                "aws:elasticbeanstalk:application:environment:MY:KEY",
                Some((PROPERTIES, "MY:KEY")),
            ),
            ("Name", None),
            (":Name", None),
            ("ns:", None),
        ] {
            let found = split(text);
            let found = found
                .as_ref()
                .map(|option| (option.namespace.as_str(), option.name.as_str()));
            assert_eq!(found, parts, "{text}");
        }
    }

    #[test]
    fn bare_names_work_while_they_are_clear() {
        let found = resolve("deploymentpolicy", &known()).unwrap();
        assert_eq!(found.namespace, "aws:elasticbeanstalk:command");
        assert_eq!(found.name, "DeploymentPolicy");
        let hint = resolve("Timeout", &known()).unwrap_err().hint.unwrap();
        assert!(hint.contains("some:other:Timeout"), "{hint}");
        assert!(resolve("Color", &known()).is_err());
        assert!(resolve("Nothing", &known()).is_err());
    }

    #[test]
    fn empty_values_remove_and_the_last_wins() {
        let given = ["A=1", "B=", "A=x=y", "C=2"].map(str::to_owned);
        let (set, removed) = properties(&given).unwrap();
        assert_eq!(
            set,
            [setting(PROPERTIES, "A", "x=y"), setting(PROPERTIES, "C", 2)]
        );
        assert_eq!(removed.len(), 1);
        assert!(properties(&["=x".to_owned()]).is_err());
        assert!(properties(&["novalue".to_owned()]).is_err());
    }

    #[test]
    fn commas_inside_values_stay() {
        assert_eq!(comma_separated("A=1,B=2"), ["A=1", "B=2"]);
        assert_eq!(comma_separated("HOSTS=a,b, X=1"), ["HOSTS=a,b", "X=1"]);
        assert!(comma_separated("").is_empty());
    }
}

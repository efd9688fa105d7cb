//! Steps and container commands that differ between environments, as one of them has them. Pure.

use beanpole_ebextensions::{Config as Files, Lookup, OptionValue};
use beanpole_platforms::extensions::{Told, told};
use beanpole_protocol::api::{Finding, FindingSeverity, OptionSetting};

use super::Here;
use crate::{
    bundle::configuration::{Installation, finding},
    options::late as kept,
};

/// Bytes that an instance can be told in one variable, less what addresses grow by there.
const LONGEST: usize = 100_000;

/// What instances have to be told, in the form in which it is kept.
pub fn late(
    files: &Files,
    here: &Here<'_>,
    options: &[OptionValue],
) -> Result<Option<OptionSetting>, Vec<Finding>> {
    let with_version = WithVersion { here, options };
    let installation = Installation {
        region: &here.config.aws.region,
    };
    let told = told(files, &installation, &with_version)
        .map_err(|findings| findings.iter().map(finding).collect::<Vec<_>>())?;
    if told == Told::default() {
        return Ok(None);
    }
    let json = serde_json::to_string(&told).unwrap_or_default();
    if json.len() > LONGEST {
        return Err(vec![too_long(&told, json.len())]);
    }
    Ok(Some(kept(json)))
}

fn too_long(told: &Told, bytes: usize) -> Finding {
    let steps = told
        .steps
        .iter()
        .map(|step| (&step.file, step.name.as_str(), step.script.len()));
    let commands = told
        .commands
        .iter()
        .map(|command| (&command.file, "container_commands", 0));
    let longest = steps.chain(commands).max_by_key(|(_, _, bytes)| *bytes);
    let (file, key) = longest.map_or((String::new(), ""), |(file, key, _)| (file.clone(), key));
    Finding {
        severity: FindingSeverity::Error,
        file,
        line: 1,
        column: 1,
        key: key.to_owned(),
        message: format!(
            "what asks for values that differ between environments, with the commands after it, has {bytes} bytes \
             together, and {LONGEST} are the limit: put what it does into a file of the bundle"
        ),
    }
}

/// An environment once options of the version are known too.
struct WithVersion<'a> {
    here: &'a Here<'a>,
    options: &'a [OptionValue],
}

impl Lookup for WithVersion<'_> {
    fn reference(&self, name: &str) -> Option<String> {
        self.here.reference(name)
    }

    fn option(&self, namespace: &str, name: &str) -> Option<String> {
        let of_version = || {
            let mut options = self.options.iter();
            let found = options.find(|option| option.namespace == namespace && option.name == name);
            found.map(|option| option.value.clone())
        };
        self.here.option(namespace, name).or_else(of_version)
    }

    fn default_of(&self, namespace: &str, name: &str) -> Option<String> {
        self.here.default_of(namespace, name)
    }

    fn knows_environment(&self) -> bool {
        true
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<String> {
        self.here.attribute(resource, attribute)
    }
}

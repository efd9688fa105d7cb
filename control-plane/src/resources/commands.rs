//! Container commands that differ between environments, as one of them has them. Pure.

use beanpole_ebextensions::{Config as Files, Lookup, OptionValue};
use beanpole_platforms::extensions::late_commands;
use beanpole_protocol::api::{Finding, FindingSeverity, OptionSetting};

use super::Here;
use crate::{
    bundle::configuration::{Installation, finding},
    options::late_commands as kept,
};

/// Bytes that an instance can be told in one variable, less what addresses grow by there.
const LONGEST: usize = 100_000;

/// Container commands that ask for what only the environment knows, in the form in which they are kept.
pub fn late(
    files: &Files,
    here: &Here<'_>,
    options: &[OptionValue],
) -> Result<Option<OptionSetting>, Vec<Finding>> {
    let with_version = WithVersion { here, options };
    let installation = Installation {
        region: &here.config.aws.region,
    };
    let late = late_commands(files, &installation, &with_version)
        .map_err(|findings| findings.iter().map(finding).collect::<Vec<_>>())?;
    let Some(first) = late.first() else {
        return Ok(None);
    };
    let json = serde_json::to_string(&late).unwrap_or_default();
    if json.len() > LONGEST {
        return Err(vec![Finding {
            severity: FindingSeverity::Error,
            file: first.file.clone(),
            line: 1,
            column: 1,
            key: "container_commands".to_owned(),
            message: format!(
                "the container commands that ask for what differs between environments have {} bytes together, and \
                 {LONGEST} are the limit: put what they do into a file of the bundle",
                json.len()
            ),
        }]);
    }
    Ok(Some(kept(json)))
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

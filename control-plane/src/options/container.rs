//! How the options of a platform's own namespace reach its containers: as variables that its image reads.
//!
//! Invariant: an option of another platform's namespace is refused, not ignored; a property of the same
//! name as a variable wins.

use std::collections::BTreeMap;

use beanpole_protocol::Platform;

use super::{OptionError, OptionSet, catalogue::PYTHON, settings::conflict};

/// Namespace, option, the platform that has it, and the variable that carries it.
const CONTAINER: &[(&str, &str, Platform, &str)] = &[
    (PYTHON, "NumProcesses", Platform::Python, "WSGI_PROCESSES"),
    (PYTHON, "NumThreads", Platform::Python, "WSGI_THREADS"),
    (PYTHON, "WSGIPath", Platform::Python, "WSGI_PATH"),
];

/// The variables of an environment's instances: its properties, and the options of its platform.
pub(super) fn variables(
    set: &OptionSet,
    platform: Platform,
) -> Result<BTreeMap<String, String>, OptionError> {
    let mut variables = BTreeMap::new();
    for (namespace, name, owner, variable) in CONTAINER {
        let Some(value) = set.get(namespace, name) else {
            continue;
        };
        if *owner != platform {
            return Err(conflict(
                namespace,
                name,
                format!("the environment's platform is {platform}, not {owner}"),
            ));
        }
        variables.insert((*variable).to_owned(), value.to_owned());
    }
    variables.extend(set.properties());
    Ok(variables)
}

//! How the options of a platform's own namespace reach its containers: as variables that its image reads.
//!
//! Invariant: an option of another platform's namespace is refused, not ignored; a property of the same
//! name as a variable wins.

use std::collections::BTreeMap;

use beanpole_platforms::extensions::LATE;
use beanpole_protocol::Platform;

use serde_json::{Map, Value};

use super::{
    OptionError, OptionSet,
    catalogue::{PHP, PROXY, PYTHON, TOMCAT},
    settings::conflict,
    statics,
};

/// Namespace, option, the platform that has it, and the variable that carries it.
const CONTAINER: &[(&str, &str, Platform, &str)] = &[
    (PHP, "allow_url_fopen", Platform::Php, "PHP_ALLOW_URL_FOPEN"),
    (PHP, "display_errors", Platform::Php, "PHP_DISPLAY_ERRORS"),
    (PHP, "document_root", Platform::Php, "BEANPOLE_DOCUMENT_ROOT"),
    (PHP, "max_execution_time", Platform::Php, "PHP_MAX_EXECUTION_TIME"),
    (PHP, "memory_limit", Platform::Php, "PHP_MEMORY_LIMIT"),
    (
        PHP,
        "zlib.output_compression",
        Platform::Php,
        "PHP_ZLIB_OUTPUT_COMPRESSION",
    ),
    (PYTHON, "NumProcesses", Platform::Python, "WSGI_PROCESSES"),
    (PYTHON, "NumThreads", Platform::Python, "WSGI_THREADS"),
    (PYTHON, "WSGIPath", Platform::Python, "WSGI_PATH"),
    (TOMCAT, "JVM Options", Platform::Tomcat, "JVM_OPTIONS"),
    (TOMCAT, "Xms", Platform::Tomcat, "JVM_XMS"),
    (TOMCAT, "Xmx", Platform::Tomcat, "JVM_XMX"),
];

/// What an instance's init reads; it passes none of them on.
fn for_init(set: &OptionSet) -> BTreeMap<String, String> {
    let proxy = set.get(PROXY, "ProxyServer").unwrap_or("nginx");
    let mut options: Map<String, Value> = Map::new();
    for ((namespace, name), value) in set.in_force() {
        let namespace = options.entry(namespace).or_insert_with(|| Map::new().into());
        if let Value::Object(namespace) = namespace {
            namespace.insert(name, value.into());
        }
    }
    let names: Vec<String> = set.properties().into_keys().collect();
    let mut variables = BTreeMap::from([
        ("BEANPOLE_OPTION_SETTINGS", Value::Object(options)),
        ("BEANPOLE_PROPERTIES", names.into()),
    ])
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_string()))
    .collect::<BTreeMap<_, _>>();
    variables.insert("BEANPOLE_PROXY".to_owned(), proxy.to_owned());
    if let Some(late) = set.late() {
        variables.insert(LATE.to_owned(), late.to_owned());
    }
    let statics = set.static_files();
    if !statics.is_empty() {
        let statics: Map<String, Value> = statics
            .into_iter()
            .map(|(path, folder)| (path, folder.into()))
            .collect();
        variables.insert(
            "BEANPOLE_STATIC_FILES".to_owned(),
            Value::Object(statics).to_string(),
        );
    }
    variables
}

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
    if platform == Platform::Docker {
        let given = set
            .get(PROXY, "ProxyServer")
            .map(|_| (PROXY, "ProxyServer".to_owned()));
        let given = given.or_else(|| Some((statics::NAMESPACE, set.static_files().into_keys().next()?)));
        if let Some((namespace, name)) = given {
            let problem = "containers of the docker platform have no proxy but what their Dockerfile brings";
            return Err(conflict(namespace, &name, problem));
        }
    } else {
        variables.extend(for_init(set));
    }
    variables.extend(set.properties());
    Ok(variables)
}

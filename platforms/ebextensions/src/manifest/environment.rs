//! `env.yaml`: how an environment is to be created from a bundle.

use serde::Serialize;

use super::{ENV_YAML, whole};
use crate::{
    finding::{Finding, Position},
    options::OptionValue,
    read::Reader,
    yaml::{Node, Value},
};

const KNOWN: &[&str] = &[
    "AWSConfigurationTemplateVersion",
    "CName",
    "DateCreated",
    "DateModified",
    "Description",
    "EnvironmentConfigurationMetadata",
    "EnvironmentLinks",
    "EnvironmentName",
    "EnvironmentTier",
    "OptionSettings",
    "Platform",
    "SSLCertificateId",
    "SolutionStack",
    "Tags",
];

/// What it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// May end with `+`, which stands for the name of a group.
    pub environment_name: Option<String>,
    pub cname: Option<String>,
    /// A solution stack or a platform's ARN, as written.
    pub platform: Option<String>,
    /// Where it asks for a worker environment.
    pub worker: Option<Position>,
    pub options: Vec<OptionValue>,
}

/// Reads it. Of its keys some are for records only, and need no word.
pub fn environment_manifest(bytes: &[u8]) -> (Manifest, Vec<Finding>) {
    whole(ENV_YAML, bytes, take)
}

fn take(reader: &mut Reader<'_>, node: &Node) -> Manifest {
    let mut manifest = Manifest::default();
    let Some(fields) = reader.fields(node, ENV_YAML, KNOWN) else {
        return manifest;
    };
    let mut word = |key: &str| {
        let node = fields.get(key)?;
        reader.word(node, key)
    };
    manifest.environment_name = word("EnvironmentName");
    manifest.cname = word("CName");
    manifest.platform = word("SolutionStack");
    if let Some(node) = fields.get("Platform") {
        manifest.platform = platform(reader, node).or(manifest.platform);
    }
    if let Some(node) = fields.get("EnvironmentTier") {
        manifest.worker = worker(reader, node);
    }
    if let Some(node) = fields.get("OptionSettings") {
        manifest.options = options(reader, node);
    }
    for (key, instead) in [
        (
            "EnvironmentLinks",
            "give the other environment's address as an environment property",
        ),
        ("SSLCertificateId", "put TLS in front of Beanpole"),
        ("Tags", "environments have none yet"),
    ] {
        if let Some(node) = fields.get(key).filter(|node| !matches!(node.value, Value::Null)) {
            reader.warn(node.at, key, format!("{key} has no effect: {instead}"));
        }
    }
    manifest
}

fn platform(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    if matches!(node.value, Value::Scalar { .. }) {
        return reader.word(node, "Platform");
    }
    let fields = reader.fields(node, "Platform", &["PlatformArn"])?;
    reader.word(fields.get("PlatformArn")?, "Platform.PlatformArn")
}

fn worker(reader: &mut Reader<'_>, node: &Node) -> Option<Position> {
    let fields = reader.fields(node, "EnvironmentTier", &["Name", "Type", "Version"])?;
    let name = fields.get("Name")?;
    match reader.word(name, "EnvironmentTier.Name")?.as_str() {
        "WebServer" => None,
        "Worker" => Some(name.at),
        other => {
            let message = format!("the tier is WebServer or Worker, and {other} stands here");
            reader.error(name.at, "EnvironmentTier.Name", message);
            None
        }
    }
}

/// A map of namespace to options; before a namespace the resource may stand that it is of, with a dot.
fn options(reader: &mut Reader<'_>, node: &Node) -> Vec<OptionValue> {
    let mut all = Vec::new();
    for namespace in reader.map(node, "OptionSettings", "a map of namespace to options") {
        let key = format!("OptionSettings.{}", namespace.key);
        let (resource, name) = match namespace.key.split_once('.') {
            Some((resource, rest)) if rest.contains(':') => (Some(resource.to_owned()), rest),
            _ => (None, namespace.key.as_str()),
        };
        for option in reader.map(&namespace.value, &key, "a map of option to value") {
            let key = format!("{key}.{}", option.key);
            if !reader.is_name(option, &key) {
                continue;
            }
            if let Some(value) = reader.value(&option.value, &key) {
                all.push(OptionValue {
                    namespace: name.to_owned(),
                    name: option.key.clone(),
                    // Those of the load balancer and the like are the environment's only ones here.
                    resource_name: resource.clone().filter(|name| !name.starts_with("AWSEB")),
                    value: value.written(),
                    file: ENV_YAML.to_owned(),
                    at: value.at,
                });
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let (_, findings) = environment_manifest(text.as_bytes());
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn name_platform_and_options_are_read() {
        let text = "AWSConfigurationTemplateVersion: 1.1.0.0\nSolutionStack: 64bit Amazon Linux 2023 running Python 3.11\nEnvironmentName: shop+\nCName: shop\nEnvironmentTier:\n  Name: WebServer\n  Type: Standard\nOptionSettings:\n  aws:autoscaling:asg:\n    MinSize: 2\n  AWSEBV2LoadBalancer.aws:elbv2:loadbalancer:\n    IdleTimeout: '9'\n";
        let (manifest, findings) = environment_manifest(text.as_bytes());
        assert_eq!(findings, []);
        assert_eq!(manifest.environment_name.as_deref(), Some("shop+"));
        assert_eq!(manifest.cname.as_deref(), Some("shop"));
        assert!(manifest.platform.unwrap().contains("Python"));
        assert_eq!(manifest.worker, None);
        let options: Vec<_> = manifest
            .options
            .iter()
            .map(|option| {
                (
                    option.namespace.as_str(),
                    option.name.as_str(),
                    option.value.as_str(),
                    option.at.line,
                )
            })
            .collect();
        assert_eq!(
            options,
            [
                ("aws:elbv2:loadbalancer", "IdleTimeout", "9", 12),
                ("aws:autoscaling:asg", "MinSize", "2", 10)
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "EnvironmentName: [a]\n",
                "env.yaml:1:18: error: 'EnvironmentName' must be text",
            ),
            ("EnvironmentNam: a\n", "did you mean 'EnvironmentName'?"),
            (
                "EnvironmentTier:\n  Name: Both\n",
                "env.yaml:2:9: error: the tier is WebServer or Worker",
            ),
            (
                "EnvironmentLinks:\n  DB: other\n",
                "EnvironmentLinks has no effect",
            ),
            ("Tags: {a: b}\n", "Tags has no effect"),
            ("OptionSettings: 3\n", "must be a map of namespace to options"),
            ("a: [\n", "env.yaml is not valid YAML"),
            ("- a\n", "must be a map"),
            ("# nothing\n", "env.yaml is empty"),
        ] {
            let said = said(text);
            assert!(
                said.iter().any(|line| line.contains(expected)),
                "{text}: {said:?}"
            );
        }
    }

    #[test]
    fn a_worker_is_found_where_it_is_asked_for() {
        let (manifest, _) = environment_manifest(b"EnvironmentTier:\n  Type: SQS/HTTP\n  Name: Worker\n");
        assert_eq!(manifest.worker, Some(Position { line: 3, column: 9 }));
    }
}

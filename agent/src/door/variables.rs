//! The variables by which AWS's SDKs find the door. Pure.
//!
//! Invariants: what somebody set is never replaced; who chose an endpoint or credentials of their own gets
//! neither from us, so that an application can use the real AWS.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use beanpole_protocol::agent::ServicesAccess;

const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// By one of these somebody says where calls go, or who makes them: then all of it is theirs.
const CHOICES: [&str; 17] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// What the environment's properties and the image set already.
#[derive(Clone, Copy, Debug)]
pub struct Already<'a> {
    pub properties: &'a BTreeMap<String, String>,
    pub image: &'a BTreeSet<String>,
}

impl Already<'_> {
    fn has(&self, name: &str) -> bool {
        self.properties.contains_key(name) || self.image.contains(name)
    }
}

/// What is to be added for an instance, for a door at this address.
pub fn variables(
    door: SocketAddr,
    access: &ServicesAccess,
    already: Already<'_>,
) -> BTreeMap<String, String> {
    let base = format!("http://{door}");
    let mut added: BTreeMap<String, String> = access
        .queues
        .iter()
        .map(|(name, path)| (name.clone(), format!("{base}{path}")))
        .collect();
    if !CHOICES.iter().any(|name| already.has(name)) {
        // SDKs differ in which of the two they read.
        let region = REGION.iter().find_map(|name| already.properties.get(*name));
        let region = region.unwrap_or(&access.region);
        added.extend(REGION.map(|name| (name.to_owned(), region.clone())));
        let credentials = format!("{base}/aws/v1/credentials");
        let token = access.token.reveal().to_owned();
        added.extend(
            [
                ("AWS_ENDPOINT_URL", base),
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", credentials),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
    }
    added.retain(|name, _| !already.has(name));
    added
}

/// The environment's own variables, with the door's address in URLs of queues: those that callers from outside
/// use may lead nowhere in an instance. Who chose an endpoint or credentials has them as they are.
pub fn reached(door: SocketAddr, access: &ServicesAccess, already: Already<'_>) -> BTreeMap<String, String> {
    let mut variables = already.properties.clone();
    if access.base.is_empty() || CHOICES.iter().any(|name| already.has(name)) {
        return variables;
    }
    let here = format!("http://{door}");
    for value in variables.values_mut() {
        if value.contains(&access.base) {
            *value = at_the_door(value, &access.base, &here);
        }
    }
    variables
}

/// The text with each `BASE/123456789012/…` leading to the door.
fn at_the_door(text: &str, base: &str, door: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(base) {
        let (before, from) = rest.split_at(at);
        let after = &from[base.len()..];
        told.push_str(before);
        told.push_str(if is_path_of_a_queue(after) { door } else { base });
        rest = after;
    }
    told.push_str(rest);
    told
}

/// `/account/name`
fn is_path_of_a_queue(path: &str) -> bool {
    let Some((account, name)) = path.strip_prefix('/').and_then(|path| path.split_once('/')) else {
        return false;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account
        && name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '-' || first == '_')
}

/// How an instance's init reaches the server. It gives these to nobody else in the container.
pub fn for_init(door: SocketAddr, access: &ServicesAccess) -> [(String, String); 2] {
    [
        ("BEANPOLE_INSTANCE_URL", format!("http://{door}/instance/v1")),
        ("BEANPOLE_INSTANCE_TOKEN", access.token.reveal().to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::agent::InstanceToken;

    use super::*;

    fn added(properties: &[(&str, &str)], image: &[&str]) -> BTreeMap<String, String> {
        let access = ServicesAccess {
            region: "us-east-1".to_owned(),
            token: InstanceToken::new("bpi_x".to_owned()),
            queues: BTreeMap::from([(
                "BEANPOLE_QUEUE_URL_JOBS".to_owned(),
                "/000000000000/jobs".to_owned(),
            )]),
            base: "http://localhost:8000".to_owned(),
        };
        let properties = properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let image = image.iter().map(|name| (*name).to_owned()).collect();
        let already = Already {
            properties: &properties,
            image: &image,
        };
        variables("169.254.170.2:12345".parse().unwrap(), &access, already)
    }

    #[test]
    fn urls_of_queues_lead_through_the_door() {
        let access = ServicesAccess {
            region: String::new(),
            token: InstanceToken::new(String::new()),
            queues: BTreeMap::new(),
            base: "http://localhost:8000".to_owned(),
        };
        let door = "169.254.170.2:12345".parse().unwrap();
        let told = |name: &str, value: &str, image: &[&str]| {
            let properties = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            let image = image.iter().map(|name| (*name).to_owned()).collect();
            let already = Already {
                properties: &properties,
                image: &image,
            };
            reached(door, &access, already).remove(name).unwrap()
        };
        for (value, expected) in [
            (
                "http://localhost:8000/000000000000/jobs",
                "http://169.254.170.2:12345/000000000000/jobs",
            ),
            (
                "a=http://localhost:8000/000000000000/a,b=http://localhost:8000/000000000000/b",
                "a=http://169.254.170.2:12345/000000000000/a,b=http://169.254.170.2:12345/000000000000/b",
            ),
            ("http://localhost:8000/api/v1", "http://localhost:8000/api/v1"),
            ("http://localhost:8000", "http://localhost:8000"),
            (
                "http://localhost:8000/000000000000/",
                "http://localhost:8000/000000000000/",
            ),
            ("http://else/000000000000/jobs", "http://else/000000000000/jobs"),
        ] {
            assert_eq!(told("URL", value, &[]), expected);
        }
        let own = "http://localhost:8000/000000000000/jobs";
        assert_eq!(told("URL", own, &["AWS_ENDPOINT_URL"]), own);
    }

    fn names(added: &BTreeMap<String, String>) -> Vec<&str> {
        added.keys().map(String::as_str).collect()
    }

    #[test]
    fn an_sdk_without_configuration_finds_endpoint_region_and_credentials() {
        let expected = [
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "bpi_x"),
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "http://169.254.170.2:12345/aws/v1/credentials",
            ),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", "http://169.254.170.2:12345"),
            ("AWS_REGION", "us-east-1"),
            (
                "BEANPOLE_QUEUE_URL_JOBS",
                "http://169.254.170.2:12345/000000000000/jobs",
            ),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(added(&[("AWS_MAX_ATTEMPTS", "5")], &["PATH"]), expected.into());
    }

    #[test]
    fn who_chose_an_endpoint_or_credentials_gets_neither() {
        for name in CHOICES {
            for set in [added(&[(name, "x")], &[]), added(&[], &[name])] {
                assert_eq!(names(&set), ["BEANPOLE_QUEUE_URL_JOBS"], "{name}");
            }
        }
    }

    #[test]
    fn a_region_that_was_set_is_told_to_every_sdk() {
        let set = added(&[("AWS_REGION", "eu-west-1")], &[]);
        assert_eq!(set["AWS_DEFAULT_REGION"], "eu-west-1");
        assert!(!set.contains_key("AWS_REGION"));
        let set = added(&[("AWS_DEFAULT_REGION", "eu-west-1")], &[]);
        assert_eq!(set["AWS_REGION"], "eu-west-1");
    }

    #[test]
    fn a_property_with_the_name_of_a_queues_stays() {
        let set = added(&[("BEANPOLE_QUEUE_URL_JOBS", "mine")], &[]);
        assert!(!set.contains_key("BEANPOLE_QUEUE_URL_JOBS"));
    }
}

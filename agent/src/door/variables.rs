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

//! A newtype per id, each with a readable prefix: `i-` an instance, `d-` a deployment, and so on.
//!
//! Ids are made once, stored as text and never parsed for meaning beyond their prefix.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Text that is not an id of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{given:?} is not {article} id: it must be {prefix:?} followed by letters and digits")]
pub struct BadId {
    given: String,
    prefix: &'static str,
    article: &'static str,
}

/// Crockford's alphabet in lower case: no i, l, o, u, so that ids survive being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn random_suffix(length: usize) -> String {
    (0..length)
        .map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>() & 31)]))
        .collect()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $article:literal, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new random id.
            pub fn random() -> Self {
                Self(format!("{}{}", $prefix, random_suffix($length)))
            }

            /// The id as text, prefix included.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let valid = text.strip_prefix($prefix).is_some_and(|rest| {
                    !rest.is_empty()
                        && rest.len() <= 40
                        && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                });
                if valid {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(BadId { given: text.chars().take(60).collect(), prefix: $prefix, article: $article })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(/// One application.
    ApplicationId, "app-", "an application", 12);
id!(/// One application version.
    VersionId, "v-", "a version", 12);
id!(/// One environment. The form is Beanstalk's.
    EnvironmentId, "e-", "an environment", 10);
id!(/// One deployment.
    DeploymentId, "d-", "a deployment", 12);
id!(/// One instance: a container that runs a release.
    InstanceId, "i-", "an instance", 14);
id!(/// One Docker host with its agent.
    HostId, "h-", "a host", 10);
id!(/// One user.
    UserId, "u-", "a user", 12);
id!(/// One API token.
    TokenId, "t-", "a token", 12);
id!(/// One request to an agent for something only its host has, such as log lines.
    TaskId, "k-", "a task", 14);

/// One access key of a user. The form is AWS's: `AKIA` and sixteen capitals and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct AccessKeyId(String);

/// Text that is not the id of a user's access key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not an access key's id: it must be \"AKIA\" followed by sixteen capitals and digits")]
pub struct BadAccessKeyId(String);

impl AccessKeyId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccessKeyId {
    type Err = BadAccessKeyId;
    fn from_str(text: &str) -> Result<Self, BadAccessKeyId> {
        let valid = text.strip_prefix("AKIA").is_some_and(|rest| {
            rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadAccessKeyId(text.chars().take(60).collect()))
        }
    }
}

impl TryFrom<String> for AccessKeyId {
    type Error = BadAccessKeyId;
    fn try_from(text: String) -> Result<Self, BadAccessKeyId> {
        text.parse()
    }
}

impl From<AccessKeyId> for String {
    fn from(id: AccessKeyId) -> String {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_parse_back() {
        for _ in 0..100 {
            let id = InstanceId::random();
            assert_eq!(id.as_str().parse::<InstanceId>(), Ok(id));
        }
    }

    #[test]
    fn an_id_of_another_kind_is_refused_with_the_right_prefix() {
        let error = "e-abc".parse::<InstanceId>().unwrap_err().to_string();
        assert!(
            error.contains("an instance id") && error.contains("\"i-\""),
            "{error}"
        );
    }

    #[test]
    fn ids_of_access_keys_have_the_form_of_aws() {
        assert!("AKIAABCDEFGHIJ234567".parse::<AccessKeyId>().is_ok());
        for wrong in [
            "",
            "AKIA",
            "ASIAABCDEFGHIJ234567",
            "akiaabcdefghij234567",
            "AKIAABCDEFGHIJ2345678",
        ] {
            assert!(wrong.parse::<AccessKeyId>().is_err(), "{wrong}");
        }
    }
}

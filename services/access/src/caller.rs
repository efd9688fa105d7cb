//! A caller whose signature was verified.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use sha2::{Digest, Sha256};

use crate::Policy;

/// The role whose sessions environments are, in ARNs.
pub const ENVIRONMENT_ROLE: &str = "beanpole-environment";

/// Twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Arc<str>);

/// Text that is not an account id.
#[derive(Debug, thiserror::Error)]
#[error("an account id is twelve digits")]
pub struct BadAccountId;

impl FromStr for AccountId {
    type Err = BadAccountId;
    fn from_str(text: &str) -> Result<Self, BadAccountId> {
        let good = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| Self(text.into())).ok_or(BadAccountId)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AccountId {
    /// The installation's own account.
    pub fn installation() -> Self {
        Self(crate::gate::INSTALLATION_ACCOUNT.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `arn:aws:sqs:us-east-1:000000000000:name`, as text; compared and matched as such.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arn(pub String);

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What signed: a person, an application's environment, a role's session, or nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account itself.
    Root,
    User {
        name: String,
    },
    /// An environment of an application, by its short-lived credentials.
    Environment {
        /// Id of the environment.
        environment: String,
        /// Id of the application, which owns what the environment makes.
        application: String,
    },
    Role {
        role: String,
        session: String,
    },
    /// A service of ours that acts for somebody's resource: `sns.amazonaws.com` delivers to a queue.
    /// Only resource policies let it in.
    Service {
        name: String,
    },
    /// A request without a signature: only resource policies that allow `*` let it in.
    Anonymous,
}

/// Who calls, with what they are allowed by their own policies.
#[derive(Clone, Debug)]
pub struct Caller {
    pub account: AccountId,
    pub principal: Principal,
    /// The principal's own policies, before `session` narrows them.
    pub policies: Arc<[Policy]>,
    /// A session policy narrows what `policies` allow; empty: nothing narrows.
    pub session: Arc<[Policy]>,
    /// The key that signed, for logs and `GetCallerIdentity`; empty for nobody.
    pub access_key_id: String,
}

impl Caller {
    /// As `GetCallerIdentity` and policies name the caller. A service and nobody have no ARN: the name
    /// of the service, and `anonymous`.
    pub fn arn(&self) -> Arn {
        let account = &self.account;
        Arn(match &self.principal {
            Principal::Root => format!("arn:aws:iam::{account}:root"),
            Principal::User { name } => format!("arn:aws:iam::{account}:user/{name}"),
            Principal::Environment { environment, .. } => {
                format!("arn:aws:sts::{account}:assumed-role/{ENVIRONMENT_ROLE}/{environment}")
            }
            Principal::Role { role, session } => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            Principal::Service { name } => name.clone(),
            Principal::Anonymous => "anonymous".to_owned(),
        })
    }

    /// The unique id that goes with [`Caller::arn`]; also a message's `SenderId`.
    pub fn user_id(&self) -> String {
        let account = &self.account;
        match &self.principal {
            Principal::Root => account.to_string(),
            Principal::User { name } => unique_id("AIDA", account, name),
            Principal::Environment { environment, .. } => {
                format!("{}:{environment}", unique_id("AROA", account, ENVIRONMENT_ROLE))
            }
            Principal::Role { role, session } => {
                format!("{}:{session}", unique_id("AROA", account, role))
            }
            Principal::Service { name } => name.clone(),
            Principal::Anonymous => "anonymous".to_owned(),
        }
    }

    /// Whether a session's key signed.
    pub fn is_session(&self) -> bool {
        self.access_key_id.starts_with(crate::keys::SESSION_PREFIX)
    }

    /// Nobody, who calls at what `account` owns.
    pub fn anonymous(account: AccountId) -> Self {
        Self {
            account,
            principal: Principal::Anonymous,
            policies: Arc::default(),
            session: Arc::default(),
            access_key_id: String::new(),
        }
    }

    /// The condition keys that come from the caller, in lower case.
    pub(crate) fn keys(&self) -> BTreeMap<String, Vec<String>> {
        let kind = match &self.principal {
            Principal::Anonymous => {
                return BTreeMap::from([("aws:principaltype".to_owned(), vec!["Anonymous".to_owned()])]);
            }
            Principal::Service { name } => {
                return BTreeMap::from([
                    ("aws:principalisawsservice".to_owned(), vec!["true".to_owned()]),
                    ("aws:principalservicename".to_owned(), vec![name.clone()]),
                ]);
            }
            Principal::Root => "Account",
            Principal::User { .. } => "User",
            Principal::Environment { .. } | Principal::Role { .. } => "AssumedRole",
        };
        // Of a session it is the role's ARN, as in AWS.
        let arn = role_arn(&self.account, &self.principal).unwrap_or_else(|| self.arn().0);
        let mut keys = BTreeMap::from([
            ("aws:principalarn".to_owned(), vec![arn]),
            ("aws:principalaccount".to_owned(), vec![self.account.to_string()]),
            ("aws:principaltype".to_owned(), vec![kind.to_owned()]),
            ("aws:principalisawsservice".to_owned(), vec!["false".to_owned()]),
            ("aws:userid".to_owned(), vec![self.user_id()]),
        ]);
        if let Principal::User { name } = &self.principal {
            keys.insert("aws:username".to_owned(), vec![name.clone()]);
        }
        keys
    }
}

/// The role that a session is of.
pub(crate) fn role_arn(account: &AccountId, principal: &Principal) -> Option<String> {
    match principal {
        Principal::Environment { .. } => Some(format!("arn:aws:iam::{account}:role/{ENVIRONMENT_ROLE}")),
        Principal::Role { role, .. } => Some(format!("arn:aws:iam::{account}:role/{role}")),
        _ => None,
    }
}

/// `AIDA` or `AROA` and 17 more characters, made of the name, so that every server knows it.
pub fn unique_id(prefix: &str, account: &AccountId, name: &str) -> String {
    let digest = Sha256::digest(format!("{prefix}/{account}/{name}"));
    let mut id = prefix.to_owned();
    id.extend(
        digest
            .iter()
            .take(17)
            .map(|byte| char::from(BASE32[usize::from(byte & 31)])),
    );
    id
}

/// The letters of ids and keys.
pub(crate) const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_named_as_in_aws() {
        let named = |principal: Principal| {
            let caller = Caller {
                principal,
                ..Caller::anonymous("000000000001".parse().unwrap())
            };
            (caller.arn().0, caller.user_id())
        };
        let (arn, id) = named(Principal::Root);
        assert_eq!(
            (arn.as_str(), id.as_str()),
            ("arn:aws:iam::000000000001:root", "000000000001")
        );
        let (arn, id) = named(Principal::User {
            name: "ann".to_owned(),
        });
        assert_eq!(arn, "arn:aws:iam::000000000001:user/ann");
        assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
        let (arn, id) = named(Principal::Environment {
            environment: "e-1".to_owned(),
            application: "app-1".to_owned(),
        });
        assert_eq!(
            arn,
            "arn:aws:sts::000000000001:assumed-role/beanpole-environment/e-1"
        );
        assert!(
            id.starts_with("AROA") && id.len() == 25 && id.ends_with(":e-1"),
            "{id}"
        );
        let (arn, _) = named(Principal::Role {
            role: "reader".to_owned(),
            session: "s".to_owned(),
        });
        assert_eq!(arn, "arn:aws:sts::000000000001:assumed-role/reader/s");
    }

    #[test]
    fn account_ids_are_twelve_digits() {
        assert!("000000000000".parse::<AccountId>().is_ok());
        for wrong in ["", "00000000000", "0000000000000", "00000000000x"] {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong}");
        }
    }
}

//! A caller whose signature was verified.

use std::{fmt, str::FromStr, sync::Arc};

use crate::Policy;

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
    /// A request without a signature: only resource policies that allow `*` let it in.
    Anonymous,
}

/// Who calls, with what they are allowed by their own policies.
#[derive(Clone, Debug)]
pub struct Caller {
    pub account: AccountId,
    pub principal: Principal,
    /// The principal's own policies; of a session, already narrowed by nothing: see `session`.
    pub policies: Arc<[Policy]>,
    /// A session policy narrows what `policies` allow; empty: nothing narrows.
    pub session: Arc<[Policy]>,
    /// The key that signed, for logs and `GetCallerIdentity`; empty for nobody.
    pub access_key_id: String,
}

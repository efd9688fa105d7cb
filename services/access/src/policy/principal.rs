//! Whom a statement speaks to.

use crate::{AccountId, Caller, Principal, caller};

/// One listed principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalPattern {
    /// `*`: everybody, also without a signature.
    Everybody,
    /// A whole account: whom it lets is left to its own policies.
    Account { account: AccountId, written: String },
    /// A user, a role with all its sessions, or one session of a role.
    Arn(String),
    /// `sns.amazonaws.com`
    Service(String),
}

/// How far a statement's principals meet a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    No,
    /// It names the caller's account: that account has to let the caller too.
    Account,
    /// It means the caller.
    Caller,
}

impl PrincipalPattern {
    /// An entry of `"AWS"`.
    pub(super) fn aws(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Everybody);
        }
        if let Ok(account) = text.parse() {
            return Ok(Self::Account {
                account,
                written: text.to_owned(),
            });
        }
        let refused = || {
            format!(
                "{text:?} is no principal: write *, an account's 12 digits, or the ARN of an account's root, a \
                 user, a role or a role's session"
            )
        };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", "aws", service, "", account, name] = parts[..] else {
            return Err(refused());
        };
        let account: AccountId = account.parse().map_err(|_| refused())?;
        if name.contains(['*', '?']) {
            return Err(format!(
                "{text:?} has a wildcard, which a principal cannot have: use Condition with aws:PrincipalArn"
            ));
        }
        let (kind, rest) = name.split_once('/').unwrap_or((name, ""));
        match (service, kind, rest) {
            ("iam", "root", "") => Ok(Self::Account {
                account,
                written: text.to_owned(),
            }),
            ("iam", "user" | "role", name) if !name.is_empty() => Ok(Self::Arn(text.to_owned())),
            ("sts", "assumed-role", name) if name.contains('/') => Ok(Self::Arn(text.to_owned())),
            _ => Err(refused()),
        }
    }

    /// An entry of `"Service"`.
    pub(super) fn service(text: &str) -> Result<Self, String> {
        let good = text.ends_with(".amazonaws.com") && !text.contains(['*', '?']);
        good.then(|| Self::Service(text.to_owned()))
            .ok_or_else(|| format!("{text:?} is no service: write one such as sns.amazonaws.com"))
    }

    pub(crate) fn matches(&self, caller: &Caller) -> Match {
        let met = |yes: bool| if yes { Match::Caller } else { Match::No };
        match (self, &caller.principal) {
            (Self::Everybody, _) => Match::Caller,
            (Self::Service(wanted), Principal::Service { name }) => met(wanted == name),
            (_, Principal::Anonymous | Principal::Service { .. }) | (Self::Service(_), _) => Match::No,
            (Self::Account { account, .. }, principal) => match (*account == caller.account, principal) {
                (false, _) => Match::No,
                (true, Principal::Root) => Match::Caller,
                (true, _) => Match::Account,
            },
            (Self::Arn(wanted), principal) => {
                let role = caller::role_arn(&caller.account, principal);
                met(*wanted == caller.arn().0 || role.is_some_and(|role| *wanted == role))
            }
        }
    }
}

impl super::Statement {
    /// How far this statement of a resource's policy speaks to a caller.
    pub(crate) fn principal(&self, caller: &Caller) -> Match {
        match &self.principals {
            None => Match::No,
            Some(super::Listed::Among(items)) => {
                let best = items.iter().map(|item| item.matches(caller)).max();
                best.unwrap_or(Match::No)
            }
            // Whoever is listed, also by the account, is excepted.
            Some(super::Listed::Except(items)) => {
                let listed = items.iter().any(|item| item.matches(caller) != Match::No);
                if listed { Match::No } else { Match::Caller }
            }
        }
    }
}

//! `AssumeRole`: become a role for a while, if its trust and the caller's policies allow it.

use std::collections::BTreeMap;

use beanpole_wire::{AwsError, Operation};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Action, Credentials,
    errors::{self, ACCESS_DENIED, MALFORMED_POLICY, VALIDATION, invalid},
};
use crate::{
    AccountId, Arn, Ask, Caller, Decision, Gate, Policy, Principal,
    caller::unique_id,
    decide::may_assume,
    session::Of,
    store::roles::{self, RoleRow},
};

const DEFAULT: i64 = 3600;
const LEAST: i64 = 900;
const MOST: i64 = 12 * 3600;
/// A role assumed by a role's session lasts no longer, as in AWS.
const CHAINED: i64 = 3600;
/// AWS's bound of a session policy's text.
const LONGEST_POLICY: usize = 2048;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AssumeRole {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<i64>,
    policy: Option<String>,
    external_id: Option<String>,
    policy_arns: Option<IgnoredAny>,
    tags: Option<IgnoredAny>,
    transitive_tag_keys: Option<IgnoredAny>,
    serial_number: Option<IgnoredAny>,
    token_code: Option<IgnoredAny>,
    source_identity: Option<IgnoredAny>,
    provided_contexts: Option<IgnoredAny>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Assumed {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
    /// How much of the bound a session policy takes, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

impl Operation for AssumeRole {
    const NAME: &'static str = "AssumeRole";
    type Output = Assumed;
}

impl Action for AssumeRole {
    async fn run(self, gate: &Gate, caller: &Caller, now: i64) -> Result<Assumed, AwsError> {
        self.check_unsupported()?;
        let (account, name) = role_of(&self.role_arn)?;
        check_session_name(&self.role_session_name)?;
        let seconds = errors::seconds(self.duration_seconds, DEFAULT, LEAST, MOST)?;
        self.check_policy()?;
        self.check_external_id()?;
        let mut connection = gate.connection().await?;
        let role = roles::by_name(&mut connection, account.as_str(), name)
            .await
            .map_err(|error| crate::errors::database(&error))?;
        drop(connection);
        // A role that is not there and one that is closed look the same from outside.
        let role = role.ok_or_else(|| refusal(caller, &self.role_arn))?;
        self.check_allowed(caller, &account, &role, now)?;
        check_duration(caller, &role, seconds)?;
        let of = Of::Role {
            name: role.name.clone(),
            session: self.role_session_name.clone(),
            made: role.made(),
        };
        let packed = self.policy.as_ref().map(|text| text.len() * 100 / LONGEST_POLICY);
        let policies = self.policy.into_iter().collect();
        let given = gate.issue(&account, of, policies, now + seconds)?;
        let session = self.role_session_name;
        Ok(Assumed {
            credentials: given.into(),
            assumed_role_user: AssumedRoleUser {
                assumed_role_id: format!("{}:{session}", unique_id("AROA", &account, &role.name)),
                arn: format!("arn:aws:sts::{account}:assumed-role/{}/{session}", role.name),
            },
            packed_policy_size: packed,
        })
    }
}

impl AssumeRole {
    fn check_unsupported(&self) -> Result<(), AwsError> {
        errors::refuse(&[
            ("PolicyArns", self.policy_arns.is_some()),
            ("Tags", self.tags.is_some()),
            ("TransitiveTagKeys", self.transitive_tag_keys.is_some()),
            ("SerialNumber", self.serial_number.is_some()),
            ("TokenCode", self.token_code.is_some()),
            ("SourceIdentity", self.source_identity.is_some()),
            ("ProvidedContexts", self.provided_contexts.is_some()),
        ])
    }

    fn check_policy(&self) -> Result<(), AwsError> {
        let Some(text) = &self.policy else {
            return Ok(());
        };
        if text.is_empty() || text.len() > LONGEST_POLICY {
            let why = format!("Member must have length between 1 and {LONGEST_POLICY}");
            return Err(invalid("policy", &why));
        }
        Policy::identity(text)
            .map(drop)
            .map_err(|error| MALFORMED_POLICY.because(error.to_string()))
    }

    fn check_external_id(&self) -> Result<(), AwsError> {
        let fine = |text: &String| {
            (2..=1224).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte))
        };
        match &self.external_id {
            Some(text) if !fine(text) => Err(invalid(
                "externalId",
                "Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]* and have length 2 to 1224",
            )),
            _ => Ok(()),
        }
    }

    fn check_allowed(
        &self,
        caller: &Caller,
        account: &AccountId,
        role: &RoleRow,
        now: i64,
    ) -> Result<(), AwsError> {
        let trust = Policy::resource(&role.trust).map_err(crate::errors::internal)?;
        let ask = Ask {
            action: "sts:AssumeRole",
            resource: &Arn(self.role_arn.clone()),
            owner: account,
            application: None,
            policy: Some(&trust),
            context: &self.context(now),
        };
        match may_assume(caller, &ask) {
            Decision::Allowed => Ok(()),
            decision => Err(match decision.refusal(caller, &ask) {
                Some(text) if decision == Decision::ExplicitlyDenied => ACCESS_DENIED.because(text),
                _ => refusal(caller, &self.role_arn),
            }),
        }
    }

    /// What a trust can ask about the request. How it came to us is not known here, so that conditions on
    /// that find no value.
    fn context(&self, now: i64) -> BTreeMap<String, Vec<String>> {
        let mut context = BTreeMap::from([
            (
                "sts:rolesessionname".to_owned(),
                vec![self.role_session_name.clone()],
            ),
            ("aws:epochtime".to_owned(), vec![now.to_string()]),
        ]);
        if let Some(id) = &self.external_id {
            context.insert("sts:externalid".to_owned(), vec![id.clone()]);
        }
        let moment = OffsetDateTime::from_unix_timestamp(now).ok();
        if let Some(text) = moment.and_then(|moment| moment.format(&Rfc3339).ok()) {
            context.insert("aws:currenttime".to_owned(), vec![text]);
        }
        context
    }
}

fn check_duration(caller: &Caller, role: &RoleRow, seconds: i64) -> Result<(), AwsError> {
    if seconds > i64::from(role.max_session_seconds) {
        return Err(VALIDATION
            .because("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    let chained = matches!(
        caller.principal,
        Principal::Role { .. } | Principal::Environment { .. }
    );
    if chained && seconds > CHAINED {
        return Err(VALIDATION.because(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(())
}

fn refusal(caller: &Caller, role: &str) -> AwsError {
    ACCESS_DENIED.because(format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {role}",
        caller.arn()
    ))
}

/// Account and name of `arn:aws:iam::<account>:role/<name>`.
fn role_of(arn: &str) -> Result<(AccountId, &str), AwsError> {
    let parsed = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":role/"))
        .and_then(|(account, name)| Some((account.parse().ok()?, name)))
        .filter(|(_, name)| (1..=64).contains(&name.len()) && name.bytes().all(is_of_name));
    parsed.ok_or_else(|| VALIDATION.because(format!("{arn} is invalid")))
}

fn check_session_name(name: &str) -> Result<(), AwsError> {
    if !(2..=64).contains(&name.len()) {
        return Err(invalid(
            "roleSessionName",
            "Member must have length between 2 and 64",
        ));
    }
    if !name.bytes().all(is_of_name) {
        return Err(invalid(
            "roleSessionName",
            "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        ));
    }
    Ok(())
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

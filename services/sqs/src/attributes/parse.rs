//! Attributes as callers give them, turned into typed changes.

use std::{collections::BTreeMap, time::Duration};

use beanpole_access::Policy;
use beanpole_wire::AwsError;

use super::{Name, redrive};
use crate::{
    errors,
    model::{
        Kind,
        queue::{DeduplicationScope, RedriveAllow, RedrivePolicy, ThroughputLimit},
    },
    permission,
};

/// One attribute with its new value; None where the empty text takes it away.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Delay(Duration),
    MaximumMessageSize(u32),
    Retention(Duration),
    ReceiveWait(Duration),
    VisibilityTimeout(Duration),
    Policy(Option<(Policy, String)>),
    Redrive(Option<RedrivePolicy>),
    RedriveAllow(Option<RedriveAllow>),
    KmsKey(Option<String>),
    KmsReuse(Duration),
    ManagedEncryption(Switch),
    ContentBasedDeduplication(Switch),
    DeduplicationScope(DeduplicationScope),
    ThroughputLimit(ThroughputLimit),
    /// `FifoQueue=true` on a FIFO queue: says what is so.
    Fifo,
}

/// `true` and `false`, as attributes say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

impl Change {
    pub fn name(&self) -> Name {
        match self {
            Self::Delay(_) => Name::DelaySeconds,
            Self::MaximumMessageSize(_) => Name::MaximumMessageSize,
            Self::Retention(_) => Name::MessageRetentionPeriod,
            Self::ReceiveWait(_) => Name::ReceiveMessageWaitTimeSeconds,
            Self::VisibilityTimeout(_) => Name::VisibilityTimeout,
            Self::Policy(_) => Name::Policy,
            Self::Redrive(_) => Name::RedrivePolicy,
            Self::RedriveAllow(_) => Name::RedriveAllowPolicy,
            Self::KmsKey(_) => Name::KmsMasterKeyId,
            Self::KmsReuse(_) => Name::KmsDataKeyReusePeriodSeconds,
            Self::ManagedEncryption(_) => Name::SqsManagedSseEnabled,
            Self::ContentBasedDeduplication(_) => Name::ContentBasedDeduplication,
            Self::DeduplicationScope(_) => Name::DeduplicationScope,
            Self::ThroughputLimit(_) => Name::FifoThroughputLimit,
            Self::Fifo => Name::FifoQueue,
        }
    }
}

/// Typed changes for a queue of this kind, by their names; refused as a whole.
pub fn changes(given: &BTreeMap<String, String>, kind: Kind) -> Result<Vec<Change>, AwsError> {
    given
        .iter()
        .map(|(name, value)| match name.parse::<Name>() {
            Ok(known) if known.settable_on(kind) => change(known, value),
            _ => Err(unknown(name)),
        })
        .collect()
}

pub fn unknown(name: &str) -> AwsError {
    errors::INVALID_ATTRIBUTE_NAME.because(format!("Unknown Attribute {name}."))
}

pub fn invalid(name: Name) -> AwsError {
    errors::INVALID_ATTRIBUTE_VALUE.because(format!("Invalid value for the parameter {}.", name.as_str()))
}

fn change(name: Name, value: &str) -> Result<Change, AwsError> {
    let seconds = |range| number(name, value, range).map(|number| Duration::from_secs(number.into()));
    Ok(match name {
        Name::DelaySeconds => Change::Delay(seconds((0, 900))?),
        Name::MaximumMessageSize => Change::MaximumMessageSize(number(name, value, (1024, 1_048_576))?),
        Name::MessageRetentionPeriod => Change::Retention(seconds((60, 1_209_600))?),
        Name::ReceiveMessageWaitTimeSeconds => Change::ReceiveWait(seconds((0, 20))?),
        Name::VisibilityTimeout => Change::VisibilityTimeout(seconds((0, 43_200))?),
        Name::Policy => Change::Policy(unless_empty(value, policy)?),
        Name::RedrivePolicy => Change::Redrive(unless_empty(value, redrive::parse)?),
        Name::RedriveAllowPolicy => Change::RedriveAllow(unless_empty(value, redrive::parse_allow)?),
        Name::KmsMasterKeyId => Change::KmsKey((!value.is_empty()).then(|| value.to_owned())),
        Name::KmsDataKeyReusePeriodSeconds => Change::KmsReuse(seconds((60, 86_400))?),
        Name::SqsManagedSseEnabled => Change::ManagedEncryption(switch(name, value)?),
        Name::ContentBasedDeduplication => Change::ContentBasedDeduplication(switch(name, value)?),
        Name::DeduplicationScope => Change::DeduplicationScope(match value {
            "queue" => DeduplicationScope::Queue,
            "messageGroup" => DeduplicationScope::MessageGroup,
            _ => return Err(invalid(name)),
        }),
        Name::FifoThroughputLimit => Change::ThroughputLimit(match value {
            "perQueue" => ThroughputLimit::PerQueue,
            "perMessageGroupId" => ThroughputLimit::PerMessageGroupId,
            _ => return Err(invalid(name)),
        }),
        Name::FifoQueue => match switch(name, value)? {
            Switch::On => Change::Fifo,
            Switch::Off => {
                return Err(errors::INVALID_ATTRIBUTE_VALUE.because(
                    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
                ));
            }
        },
        Name::ApproximateNumberOfMessages
        | Name::ApproximateNumberOfMessagesDelayed
        | Name::ApproximateNumberOfMessagesNotVisible
        | Name::CreatedTimestamp
        | Name::LastModifiedTimestamp
        | Name::QueueArn => return Err(unknown(name.as_str())),
    })
}

fn number(name: Name, value: &str, (least, most): (u32, u32)) -> Result<u32, AwsError> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|_| digits);
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| invalid(name))
}

fn switch(name: Name, value: &str) -> Result<Switch, AwsError> {
    if value.eq_ignore_ascii_case("true") {
        Ok(Switch::On)
    } else if value.eq_ignore_ascii_case("false") {
        Ok(Switch::Off)
    } else {
        Err(invalid(name))
    }
}

fn unless_empty<T>(
    value: &str,
    parse: impl FnOnce(&str) -> Result<T, AwsError>,
) -> Result<Option<T>, AwsError> {
    if value.is_empty() {
        Ok(None)
    } else {
        parse(value).map(Some)
    }
}

fn policy(text: &str) -> Result<(Policy, String), AwsError> {
    let refused = |reason: String| {
        errors::INVALID_ATTRIBUTE_VALUE.because(format!(
            "Invalid value for the parameter Policy. Reason: {reason}."
        ))
    };
    let policy = Policy::resource(text).map_err(|error| refused(error.to_string()))?;
    permission::within_limits(&policy).map_err(|error| refused(error.to_string()))?;
    Ok((policy, text.to_owned()))
}

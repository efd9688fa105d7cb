//! What a receive tells of a message beside what was sent.

use beanpole_wire::AwsError;

use crate::{attributes, model::Delivered};

/// What the service says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemAttribute {
    ApproximateFirstReceiveTimestamp,
    ApproximateReceiveCount,
    AwsTraceHeader,
    DeadLetterQueueSourceArn,
    MessageDeduplicationId,
    MessageGroupId,
    SenderId,
    SentTimestamp,
    SequenceNumber,
}

impl SystemAttribute {
    const ALL: [Self; 9] = [
        Self::ApproximateFirstReceiveTimestamp,
        Self::ApproximateReceiveCount,
        Self::AwsTraceHeader,
        Self::DeadLetterQueueSourceArn,
        Self::MessageDeduplicationId,
        Self::MessageGroupId,
        Self::SenderId,
        Self::SentTimestamp,
        Self::SequenceNumber,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApproximateFirstReceiveTimestamp => "ApproximateFirstReceiveTimestamp",
            Self::ApproximateReceiveCount => "ApproximateReceiveCount",
            Self::AwsTraceHeader => "AWSTraceHeader",
            Self::DeadLetterQueueSourceArn => "DeadLetterQueueSourceArn",
            Self::MessageDeduplicationId => "MessageDeduplicationId",
            Self::MessageGroupId => "MessageGroupId",
            Self::SenderId => "SenderId",
            Self::SentTimestamp => "SentTimestamp",
            Self::SequenceNumber => "SequenceNumber",
        }
    }

    /// Its value; None where the message has none.
    pub fn of(self, message: &Delivered) -> Option<String> {
        match self {
            Self::ApproximateFirstReceiveTimestamp => Some(message.first_received_at.to_string()),
            Self::ApproximateReceiveCount => Some(message.receive_count.to_string()),
            Self::AwsTraceHeader => message.trace_header.clone(),
            Self::DeadLetterQueueSourceArn => message.dead_letter_source.clone(),
            Self::MessageDeduplicationId => message.deduplication_id.clone(),
            Self::MessageGroupId => message.group.clone(),
            Self::SenderId => Some(message.sender.clone()),
            Self::SentTimestamp => Some(message.sent_at.to_string()),
            Self::SequenceNumber => message.sequence_number.clone(),
        }
    }
}

/// The attributes of these names, `All` for every one. AWS's model lets the names of queue attributes
/// in too; no message has such an attribute.
pub fn asked<'a>(names: impl Iterator<Item = &'a String>) -> Result<Vec<SystemAttribute>, AwsError> {
    let mut asked = Vec::new();
    for name in names {
        if name == "All" {
            asked.extend(SystemAttribute::ALL);
            continue;
        }
        match SystemAttribute::ALL
            .into_iter()
            .find(|known| known.as_str() == name)
        {
            Some(known) => asked.push(known),
            None if name.parse::<attributes::Name>().is_ok() => {}
            None => return Err(attributes::unknown(name)),
        }
    }
    Ok(asked)
}

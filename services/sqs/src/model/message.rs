//! Messages on their way in and out.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;

use super::Millis;

/// The value of a message attribute, with its whole data type (`Number.int`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub data_type: String,
    pub value: AttributeValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    String(String),
    Binary(Bytes),
}

/// A validated message on its way into a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub body: String,
    pub attributes: BTreeMap<String, Attribute>,
    /// The system attribute `AWSTraceHeader`.
    pub trace_header: Option<String>,
    /// None: the queue's own delay.
    pub delay: Option<Duration>,
    pub group: Option<String>,
    /// FIFO: as given, or the body's SHA-256 in hex where the queue deduplicates by content.
    pub deduplication_id: Option<String>,
    /// Who sends: `SenderId`.
    pub sender: String,
}

/// A message that is durably in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// A UUID.
    pub message_id: String,
    /// FIFO: 20 digits, growing.
    pub sequence_number: Option<String>,
}

/// A message as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub message_id: String,
    /// [`super::Receipt`] as text.
    pub receipt_handle: String,
    pub body: String,
    pub attributes: BTreeMap<String, Attribute>,
    pub trace_header: Option<String>,
    pub sender: String,
    pub sent_at: Millis,
    pub first_received_at: Millis,
    /// This receive included.
    pub receive_count: u32,
    pub group: Option<String>,
    pub deduplication_id: Option<String>,
    pub sequence_number: Option<String>,
    /// ARN of the queue that it was moved from when received too often.
    pub dead_letter_source: Option<String>,
}

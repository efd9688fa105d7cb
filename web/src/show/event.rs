//! One event as a row.

use beanpole_protocol::{
    Timestamp,
    api::{Event, Severity},
};
use serde::Serialize;

use super::{Badge, Tone, badge, when::When};

#[derive(Debug, Serialize)]
pub struct EventRow {
    pub id: i64,
    at: When,
    severity: Badge,
    kind: String,
    message: String,
    version: Option<String>,
}

impl EventRow {
    pub fn new(event: Event, now: Timestamp) -> Self {
        Self {
            id: event.id,
            at: When::new(event.at, now),
            severity: severity(event.severity),
            kind: event.kind,
            message: event.message,
            version: event.version_label,
        }
    }
}

const fn severity(severity: Severity) -> Badge {
    match severity {
        Severity::Trace => badge("TRACE", Tone::Quiet),
        Severity::Debug => badge("DEBUG", Tone::Quiet),
        Severity::Info => badge("INFO", Tone::Busy),
        Severity::Warn => badge("WARN", Tone::Warn),
        Severity::Error => badge("ERROR", Tone::Bad),
        Severity::Fatal => badge("FATAL", Tone::Bad),
    }
}

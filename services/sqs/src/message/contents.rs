//! Which characters texts may have.

use beanpole_wire::AwsError;

use crate::errors;

const ALLOWED: &str = "#x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]";

/// A body holds characters that XML can.
pub fn check_body(body: &str) -> Result<(), AwsError> {
    check(body, "the message body")
}

/// So does an attribute's value.
pub fn check_value(value: &str, attribute: &str) -> Result<(), AwsError> {
    check(
        value,
        &format!("the value of the message attribute '{attribute}'"),
    )
}

fn check(text: &str, place: &str) -> Result<(), AwsError> {
    match text.chars().find(|char| !is_xml(*char)) {
        None => Ok(()),
        Some(bad) => Err(errors::INVALID_MESSAGE_CONTENTS.because(format!(
            "Invalid binary character '#x{:X}' was found in {place}, the set of allowed characters is {ALLOWED}",
            u32::from(bad)
        ))),
    }
}

fn is_xml(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Group and deduplication ids: 1 to 128 letters, digits and punctuation of ASCII.
pub fn check_token(value: &str, parameter: &str) -> Result<(), AwsError> {
    if (1..=128).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason =
        format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(errors::invalid(value, parameter, reason))
}

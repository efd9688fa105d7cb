//! A line that comes in pieces, up to a bound.

use super::errors;
use crate::AwsError;

#[derive(Default)]
pub(super) struct Line(Vec<u8>);

impl Line {
    /// The line without its end, once all of it has come. More than `limit` bytes are no line.
    pub(super) fn take(&mut self, input: &mut &[u8], limit: usize) -> Result<Option<Vec<u8>>, AwsError> {
        let end = input.iter().take(limit + 1).position(|byte| *byte == b'\n');
        let (piece, rest) = input.split_at(end.map_or(input.len().min(limit + 1), |at| at + 1));
        *input = rest;
        self.0.extend_from_slice(piece);
        if self.0.len() > limit {
            return Err(errors::incomplete_body());
        }
        if end.is_none() {
            return Ok(None);
        }
        match self.0.strip_suffix(b"\r\n") {
            Some(line) => {
                let line = line.to_vec();
                self.0.clear();
                Ok(Some(line))
            }
            None => Err(errors::incomplete_body()),
        }
    }
}

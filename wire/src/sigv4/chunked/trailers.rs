//! Headers that follow a body. Only those come that `x-amz-trailer` announced, and all of them do.

use super::errors;
use crate::AwsError;

/// S3 knows one checksum and little else; more than this is nobody's ordinary upload.
const MOST: usize = 16;
const SIGNATURE: &str = "x-amz-trailer-signature";

pub(super) struct Trailers {
    announced: Vec<String>,
    found: Vec<(String, String)>,
    signature: Option<String>,
}

impl Trailers {
    /// Those of a list of names divided by commas.
    pub(super) fn announced(list: &str) -> Self {
        let names = list.split(',').map(|name| name.trim().to_ascii_lowercase());
        let mut announced: Vec<String> = names.filter(|name| !name.is_empty()).take(MOST).collect();
        announced.sort_unstable();
        announced.dedup();
        Self {
            announced,
            found: Vec::new(),
            signature: None,
        }
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), AwsError> {
        let text = std::str::from_utf8(line).map_err(|_| errors::malformed_trailer())?;
        let (name, value) = text.split_once(':').ok_or_else(errors::malformed_trailer)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        // The signature is the last one: what follows it would not be signed.
        if self.signature.is_some() {
            return Err(errors::malformed_trailer());
        }
        if name == SIGNATURE {
            self.signature = Some(value);
            return Ok(());
        }
        if !self.announced.contains(&name) || self.found.iter().any(|(other, _)| *other == name) {
            return Err(errors::malformed_trailer());
        }
        self.found.push((name, value));
        Ok(())
    }

    /// The form that is signed: in order of the names, a line each.
    pub(super) fn canonical(&mut self) -> String {
        self.found.sort_unstable();
        self.found
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect()
    }

    pub(super) fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// All of them, if all that were announced came.
    pub(super) fn complete(self) -> Result<Vec<(String, String)>, AwsError> {
        if self.found.len() == self.announced.len() {
            Ok(self.found)
        } else {
            Err(errors::malformed_trailer())
        }
    }
}

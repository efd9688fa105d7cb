//! Reads the API's stream of server-sent events: bytes in any pieces in, whole messages out.
//!
//! Takes `id` and `data`; comments and other fields are passed over. Invariant: never holds more than
//! [`LIMIT`] bytes of an unfinished message.

/// Far more than any event; a message beyond it ends the stream.
pub const LIMIT: usize = 256 * 1024;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub id: Option<String>,
    pub data: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a message of the event stream is longer than {LIMIT} bytes")]
pub struct TooLong;

/// The part of the stream that is not a whole message yet.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    message: Message,
}

impl Reader {
    /// Adds a piece and returns the messages that it completes.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<Message>, TooLong> {
        let mut whole = Vec::new();
        for &byte in piece {
            if byte != b'\n' {
                self.line.push(byte);
                if self.line.len() + self.message.data.len() > LIMIT {
                    return Err(TooLong);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
            if line.is_empty() {
                let message = std::mem::take(&mut self.message);
                if !message.data.is_empty() {
                    whole.push(message);
                }
            } else {
                self.take_line(&line);
            }
        }
        Ok(whole)
    }

    fn take_line(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if !self.message.data.is_empty() {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            "id" => self.message.id = Some(value.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b": hello\n\nid: 7\ndata: {\"a\":\ndata: 1}\n\nevent: x\r\ndata:two\r\n\r\nid: 9\n\ndata: cut";

    #[test]
    fn messages_do_not_depend_on_where_the_bytes_are_cut() {
        let expected = vec![
            Message {
                id: Some("7".to_owned()),
                data: "{\"a\":\n1}".to_owned(),
            },
            Message {
                id: None,
                data: "two".to_owned(),
            },
        ];
        for size in 1..=STREAM.len() {
            let mut reader = Reader::default();
            let got: Vec<_> = STREAM
                .chunks(size)
                .flat_map(|piece| reader.push(piece).unwrap())
                .collect();
            assert_eq!(got, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_endless_message_is_refused() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; LIMIT];
        assert_eq!(reader.push(&piece), Ok(vec![]));
        assert_eq!(reader.push(b"x"), Err(TooLong));
    }
}

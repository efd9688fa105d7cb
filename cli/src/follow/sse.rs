//! Parses a stream of server-sent events from pieces of any size.
//!
//! No I/O, no time. Invariant: how the bytes are cut never changes the messages.

/// A line longer than this is no event of ours.
const LONGEST_LINE: usize = 1 << 20;

/// One message. `id` is the last one seen on the stream, as the format has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: Option<String>,
    pub event: String,
    pub data: String,
}

/// The stream is not one of server-sent events.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a line of the event stream is over {LONGEST_LINE} bytes long")]
pub struct TooLong;

/// State between pieces.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed right after it belongs to it.
    after_return: bool,
    started: bool,
    id: Option<String>,
    event: String,
    data: String,
    has_data: bool,
}

impl Parser {
    /// The messages that these bytes complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Message>, TooLong> {
        let mut messages = Vec::new();
        for &byte in bytes {
            let follows_return = std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    messages.extend(self.end_line());
                }
                _ if self.line.len() >= LONGEST_LINE => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(messages)
    }

    fn end_line(&mut self) -> Option<Message> {
        let bytes = std::mem::take(&mut self.line);
        let mut line = String::from_utf8_lossy(&bytes).into_owned();
        if !std::mem::replace(&mut self.started, true)
            && let Some(rest) = line.strip_prefix('\u{feff}')
        {
            line = rest.to_owned();
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = match line.split_once(':') {
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (line.as_str(), ""),
        };
        match field {
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "event" => self.event = value.to_owned(),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments (nothing before the colon), `retry` and what is not known.
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Message> {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data).then(|| Message {
            id: self.id.clone(),
            event: if event.is_empty() {
                "message".to_owned()
            } else {
                event
            },
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Vec<(Option<String>, String, String)> {
        Parser::default()
            .feed(text.as_bytes())
            .unwrap()
            .into_iter()
            .map(|message| (message.id, message.event, message.data))
            .collect()
    }

    fn message(id: Option<&str>, event: &str, data: &str) -> (Option<String>, String, String) {
        (id.map(str::to_owned), event.to_owned(), data.to_owned())
    }

    #[test]
    fn the_format_is_read_as_the_standard_says() {
        for (text, wanted) in [
            ("data: a\n\n", vec![message(None, "message", "a")]),
            ("data:a\ndata: b\n\n", vec![message(None, "message", "a\nb")]),
            ("id: 7\nevent: x\ndata: a\n\n", vec![message(Some("7"), "x", "a")]),
            (
                "id: 7\ndata: a\n\ndata: b\n\n",
                vec![
                    message(Some("7"), "message", "a"),
                    message(Some("7"), "message", "b"),
                ],
            ),
            (": keep-alive\n\n", vec![]),
            ("event: x\n\n", vec![]),
            ("data\n\n", vec![message(None, "message", "")]),
            (
                "data:  two spaces\r\n\r\n",
                vec![message(None, "message", " two spaces")],
            ),
            (
                "data: a\r\rdata: b\n\n",
                vec![message(None, "message", "a"), message(None, "message", "b")],
            ),
            ("\u{feff}data: a\n\n", vec![message(None, "message", "a")]),
            ("data: not ended", vec![]),
            (
                "retry: 100\nfoo: bar\ndata: a: b\n\n",
                vec![message(None, "message", "a: b")],
            ),
        ] {
            assert_eq!(parse(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; LONGEST_LINE];
        assert_eq!(parser.feed(&piece), Ok(vec![]));
        assert_eq!(parser.feed(b"y"), Err(TooLong));
    }

    proptest! {
        #[test]
        fn cutting_changes_nothing(
            text in "(data: [aä]{0,3}(\n|\r|\r\n)|id: [0-9](\n|\r\n)|:x\n|\n|\r\n|\r){0,12}",
            cuts in prop::collection::vec(1..4usize, 0..40),
        ) {
            let whole = Parser::default().feed(text.as_bytes()).unwrap();
            let mut parser = Parser::default();
            let mut pieces = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, tail) = rest.split_at(cut.min(rest.len()));
                pieces.extend(parser.feed(piece).unwrap());
                rest = tail;
            }
            pieces.extend(parser.feed(rest).unwrap());
            prop_assert_eq!(whole, pieces);
        }
    }
}

//! Bodies that S3's clients send in chunks, each signed with the signature before it, and with trailers.
//!
//! A state machine without a socket: bytes in, plain bytes out, in the pieces in which they came. It keeps
//! one line and the trailers, never a chunk, so bytes come out before the signature over them is known to
//! hold: **nothing of a body may be used before [`Decoder::finish`] has returned**. Checking a checksum
//! that came as a trailer is the caller's part.

mod chain;
mod line;
mod trailers;

use http::request::Parts;

use self::chain::Chain;
use self::line::Line;
use self::trailers::Trailers;
use super::errors::{self, Scope};
use super::header::only;
use super::{Signature, SigningKey};
use crate::AwsError;

/// How a body is cut, as `x-amz-content-sha256` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`
    Signed,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`
    SignedWithTrailer,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`
    UnsignedWithTrailer,
}

impl Framing {
    pub(super) fn named(text: &str) -> Option<Self> {
        match text {
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Some(Self::Signed),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Some(Self::SignedWithTrailer),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Some(Self::UnsignedWithTrailer),
            _ => None,
        }
    }
}

/// Longest head of a chunk: 16 digits of length, 64 of signature and their names, with some room.
const LONGEST_HEAD: usize = 256;
const LONGEST_TRAILER: usize = 4096;

enum State {
    Head,
    Data { left: u64 },
    AfterData,
    Trailers,
    Done,
    Failed,
}

/// Takes one chunked body apart.
pub struct Decoder {
    framing: Framing,
    chain: Option<Chain>,
    state: State,
    line: Line,
    /// Plain bytes that are still to come.
    remaining: u64,
    trailers: Trailers,
}

impl Decoder {
    /// The decoder for the body of a request whose signature was verified, with the same key; `None` if
    /// its body is not chunked.
    pub fn of(request: &Parts, signature: &Signature, key: &SigningKey) -> Result<Option<Self>, AwsError> {
        let header = only(&request.headers, "x-amz-content-sha256")?;
        let Some(framing) = header
            .and_then(Framing::named)
            .filter(|_| signature.rules() == Scope::S3)
        else {
            return Ok(None);
        };
        let length = only(&request.headers, "x-amz-decoded-content-length")?;
        let remaining = length.and_then(decimal).ok_or_else(|| {
            errors::MISSING_LENGTH.because("You must provide x-amz-decoded-content-length.")
        })?;
        let announced = match framing {
            Framing::Signed => "",
            _ => only(&request.headers, "x-amz-trailer")?.unwrap_or(""),
        };
        let chain = match framing {
            Framing::UnsignedWithTrailer => None,
            _ => Some(Chain::after(signature, key)),
        };
        let (state, line, trailers) = (State::Head, Line::default(), Trailers::announced(announced));
        Ok(Some(Self {
            framing,
            chain,
            state,
            line,
            remaining,
            trailers,
        }))
    }

    /// Takes from `input` until there is a piece of the plain body; `None` once `input` is used up.
    pub fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, AwsError> {
        let result = self.advance(input);
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }

    /// The trailers, once the whole body has come and every signature held.
    pub fn finish(self) -> Result<Vec<(String, String)>, AwsError> {
        match self.state {
            State::Done => self.trailers.complete(),
            _ => Err(errors::incomplete_body()),
        }
    }

    fn advance<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, AwsError> {
        loop {
            match &mut self.state {
                State::Data { left: 0 } => {
                    self.close_chunk()?;
                    self.state = State::AfterData;
                }
                State::Data { .. } | State::Done if input.is_empty() => return Ok(None),
                State::Data { left } => {
                    let wanted = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    let (piece, rest) = input.split_at(wanted);
                    *left -= wanted as u64;
                    *input = rest;
                    if let Some(chain) = &mut self.chain {
                        chain.data(piece);
                    }
                    return Ok(Some(piece));
                }
                State::Done | State::Failed => return Err(errors::incomplete_body()),
                State::Head | State::AfterData | State::Trailers => {
                    let limit = match self.state {
                        State::Trailers => LONGEST_TRAILER,
                        _ => LONGEST_HEAD,
                    };
                    let Some(line) = self.line.take(input, limit)? else {
                        return Ok(None);
                    };
                    self.state = self.after_line(&line)?;
                }
            }
        }
    }

    fn after_line(&mut self, line: &[u8]) -> Result<State, AwsError> {
        match self.state {
            State::AfterData if line.is_empty() => Ok(State::Head),
            State::Head => self.head(line),
            State::Trailers => self.trailer(line),
            _ => Err(errors::incomplete_body()),
        }
    }

    /// `<length>` in hexadecimal, and `;chunk-signature=<signature>` where chunks are signed.
    fn head(&mut self, line: &[u8]) -> Result<State, AwsError> {
        let split = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
        let (length, extension) = line.split_at(split);
        let length = hexadecimal(length).ok_or_else(errors::incomplete_body)?;
        match &mut self.chain {
            Some(chain) => chain.expect(extension.strip_prefix(b";chunk-signature=").unwrap_or_default())?,
            None if !extension.is_empty() => return Err(errors::incomplete_body()),
            None => {}
        }
        self.remaining = self
            .remaining
            .checked_sub(length)
            .ok_or_else(errors::incomplete_body)?;
        if length > 0 {
            return Ok(State::Data { left: length });
        }
        self.close_chunk()?;
        if self.remaining > 0 {
            return Err(errors::incomplete_body());
        }
        Ok(State::Trailers)
    }

    fn close_chunk(&mut self) -> Result<(), AwsError> {
        self.chain.as_mut().map_or(Ok(()), Chain::close)
    }

    fn trailer(&mut self, line: &[u8]) -> Result<State, AwsError> {
        match (line.is_empty(), &mut self.chain, self.framing) {
            (false, _, Framing::Signed) => Err(errors::incomplete_body()),
            (false, _, _) => self.trailers.line(line).map(|()| State::Trailers),
            (true, Some(chain), Framing::SignedWithTrailer) => {
                chain.trailers(&self.trailers.canonical(), self.trailers.signature())?;
                Ok(State::Done)
            }
            (true, _, _) => Ok(State::Done),
        }
    }
}

fn decimal(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}

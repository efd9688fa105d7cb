//! A load client as cheap as can be: one kept-alive connection, requests made of text, answers
//! searched rather than parsed. What it costs is in the floor's figures too.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection to a server that speaks SQS's JSON protocol.
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    /// The server said that it would close it after its answer, as some peers always do.
    closing: bool,
    out: Vec<u8>,
    into: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            stream: connect(address).await?,
            address,
            closing: false,
            out: Vec::with_capacity(16 * 1024),
            into: Vec::with_capacity(64 * 1024),
        })
    }

    /// One call; its answer's body. An answer other than 200 is an error that shows it.
    pub async fn call(&mut self, operation: &str, body: &str) -> anyhow::Result<&str> {
        if self.closing {
            self.stream = connect(self.address).await?;
        }
        self.out.clear();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\nx-amz-target: AmazonSQS.{operation}\r\n\
             content-type: application/x-amz-json-1.0\r\nx-amz-date: 20260101T000000Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/sqs/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-target, \
             Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n\
             content-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.out.extend_from_slice(head.as_bytes());
        self.out.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.out).await?;
        self.into.clear();
        let start = loop {
            self.more().await?;
            if let Some(end) = find(&self.into, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.into[..start])?;
        let length: usize = field(head, "content-length")
            .context("no content-length")?
            .parse()?;
        self.closing = field(head, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        while self.into.len() < start + length {
            self.more().await?;
        }
        let ok = self.into.starts_with(b"HTTP/1.1 200");
        let body = std::str::from_utf8(&self.into[start..])?;
        ensure!(ok, "{operation}: {}", String::from_utf8_lossy(&self.into));
        Ok(body)
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.into).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The value of a header field.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// The values of the text members whose quoted name is `key`, wherever they stand in an answer.
pub fn texts<'a>(answer: &'a str, key: &'static str) -> impl Iterator<Item = &'a str> {
    answer
        .split(key)
        .skip(1)
        .filter_map(|rest| rest.split('"').nth(1))
}

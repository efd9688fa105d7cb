//! Asks the server which instance of a deployment runs a command for all of them, and tells it what was done.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    thread,
    time::{Duration, Instant},
};

use beanpole_instance::Command;
use serde::Deserialize;

use crate::settings::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Run,
    Skip,
    Wait,
    Failed,
}

#[derive(Debug, thiserror::Error)]
pub enum LeaderError {
    #[error("the server cannot be asked: {0}")]
    Unreachable(#[from] io::Error),
    #[error("the server answered {status}: {body}")]
    Refused { status: u16, body: String },
}

#[derive(Deserialize)]
struct Decided {
    decision: Decision,
}

/// A server that is away or restarts is asked again for so long.
const PATIENCE: Duration = Duration::from_secs(120);
const ASK_AGAIN: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: u64 = 64 * 1024;

impl Server {
    /// Who runs a command; waits while another instance does.
    pub fn claim(&self, command: &Command) -> Result<Decision, LeaderError> {
        let body = serde_json::json!({ "file": command.file, "name": command.name });
        loop {
            let text = self.patiently("commands/claim", &body)?;
            let decided: Decided = serde_json::from_str(&text).map_err(io::Error::from)?;
            if decided.decision != Decision::Wait {
                return Ok(decided.decision);
            }
            thread::sleep(ASK_AGAIN);
        }
    }

    /// Tells how a command that was ours ended.
    pub fn finish(&self, command: &Command, exit_code: i32) -> Result<(), LeaderError> {
        let body = serde_json::json!({ "file": command.file, "name": command.name, "exit_code": exit_code });
        self.patiently("commands/finish", &body).map(drop)
    }

    /// Tells what was done of a configuration file, for people to read. Nobody waits for it, and a server that is
    /// away goes without.
    pub fn took(&self, file: &str, key: &str, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let body = serde_json::json!({ "file": file, "key": key, "milliseconds": milliseconds });
        let server = self.clone();
        thread::spawn(move || {
            if let Err(error) = server.post("keys", &body) {
                eprintln!("beanpole: the server does not hear what was done: {error}");
            }
        });
    }

    fn patiently(&self, route: &str, body: &serde_json::Value) -> Result<String, LeaderError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.post(route, body) {
                Err(LeaderError::Refused { status, body }) if status < 500 => {
                    return Err(LeaderError::Refused { status, body });
                }
                Err(error) if Instant::now() >= until => return Err(error),
                Err(_) => thread::sleep(ASK_AGAIN),
                Ok(text) => return Ok(text),
            }
        }
    }

    /// One request over a connection of its own. Plain HTTP: the host's door is the other end.
    fn post(&self, route: &str, body: &serde_json::Value) -> Result<String, LeaderError> {
        let malformed = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "BEANPOLE_INSTANCE_URL is no http:// URL",
            )
        };
        let rest = self.url.strip_prefix("http://").ok_or_else(malformed)?;
        let (authority, path) = rest.split_once('/').ok_or_else(malformed)?;
        let address = authority.to_socket_addrs()?.next().ok_or_else(malformed)?;
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let body = body.to_string();
        let request = format!(
            "POST /{path}/{route} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(LARGEST_ANSWER).read_to_end(&mut answer)?;
        let (status, body) = parse(&String::from_utf8_lossy(&answer))
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))?;
        if (200..300).contains(&status) {
            Ok(body)
        } else {
            Err(LeaderError::Refused { status, body })
        }
    }
}

/// Status and body of an answer that is over when the connection is.
fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let is_chunked = head
        .lines()
        .any(|line| line.to_ascii_lowercase().replace(' ', "") == "transfer-encoding:chunked");
    let body = if is_chunked {
        unchunked(body)?
    } else {
        body.to_owned()
    };
    Some((status, body))
}

fn unchunked(mut body: &str) -> Option<String> {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(rest.get(..size)?);
        body = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use beanpole_instance::Line;

    use super::*;

    fn command() -> Command {
        Command {
            file: ".ebextensions/db.config".to_owned(),
            name: "migrate".to_owned(),
            command: Line::Shell("true".to_owned()),
            cwd: None,
            env: Default::default(),
            test: None,
            leader_only: true,
            ignore_errors: false,
        }
    }

    /// A server that gives these answers; what it was sent comes back.
    fn server(answers: &'static [&'static str]) -> (Server, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/instance/v1", listener.local_addr().unwrap());
        let serving = thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = String::new();
                while !request.ends_with('}') {
                    let mut piece = vec![0; 4096];
                    let read = stream.read(&mut piece).unwrap();
                    request.push_str(&String::from_utf8_lossy(&piece[..read]));
                }
                asked.push(request);
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        let token = "bpi_x".to_owned();
        (Server { url, token }, serving)
    }

    #[test]
    fn it_waits_for_another_and_asks_again_when_the_server_is_away() {
        let (server, asked) = server(&[
            "HTTP/1.1 503 Away\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n{\"decision\":\"wait\"}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n{\"decision\":\"skip\"}\r\n0\r\n\r\n",
        ]);
        assert_eq!(server.claim(&command()).unwrap(), Decision::Skip);
        let asked = asked.join().unwrap();
        assert!(
            asked[0].starts_with("POST /instance/v1/commands/claim HTTP/1.1\r\n"),
            "{}",
            asked[0]
        );
        assert!(
            asked[0].contains("authorization: Bearer bpi_x\r\n") && asked[0].contains("\"name\":\"migrate\"")
        );
    }

    #[test]
    fn a_refusal_is_told_as_it_is() {
        let (server, asked) = server(&["HTTP/1.1 409 Conflict\r\n\r\nnot yours"]);
        let error = server.finish(&command(), 0).unwrap_err().to_string();
        assert!(error.contains("409: not yours"), "{error}");
        asked.join().unwrap();
    }
}

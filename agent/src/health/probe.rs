//! One probe of one instance: HTTP status or TCP connect, within its time.

use std::{net::SocketAddr, time::Duration};

use beanpole_protocol::agent::{HealthCheck, HealthCheckKind};
use http_body_util::Empty;
use hyper::{Request, body::Bytes, header};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};

/// How long a connection must stay open to count as one. Docker's proxy accepts on behalf of a
/// container that does not listen, and then closes at once.
const HOLD: Duration = Duration::from_millis(50);

/// Passes, or says what was wrong in a few words.
pub async fn probe(address: SocketAddr, check: &HealthCheck) -> Result<(), String> {
    let limit = Duration::from_millis(u64::from(check.timeout_ms.max(1)));
    let outcome = timeout(limit, async {
        match &check.kind {
            HealthCheckKind::Http { path, codes } => http(address, path, codes).await,
            HealthCheckKind::Tcp => tcp(address).await,
        }
    });
    outcome
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} ms", limit.as_millis())))
}

async fn tcp(address: SocketAddr) -> Result<(), String> {
    let mut stream = connect(address).await?;
    let mut byte = [0u8; 1];
    match timeout(HOLD, stream.read(&mut byte)).await {
        Err(_) | Ok(Ok(1..)) => Ok(()),
        Ok(Ok(0) | Err(_)) => Err(NOT_LISTENING.to_owned()),
    }
}

const NOT_LISTENING: &str = "nothing listens on the application's port";

async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    TcpStream::connect(address)
        .await
        .map_err(|_| NOT_LISTENING.to_owned())
}

async fn http(address: SocketAddr, path: &str, codes: &[(u16, u16)]) -> Result<(), String> {
    let stream = connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let request = Request::get(&path)
        .header(header::HOST, address.to_string())
        .header(header::USER_AGENT, "Beanpole-HealthChecker/1")
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| format!("the health check path {path:?} is not valid"))?;
    // The connection is driven here and dropped with the answer's head: its body is of no interest.
    let mut answering = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        biased;
        answer = &mut answering => answer,
        ended = connection => match ended {
            // The answer, or word that there is none, was handed over before the connection ended.
            Ok(()) => answering.await,
            Err(error) => Err(error),
        },
    };
    let status = match answer {
        Ok(answer) => answer.status().as_u16(),
        Err(error) if error.is_parse() => return Err("the answer is not HTTP".to_owned()),
        Err(_) => return Err("the connection was closed without an answer".to_owned()),
    };
    let passes = codes.iter().any(|(low, high)| (*low..=*high).contains(&status));
    if passes {
        Ok(())
    } else {
        Err(format!("GET {path} answered {status}"))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    fn check(kind: HealthCheckKind) -> HealthCheck {
        HealthCheck {
            kind,
            interval_ms: 1_000,
            timeout_ms: 300,
            healthy_threshold: 1,
            unhealthy_threshold: 1,
            gate_passes: 1,
            gate_interval_ms: 100,
        }
    }

    /// Answers every connection with these bytes and closes it; keeps it open when there are none.
    async fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                if answer.is_empty() {
                    open.push(stream);
                } else if answer != "close" {
                    let mut request = [0u8; 1024];
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn outcomes_are_told_apart() {
        let http = || {
            check(HealthCheckKind::Http {
                path: "/".to_owned(),
                codes: vec![(200, 299), (301, 301)],
            })
        };
        let ok = "HTTP/1.1 204 No Content\r\n\r\n";
        let moved = "HTTP/1.1 301 Moved\r\ncontent-length: 0\r\n\r\n";
        let broken = "HTTP/1.1 500 Oops\r\ncontent-length: 5\r\n\r\n";
        assert_eq!(probe(server(ok).await, &http()).await, Ok(()));
        assert_eq!(probe(server(moved).await, &http()).await, Ok(()));
        assert_eq!(
            probe(server(broken).await, &http()).await,
            Err("GET / answered 500".to_owned())
        );
        let mute = probe(server("").await, &http()).await.unwrap_err();
        assert!(mute.contains("no answer within 300 ms"), "{mute}");
        let closed = probe(server("close").await, &http()).await.unwrap_err();
        assert!(
            closed.contains("closed") || closed.contains("listens"),
            "{closed}"
        );
        assert_eq!(
            probe(server("").await, &check(HealthCheckKind::Tcp)).await,
            Ok(())
        );
        let proxied = probe(server("close").await, &check(HealthCheckKind::Tcp))
            .await
            .unwrap_err();
        assert_eq!(proxied, NOT_LISTENING);
    }
}

//! The server's end of the door. Where its URL is https, the agent speaks TLS for instances, trusting
//! the authorities that this host trusts.

use std::{io, sync::Arc, time::Duration};

use beanpole_protocol::client::install_tls_provider;
use reqwest::Url;
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// For a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(5);

/// A server's URL that no connection can be made to.
#[derive(Debug, thiserror::Error)]
pub enum BadServer {
    #[error("the server's URL {0:?} is none: give one such as http://10.0.0.1:8000 (--server)")]
    Url(String),
    #[error("no TLS to the server is possible: {0}")]
    Tls(#[from] rustls::Error),
}

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where the door leads. Cheap to clone.
#[derive(Clone)]
pub struct Upstream {
    host: Arc<str>,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Upstream {
    /// The server at this URL.
    pub fn of(server: &str) -> Result<Self, BadServer> {
        let bad = || BadServer::Url(server.to_owned());
        let url = Url::parse(server).map_err(|_| bad())?;
        let host = url.host_str().ok_or_else(bad)?;
        // An IPv6 address stands in brackets in a URL, and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default().ok_or_else(bad)?;
        let tls = match url.scheme() {
            "http" => None,
            "https" => {
                install_tls_provider();
                let name = ServerName::try_from(host.to_owned()).map_err(|_| bad())?;
                let config = ClientConfig::with_platform_verifier()?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            _ => return Err(bad()),
        };
        Ok(Self {
            host: host.into(),
            port,
            tls,
        })
    }

    /// A fresh connection.
    pub async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let dialling = async {
            let stream = TcpStream::connect((&*self.host, self.port)).await?;
            stream.set_nodelay(true)?;
            Ok(match &self.tls {
                None => Box::new(stream) as Box<dyn Stream>,
                Some((connector, name)) => Box::new(connector.connect(name.clone(), stream).await?),
            })
        };
        timeout(CONNECT, dialling)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_a_host_and_a_port() {
        for (url, host, port, secure) in [
            ("http://127.0.0.1:8000", "127.0.0.1", 8000, false),
            ("http://[::1]:8000/", "::1", 8000, false),
            ("https://bp.example.org", "bp.example.org", 443, true),
            ("http://bp.example.org", "bp.example.org", 80, false),
        ] {
            let upstream = Upstream::of(url).unwrap();
            assert_eq!((&*upstream.host, upstream.port), (host, port), "{url}");
            assert_eq!(upstream.tls.is_some(), secure, "{url}");
        }
        for url in ["", "127.0.0.1:8000", "ftp://a", "unix:/run/x"] {
            assert!(Upstream::of(url).is_err(), "{url}");
        }
    }
}

//! Becoming a host: the join token is turned into a credential, once.

use std::{path::Path, time::Duration};

use beanpole_protocol::agent::{JoinRequest, JoinResponse};

use super::{Link, LinkError, pace::Pace};
use crate::ledger::{Ledger, LedgerError};

/// Why this host is none of the server's.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(
        "this host has not joined yet and no join token was given: ask the server for one and pass --join-token-file"
    )]
    NoToken,
    #[error("the join token cannot be read from {path}: {source}")]
    TokenFile { path: String, source: std::io::Error },
    #[error(
        "the join token was refused ({detail}): tokens work once and for a limited time, ask for a new one"
    )]
    Refused { detail: String },
}

/// The credential of this host: from the ledger, else by joining. Waits for a server that is away.
pub async fn credential(
    ledger: &Ledger,
    link: &Link,
    token_file: Option<&Path>,
    name: &str,
) -> Result<JoinResponse, JoinError> {
    if let Some(known) = ledger.credential()? {
        return Ok(known);
    }
    let path = token_file.ok_or(JoinError::NoToken)?;
    let token = tokio::fs::read_to_string(path)
        .await
        .map_err(|source| JoinError::TokenFile {
            path: path.display().to_string(),
            source,
        })?;
    let request = JoinRequest {
        token: token.trim().to_owned(),
        name: name.to_owned(),
    };
    let mut pace = Pace::new(Duration::from_secs(5));
    loop {
        match link.join(&request).await {
            Ok(joined) => {
                ledger.keep_credential(&joined)?;
                tracing::info!(host.id = %joined.host, "joined the server");
                return Ok(joined);
            }
            Err(error) if !error.is_passing() => {
                return Err(JoinError::Refused {
                    detail: error.to_string(),
                });
            }
            Err(LinkError::Refused { detail }) => return Err(JoinError::Refused { detail }),
            Err(error) => {
                if pace.is_fresh() {
                    tracing::warn!(error = %error, "cannot join yet, trying on");
                }
                tokio::time::sleep(pace.next(rand::random())).await;
            }
        }
    }
}

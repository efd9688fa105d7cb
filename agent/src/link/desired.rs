//! Follows the host's desired list: a long poll after the other.
//!
//! A list is in the ledger before anything acts on it.

use std::time::Duration;

use beanpole_protocol::agent::Desired;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{Link, LinkError, pace::Pace};
use crate::ledger::Ledger;

/// A credential that is refused is tried again at this pace.
const AFTER_REFUSAL: Duration = Duration::from_secs(30);

/// Sends every new list to `told`, until dropped.
pub fn follow(
    link: Link,
    ledger: Ledger,
    mut known: u64,
    told: mpsc::Sender<Desired>,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut pace = Pace::new(Duration::from_secs(5));
        loop {
            match link.desired(known).await {
                Ok(list) => {
                    if !pace.is_fresh() {
                        tracing::info!("the server answers again");
                    }
                    pace.reset();
                    let Some(desired) = list else { continue };
                    known = desired.generation;
                    keep(&ledger, &desired).await;
                    if told.send(desired).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    if pace.is_fresh() {
                        tracing::warn!(error = %error, "no news from the server: working on from the last list");
                    }
                    let pause = pace.next(rand::random());
                    let refused = matches!(error, LinkError::Refused { .. });
                    tokio::time::sleep(if refused { AFTER_REFUSAL } else { pause }).await;
                }
            }
        }
    }))
}

async fn keep(ledger: &Ledger, desired: &Desired) {
    let (ledger, desired) = (ledger.clone(), desired.clone());
    let written = tokio::task::spawn_blocking(move || ledger.keep_desired(&desired)).await;
    if let Ok(Err(error)) = written {
        // Acting on the list still beats not acting; a restart before the next list would see an old one.
        tracing::error!(error = %error, "the desired list cannot be kept on disk");
    }
}

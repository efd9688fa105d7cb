//! The door: where the instances of this host reach the server's AWS services.
//!
//! It listens on the gateway of their network, at a port that stays the same for as long as the agent's
//! folder does, and carries bytes to the server and back. Who may do what, the server decides. Invariant:
//! a door that cannot be opened keeps no instance from running; it is tried again until it opens.

mod crowd;
mod forward;
mod port;
mod relay;
mod upstream;
pub mod variables;

use std::net::SocketAddr;

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

pub use self::upstream::{BadServer, Upstream};
use crate::{
    docker::{Engine, network::GATEWAY},
    ledger::{Ledger, LedgerError},
};

/// The door as the rest of the agent sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Door {
    /// What instances connect to.
    pub address: SocketAddr,
    trouble: watch::Receiver<Option<String>>,
}

impl Door {
    /// Opens the door to `upstream`, now or as soon as that works. It is shut when the handle is dropped.
    pub fn open(
        engine: Engine,
        ledger: &Ledger,
        upstream: Upstream,
    ) -> Result<(Self, AbortOnDropHandle<()>), LedgerError> {
        let address = SocketAddr::new(GATEWAY, port::of(ledger)?);
        let (tell, trouble) = watch::channel(None);
        let serving = tokio::spawn(forward::serve(engine, address, upstream, tell));
        Ok((Self { address, trouble }, AbortOnDropHandle::new(serving)))
    }

    /// Why it is not open, when it is not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }
}

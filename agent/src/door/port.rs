//! The door's port: chosen once and kept, because containers carry it for as long as they live.

use std::net::{Ipv4Addr, TcpListener};

use crate::ledger::{Ledger, LedgerError};

/// Below the ports that kernels and Docker give out by themselves.
const RANGE: std::ops::Range<u16> = 10_000..30_000;
const ATTEMPTS: usize = 100;

/// The port of this agent's folder; the first time one that nothing on this host listens on.
pub fn of(ledger: &Ledger) -> Result<u16, LedgerError> {
    if let Some(port) = ledger.door_port()? {
        return Ok(port);
    }
    let mut port = random();
    for _ in 0..ATTEMPTS {
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            break;
        }
        port = random();
    }
    ledger.keep_door_port(port)?;
    Ok(port)
}

fn random() -> u16 {
    rand::random_range(RANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_port() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let first = of(&ledger).unwrap();
        assert!(RANGE.contains(&first));
        assert_eq!(of(&ledger).unwrap(), first);
    }
}

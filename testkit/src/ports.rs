//! Ports that nobody else takes before a test's server does.

use std::net::{SocketAddr, TcpListener};

/// Two free ports. Both are held while the other is looked for, and they are below those that the
/// kernel and Docker give out by themselves.
pub fn free_ports() -> (SocketAddr, SocketAddr) {
    let held = || {
        let random = || 12_000 + rand::random::<u16>() % 18_000;
        let listener = (0..1000).find_map(|_| TcpListener::bind(("127.0.0.1", random())).ok());
        listener.expect("a free port")
    };
    let (first, second) = (held(), held());
    let address = |listener: &TcpListener| listener.local_addr().expect("a bound address");
    (address(&first), address(&second))
}

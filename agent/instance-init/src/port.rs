//! Whether the application takes connections.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::mpsc::Sender,
    time::Duration,
};

const LOOK: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_millis(500);

/// Where the first process listens.
#[derive(Clone, Debug)]
pub enum Listening {
    Port(u16),
    Socket(PathBuf),
}

impl Listening {
    fn takes_connections(&self) -> bool {
        match self {
            Self::Port(port) => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
                TcpStream::connect_timeout(&address, PATIENCE).is_ok()
            }
            Self::Socket(path) => UnixStream::connect(path).is_ok(),
        }
    }

    /// Sends `event` once it does.
    pub fn tell<T: Send + 'static>(self, to: Sender<T>, event: T) {
        std::thread::spawn(move || {
            while !self.takes_connections() {
                std::thread::sleep(LOOK);
            }
            let _ = to.send(event);
        });
    }
}

//! Opens the door and lets connections through.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::MissedTickBehavior,
};

use super::{
    crowd::{Crowd, Most, Place},
    relay::relay,
    upstream::Upstream,
};
use crate::docker::Engine;

/// A quarter of what the server takes in all by itself: no application shuts out people and agents. An
/// instance that waits for messages holds a connection for each wait.
const MOST: Most = Most {
    in_all: 1024,
    of_one: 256,
};
/// The longest wait for messages is 20 seconds; SDKs keep connections for a while to use them again.
const IDLE: Duration = Duration::from_secs(120);
const TRY_AGAIN: Duration = Duration::from_secs(3);
/// How often the network is looked at while the door is open.
const LOOK: Duration = Duration::from_secs(15);
/// What is said of many connections in a row is said once in so long.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// Serves until dropped. `tell` knows why the door is not open.
pub async fn serve(
    engine: Engine,
    address: SocketAddr,
    upstream: Upstream,
    tell: watch::Sender<Option<String>>,
) {
    let crowd = Crowd::new(MOST);
    loop {
        match open(&engine, address).await {
            Ok(listener) => {
                tracing::info!(%address, "instances reach the server's AWS services");
                say(&tell, None);
                admit(&engine, &listener, &upstream, &crowd, &tell).await;
            }
            Err(reason) => say(&tell, Some(reason)),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
}

/// Tells what is new, and logs it.
fn say(tell: &watch::Sender<Option<String>>, trouble: Option<String>) {
    tell.send_if_modified(|told| {
        let is_new = *told != trouble;
        if let (true, Some(reason)) = (is_new, &trouble) {
            tracing::warn!(reason = %reason, "instances cannot reach the server's AWS services; trying on");
        }
        *told = trouble;
        is_new
    });
}

async fn open(engine: &Engine, address: SocketAddr) -> Result<TcpListener, String> {
    engine.ensure_network().await.map_err(|error| error.to_string())?;
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another process listens on {address}, which instances of this host were told: stop it (`ss -ltnp` names it)"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this host does not have the address {} although Docker has the network", address.ip())
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// Lets connections in for as long as the listener works.
async fn admit(
    engine: &Engine,
    listener: &TcpListener,
    upstream: &Upstream,
    crowd: &Crowd,
    tell: &watch::Sender<Option<String>>,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut refused_at = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = look.tick() => {
                // Somebody may have removed the network. A listener outlives that.
                match engine.ensure_network().await {
                    Err(error) if !error.is_unreachable() => say(tell, Some(error.to_string())),
                    _ => say(tell, None),
                }
                continue;
            }
        };
        match accepted {
            Ok((stream, peer)) => match crowd.enter(peer.ip()) {
                Some(place) => drop(tokio::spawn(pass(stream, upstream.clone(), place))),
                None if is_due(refused_at) => {
                    refused_at = Some(Instant::now());
                    tracing::warn!(%peer, "too many connections to the server's AWS services: refused some");
                }
                None => {}
            },
            // The client went away before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                say(
                    tell,
                    Some(format!("connections of instances are not accepted: {error}")),
                );
                return;
            }
        }
    }
}

fn is_due(said_at: Option<Instant>) -> bool {
    said_at.is_none_or(|at| at.elapsed() >= SAY_AGAIN)
}

/// One connection from its begin to its end. SDKs try again what breaks.
async fn pass(stream: TcpStream, upstream: Upstream, _place: Place) {
    let carried = async {
        stream.set_nodelay(true)?;
        let server = upstream.dial().await?;
        relay(stream, server, IDLE).await
    };
    if let Err(error) = carried.await {
        tracing::debug!(%error, "a connection of an instance broke off");
    }
}

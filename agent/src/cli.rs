//! The command line of `beanpole-agent`.

use std::{net::IpAddr, path::PathBuf};

use beanpole_protocol::Platform;
use clap::{Args, Parser, Subcommand};

/// Beanpole's agent: makes this Docker host match what the server wants of it.
#[derive(Debug, Parser)]
#[command(name = "beanpole-agent", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Joins the server, if it has not yet, and serves it until stopped.
    Run(RunOptions),
    /// Makes the base image and platform images ahead of time, showing progress.
    Images(ImagesOptions),
}

/// What both commands need.
#[derive(Clone, Debug, Args)]
pub struct HostOptions {
    /// Folder for the agent's state and temporary files.
    #[arg(long, env = "BEANPOLE_AGENT_DATA", default_value = "/var/lib/beanpole/agent")]
    pub data: PathBuf,
    /// Docker's socket.
    #[arg(long, env = "BEANPOLE_DOCKER", default_value = "/var/run/docker.sock")]
    pub docker: PathBuf,
    /// Folder of certificate authorities (*.crt) that builds and applications are to trust.
    #[arg(
        long,
        env = "BEANPOLE_CA_DIR",
        default_value = "/usr/local/share/ca-certificates"
    )]
    pub ca_dir: PathBuf,
    /// The program that instances run first [default: beanpole-instance-init beside this program].
    #[arg(long, env = "BEANPOLE_INSTANCE_INIT")]
    pub instance_init: Option<PathBuf>,
    /// Image of Debian 12 that Beanpole's own images start from, such as
    /// registry.example/debian:bookworm-slim [default: debian:bookworm-slim, or what debootstrap makes where
    /// no registry answers].
    #[arg(long, env = "BEANPOLE_BASE_IMAGE")]
    pub base_image: Option<String>,
    /// Where images have Debian packages from [default: where this host has its own from].
    #[arg(long, env = "BEANPOLE_DEBIAN_MIRROR")]
    pub debian_mirror: Option<String>,
    /// Where images have Debian's security updates from [default: as this host, or the mirror's own].
    #[arg(long, env = "BEANPOLE_DEBIAN_SECURITY_MIRROR")]
    pub debian_security_mirror: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct RunOptions {
    #[command(flatten)]
    pub host: HostOptions,
    /// The server's URL.
    #[arg(long, env = "BEANPOLE_SERVER", default_value = "http://127.0.0.1:8000")]
    pub server: String,
    /// File with the single-use token that this host joins with; needed only the first time.
    #[arg(long, env = "BEANPOLE_JOIN_TOKEN_FILE")]
    pub join_token_file: Option<PathBuf>,
    /// Name of this host; its host name when not given.
    #[arg(long, env = "BEANPOLE_HOST_NAME")]
    pub name: Option<String>,
    /// Address of this host that the edges of other hosts reach applications at. Applications are
    /// published on it; on the loopback address when not given, which does for a single host.
    #[arg(long, env = "BEANPOLE_ADVERTISE")]
    pub advertise: Option<IpAddr>,
    /// Admin socket of this host's edge, when it has one.
    #[arg(long, env = "BEANPOLE_EDGE_ADMIN")]
    pub edge_admin: Option<PathBuf>,
    /// The edge's routes file; routes.json in the data folder when not given.
    #[arg(long, env = "BEANPOLE_ROUTES")]
    pub routes: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct ImagesOptions {
    #[command(flatten)]
    pub host: HostOptions,
    /// Only this platform, such as python; may be given several times. All when not given.
    #[arg(long = "platform")]
    pub platforms: Vec<Platform>,
}

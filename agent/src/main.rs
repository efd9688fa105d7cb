//! `beanpole-agent`: command line in, exit code out.

use std::io::IsTerminal;

use beanpole_agent::{
    cli::{Cli, Command},
    run,
};
use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    // bollard's debug lines hold whole answers of Docker, environment variables included.
    let filter = EnvFilter::try_from_env("BEANPOLE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info"))
        .add_directive("bollard=warn".parse()?);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    allow_many_files();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(async {
            match cli.command {
                Command::Run(options) => {
                    let stop = CancellationToken::new();
                    let stopping = stop.clone();
                    let mut terminate = signal(SignalKind::terminate())?;
                    let mut interrupt = signal(SignalKind::interrupt())?;
                    tokio::spawn(async move {
                        tokio::select! {
                            _ = terminate.recv() => {}
                            _ = interrupt.recv() => {}
                        }
                        stopping.cancel();
                    });
                    run::run(options, stop).await
                }
                Command::Images(options) => run::make_images(options).await,
            }
        })
}

/// Each connection of an instance to the server takes two file descriptors.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

//! `beanpole serve`

use beanpole_control_plane::{Config, ServeOptions, serve};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

pub async fn run(options: ServeOptions) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("BEANPOLE_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
    let stop = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let on_signal = stop.clone();
    let signals = tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        on_signal.cancel();
    });
    let server = serve::start(Config::from(options), stop).await?;
    server.wait().await;
    signals.abort();
    tracing::info!("the server has stopped");
    Ok(())
}

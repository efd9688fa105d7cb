//! `beanpole up`: everything on this host, and the few commands that need its database.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, bail};
use beanpole_control_plane::{
    migrate,
    postgres::Cluster,
    store::{self, users::UserRow},
    up::{Folder, Service, Supervisor},
};
use beanpole_protocol::{Timestamp, UserId, api::Role};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// `beanpole up`, as typed.
#[derive(clap::Args)]
pub struct Options {
    /// Folder for everything Beanpole keeps [default: /var/lib/beanpole for root]
    #[arg(long, env = "BEANPOLE_ROOT", global = true)]
    data: Option<PathBuf>,
    /// Where the server listens (API, console)
    #[arg(long, env = "BEANPOLE_LISTEN", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Where the edge listens (applications)
    #[arg(long, env = "BEANPOLE_EDGE_LISTEN", default_value = "0.0.0.0:8080")]
    edge_listen: SocketAddr,
    /// Environments are reached at <cname>.<domain>
    #[arg(long, env = "BEANPOLE_DOMAIN", default_value = "localhost")]
    domain: String,
    /// URL of the server as people see it [default: http://localhost:<port>]
    #[arg(long, env = "BEANPOLE_PUBLIC_URL")]
    public_url: Option<String>,
    #[command(subcommand)]
    ask: Option<Ask>,
}

/// Asked of an installation that runs.
#[derive(clap::Subcommand)]
enum Ask {
    /// Print a new API token of the user admin
    Token {
        /// What the token is for; unique
        #[arg(long)]
        name: String,
    },
    /// Print a link that signs in as admin, once, within 15 minutes
    LoginLink,
    /// Print the URL of the private database
    DatabaseUrl,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let root = options.data.clone().unwrap_or_else(Folder::default_root);
    match &options.ask {
        None => serve(&options, &root).await,
        Some(ask) => answer(ask, &options, &root),
    }
}

fn answer(ask: &Ask, options: &Options, root: &Path) -> anyhow::Result<()> {
    let url = Cluster::existing(&root.join("postgres"))?.url();
    let public = options
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://localhost:{}", options.listen.port()));
    let words: &[&str] = match ask {
        Ask::DatabaseUrl => {
            println!("{url}");
            return Ok(());
        }
        Ask::Token { name } => &[
            "token", "create", "--user", "admin", "--role", "admin", "--name", name,
        ],
        Ask::LoginLink => &["login-link", "--user", "admin"],
    };
    let mut command = Command::new(program("beanpole")?);
    command
        .args(words)
        .env("BEANPOLE_DATABASE_URL", url)
        .env("BEANPOLE_PUBLIC_URL", public);
    match command.status()?.code() {
        Some(0) => Ok(()),
        code => std::process::exit(code.unwrap_or(1)),
    }
}

async fn serve(options: &Options, root: &Path) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("BEANPOLE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx::postgres::notice=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .init();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let folder =
        Folder::prepare(root).with_context(|| format!("the folder {} cannot be used", root.display()))?;
    let _lock = folder.lock()?;
    let mut supervisor = Supervisor::new(folder.clone());
    let started = tokio::select! {
        started = start(options, &folder, &mut supervisor) => started,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    if started.is_ok() {
        tracing::info!(server = %options.listen, edge = %options.edge_listen, "Beanpole is up; Ctrl-C stops it");
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    }
    supervisor.stop().await;
    started
}

async fn start(options: &Options, folder: &Folder, supervisor: &mut Supervisor) -> anyhow::Result<()> {
    let cluster = tokio::task::spawn_blocking({
        let path = folder.postgres();
        move || Cluster::prepare(&path)
    })
    .await??;
    if !folder.process_id("postgres").exists() {
        cluster.stop()?;
    }
    let url = cluster.url();
    supervisor.start(
        Service::postgres({
            let cluster = cluster.clone();
            move || cluster.server()
        })
        .adoptable(),
    )?;
    if !tokio::task::spawn_blocking(move || cluster.wait_until_ready(Duration::from_secs(60))).await? {
        bail!(
            "the database does not start: see {}",
            folder.logs().join("postgres.log").display()
        );
    }
    prepare_database(&url).await?;

    let environment = vec![("BEANPOLE_DATABASE_URL".to_owned(), url.clone())];
    let mut arguments = words(&[
        "serve",
        "--listen",
        &options.listen.to_string(),
        "--domain",
        &options.domain,
    ]);
    arguments.extend(["--data".to_owned(), text(&folder.server())]);
    arguments.extend(words(&["--edge-port", &options.edge_listen.port().to_string()]));
    if let Some(public) = &options.public_url {
        arguments.extend(words(&["--public-url", public]));
    }
    check_port(options.listen, &folder.process_id("serve"))?;
    supervisor.start(Service::ours(
        "serve",
        program("beanpole")?,
        arguments,
        environment.clone(),
    ))?;

    check_port(options.edge_listen, &folder.process_id("edge"))?;
    let arguments = vec![
        "--listen".to_owned(),
        options.edge_listen.to_string(),
        "--routes".to_owned(),
        text(&folder.routes()),
        "--admin".to_owned(),
        text(&folder.edge_admin()),
    ];
    supervisor.start(Service::ours("edge", program("beanpole-edge")?, arguments, Vec::new()).adoptable())?;

    write_join_token(folder, &url)?;
    let arguments = vec![
        "run".to_owned(),
        "--server".to_owned(),
        format!("http://{}", loopback(options.listen)),
        "--data".to_owned(),
        text(&folder.agent()),
        "--join-token-file".to_owned(),
        text(&folder.join_token()),
        "--routes".to_owned(),
        text(&folder.routes()),
        "--edge-admin".to_owned(),
        text(&folder.edge_admin()),
    ];
    supervisor.start(Service::ours(
        "agent",
        program("beanpole-agent")?,
        arguments,
        Vec::new(),
    ))?;
    Ok(())
}

/// Tables, and the user admin, who has no password: the first way in is a one-time link.
async fn prepare_database(url: &str) -> anyhow::Result<()> {
    let pool = store::pool(&url.parse()?, 2)?;
    migrate::run(&pool)
        .await
        .context("the database's tables cannot be brought up to date")?;
    let mut connection = pool.acquire().await?;
    if store::users::page(&mut connection, None, 1).await?.is_empty() {
        let now = Timestamp::now().into();
        let admin = UserRow {
            id: UserId::random(),
            name: "admin".to_owned(),
            role: Role::Admin,
            password_hash: None,
            created_at: now,
            sessions_valid_from: now,
        };
        store::users::insert(&mut connection, &admin).await?;
    }
    drop(connection);
    pool.close().await;
    Ok(())
}

/// A fresh token at each start; an agent that has joined does not look at it.
fn write_join_token(folder: &Folder, url: &str) -> anyhow::Result<()> {
    let output = Command::new(program("beanpole")?)
        .args(["host", "join-token"])
        .env("BEANPOLE_DATABASE_URL", url)
        .output()?;
    if !output.status.success() {
        bail!(
            "no join token for this host's agent: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let fresh = folder.join_token().with_extension("new");
    let _ = fs::remove_file(&fresh);
    let mut file = fs::File::options()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)?;
    io::Write::write_all(
        &mut file,
        String::from_utf8_lossy(&output.stdout).trim().as_bytes(),
    )?;
    fs::rename(&fresh, folder.join_token())?;
    Ok(())
}

/// Says at once that a port is taken, unless by a process of ours that is about to be replaced.
fn check_port(address: SocketAddr, ours: &Path) -> anyhow::Result<()> {
    if ours.exists() {
        return Ok(());
    }
    TcpListener::bind(address).map(drop).with_context(|| {
        format!("cannot listen on {address}: choose another address with --listen or --edge-listen")
    })
}

/// Our programs are installed side by side.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let program = me.with_file_name(name);
    if !program.is_file() {
        bail!(
            "{} is missing: the programs of Beanpole belong in one folder",
            program.display()
        );
    }
    Ok(program)
}

fn loopback(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

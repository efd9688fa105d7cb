//! What is measured, started as its users start it: a server with a private Postgres, the floor of
//! its HTTP stack, and a peer.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};
use beanpole_control_plane::postgres::Cluster;
use tokio::net::{TcpListener, TcpStream};

use super::cpu::Watched;

const PEER: &str = "moto[server]==5.1.22";

/// A process that ends with this program.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A private Postgres, ended with this program.
pub struct Database {
    pub cluster: Cluster,
    process: u32,
}

impl Database {
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        // Its account, which is not ours where we are root, must be able to enter.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711))?;
        let home = folder.join("pg");
        let cluster = Cluster::prepare(&home)?;
        cluster.start()?;
        let pid = fs::read_to_string(home.join("data/postmaster.pid"))?;
        let process = pid.lines().next().context("empty postmaster.pid")?.parse()?;
        Ok(Self { cluster, process })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.cluster.stop();
    }
}

/// A program that answers at an address.
pub struct Served {
    pub address: SocketAddr,
    pub watched: Watched,
    _running: Running,
}

impl Served {
    async fn start(mut command: Command, address: SocketAddr, also: &[u32]) -> anyhow::Result<Self> {
        let what = format!("{:?}", command.get_program());
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("start {what}"))?;
        let mut watched = vec![child.id()];
        watched.extend(also);
        let mut running = Running(child);
        for _ in 0..1200 {
            if TcpStream::connect(address).await.is_ok() {
                let watched = Watched(watched);
                return Ok(Self {
                    address,
                    watched,
                    _running: running,
                });
            }
            ensure!(
                running.0.try_wait()?.is_none(),
                "{what} ended: what it said stands above"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("{what} does not answer at {address} after a minute")
    }
}

async fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

/// `beanpole serve` of the same build, in development mode.
pub async fn beanpole(folder: &Path, database: &Database) -> anyhow::Result<Served> {
    let address = free().await?;
    let program = std::env::current_exe()?.with_file_name("beanpole");
    ensure!(
        program.is_file(),
        "build the programs first: cargo build --release --workspace --bins"
    );
    let mut command = Command::new(program);
    command
        .args(["serve", "--aws-development", "--aws-minute-rules", "off"])
        .args(["--listen", &address.to_string()])
        .arg("--data")
        .arg(folder.join("server"))
        .env("BEANPOLE_DATABASE_URL", database.cluster.url())
        .env("BEANPOLE_LOG", "warn");
    Served::start(command, address, &[database.process]).await
}

/// This program again, as the floor of the HTTP stack.
pub async fn floor() -> anyhow::Result<Served> {
    let address = free().await?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["floor", &address.to_string()]);
    Served::start(command, address, &[]).await
}

/// moto's server, in a virtual environment that is kept beside the build.
pub async fn moto() -> anyhow::Result<Served> {
    let build = std::env::current_exe()?;
    let home = build
        .parent()
        .and_then(Path::parent)
        .context("no build folder")?
        .join("bench-peers");
    let address = free().await?;
    let mut command = Command::new(installed(&home)?);
    command
        .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Served::start(command, address, &[]).await
}

fn installed(home: &Path) -> anyhow::Result<PathBuf> {
    let program = home.join("bin/moto_server");
    if program.is_file() {
        return Ok(program);
    }
    eprintln!("installing {PEER}");
    for words in [
        vec!["python3", "-m", "venv", "."],
        vec!["bin/pip", "install", "-q", PEER],
    ] {
        fs::create_dir_all(home)?;
        let status = Command::new(words[0])
            .args(&words[1..])
            .current_dir(home)
            .status()?;
        ensure!(status.success(), "{words:?} failed");
    }
    Ok(program)
}

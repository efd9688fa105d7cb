//! The programs under test: started on a core of their own, looked at in `/proc`, ended with the bench.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// `USER_HZ`, which Linux fixes at this for what `/proc` shows.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process that ends with this program.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process is pinned to, where there are two cores or more.
#[derive(Clone, Copy)]
pub enum Core {
    Proxy,
    Load,
}

pub fn pinned(core: Core, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let taskset = Path::new("/usr/bin/taskset");
    if cores < 2 || !taskset.exists() {
        return Command::new(program);
    }
    let mut command = Command::new(taskset);
    command
        .args(["-c", if matches!(core, Core::Proxy) { "0" } else { "1" }])
        .arg(program);
    command
}

pub fn nginx(folder: &Path, name: &str, server: &str, core: Core) -> anyhow::Result<Running> {
    let home = folder.join(name);
    fs::create_dir_all(&home)?;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", home.display()))
        .concat();
    // One process in the foreground: its times are the worker's times.
    let config = format!(
        "daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;\n\
         events {{ worker_connections 8192; }}\n\
         http {{ access_log off; sendfile on; tcp_nodelay on; {temporary} {server} }}\n",
        home = home.display()
    );
    let file = home.join("nginx.conf");
    fs::write(&file, config)?;
    let mut command = pinned(core, "nginx");
    command
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(home.join("error.log"))
        .stdin(Stdio::null());
    Ok(Running(command.spawn().context("start nginx: is it installed?")?))
}

/// User and system time of a process so far.
pub fn cpu_seconds(process: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit_once(')').context("odd /proc/stat")?.1;
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

pub fn rss_mb(process: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .context("no VmRSS")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).context("odd VmRSS")?.parse()?;
    Ok(kilobytes / 1024.0)
}

/// Ports nobody listens on at the moment.
pub fn free_ports() -> anyhow::Result<[u16; 4]> {
    let listeners: Vec<TcpListener> = (0..4)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let ports: Vec<u16> = listeners
        .iter()
        .map(|one| one.local_addr().map(|address| address.port()))
        .collect::<Result<_, _>>()?;
    ports.try_into().map_err(|_| anyhow::anyhow!("four ports wanted"))
}

pub fn wait_for(port: u16) -> anyhow::Result<()> {
    let limit = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(
            Instant::now() < limit,
            "nothing listens on port {port} after 10 s"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

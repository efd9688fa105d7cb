//! Servers without hosts: some `beanpole serve` in development mode over one private Postgres. Each of
//! them may be killed and started again.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use beanpole_postgres::Cluster;
use rustix::process::{Pid, Signal, kill_process};

use crate::{eventually, ports::free_ports, world::programs};

/// Servers that share a database. Dropping them ends everything.
pub struct Servers {
    root: tempfile::TempDir,
    cluster: Cluster,
    servers: Vec<Server>,
}

struct Server {
    address: SocketAddr,
    child: Option<Child>,
}

impl Servers {
    /// Starts Postgres and `count` servers, and waits until they answer.
    pub async fn start(count: usize) -> Self {
        let root = tempfile::Builder::new()
            .prefix("bp-")
            .tempdir()
            .expect("a temporary folder");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o711)).expect("a folder of ours");
        let cluster = Cluster::prepare(&root.path().join("pg")).expect("a cluster");
        cluster.start().expect("Postgres starts");
        let servers = (0..count)
            .map(|_| Server {
                address: free_ports().0,
                child: None,
            })
            .collect();
        let mut servers = Self {
            root,
            cluster,
            servers,
        };
        for number in 0..count {
            servers.start_server(number);
        }
        for number in 0..count {
            servers.wait_until_it_answers(number).await;
        }
        servers
    }

    pub fn address(&self, number: usize) -> SocketAddr {
        self.servers[number].address
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    pub fn start_server(&mut self, number: usize) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.root.path().join(format!("server-{number}.log")))
            .expect("a log");
        let server = &mut self.servers[number];
        let mut command = Command::new(programs().join("beanpole"));
        command
            .args(["serve", "--aws-development", "--aws-minute-rules", "off"])
            .args(["--listen", &server.address.to_string()])
            .arg("--data")
            .arg(self.root.path().join("data"))
            .env("BEANPOLE_DATABASE_URL", self.cluster.url())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log);
        server.child = Some(command.spawn().expect("beanpole serve starts"));
    }

    pub async fn wait_until_it_answers(&self, number: usize) {
        let address = self.servers[number].address;
        eventually("the server answers", Duration::from_secs(60), || async move {
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
    }

    /// `kill -9` of a server.
    pub fn kill_server(&mut self, number: usize) {
        if let Some(mut child) = self.servers[number].child.take() {
            child.kill().expect("a child of ours");
            child.wait().expect("a child of ours");
        }
    }

    /// `kill -9` of Postgres: the postmaster and whatever it started.
    pub fn kill_postgres(&self) {
        let file = self.root.path().join("pg/data/postmaster.pid");
        let text = fs::read_to_string(file).expect("Postgres runs");
        let first = text.lines().next().and_then(|line| line.trim().parse().ok());
        let postmaster: i32 = first.expect("a process id");
        for process in children(postmaster).into_iter().chain([postmaster]) {
            if let Some(pid) = Pid::from_raw(process) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }

    /// Starts Postgres on what the killed one left, as soon as that is really gone.
    pub async fn start_postgres(&self) {
        let cluster = &self.cluster;
        eventually("Postgres starts again", Duration::from_secs(60), || async move {
            let cluster = cluster.clone();
            let started = tokio::task::spawn_blocking(move || cluster.start());
            started.await.ok()?.ok()
        })
        .await;
    }

    /// What the servers said, for a test that failed.
    pub fn logs(&self) -> Vec<PathBuf> {
        (0..self.servers.len())
            .map(|number| self.root.path().join(format!("server-{number}.log")))
            .collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for number in 0..self.servers.len() {
            self.kill_server(number);
        }
        let _ = self.cluster.stop();
        if std::thread::panicking() {
            for log in self.logs() {
                let text = fs::read_to_string(&log).unwrap_or_default();
                let last: Vec<&str> = text.lines().rev().take(20).collect();
                eprintln!("{} said last:", log.display());
                last.iter().rev().for_each(|line| eprintln!("  {line}"));
            }
        }
    }
}

fn children(parent: i32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id: &i32| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
            fields.split_whitespace().nth(1) == Some(parent.to_string().as_str())
        })
        .collect()
}

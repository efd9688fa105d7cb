//! One private database cluster: made, started, stopped.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::{Account, Binaries, BinariesError};

/// The role and database that Beanpole uses inside its cluster.
const NAME: &str = "beanpole";

/// Unix socket paths end at 107 bytes; the socket's own name takes some of them.
const LONGEST_SOCKET_FOLDER: usize = 85;

/// A cluster directory and how to run it.
#[derive(Clone, Debug)]
pub struct Cluster {
    binaries: Binaries,
    account: Option<Account>,
    folder: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Binaries(#[from] BinariesError),
    #[error("{0}")]
    Account(String),
    #[error(
        "there is no installation of `beanpole up` here: {0} is missing. Start it first, or name its folder with --data"
    )]
    None(PathBuf),
    #[error(
        "the folder {0} is too long a path for a database socket: choose a shorter data folder (at most {LONGEST_SOCKET_FOLDER} bytes with /postgres/run)"
    )]
    PathTooLong(PathBuf),
    #[error("{doing} {path}: {source}")]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{program} failed ({status}): {output}")]
    Program {
        program: String,
        status: std::process::ExitStatus,
        output: String,
    },
    #[error(
        "the database cluster in {folder} is of PostgreSQL {found}, the installed server is {installed}: run pg_upgrade, or install PostgreSQL {found}"
    )]
    OtherVersion {
        folder: PathBuf,
        found: String,
        installed: String,
    },
}

type Result<T, E = ClusterError> = std::result::Result<T, E>;

fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ClusterError {
    let path = path.to_owned();
    move |source| ClusterError::Io { doing, path, source }
}

impl Cluster {
    /// The cluster in `folder`, made if there is none. Safe to kill anywhere and repeat.
    pub fn prepare(folder: &Path) -> Result<Self> {
        let binaries = Binaries::find()?;
        let account = Account::to_drop_to().map_err(ClusterError::Account)?;
        let cluster = Self {
            binaries,
            account,
            folder: folder.to_owned(),
        };
        if cluster.socket_folder().as_os_str().len() > LONGEST_SOCKET_FOLDER {
            return Err(ClusterError::PathTooLong(cluster.socket_folder()));
        }
        for path in [cluster.folder.clone(), cluster.socket_folder()] {
            cluster.make_private(&path)?;
        }
        let data = cluster.data();
        if !data.join("PG_VERSION").is_file() {
            cluster.initialise(&data)?;
        }
        cluster.check_version(&data)?;
        Ok(cluster)
    }

    /// The cluster that is in `folder` already.
    pub fn existing(folder: &Path) -> Result<Self> {
        let binaries = Binaries::find()?;
        let account = Account::to_drop_to().map_err(ClusterError::Account)?;
        let cluster = Self {
            binaries,
            account,
            folder: folder.to_owned(),
        };
        if cluster.data().join("PG_VERSION").is_file() {
            Ok(cluster)
        } else {
            Err(ClusterError::None(folder.to_owned()))
        }
    }

    /// Where to connect. Only who may enter the folder can.
    pub fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// The same server, another database of it.
    pub fn url_of(&self, database: &str) -> String {
        let mut host = String::new();
        for byte in self.socket_folder().to_string_lossy().bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                host.push(char::from(byte));
            } else {
                host.push_str(&format!("%{byte:02X}"));
            }
        }
        format!("postgres:///{database}?host={host}&user={NAME}")
    }

    /// The server as a process for a supervisor to run; SIGINT is its fast shutdown.
    pub fn server(&self) -> Command {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        command
    }

    /// Stops a server that an earlier, killed supervisor left behind. None running: nothing to do.
    pub fn stop(&self) -> Result<()> {
        if !self.is_running()? {
            return Ok(());
        }
        let mut command = self.command("pg_ctl");
        command
            .args(["stop", "-m", "fast", "-w", "-t", "60", "-D"])
            .arg(self.data());
        run(command).map(drop)
    }

    /// Starts the server in the background and waits until it accepts connections (for tests).
    pub fn start(&self) -> Result<()> {
        let mut command = self.command("pg_ctl");
        command.args(["start", "-w", "-t", "60", "-s", "-l"]);
        command
            .arg(self.folder.join("server.log"))
            .arg("-D")
            .arg(self.data());
        run(command).map(drop)
    }

    /// True while a server process holds the data directory.
    pub fn is_running(&self) -> Result<bool> {
        let mut command = self.command("pg_ctl");
        command
            .args(["status", "-D"])
            .arg(self.data())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status().map_err(io("start", Path::new("pg_ctl")))?;
        Ok(status.success())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn socket_folder(&self) -> PathBuf {
        self.folder.join("run")
    }

    fn make_private(&self, path: &Path) -> Result<()> {
        fs::create_dir_all(path).map_err(io("create", path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io("set the mode of", path))?;
        match &self.account {
            Some(account) => account.own(path).map_err(io("change the owner of", path)),
            None => Ok(()),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        command
            .current_dir(&self.folder)
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        if let Some(account) = &self.account {
            account.apply(&mut command);
        }
        command
    }

    /// Made aside and renamed: a killed initdb leaves nothing that looks like a cluster.
    fn initialise(&self, data: &Path) -> Result<()> {
        let fresh = self.folder.join("data.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(io("remove", &fresh))?;
        }
        self.make_private(&fresh)?;
        let mut command = self.command("initdb");
        command.args([
            "--auth=trust",
            "--data-checksums",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-U",
            NAME,
            "-D",
        ]);
        run({
            command.arg(&fresh);
            command
        })?;
        let settings = fresh.join("postgresql.auto.conf");
        fs::write(&settings, self.settings()).map_err(io("write", &settings))?;
        self.create_database(&fresh)?;
        fs::rename(&fresh, data).map_err(io("rename", &fresh))
    }

    /// Modest memory: an idle one-host installation should stay small. Checkpoints are rare and their
    /// pages compressed: with the default 1 GB of log, a busy queue waited for one every few seconds.
    /// Vacuum looks every second, because what it does not do soon grows past what it can do at all: with
    /// the default minute, a queue with 19,000 messages a second came to 4 GB of dead rows.
    fn settings(&self) -> String {
        format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nunix_socket_permissions = 0700\n\
             max_connections = 100\nshared_buffers = '64MB'\nlog_destination = 'stderr'\nlogging_collector = off\n\
             log_min_messages = warning\ntimezone = 'UTC'\n\
             max_wal_size = '2GB'\nmin_wal_size = '256MB'\ncheckpoint_timeout = '15min'\nwal_compression = on\n\
             autovacuum_naptime = '1s'\n",
            self.socket_folder().display().to_string().replace('\'', "''")
        )
    }

    /// In single-user mode: the database exists before the server ever listens.
    fn create_database(&self, data: &Path) -> Result<()> {
        let mut command = self.command("postgres");
        command.args(["--single", "-D"]).arg(data).arg("postgres");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(io("start", Path::new("postgres --single")))?;
        if let Some(mut input) = child.stdin.take() {
            use std::io::Write;
            let statement = format!("create database {NAME};\n");
            input
                .write_all(statement.as_bytes())
                .map_err(io("write to", Path::new("postgres --single")))?;
        }
        let output = child
            .wait_with_output()
            .map_err(io("wait for", Path::new("postgres --single")))?;
        check("postgres --single", output).map(drop)
    }

    fn check_version(&self, data: &Path) -> Result<()> {
        let path = data.join("PG_VERSION");
        let found = fs::read_to_string(&path)
            .map_err(io("read", &path))?
            .trim()
            .to_owned();
        let mut command = self.command("postgres");
        command.arg("--version");
        let version = run(command)?;
        let installed = version
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or_default();
        let major = installed.split('.').next().unwrap_or_default().to_owned();
        if major == found {
            Ok(())
        } else {
            Err(ClusterError::OtherVersion {
                folder: self.folder.clone(),
                found,
                installed: major,
            })
        }
    }

    /// Blocks until the server accepts a connection on its socket, or `limit` has passed.
    pub fn wait_until_ready(&self, limit: Duration) -> bool {
        let socket = self.socket_folder().join(".s.PGSQL.5432");
        let started = Instant::now();
        while started.elapsed() < limit {
            if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

fn run(mut command: Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    // A server started by pg_ctl inherits our pipes: output goes to files or nowhere, never to a pipe we wait on.
    let starts_server = command.get_args().any(|arg| arg == "start");
    if starts_server {
        let status = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(io("start", Path::new(&program)))?;
        return check(
            &program,
            Output {
                status,
                stdout: Vec::new(),
                stderr: Vec::new(),
            },
        );
    }
    let output = command.output().map_err(io("start", Path::new(&program)))?;
    check(&program, output)
}

fn check(program: &str, output: Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if text.is_empty() {
        let _ = output.stdout.as_slice().read_to_string(&mut text);
    }
    Err(ClusterError::Program {
        program: program.to_owned(),
        status: output.status,
        output: text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_made_once_and_survives_being_stopped_twice() {
        let folder = tempfile::tempdir().unwrap();
        // The server's account must be able to enter the folder.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let cluster = Cluster::prepare(&folder.path().join("pg")).unwrap();
        cluster.start().unwrap();
        assert!(cluster.is_running().unwrap());
        cluster.stop().unwrap();
        cluster.stop().unwrap();
        assert!(!cluster.is_running().unwrap());
        let again = Cluster::prepare(&folder.path().join("pg")).unwrap();
        assert_eq!(again.url(), cluster.url());
    }
}

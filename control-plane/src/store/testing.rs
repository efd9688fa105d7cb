//! For tests: one private Postgres a test process, a database of its own for each test.
//!
//! A watchdog process holds a pipe to us; when we end, however we end, it stops that Postgres and
//! removes its folder.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    App, Config,
    config::{DatabaseUrl, MasterKeySource},
    migrate,
    postgres::Cluster,
    serve, store,
};

const TEMPLATE: &str = "migrated";

const WATCHDOG: &str = r#"
read -r _
pid=$(head -n 1 "$1/pg/data/postmaster.pid" 2>/dev/null)
[ -n "$pid" ] && kill -INT "$pid"
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
rm -rf "$1"
"#;

struct Shared {
    cluster: Cluster,
    /// Never waited for: its standard input is closed by the kernel when this process ends.
    _watchdog: Child,
}

static SHARED: OnceLock<Shared> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

fn shared() -> &'static Shared {
    SHARED.get_or_init(|| std::thread::spawn(start).join().unwrap())
}

fn start() -> Shared {
    let folder = std::env::temp_dir().join(format!("bp-test-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    // The server's account must be able to enter the folder.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let watchdog = Command::new("sh")
        .args(["-c", WATCHDOG, "sh"])
        .arg(&folder)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let cluster = Cluster::prepare(&folder.join("pg")).unwrap();
    cluster.start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut admin = PgConnection::connect(&cluster.url()).await.unwrap();
        admin.execute("create database migrated").await.unwrap();
        let url: DatabaseUrl = cluster.url_of(TEMPLATE).parse().unwrap();
        let pool = store::pool(&url, 2).unwrap();
        migrate::run(&pool).await.unwrap();
        pool.close().await;
    });
    Shared {
        cluster,
        _watchdog: watchdog,
    }
}

/// A fresh database with all tables.
pub async fn database() -> DatabaseUrl {
    let shared = tokio::task::spawn_blocking(shared).await.unwrap();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&shared.cluster.url()).await.unwrap();
    // Only one copy of a template is made at a time.
    admin.execute("select pg_advisory_lock(1)").await.unwrap();
    let create = format!("create database {name} template {TEMPLATE}");
    admin.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
    admin.close().await.unwrap();
    shared.cluster.url_of(&name).parse().unwrap()
}

/// A pool on a fresh database.
pub async fn pool() -> sqlx::PgPool {
    store::pool(&database().await, 8).unwrap()
}

/// A configuration for a server on any free port, and the folder it keeps its data in.
pub async fn config() -> (Config, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        database_url: database().await,
        database_connections: 8,
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.path().to_owned(),
        master_key: MasterKeySource::DataFolder,
        public_url: "http://localhost:8000".to_owned(),
        domain: "localhost".to_owned(),
        edge_port: 8080,
        max_connections: 64,
        drain: std::time::Duration::from_secs(5),
        upload_pace: crate::http::pace::Pace::UPLOAD,
    };
    (config, folder)
}

/// The state of a server that does not listen. Keep the folder as long as it is used.
pub async fn app() -> (App, TempDir) {
    let (config, folder) = config().await;
    let app = serve::prepare(config, CancellationToken::new()).await.unwrap();
    (app, folder)
}

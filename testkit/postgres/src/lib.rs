//! For tests: one private Postgres a test process, a migrated database of its own for each test.
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

use beanpole_postgres::Cluster;
use sqlx::{Connection, Executor, PgConnection, PgPool, postgres::PgPoolOptions};

const TEMPLATE: &str = "migrated";

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

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
    SHARED.get_or_init(|| std::thread::spawn(start).join().expect("Postgres starts"))
}

fn start() -> Shared {
    let folder = std::env::temp_dir().join(format!("bp-test-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder in the system's temporary one");
    // The server's account must be able to enter the folder.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("our own folder");
    let watchdog = Command::new("sh")
        .args(["-c", WATCHDOG, "sh"])
        .arg(&folder)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let cluster = Cluster::prepare(&folder.join("pg")).expect("a cluster");
    cluster.start().expect("a server");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut admin = connect(&cluster).await;
        let create = format!("create database {TEMPLATE}");
        admin
            .execute(sqlx::AssertSqlSafe(create))
            .await
            .expect("a template");
        let mut template = PgConnection::connect(&cluster.url_of(TEMPLATE))
            .await
            .expect("the template");
        MIGRATOR.run(&mut template).await.expect("migrations run");
        template.close().await.expect("a goodbye");
    });
    Shared {
        cluster,
        _watchdog: watchdog,
    }
}

async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&cluster.url()).await.expect("a connection")
}

/// The URL of a fresh database with all tables.
pub async fn database() -> String {
    let shared = tokio::task::spawn_blocking(shared)
        .await
        .expect("Postgres starts");
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = connect(&shared.cluster).await;
    // Only one copy of a template is made at a time.
    admin
        .execute("select pg_advisory_lock(1)")
        .await
        .expect("the lock");
    let create = format!("create database {name} template {TEMPLATE}");
    admin.execute(sqlx::AssertSqlSafe(create)).await.expect("a copy");
    admin.close().await.expect("a goodbye");
    shared.cluster.url_of(&name)
}

/// A pool on a fresh database.
pub async fn pool() -> PgPool {
    PgPoolOptions::new()
        .max_connections(8)
        .connect_lazy(&database().await)
        .expect("our own URL")
}

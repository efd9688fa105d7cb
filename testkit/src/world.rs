//! One whole Beanpole: `beanpole up` on a folder and ports of its own.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use beanpole_protocol::{
    api::{
        CreateApplication, CreateDeployment, CreateEnvironment, Deployment, DeploymentPolicy,
        DeploymentStatus, Environment, OptionSetting, PageQuery, UpdateEnvironment, UploadQuery,
    },
    client::Client,
};
use rustix::process::{Pid, Signal, kill_process};

use crate::{eventually, ports::free_ports};

/// A running installation. Dropping it ends its processes and removes its containers.
pub struct World {
    name: String,
    root: tempfile::TempDir,
    up: Option<Child>,
    pub api: SocketAddr,
    pub edge: SocketAddr,
    pub client: Client,
    pub token: String,
}

/// The processes of a world that a test may kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    Server,
    Agent,
    Edge,
    Postgres,
}

impl Process {
    pub const ALL: [Process; 4] = [Process::Server, Process::Agent, Process::Edge, Process::Postgres];

    fn service(self) -> &'static str {
        match self {
            Process::Server => "serve",
            Process::Agent => "agent",
            Process::Edge => "edge",
            Process::Postgres => "postgres",
        }
    }
}

/// The folder of the programs under test: next to the test's own `deps` folder.
pub fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("BEANPOLE_TEST_PROGRAMS") {
        return folder.into();
    }
    let me = std::env::current_exe().expect("the program's own path");
    let folder = me
        .ancestors()
        .skip(1)
        .take(2)
        .find(|folder| folder.join("beanpole").is_file());
    folder
        .expect("build the programs first: cargo build --workspace --bins")
        .to_owned()
}

impl World {
    /// Starts one and waits until its host is online. `name` is the test's.
    pub async fn start(name: &str) -> Self {
        let root = tempfile::Builder::new()
            .prefix("bp-")
            .tempdir()
            .expect("a temporary folder");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o711)).expect("a folder of ours");
        let (api, edge) = free_ports();
        let mut world = Self {
            name: name.to_owned(),
            root,
            up: None,
            api,
            edge,
            client: Client::new(&format!("http://{api}"), None).expect("a client"),
            token: String::new(),
        };
        world.spawn_up();
        world.wait_until_ready().await;
        world.token = world.up_command(&["token", "--name", "test"]);
        world.client = world.client.with_token(Some(world.token.clone()));
        let client = &world.client;
        eventually("the host is online", Duration::from_secs(60), || async move {
            let hosts = client.hosts(&PageQuery::default()).await.ok()?;
            hosts.items.iter().any(|host| host.online).then_some(())
        })
        .await;
        world
    }

    fn command(&self) -> Command {
        let mut command = Command::new(programs().join("beanpole"));
        command.arg("up").arg("--data").arg(self.data());
        command.args([
            "--listen",
            &self.api.to_string(),
            "--edge-listen",
            &self.edge.to_string(),
        ]);
        command
    }

    fn spawn_up(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.root.path().join("up.log"))
            .expect("a log");
        let child = self
            .command()
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("beanpole up starts");
        self.up = Some(child);
    }

    /// The output of `beanpole up … <words>`.
    pub fn up_command(&self, words: &[&str]) -> String {
        let output = self.command().args(words).output().expect("beanpole runs");
        assert!(
            output.status.success(),
            "beanpole up {words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    pub async fn wait_until_ready(&self) {
        let client = &self.client;
        eventually("the server is ready", Duration::from_secs(90), || async move {
            client.is_ready().await.then_some(())
        })
        .await;
    }

    /// Kills the supervisor outright and starts a new one on the same folder.
    pub fn restart_up(&mut self) {
        if let Some(mut up) = self.up.take() {
            up.kill().expect("a child of ours");
            up.wait().expect("a child of ours");
        }
        self.spawn_up();
    }

    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// `kill -9` of one process; the supervisor starts it again. Answers which process was killed,
    /// none when it was not running: one that has ended and waits for its parent does not run.
    pub fn kill(&self, process: Process) -> Option<Pid> {
        let file = self.data().join("run").join(format!("{}.pid", process.service()));
        let pid = Pid::from_raw(fs::read_to_string(file).ok()?.trim().parse().ok()?)?;
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        let (_, state) = stat.rsplit_once(") ")?;
        let runs = !state.starts_with('Z') && kill_process(pid, Signal::KILL).is_ok();
        runs.then_some(pid)
    }

    /// The host name that the edge knows an environment by.
    pub fn host_name(environment: &str) -> String {
        format!("{environment}.localhost")
    }

    /// One request through the edge: status and body.
    pub async fn get(&self, environment: &str, path: &str) -> anyhow::Result<(u16, String)> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .build()?;
        let url = format!("http://{}{path}", self.edge);
        let response = client
            .get(url)
            .header("host", Self::host_name(environment))
            .send()
            .await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    pub async fn create_application(&self, application: &str) {
        let body = CreateApplication {
            name: application.to_owned(),
            description: String::new(),
        };
        self.client
            .create_application(&key(), &body)
            .await
            .expect("the application is made");
    }

    pub async fn upload(&self, application: &str, label: &str, bundle: Vec<u8>) {
        let length = bundle.len() as u64;
        let body = futures_util::stream::iter([Ok(bytes::Bytes::from(bundle))]);
        self.client
            .upload_version(application, label, &UploadQuery::default(), length, body)
            .await
            .expect("the version is taken");
    }

    /// Creates an application of the same name, a version `v1` and an environment, and waits until
    /// it is launched.
    pub async fn launch(
        &self,
        environment: &str,
        bundle: Vec<u8>,
        options: Vec<OptionSetting>,
    ) -> Deployment {
        self.create_application(environment).await;
        self.upload(environment, "v1", bundle).await;
        let body = CreateEnvironment {
            application: environment.to_owned(),
            name: environment.to_owned(),
            cname_prefix: None,
            platform: None,
            version_label: "v1".to_owned(),
            options,
        };
        let change = self
            .client
            .create_environment(&key(), &body)
            .await
            .expect("the environment is accepted");
        self.result(&change.deployment.expect("a launch deployment"))
            .await
    }

    /// [`Self::launch`], and it has to succeed.
    pub async fn launch_well(&self, environment: &str, bundle: Vec<u8>, options: Vec<OptionSetting>) {
        let launched = self.launch(environment, bundle, options).await;
        let reason = launched.reason;
        assert_eq!(launched.status, DeploymentStatus::Succeeded, "{reason:?}");
    }

    /// Starts a deployment and gives it back as accepted.
    pub async fn deploy(
        &self,
        environment: &str,
        label: &str,
        policy: Option<DeploymentPolicy>,
    ) -> Deployment {
        let body = CreateDeployment {
            version_label: label.to_owned(),
            policy,
        };
        let change = self
            .client
            .deploy(environment, &key(), &body)
            .await
            .expect("the deployment is accepted");
        change.deployment.expect("a deployment")
    }

    /// Waits for the end of a deployment, through outages of the server.
    pub async fn result(&self, deployment: &Deployment) -> Deployment {
        let client = &self.client;
        eventually("the deployment ends", Duration::from_secs(300), || async move {
            client
                .deployment_result(&deployment.id, 20)
                .await
                .ok()
                .filter(|now| now.status.is_terminal())
        })
        .await
    }

    /// Sets options of an environment; answers the deployment that this starts, if any.
    pub async fn set(&self, environment: &str, set: Vec<OptionSetting>) -> Option<Deployment> {
        let change = UpdateEnvironment {
            set,
            remove: Vec::new(),
        };
        let key = key();
        let changed = self.client.update_environment(environment, &key, &change);
        changed.await.expect("the options are accepted").deployment
    }

    /// The same, and waits for the deployment, which succeeds.
    pub async fn set_well(&self, environment: &str, set: Vec<OptionSetting>) {
        if let Some(deployment) = self.set(environment, set).await {
            let result = self.result(&deployment).await;
            assert_eq!(result.status, DeploymentStatus::Succeeded, "{:?}", result.reason);
        }
    }

    pub async fn environment(&self, name: &str) -> Environment {
        self.client
            .environment(name)
            .await
            .expect("the environment exists")
    }

    /// Ids of this world's containers that run.
    pub fn containers(&self) -> Vec<String> {
        let Some(host) = self.host_id() else {
            return Vec::new();
        };
        docker(&[
            "ps",
            "-q",
            "--no-trunc",
            "--filter",
            &format!("label=beanpole.host={host}"),
        ])
        .lines()
        .map(str::to_owned)
        .collect()
    }

    /// Containers, once there are as many: a deployment ends while what it replaced still stops.
    pub async fn comes_to(&self, count: usize) -> Vec<String> {
        let what = format!("{count} containers");
        eventually(&what, Duration::from_secs(60), || async {
            let containers = self.containers();
            (containers.len() == count).then_some(containers)
        })
        .await
    }

    fn host_id(&self) -> Option<String> {
        let text = fs::read_to_string(self.data().join("agent/credential.json")).ok()?;
        let joined: beanpole_protocol::agent::JoinResponse = serde_json::from_str(&text).ok()?;
        Some(joined.host.to_string())
    }

    /// Images of versions that this world's agent knows.
    fn images(&self) -> Vec<String> {
        let text = fs::read_to_string(self.data().join("agent/memory.json")).unwrap_or_default();
        let memory: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let known = memory["known_images"].as_object().into_iter().flatten();
        known
            .filter_map(|(_, image)| Some(image.as_str()?.to_owned()))
            .collect()
    }

    fn keep_evidence(&self) {
        let kept = programs()
            .parent()
            .unwrap_or(Path::new("target"))
            .join("test-scratch")
            .join(&self.name);
        let _ = fs::remove_dir_all(&kept);
        let _ = fs::create_dir_all(&kept);
        for log in ["serve", "agent", "edge", "postgres"] {
            let _ = fs::copy(
                self.data().join(format!("logs/{log}.log")),
                kept.join(format!("{log}.log")),
            );
        }
        let _ = fs::copy(self.root.path().join("up.log"), kept.join("up.log"));
        let _ = fs::copy(self.data().join("agent/routes.json"), kept.join("routes.json"));
        eprintln!("logs are kept in {}", kept.display());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_evidence();
        }
        if let Some(mut up) = self.up.take() {
            if let Some(pid) = i32::try_from(up.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
            let _ = up.wait();
        }
        if let Some(host) = self.host_id() {
            let filter = format!("label=beanpole.host={host}");
            let ids = docker(&["ps", "-aq", "--filter", &filter]);
            let mut remove = vec!["rm", "-f"];
            remove.extend(ids.lines());
            if remove.len() > 2 {
                docker(&remove);
            }
            let images = self.images();
            let mut remove = vec!["rmi"];
            remove.extend(images.iter().map(String::as_str));
            if remove.len() > 1 {
                docker(&remove);
            }
        }
    }
}

/// What Docker's own command line prints; nothing when it fails.
pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .stderr(Stdio::null())
        .output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

/// A fresh idempotency key.
pub fn key() -> String {
    format!("test-{:032x}", rand::random::<u128>())
}

/// An option setting in one line.
pub fn option(namespace: &str, name: &str, value: impl ToString) -> OptionSetting {
    OptionSetting {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        value: value.to_string(),
    }
}

/// Options for a test environment: `instances` of them, quick gate and drain, this policy.
pub fn options(instances: u32, policy: DeploymentPolicy) -> Vec<OptionSetting> {
    let process = "aws:elasticbeanstalk:environment:process:default";
    let command = "aws:elasticbeanstalk:command";
    vec![
        option("aws:autoscaling:asg", "MinSize", instances),
        option("aws:autoscaling:asg", "MaxSize", instances.max(4)),
        option(command, "DeploymentPolicy", policy.name()),
        option(command, "BatchSizeType", "Fixed"),
        option(command, "BatchSize", 1),
        option(command, "Timeout", 60),
        option(process, "DeregistrationDelay", 10),
        option("aws:elasticbeanstalk:trafficsplitting", "NewVersionPercent", 30),
        option("beanpole:deployment", "EvaluationSeconds", 4),
        option("beanpole:deployment", "GatePasses", 3),
        option("beanpole:deployment", "GateInterval", 200),
        option("beanpole:instance", "Memory", 128),
    ]
}

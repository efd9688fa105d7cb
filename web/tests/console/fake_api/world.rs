//! What the stand-in API says: an environment in the middle of a deployment, with a history.

use std::time::Duration;

use beanpole_protocol::{Platform, Timestamp, api::*};
use serde_json::{Value, json};

/// The names are the parts that users choose; tests choose hostile ones.
pub struct World {
    pub user: String,
    pub application: String,
    pub environment: String,
    pub label: String,
    /// Of events, notes, reasons, log lines.
    pub text: String,
}

impl World {
    pub fn friendly() -> Self {
        Self {
            user: "ada".to_owned(),
            application: "storefront".to_owned(),
            environment: "storefront-prod".to_owned(),
            label: "2026.11.22-3".to_owned(),
            text: "Listening on port 8000".to_owned(),
        }
    }

    /// Whatever can be typed somewhere tries to become markup.
    pub fn hostile() -> Self {
        let attack =
            |place: &str| format!("\"'><script>alert('{place}')</script><img src=x onerror=alert(1)>");
        Self {
            user: attack("user"),
            application: attack("application"),
            environment: attack("environment"),
            label: attack("label"),
            text: format!("{}\r\ndata: {}", attack("text"), attack("data")),
        }
    }

    fn ago(seconds: u64) -> Timestamp {
        Timestamp::now() - Duration::from_secs(seconds)
    }

    pub fn applications(&self) -> Vec<Application> {
        let one = |id: &str, name: &str, description: &str, environments, versions, age| Application {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            description: description.to_owned(),
            created_at: Self::ago(age),
            environments,
            versions,
        };
        vec![
            one(
                "app-7k2m9q4x1d8s",
                &self.application,
                &self.text,
                2,
                5,
                40 * 86_400,
            ),
            one(
                "app-3f6h1j8n5w0z",
                "billing",
                "Invoices and dunning",
                1,
                12,
                120 * 86_400,
            ),
            one("app-9c4v7b2t6y1r", "internal-wiki", "", 0, 1, 9_000),
        ]
    }

    pub fn versions(&self) -> Vec<ApplicationVersion> {
        let one = |id: &str, label: &str, description: &str, age, builds| ApplicationVersion {
            id: id.parse().unwrap(),
            application: self.application.clone(),
            label: label.to_owned(),
            description: description.to_owned(),
            platform: Platform::Python,
            sha256: "9b74c9897bac770ffc029102a200c5de5f6c3a1b0e4d7c8f9a2b3c4d5e6f7081".to_owned(),
            size_bytes: 4_812_331,
            notes: vec![self.text.clone()],
            findings: vec![Finding {
                severity: FindingSeverity::Warning,
                file: ".ebextensions/01-app.config".to_owned(),
                line: 4,
                column: 3,
                key: "commands.01.cmd".to_owned(),
                message: self.text.clone(),
            }],
            created_at: Self::ago(age),
            builds,
        };
        let build = |host: &str, status, reason: Option<&str>, duration_ms| Build {
            host: host.to_owned(),
            status,
            reason: reason.map(str::to_owned),
            duration_ms,
        };
        vec![
            one(
                "v-1",
                &self.label,
                "Faster search",
                240,
                vec![
                    build("garden-1", BuildStatus::Ready, None, Some(18_400)),
                    build("garden-2", BuildStatus::Building, None, None),
                ],
            ),
            one(
                "v-2",
                "2026.11.21-1",
                "New basket",
                90_000,
                vec![build("garden-1", BuildStatus::Ready, None, Some(2_150))],
            ),
            one(
                "v-3",
                "2026.11.20-2",
                "Checkout by invoice",
                180_000,
                vec![build(
                    "garden-1",
                    BuildStatus::Failed,
                    Some("pip install -r requirements.txt ended with status 1"),
                    Some(7_900),
                )],
            ),
            one("v-4", "2026.11.18-1", "", 400_000, vec![]),
        ]
    }

    pub fn build_log(&self) -> String {
        format!(
            "Step 1: base image python\nStep 2: pip install -r requirements.txt\n\
             Collecting flask\nSuccessfully installed flask gunicorn\nStep 3: source\n{}\n",
            self.text
        )
    }

    pub fn environments(&self) -> Vec<Environment> {
        let one = |id: &str,
                   name: &str,
                   application: &str,
                   status: &str,
                   health: Value,
                   label: &str|
         -> Environment {
            serde_json::from_value(json!({
                "id": id, "application": application, "name": name,
                "cname": format!("{}.localhost", name.to_lowercase()),
                "url": format!("http://{}.localhost:8080", name.to_lowercase()),
                "tier": "WebServer", "platform": "python", "status": status, "health": health,
                "version_label": label, "deployment_number": 6,
                "active_deployment": if status == "Updating" { json!("d-7x2k9m4q1s8d") } else { Value::Null },
                "min_instances": 4, "max_instances": 8, "desired_instances": 4,
                "created_at": Self::ago(3_000_000), "updated_at": Self::ago(75),
            }))
            .unwrap()
        };
        vec![
            one(
                "e-prod",
                &self.environment,
                &self.application,
                "Updating",
                json!({"color": "Green", "status": "Info", "causes": [
                    "Deployment 7 is in progress on 4 instances.", self.text,
                ]}),
                "2026.11.21-1",
            ),
            one(
                "e-test",
                "storefront-test",
                &self.application,
                "Ready",
                json!({"color": "Green", "status": "Ok", "causes": []}),
                "2026.11.21-1",
            ),
            one(
                "e-bill",
                "billing-prod",
                "billing",
                "Ready",
                json!({"color": "Red", "status": "Degraded", "causes": ["2 active instances, below the minimum of 4."]}),
                "v118",
            ),
            one(
                "e-new",
                "billing-next",
                "billing",
                "Launching",
                json!({"color": "Grey", "status": "Pending", "causes": []}),
                "v119",
            ),
        ]
    }

    pub fn instances(&self) -> Vec<Instance> {
        let one = |id: &str,
                   host: &str,
                   label: &str,
                   number: u32,
                   intent: &str,
                   state: &str,
                   health: Value,
                   traffic: Value|
         -> Instance {
            serde_json::from_value(json!({
                "id": id, "host": host, "version_label": label, "configuration": 3, "deployment_number": number,
                "intent": intent, "state": state, "detail": if state == "unhealthy" { self.text.as_str() } else { "" },
                "health": health, "restarts": if state == "unhealthy" { 2 } else { 0 },
                "memory_bytes": if state == "pending" { Value::Null } else { json!(124_151_234_u64 + u64::from(number) * 3_000_000) },
                "cpu_percent": if state == "pending" { Value::Null } else { json!(3.42 * f64::from(number)) },
                "launched_at": Self::ago(if number == 7 { 42 } else { 90_000 }), "traffic": traffic,
            }))
            .unwrap()
        };
        let ok = json!({"color": "Green", "status": "Ok", "causes": []});
        let traffic = |requests: u64, failed: u64, p99: f64| {
            json!({"in_flight": 3, "requests": requests, "classes": [0, requests - failed, 0, 12, failed],
                "failures": 0, "p50_ms": 8.4, "p90_ms": 31.0, "p99_ms": p99})
        };
        vec![
            one(
                "i-4k8s2m6q0x1d",
                "garden-1",
                "2026.11.21-1",
                6,
                "in_service",
                "healthy",
                ok.clone(),
                traffic(1_204_331, 0, 84.2),
            ),
            one(
                "i-9d3f7h1j5n2w",
                "garden-2",
                "2026.11.21-1",
                6,
                "draining",
                "healthy",
                ok.clone(),
                traffic(1_199_870, 17, 1_312.0),
            ),
            one(
                "i-2z6x0c4v8b1n",
                "garden-1",
                &self.label,
                7,
                "in_service",
                "healthy",
                ok.clone(),
                traffic(412, 0, 61.7),
            ),
            one(
                "i-7t1y5r9p3k6m",
                "garden-2",
                &self.label,
                7,
                "standby",
                "unhealthy",
                json!({"color": "Yellow", "status": "Warning", "causes": ["2 of 3 health checks failed: GET / answered 503."]}),
                Value::Null,
            ),
            one(
                "i-0q4w8s2e6d9f",
                "garden-1",
                &self.label,
                7,
                "standby",
                "pending",
                json!({"color": "Grey", "status": "Pending", "causes": []}),
                Value::Null,
            ),
        ]
    }

    fn deployment(&self, number: u32, more: Value) -> Deployment {
        let mut all = json!({
            "id": "d-7x2k9m4q1s8d", "environment": self.environment, "number": number, "kind": "version",
            "version_label": self.label, "previous_version_label": "2026.11.21-1",
            "policy": "RollingWithAdditionalBatch", "status": "succeeded", "phase": "done",
            "reason": null, "log_tail": null, "instances_total": 4, "instances_done": 4,
            "new_version_percent": 100, "started_at": Self::ago(60 + u64::from(9 - number) * 80_000),
            "finished_at": Self::ago(u64::from(9 - number) * 80_000),
            "timings": {"build_ms": 18_400, "outage_ms": 0, "total_ms": 61_250},
        });
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        serde_json::from_value(all).unwrap()
    }

    /// The one under way.
    pub fn active(&self) -> Deployment {
        self.deployment(
            7,
            json!({
                "status": "running", "phase": "shift_traffic", "policy": "TrafficSplitting",
                "instances_total": 4, "instances_done": 1, "new_version_percent": 20,
                "started_at": Self::ago(47), "finished_at": null,
                "timings": {"build_ms": 18_400, "outage_ms": 0, "total_ms": null},
            }),
        )
    }

    pub fn deployments(&self) -> Vec<Deployment> {
        vec![
            self.active(),
            self.deployment(
                6,
                json!({"id": "d-6", "version_label": "2026.11.21-1", "previous_version_label": "2026.11.19-4", "reason": "All 4 instances run 2026.11.21-1."}),
            ),
            self.deployment(
                5,
                json!({
                    "id": "d-5", "status": "rolled_back", "policy": "Immutable", "version_label": "2026.11.20-2",
                    "reason": "No instance of the new version became healthy within 600 s, so the old ones were kept.",
                    "log_tail": format!(
                        "Traceback (most recent call last):\n  File \"app.py\", line 12, in <module>\n    \
                         import psycopg\nModuleNotFoundError: No module named 'psycopg'\n{}", self.text),
                }),
            ),
            self.deployment(
                4,
                json!({
                    "id": "d-4", "status": "failed", "policy": "AllAtOnce", "reason": self.text,
                    "timings": {"build_ms": 900, "outage_ms": 7_300, "total_ms": 31_000},
                }),
            ),
            self.deployment(3, json!({"id": "d-3", "kind": "configuration", "policy": "Rolling", "status": "aborted", "reason": "Aborted by ada in batch 2 of 4."})),
            self.deployment(1, json!({"id": "d-1", "kind": "launch", "policy": "AllAtOnce", "previous_version_label": null})),
        ]
    }

    pub fn event(&self, id: i64, seconds: u64, severity: &str, kind: &str, message: &str) -> Event {
        serde_json::from_value(json!({
            "id": id, "at": Self::ago(seconds), "severity": severity, "kind": kind, "message": message,
            "application": self.application, "environment": self.environment,
            "deployment": null, "version_label": self.label,
        }))
        .unwrap()
    }

    pub fn events(&self) -> Vec<Event> {
        [
            (
                101,
                240,
                "INFO",
                "version_uploaded",
                "Version 2026.11.22-3 was uploaded (4.6 MiB).",
            ),
            (
                102,
                47,
                "INFO",
                "deployment_started",
                "Deployment 7 of 2026.11.22-3 by TrafficSplitting has started.",
            ),
            (
                103,
                44,
                "DEBUG",
                "build_started",
                "Building 2026.11.22-3 on garden-1.",
            ),
            (
                104,
                28,
                "INFO",
                "instance_launched",
                "Launched i-2z6x0c4v8b1n on garden-1.",
            ),
            (
                105,
                27,
                "INFO",
                "instance_launched",
                "Launched i-7t1y5r9p3k6m on garden-2.",
            ),
            (
                106,
                19,
                "WARN",
                "health_check_failed",
                "i-7t1y5r9p3k6m: GET / answered 503, 2 of 3 checks failed.",
            ),
            (
                107,
                9,
                "INFO",
                "traffic_shifted",
                "20 % of new visitors go to 2026.11.22-3 for the next 300 s.",
            ),
        ]
        .map(|(id, seconds, severity, kind, message)| self.event(id, seconds, severity, kind, message))
        .into_iter()
        .chain([self.event(108, 4, "ERROR", "instance_output", &self.text)])
        .collect()
    }

    pub fn logs(&self) -> Vec<InstanceLog> {
        let lines = format!(
            "[2026-11-22 23:40:58 +0000] [7] [INFO] Starting gunicorn 23.0.0\n\
             [2026-11-22 23:40:58 +0000] [7] [INFO] Listening at: http://0.0.0.0:8000 (7)\n\
             [2026-11-22 23:40:58 +0000] [9] [INFO] Booting worker with pid: 9\n\
             127.0.0.1 - - [22/Nov/2026:23:41:00 +0000] \"GET / HTTP/1.1\" 200 5121\n{}\n",
            self.text
        );
        vec![
            InstanceLog {
                instance: "i-4k8s2m6q0x1d".parse().unwrap(),
                host: "garden-1".to_owned(),
                text: Some(lines),
                error: None,
            },
            InstanceLog {
                instance: "i-9d3f7h1j5n2w".parse().unwrap(),
                host: "garden-2".to_owned(),
                text: None,
                error: Some("its host did not answer within 10 s".to_owned()),
            },
        ]
    }

    pub fn configuration(&self, role: Role) -> Configuration {
        let mut options = Vec::new();
        let mut add = |namespace: &str, name: &str, value: &str, set| {
            options.push(EffectiveOption {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                value: value.to_owned(),
                set,
                from_version: false,
            });
        };
        add("aws:autoscaling:asg", "Cooldown", "360", false);
        add("aws:autoscaling:asg", "MaxSize", "8", true);
        add("aws:autoscaling:asg", "MinSize", "4", true);
        let environment = "aws:elasticbeanstalk:application:environment";
        let secret = |value: &str| match role {
            Role::Viewer => "****".to_owned(),
            _ => value.to_owned(),
        };
        add(
            environment,
            "DATABASE_URL",
            &secret("postgres://shop:hunter2@db/shop"),
            true,
        );
        add(
            environment,
            "FEATURE_FLAGS",
            &secret("search=on\nbasket=off"),
            true,
        );
        add(environment, "GREETING", &secret(&self.text), true);
        let command = "aws:elasticbeanstalk:command";
        add(command, "BatchSize", "25", true);
        add(command, "BatchSizeType", "Percentage", false);
        add(command, "DeploymentPolicy", "TrafficSplitting", true);
        add(command, "IgnoreHealthCheck", "false", false);
        add(command, "Timeout", "600", false);
        let process = "aws:elasticbeanstalk:environment:process:default";
        add(process, "DeregistrationDelay", "20", false);
        add(process, "HealthCheckPath", "/", false);
        let splitting = "aws:elasticbeanstalk:trafficsplitting";
        add(splitting, "EvaluationTime", "5", false);
        add(splitting, "NewVersionPercent", "20", true);
        Configuration { revision: 3, options }
    }

    pub fn hosts(&self) -> Vec<Host> {
        let one = |id: &str, name: &str, online, seen: Option<u64>, instances| Host {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            online,
            last_seen_at: seen.map(Self::ago),
            cpus: 8,
            memory_bytes: 16_605_000_000,
            docker_version: "27.5.1".to_owned(),
            agent_version: "0.1.0".to_owned(),
            instances,
            services_trouble: (!online).then(|| self.text.clone()),
            joined_at: Self::ago(4_000_000),
        };
        vec![
            one("h-7k2m9q4x1d", "garden-1", true, Some(2), 3),
            one("h-3f6h1j8n5w", "garden-2", true, Some(1), 2),
            one("h-9c4v7b2t6y", &self.text, false, Some(7_400), 0),
        ]
    }

    pub fn tokens(&self) -> Vec<ApiToken> {
        let one = |id: &str, name: &str, role, used: Option<u64>, expires: Option<u64>| ApiToken {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            user: self.user.clone(),
            role,
            created_at: Self::ago(1_000_000),
            expires_at: expires.map(|seconds| Timestamp::now() + Duration::from_secs(seconds)),
            last_used_at: used.map(Self::ago),
        };
        vec![
            one(
                "t-1",
                "github-actions",
                Role::Deployer,
                Some(260),
                Some(80 * 86_400),
            ),
            one("t-2", &self.label, Role::Viewer, None, None),
        ]
    }
}

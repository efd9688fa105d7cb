//! The options of an environment as typed values, with defaults filled in and checked together.

use std::{collections::BTreeMap, time::Duration};

use beanpole_planner::options::{BatchSize, DeploymentOptions, HealthCheckRule, OnFailure};
use beanpole_protocol::{
    Platform,
    agent::{HealthCheck, HealthCheckKind, Limits},
    api::DeploymentPolicy,
    routes::Stickiness,
};

use super::{
    OptionError, OptionSet,
    catalogue::{APPLICATION, COMMAND, DEPLOYMENT, ENVIRONMENT, GROUP, INSTANCE, PROCESS, SPLITTING, find},
    container,
    values::{HealthUrl, codes},
};

/// What the rest of Beanpole reads instead of option strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub deployment: DeploymentOptions,
    pub when_busy: WhenBusy,
    pub environment_type: EnvironmentType,
    pub min_instances: u32,
    pub max_instances: u32,
    pub limits: Limits,
    pub health: HealthCheck,
    /// Absent: clients are not tied to instances.
    pub stickiness: Option<Stickiness>,
    /// `DeregistrationDelay`, seconds.
    pub deregistration_delay: u32,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_grace_seconds: u32,
    /// Environment properties and what options add to them (`WSGI_PATH` …).
    pub env: BTreeMap<String, String>,
}

/// What a deployment does that comes while another one runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBusy {
    Refuse,
    Supersede,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentType {
    SingleInstance,
    LoadBalanced,
}

/// Reads values that [`OptionSet`] has already found valid.
struct Reader<'a>(&'a OptionSet);

impl Reader<'_> {
    fn text(&self, namespace: &str, name: &str) -> &str {
        let default = find(namespace, name).map_or("", |known| known.default);
        self.0.get(namespace, name).unwrap_or(default)
    }

    /// 0 only for an option that has no default and is not set.
    fn number(&self, namespace: &str, name: &str) -> u32 {
        self.text(namespace, name).parse().unwrap_or(0)
    }

    fn switch(&self, namespace: &str, name: &str) -> bool {
        self.text(namespace, name) == "true"
    }
}

pub(super) fn conflict(namespace: &str, name: &str, problem: impl Into<String>) -> OptionError {
    OptionError::Conflict {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        problem: problem.into(),
    }
}

impl Settings {
    /// Fills in defaults and checks what only shows when options are seen together.
    pub fn of(set: &OptionSet, platform: Platform) -> Result<Self, OptionError> {
        let reader = Reader(set);
        let (environment_type, min_instances, max_instances) = capacity(&reader)?;
        let deployment = deployment(&reader, environment_type, max_instances)?;
        let health = health(&reader, deployment.timeout)?;
        Ok(Self {
            when_busy: match reader.text(DEPLOYMENT, "WhenBusy") {
                "supersede" => WhenBusy::Supersede,
                _ => WhenBusy::Refuse,
            },
            environment_type,
            min_instances,
            max_instances,
            limits: Limits {
                memory_bytes: u64::from(reader.number(INSTANCE, "Memory")) << 20,
                cpu_millis: reader.number(INSTANCE, "CpuMillis"),
                pids: reader.number(INSTANCE, "Pids"),
            },
            health,
            stickiness: reader
                .switch(PROCESS, "StickinessEnabled")
                .then(|| stickiness(&reader, true)),
            deregistration_delay: reader.number(PROCESS, "DeregistrationDelay"),
            stop_grace_seconds: reader.number(DEPLOYMENT, "StopGracePeriod"),
            env: container::variables(set, platform)?,
            deployment,
        })
    }

    /// Cookie rule while a traffic split is on: a client keeps its side even where it is not tied
    /// to an instance.
    pub fn stickiness_during_split(&self) -> Stickiness {
        self.stickiness.clone().unwrap_or(Stickiness {
            duration_seconds: SPLIT_COOKIE_SECONDS,
            to_instance: false,
        })
    }
}

/// How long a client keeps its side of a traffic split when stickiness itself is off: a day, as the
/// default of `StickinessLBCookieDuration`.
const SPLIT_COOKIE_SECONDS: u32 = 86_400;

fn stickiness(reader: &Reader<'_>, to_instance: bool) -> Stickiness {
    Stickiness {
        duration_seconds: reader.number(PROCESS, "StickinessLBCookieDuration"),
        to_instance,
    }
}

fn capacity(reader: &Reader<'_>) -> Result<(EnvironmentType, u32, u32), OptionError> {
    if reader.text(ENVIRONMENT, "EnvironmentType") == "SingleInstance" {
        for name in ["MinSize", "MaxSize"] {
            if reader.0.get(GROUP, name).is_some_and(|value| value != "1") {
                return Err(conflict(
                    GROUP,
                    name,
                    "an environment of EnvironmentType SingleInstance has exactly 1 instance",
                ));
            }
        }
        return Ok((EnvironmentType::SingleInstance, 1, 1));
    }
    let min = reader.number(GROUP, "MinSize");
    // Raising only the minimum past the default maximum says clearly enough what is wanted.
    let max = match reader.0.get(GROUP, "MaxSize") {
        Some(_) => reader.number(GROUP, "MaxSize"),
        None => reader.number(GROUP, "MaxSize").max(min),
    };
    if min > max {
        return Err(conflict(
            GROUP,
            "MinSize",
            format!("the minimum of {min} instances is above the maximum of {max}"),
        ));
    }
    Ok((EnvironmentType::LoadBalanced, min, max))
}

fn deployment(
    reader: &Reader<'_>,
    environment_type: EnvironmentType,
    max_instances: u32,
) -> Result<DeploymentOptions, OptionError> {
    let name = reader.text(COMMAND, "DeploymentPolicy");
    let policy = DeploymentPolicy::ALL
        .into_iter()
        .find(|policy| policy.name() == name)
        .unwrap_or(DeploymentPolicy::AllAtOnce);
    check_policy(policy, environment_type)?;
    let evaluation_time = match reader.0.get(DEPLOYMENT, "EvaluationSeconds") {
        Some(_) => Duration::from_secs(u64::from(reader.number(DEPLOYMENT, "EvaluationSeconds"))),
        None => Duration::from_secs(60 * u64::from(reader.number(SPLITTING, "EvaluationTime"))),
    };
    Ok(DeploymentOptions {
        policy,
        batch: batch(reader, max_instances)?,
        timeout: Duration::from_secs(u64::from(reader.number(COMMAND, "Timeout"))),
        health_check: if reader.switch(COMMAND, "IgnoreHealthCheck") {
            HealthCheckRule::Ignore
        } else {
            HealthCheckRule::Obey
        },
        new_version_percent: u8::try_from(reader.number(SPLITTING, "NewVersionPercent")).unwrap_or(100),
        evaluation_time,
        deregistration_delay: Duration::from_secs(u64::from(reader.number(PROCESS, "DeregistrationDelay"))),
        on_failure: if reader.switch(DEPLOYMENT, "RollbackOnFailure") {
            OnFailure::RollBack
        } else {
            OnFailure::Leave
        },
    })
}

/// A single instance cannot be replaced in batches or share traffic.
pub fn check_policy(policy: DeploymentPolicy, environment_type: EnvironmentType) -> Result<(), OptionError> {
    let fits = match environment_type {
        EnvironmentType::LoadBalanced => true,
        EnvironmentType::SingleInstance => {
            matches!(policy, DeploymentPolicy::AllAtOnce | DeploymentPolicy::Immutable)
        }
    };
    if fits {
        return Ok(());
    }
    Err(conflict(
        COMMAND,
        "DeploymentPolicy",
        format!(
            "{} needs EnvironmentType LoadBalanced; with SingleInstance choose AllAtOnce or Immutable",
            policy.name()
        ),
    ))
}

fn batch(reader: &Reader<'_>, max_instances: u32) -> Result<BatchSize, OptionError> {
    let size = reader.number(COMMAND, "BatchSize");
    if reader.text(COMMAND, "BatchSizeType") == "Fixed" {
        if reader.0.get(COMMAND, "BatchSize").is_none() {
            return Err(conflict(
                COMMAND,
                "BatchSizeType",
                "Fixed needs a BatchSize in instances",
            ));
        }
        if size > max_instances {
            return Err(conflict(
                COMMAND,
                "BatchSize",
                format!("a fixed batch of {size} instances is above the maximum of {max_instances}"),
            ));
        }
        return Ok(BatchSize::Fixed(size));
    }
    match u8::try_from(size) {
        Ok(percent @ 1..=100) => Ok(BatchSize::Percentage(percent)),
        _ => Err(conflict(
            COMMAND,
            "BatchSize",
            format!(
                "{size} is not a percentage from 1 to 100; for a number of instances set BatchSizeType to Fixed"
            ),
        )),
    }
}

fn health(reader: &Reader<'_>, timeout: Duration) -> Result<HealthCheck, OptionError> {
    let tcp = reader.text(PROCESS, "Protocol") == "TCP";
    if tcp {
        for name in ["HealthCheckPath", "MatcherHTTPCode"] {
            if reader.0.get(PROCESS, name).is_some() {
                return Err(conflict(PROCESS, name, "a check by Protocol TCP has none"));
            }
        }
    }
    let url = reader.text(APPLICATION, "Application Healthcheck URL");
    let url = HealthUrl::parse(url).unwrap_or(HealthUrl::Unset);
    let http = |path: &str| HealthCheckKind::Http {
        path: path.to_owned(),
        codes: codes(reader.text(PROCESS, "MatcherHTTPCode")).unwrap_or_default(),
    };
    let kind = match (tcp, reader.0.get(PROCESS, "HealthCheckPath"), url) {
        (true, _, _) => HealthCheckKind::Tcp,
        (false, Some(path), _) => http(path),
        (false, None, HealthUrl::Http { path }) => http(&path),
        (false, None, HealthUrl::Tcp) => HealthCheckKind::Tcp,
        (false, None, HealthUrl::Unset) => http(reader.text(PROCESS, "HealthCheckPath")),
    };
    let interval = reader.number(PROCESS, "HealthCheckInterval");
    let check_timeout = reader.number(PROCESS, "HealthCheckTimeout");
    if check_timeout > interval {
        return Err(conflict(
            PROCESS,
            "HealthCheckTimeout",
            format!("a check of {check_timeout} s does not fit into an interval of {interval} s"),
        ));
    }
    let (passes, gate_interval) = (
        reader.number(DEPLOYMENT, "GatePasses"),
        reader.number(DEPLOYMENT, "GateInterval"),
    );
    let gate = Duration::from_millis(u64::from(passes) * u64::from(gate_interval));
    if gate > timeout {
        return Err(conflict(
            DEPLOYMENT,
            "GatePasses",
            format!(
                "{passes} passes every {gate_interval} ms cannot be had within the Timeout of {} s",
                timeout.as_secs()
            ),
        ));
    }
    Ok(HealthCheck {
        kind,
        interval_ms: interval * 1000,
        timeout_ms: check_timeout * 1000,
        healthy_threshold: reader.number(PROCESS, "HealthyThresholdCount"),
        unhealthy_threshold: reader.number(PROCESS, "UnhealthyThresholdCount"),
        gate_passes: passes,
        gate_interval_ms: gate_interval,
    })
}

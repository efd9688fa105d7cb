//! What happens in one simulation: the environment, the two versions, the faults and their times.

use std::{fmt, time::Duration};

use beanpole_protocol::api::{DeploymentKind, DeploymentPolicy};

use crate::options::{BatchSize, DeploymentOptions, HealthCheckRule, OnFailure};

/// How a version behaves once its container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Good,
    NeverHealthy,
    CrashLoop,
    /// Healthy at first, unhealthy some seconds later.
    GoesBad {
        after: u64,
    },
    BuildFails,
    /// Its build never ends.
    BuildHangs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The host answers no more; its containers die with it or go on without it.
    HostLost {
        host: usize,
        seconds: u64,
        containers_die: bool,
    },
    /// The operator wants another number of instances.
    Desired(u32),
    Abort,
    /// The nth instance (of those there are) exits for good.
    InstanceFails(usize),
    /// Somebody removes the nth instance's container.
    InstanceRemoved(usize),
    /// The nth instance fails its checks for a while.
    InstanceUnwell {
        nth: usize,
        seconds: u64,
    },
    /// From now on no container stops when it is told to.
    StopsHang,
    /// Other environments take or free memory: what is left for this one, in instances.
    Room {
        host: usize,
        instances: u32,
    },
    /// The server does not run for so long; agents go on, unheard.
    ServerAway(u64),
    /// A newer deployment of a good version takes the running one's place.
    Supersede(DeploymentPolicy),
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub kind: DeploymentKind,
    pub options: DeploymentOptions,
    pub desired: u32,
    /// How many instances each host can hold.
    pub hosts: Vec<u32>,
    pub old: Behaviour,
    pub new: Behaviour,
    /// The deployment is of the very release that runs.
    pub same_release: bool,
    /// Memory of an instance from now on, in those of the old ones.
    pub memory: u64,
    /// At seconds after the deployment began.
    pub faults: Vec<(u64, Fault)>,
    /// Of the reports' delays, boot and stop times; none: all delays are alike.
    pub seed: Option<u64>,
}

impl Scenario {
    pub fn new(policy: DeploymentPolicy, desired: u32) -> Self {
        Self {
            kind: DeploymentKind::Version,
            options: DeploymentOptions {
                policy,
                batch: BatchSize::Fixed(1),
                timeout: Duration::from_secs(60),
                health_check: HealthCheckRule::Obey,
                new_version_percent: 10,
                evaluation_time: Duration::from_secs(180),
                deregistration_delay: Duration::from_secs(20),
                on_failure: OnFailure::Leave,
            },
            desired,
            hosts: vec![16],
            old: Behaviour::Good,
            new: Behaviour::Good,
            same_release: false,
            memory: 1,
            faults: Vec::new(),
            seed: None,
        }
    }

    pub fn launch(desired: u32) -> Self {
        Self {
            kind: DeploymentKind::Launch,
            ..Self::new(DeploymentPolicy::Rolling, desired)
        }
    }

    pub fn terminate(desired: u32) -> Self {
        Self {
            kind: DeploymentKind::Terminate,
            ..Self::new(DeploymentPolicy::AllAtOnce, desired)
        }
    }

    pub fn batch(mut self, batch: BatchSize) -> Self {
        self.options.batch = batch;
        self
    }

    pub fn hosts(mut self, hosts: &[u32]) -> Self {
        self.hosts = hosts.to_vec();
        self
    }

    pub fn new_version(mut self, behaviour: Behaviour) -> Self {
        self.new = behaviour;
        self
    }

    pub fn rolls_back(mut self) -> Self {
        self.options.on_failure = OnFailure::RollBack;
        self
    }

    pub fn ignores_health(mut self) -> Self {
        self.options.health_check = HealthCheckRule::Ignore;
        self
    }

    pub fn at(mut self, seconds: u64, fault: Fault) -> Self {
        self.faults.push((seconds, fault));
        self
    }
}

/// The heading of a golden file.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        match self.kind {
            DeploymentKind::Launch | DeploymentKind::Terminate => write!(f, "{:?}", self.kind)?,
            DeploymentKind::Version | DeploymentKind::Configuration => {
                write!(f, "{}, batch {:?}", options.policy.name(), options.batch)?;
            }
        }
        writeln!(
            f,
            ", {} instances desired, hosts with room for {:?}",
            self.desired, self.hosts
        )?;
        writeln!(f, "old version: {:?}, new version: {:?}", self.old, self.new)?;
        writeln!(
            f,
            "timeout {:?}, deregistration {:?}, health {:?}, on failure {:?}",
            options.timeout, options.deregistration_delay, options.health_check, options.on_failure
        )?;
        for (at, fault) in &self.faults {
            writeln!(f, "at {at} s: {fault:?}")?;
        }
        Ok(())
    }
}

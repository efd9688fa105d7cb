//! What a deployment is told: parsed, checked, typed. Stored with the deployment, so that a change
//! of the environment's options never changes a deployment under way.

use std::time::Duration;

use beanpole_protocol::api::DeploymentPolicy;
use serde::{Deserialize, Serialize};

/// `aws:elasticbeanstalk:command`, `:trafficsplitting`, the process options that bound a gate, and
/// Beanpole's own `beanpole:deployment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentOptions {
    pub policy: DeploymentPolicy,
    pub batch: BatchSize,
    /// `Timeout`: how long one batch may take to become healthy. 1 to 3600 s.
    pub timeout: Duration,
    /// `IgnoreHealthCheck`: go on when the timeout strikes instead of failing.
    pub health_check: HealthCheckRule,
    /// `NewVersionPercent`, 1 to 100.
    pub new_version_percent: u8,
    /// `EvaluationTime`.
    pub evaluation_time: Duration,
    /// `DeregistrationDelay`: how long open requests may finish on an instance that leaves service.
    pub deregistration_delay: Duration,
    /// `beanpole:deployment` `RollbackOnFailure`.
    pub on_failure: OnFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "size")]
pub enum BatchSize {
    /// Percent of the desired instances, 1 to 100, rounded up to whole instances.
    Percentage(u8),
    /// Instances, at least 1.
    Fixed(u32),
}

impl BatchSize {
    /// Instances in a batch when `of` are desired: at least one, at most `of`.
    pub fn instances(self, of: u32) -> u32 {
        let wanted = match self {
            BatchSize::Percentage(percent) => (u64::from(of) * u64::from(percent)).div_ceil(100),
            BatchSize::Fixed(count) => u64::from(count),
        };
        u32::try_from(wanted.clamp(1, u64::from(of.max(1)))).unwrap_or(of.max(1))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthCheckRule {
    Obey,
    Ignore,
}

/// What the in-place policies do when they fail. (Immutable and TrafficSplitting always return.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// As Beanstalk: finished batches keep the new version, the failed batch is left out of service.
    Leave,
    /// Every instance goes back to the last good release.
    RollBack,
}

#[cfg(test)]
mod tests {
    use super::BatchSize::{Fixed, Percentage};

    #[test]
    fn a_batch_is_at_least_one_and_at_most_all() {
        let table = [
            (Percentage(1), 4, 1),
            (Percentage(30), 4, 2),
            (Percentage(50), 5, 3),
            (Percentage(100), 4, 4),
            (Fixed(1), 4, 1),
            (Fixed(9), 4, 4),
            (Fixed(0), 4, 1),
            (Fixed(1), 0, 1),
        ];
        for (batch, of, expected) in table {
            assert_eq!(batch.instances(of), expected, "{batch:?} of {of}");
        }
    }
}

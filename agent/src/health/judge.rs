//! Turns a row of probe outcomes into a verdict. Pure: no clock, no network.
//!
//! A fresh run must pass the gate (`gate_passes` in a row); after that it is unhealthy only after
//! `unhealthy_threshold` failures in a row, and healthy again after `healthy_threshold` passes.

use std::time::Duration;

use beanpole_protocol::agent::HealthCheck;
use serde::{Deserialize, Serialize};

/// What is thought of one run of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The gate is not passed yet.
    Starting {
        passes: u32,
        detail: String,
    },
    Healthy,
    /// It was healthy once, and is not now.
    Unhealthy {
        detail: String,
    },
}

impl Verdict {
    pub fn is_healthy(&self) -> bool {
        matches!(self, Verdict::Healthy)
    }
}

/// The state behind a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judge {
    /// The instance, in this run or an earlier one, was healthy before.
    ever_healthy: bool,
    gated: bool,
    passes: u32,
    failures: u32,
    any_pass: bool,
    verdict: Verdict,
}

impl Judge {
    /// A run that was just started.
    pub fn fresh(ever_healthy: bool) -> Self {
        let detail = "started, not answering yet".to_owned();
        let verdict = match ever_healthy {
            false => Verdict::Starting { passes: 0, detail },
            true => Verdict::Unhealthy { detail },
        };
        Self {
            ever_healthy,
            gated: true,
            passes: 0,
            failures: 0,
            any_pass: false,
            verdict,
        }
    }

    /// A run whose verdict is known from before this process started: it stands until proved wrong.
    pub fn adopted(verdict: Verdict, ever_healthy: bool) -> Self {
        match verdict {
            Verdict::Healthy => Self {
                ever_healthy: true,
                gated: false,
                passes: 0,
                failures: 0,
                any_pass: true,
                verdict: Verdict::Healthy,
            },
            _ => Self {
                verdict,
                ..Self::fresh(ever_healthy)
            },
        }
    }

    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Takes one outcome: a pass, or what was wrong.
    pub fn take(&mut self, outcome: Result<(), String>, check: &HealthCheck) {
        match outcome {
            Ok(()) => {
                self.any_pass = true;
                self.failures = 0;
                self.passes = self.passes.saturating_add(1);
                self.pass(check);
            }
            Err(detail) => {
                self.passes = 0;
                self.failures = self.failures.saturating_add(1);
                self.fail(detail, check);
            }
        }
    }

    fn pass(&mut self, check: &HealthCheck) {
        let needed = if self.gated {
            check.gate_passes
        } else {
            check.healthy_threshold
        };
        let is_up = self.verdict.is_healthy();
        if !is_up && self.passes >= needed.max(1) {
            self.gated = false;
            self.ever_healthy = true;
            self.verdict = Verdict::Healthy;
        } else if let Verdict::Starting { passes, detail } = &mut self.verdict {
            *passes = self.passes;
            *detail = format!("passed {} of {} health checks", self.passes, needed);
        }
    }

    fn fail(&mut self, wrong: String, check: &HealthCheck) {
        match &mut self.verdict {
            Verdict::Starting { passes, detail } => {
                *passes = 0;
                *detail = wrong;
            }
            Verdict::Unhealthy { detail } => *detail = wrong,
            Verdict::Healthy if self.failures >= check.unhealthy_threshold.max(1) => {
                self.verdict = Verdict::Unhealthy { detail: wrong };
            }
            Verdict::Healthy => {}
        }
    }

    /// Time to the next probe. Until something answers at all, looking often costs little and finds
    /// the moment when the application is up; `waited` (since the run began) bounds that.
    pub fn next_probe(&self, check: &HealthCheck, waited: Duration) -> Duration {
        const EAGER: Duration = Duration::from_millis(100);
        let interval = Duration::from_millis(u64::from(check.interval_ms.max(100)));
        let gate = Duration::from_millis(u64::from(check.gate_interval_ms.max(50)));
        if !self.gated {
            interval
        } else if !self.any_pass && waited < Duration::from_secs(30) {
            gate.min(EAGER)
        } else {
            gate
        }
    }
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::agent::HealthCheckKind;
    use proptest::prelude::*;

    use super::*;

    fn check() -> HealthCheck {
        HealthCheck {
            kind: HealthCheckKind::Tcp,
            interval_ms: 15_000,
            timeout_ms: 5_000,
            healthy_threshold: 3,
            unhealthy_threshold: 2,
            gate_passes: 2,
            gate_interval_ms: 1_000,
        }
    }

    /// `+` a pass, `-` a failure; answers the verdicts' first letters.
    fn run(mut judge: Judge, outcomes: &str) -> String {
        outcomes
            .chars()
            .map(|outcome| {
                judge.take(
                    if outcome == '+' {
                        Ok(())
                    } else {
                        Err("no".to_owned())
                    },
                    &check(),
                );
                match judge.verdict() {
                    Verdict::Starting { .. } => 'S',
                    Verdict::Healthy => 'H',
                    Verdict::Unhealthy { .. } => 'U',
                }
            })
            .collect()
    }

    #[test]
    fn thresholds_decide() {
        for (outcomes, verdicts) in [
            ("--+-++", "SSSSSH"),
            ("++-+-+--", "SHHHHHHU"),
            ("++--++-+++", "SHHUUUUUUH"),
        ] {
            assert_eq!(run(Judge::fresh(false), outcomes), verdicts, "{outcomes}");
        }
    }

    #[test]
    fn a_restarted_run_is_unhealthy_until_it_passes_the_gate() {
        assert_eq!(run(Judge::fresh(true), "-++"), "UUH");
    }

    #[test]
    fn an_adopted_healthy_run_stays_so_until_proved_wrong() {
        assert_eq!(run(Judge::adopted(Verdict::Healthy, true), "-+--"), "HHHU");
    }

    #[test]
    fn probing_is_eager_only_until_something_answers() {
        let mut judge = Judge::fresh(false);
        assert_eq!(
            judge.next_probe(&check(), Duration::ZERO),
            Duration::from_millis(100)
        );
        assert_eq!(
            judge.next_probe(&check(), Duration::from_secs(60)),
            Duration::from_secs(1)
        );
        judge.take(Ok(()), &check());
        assert_eq!(judge.next_probe(&check(), Duration::ZERO), Duration::from_secs(1));
        judge.take(Ok(()), &check());
        assert_eq!(
            judge.next_probe(&check(), Duration::ZERO),
            Duration::from_secs(15)
        );
    }

    proptest! {
        #[test]
        fn once_healthy_never_starting_again(outcomes in "[+-]{0,60}") {
            let verdicts = run(Judge::fresh(false), &outcomes);
            if let Some(at) = verdicts.find('H') {
                prop_assert!(!verdicts[at..].contains('S'));
                prop_assert!(outcomes[..=at].ends_with("++"));
            }
        }
    }
}

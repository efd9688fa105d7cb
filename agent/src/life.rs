//! What the agent remembers of an instance over its runs: exits, restarts, the verdict on its health.
//!
//! Pure; kept in the ledger, so that a restarted agent neither forgets a crash loop nor sends an
//! instance that was healthy through its gate again.

use std::time::Duration;

use beanpole_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{health::Verdict, model::Exit};

/// Exits before the first healthy moment after which the instance counts as failed.
pub const EXITS_BEFORE_HEALTHY: usize = 3;
/// Exits within [`CRASH_WINDOW`] after which an instance that was healthy counts as failed.
pub const EXITS_IN_WINDOW: usize = 5;
pub const CRASH_WINDOW: Duration = Duration::from_secs(60);
/// Attempts to make or start a container after which the instance counts as failed.
pub const MAKE_ATTEMPTS: u32 = 3;
/// What our init ends with when its first start failed.
const GIVE_UP: i64 = 78;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The memory of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// The run that the verdict is about.
    pub run: Option<String>,
    pub verdict: Option<Verdict>,
    pub ever_healthy: bool,
    /// Since when it is healthy without a break.
    pub healthy_since: Option<Timestamp>,
    pub restarts: u32,
    /// The latest exits, oldest first.
    pub exits: Vec<Timestamp>,
    /// The last exit that was counted, so that none is counted twice.
    pub counted: Option<String>,
    /// Exits since it last ran well for a while: the exponent of the pause.
    pub in_a_row: u32,
    /// No start before this.
    pub not_before: Option<Timestamp>,
    pub make_errors: u32,
    /// It will not come up: why. Nothing is started any more.
    pub failed: Option<String>,
    /// What went wrong last, in words.
    pub trouble: Option<String>,
    /// The last lines of output, while it is not well.
    pub tail: Option<String>,
}

/// Nothing after the first, then 1, 2, 4 … 60 seconds.
fn pause(in_a_row: u32) -> Duration {
    match in_a_row {
        0 | 1 => Duration::ZERO,
        n => LONGEST_PAUSE.min(Duration::from_secs(1 << (n - 2).min(6))),
    }
}

impl Life {
    /// Whether this exit is news.
    pub fn is_new_exit(&self, exit: &Exit) -> bool {
        self.counted.as_deref() != Some(&exit.finished_at)
    }

    /// A run ended that should not have.
    pub fn exited(&mut self, exit: &Exit, tail: Option<String>, now: Timestamp) {
        if !self.is_new_exit(exit) {
            return;
        }
        self.counted = Some(exit.finished_at.clone());
        if self
            .healthy_since
            .is_some_and(|since| now.since(since) >= CRASH_WINDOW)
        {
            self.in_a_row = 0;
        }
        self.healthy_since = None;
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.not_before = Some(now + pause(self.in_a_row));
        self.exits.push(now);
        let surplus = self.exits.len().saturating_sub(EXITS_IN_WINDOW);
        self.exits.drain(..surplus);
        self.tail = tail.or(self.tail.take());
        if let Some(reason) = self.given_up(exit).filter(|_| !self.ever_healthy) {
            self.failed = Some(reason);
        }
        let words = exit.words();
        if self.failed.is_none() && !self.ever_healthy && self.exits.len() >= EXITS_BEFORE_HEALTHY {
            self.failed = Some(format!(
                "the application {words}; it exited {} times before it was healthy",
                self.exits.len()
            ));
        }
        self.verdict = None;
        self.trouble = Some(format!("the application {words}"));
    }

    /// Why an instance's init says that there is no use in another start: a container command or a hook
    /// failed, or the proxy's configuration is refused.
    fn given_up(&self, exit: &Exit) -> Option<String> {
        let last = self.tail.as_deref()?.lines().last()?;
        let reason = last.strip_prefix("beanpole: ")?;
        (exit.code == GIVE_UP).then(|| reason.to_owned())
    }

    /// It will not come up, whatever is tried.
    pub fn gave_up(&mut self, why: String, tail: Option<String>) {
        self.trouble = Some(why.clone());
        self.failed = Some(why);
        self.tail = tail.or(self.tail.take());
    }

    /// A start after an exit was asked for.
    pub fn restarted(&mut self) {
        self.restarts = self.restarts.saturating_add(1);
    }

    /// The container could not be made or started.
    pub fn not_made(&mut self, why: String, now: Timestamp) {
        self.make_errors = self.make_errors.saturating_add(1);
        self.not_before = Some(now + pause(self.make_errors + 1));
        if self.make_errors >= MAKE_ATTEMPTS && !self.ever_healthy {
            self.failed = Some(why.clone());
        }
        self.trouble = Some(why);
    }

    /// The health of a run changed.
    pub fn judged(&mut self, run: &str, verdict: Verdict, now: Timestamp) {
        if verdict.is_healthy() {
            self.ever_healthy = true;
            self.healthy_since = self.healthy_since.or(Some(now));
            self.make_errors = 0;
            self.tail = None;
            self.trouble = None;
        } else {
            self.healthy_since = None;
        }
        self.run = Some(run.to_owned());
        self.verdict = Some(verdict);
    }

    /// What is known about this very run.
    pub fn verdict_of(&self, run: &str) -> Option<&Verdict> {
        self.verdict.as_ref().filter(|_| self.run.as_deref() == Some(run))
    }

    /// Whether it crashes so often that it counts as failed for now, though it is started again.
    pub fn is_crash_looping(&self, now: Timestamp) -> bool {
        let recent = self
            .exits
            .iter()
            .filter(|exit| now.since(**exit) < CRASH_WINDOW)
            .count();
        recent >= EXITS_IN_WINDOW && self.healthy_since.is_none()
    }

    pub fn may_start(&self, now: Timestamp) -> bool {
        self.failed.is_none() && self.not_before.is_none_or(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(n: i64) -> Exit {
        Exit {
            code: 1,
            out_of_memory: false,
            finished_at: n.to_string(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn three_exits_before_healthy_are_a_failure_with_a_reason() {
        let mut life = Life::default();
        for n in 0..2 {
            life.exited(&exit(n), None, at(n));
            assert_eq!(life.failed, None);
        }
        life.exited(&exit(2), Some("boom".to_owned()), at(2));
        assert!(
            life.failed.as_deref().unwrap().contains("exited with code 1"),
            "{life:?}"
        );
        assert_eq!(life.tail.as_deref(), Some("boom"));
        assert!(!life.may_start(at(1000)));
    }

    #[test]
    fn a_first_start_that_failed_is_not_tried_again() {
        let exit = |code| Exit { code, ..exit(0) };
        let tail = "running\nbeanpole: the hook x failed with exit code 1: no database";
        let mut life = Life::default();
        life.exited(&exit(78), Some(tail.to_owned()), at(0));
        assert_eq!(
            life.failed.as_deref(),
            Some("the hook x failed with exit code 1: no database")
        );
        // Programs of users end with that code, too.
        for (code, tail) in [(78, "mine"), (1, tail)] {
            let mut life = Life::default();
            life.exited(&exit(code), Some(tail.to_owned()), at(0));
            assert_eq!(life.failed, None);
        }
    }

    #[test]
    fn an_exit_is_counted_once() {
        let mut life = Life::default();
        for _ in 0..5 {
            life.exited(&exit(7), None, at(1));
        }
        assert_eq!(life.exits.len(), 1);
    }

    #[test]
    fn pauses_double_from_nothing_to_a_minute() {
        let pauses: Vec<u64> = (1..=10).map(|n| pause(n).as_secs()).collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn what_was_healthy_is_started_for_ever_and_reported_as_looping() {
        let mut life = Life::default();
        life.judged("r", Verdict::Healthy, at(0));
        for n in 1..=5 {
            life.exited(&exit(n), None, at(100 + n));
        }
        assert_eq!(life.failed, None);
        assert!(life.is_crash_looping(at(106)));
        assert!(!life.is_crash_looping(at(200)));
        assert!(life.may_start(at(200)));
    }

    #[test]
    fn a_good_minute_clears_the_pause() {
        let mut life = Life::default();
        life.judged("r", Verdict::Healthy, at(0));
        life.exited(&exit(1), None, at(1));
        life.exited(&exit(2), None, at(2));
        assert_eq!(life.not_before, Some(at(3)));
        life.judged("s", Verdict::Healthy, at(10));
        life.exited(&exit(3), None, at(90));
        assert_eq!(life.not_before, Some(at(90)));
    }
}

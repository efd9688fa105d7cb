//! What an instance is told that asks for a command. Pure.

use beanpole_protocol::InstanceId;
use serde::Serialize;

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is yours: run it, and tell how it ended.
    Run,
    /// It has been run, or is not to be run now.
    Skip,
    /// Another instance runs it: ask again.
    Wait,
    /// It was run and failed.
    Failed,
}

/// Who took a command, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub holder: InstanceId,
    /// Absent while it is run.
    pub exit_code: Option<i32>,
}

/// What is known when an instance asks.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    pub asker: &'a InstanceId,
    /// Its deployment runs, brings a version, and the asker has the release that it brings. Otherwise the
    /// asker is there for scale, in place of another, for other options or for going back.
    pub brings_version: bool,
    pub claim: Option<&'a Claim>,
    /// The holder is known not to run any more.
    pub holder_is_gone: bool,
}

/// Answers a claim. On [`Decision::Run`] the asker is the holder from then on.
pub fn decide(question: &Question<'_>) -> Decision {
    let Some(claim) = question.claim else {
        return match question.brings_version {
            true => Decision::Run,
            false => Decision::Skip,
        };
    };
    match claim.exit_code {
        Some(0) => Decision::Skip,
        // Its deployment fails by it; who comes later, to another deployment's end, goes without.
        Some(_) if question.brings_version => Decision::Failed,
        Some(_) => Decision::Skip,
        None if !question.brings_version => Decision::Skip,
        // A container that was started again begins the command again.
        None if claim.holder == *question.asker || question.holder_is_gone => Decision::Run,
        None => Decision::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_lives_runs_it_and_the_others_wait_for_its_end() {
        let (one, other) = (InstanceId::random(), InstanceId::random());
        let by = |holder: &InstanceId, exit_code| {
            Some(Claim {
                holder: holder.clone(),
                exit_code,
            })
        };
        for (claim, brings_version, holder_is_gone, expected) in [
            (None, true, false, Decision::Run),
            (None, false, false, Decision::Skip),
            (by(&one, None), true, false, Decision::Run),
            (by(&other, None), true, false, Decision::Wait),
            (by(&other, None), true, true, Decision::Run),
            (by(&other, None), false, true, Decision::Skip),
            (by(&other, Some(0)), true, false, Decision::Skip),
            (by(&other, Some(0)), true, true, Decision::Skip),
            (by(&one, Some(0)), true, false, Decision::Skip),
            (by(&other, Some(1)), true, false, Decision::Failed),
            (by(&other, Some(1)), false, false, Decision::Skip),
        ] {
            let question = Question {
                asker: &one,
                brings_version,
                claim: claim.as_ref(),
                holder_is_gone,
            };
            assert_eq!(decide(&question), expected, "{question:?}");
        }
    }
}

//! Which containers may start now, and which end is the end of the instance. Decided from what is seen alone.

use crate::{Condition, Pod, Restart};

/// A container of a pod as it is now, in the present run of the container that holds the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub name: String,
    pub runs: bool,
    /// What it ended with, if it has ended for good.
    pub ended: Option<i64>,
    /// What its health check says; none without one.
    pub healthy: Option<bool>,
    /// How often Docker started it again.
    pub restarts: u32,
}

/// Failed starts of a container after which an instance that was never healthy counts as failed.
const MOST_RESTARTS: u32 = 3;

/// Names of the containers that are not there yet and may start.
pub fn startable<'a>(pod: &'a Pod, seen: &[Seen]) -> Vec<&'a str> {
    let find = |name: &str| seen.iter().find(|seen| seen.name == name);
    let is_met = |name: &str, condition| {
        find(name).is_some_and(|seen| match condition {
            Condition::Started => seen.runs || seen.ended.is_some(),
            // One without a check is as well as it will ever be known to be.
            Condition::Healthy => seen.runs && seen.healthy.unwrap_or(true),
            Condition::Succeeded => seen.ended == Some(0),
            Condition::Ended => seen.ended.is_some(),
        })
    };
    pod.containers
        .iter()
        .filter(|container| find(&container.name).is_none())
        .filter(|container| {
            let mut needs = container.needs.iter();
            needs.all(|need| is_met(&need.container, need.condition))
        })
        .map(|container| container.name.as_str())
        .collect()
}

/// The container because of which an instance that was never healthy will not become so.
pub fn failure<'a>(pod: &Pod, seen: &'a [Seen]) -> Option<&'a Seen> {
    seen.iter().find(|seen| {
        let restart = pod
            .containers
            .iter()
            .find(|container| container.name == seen.name)
            .map_or(Restart::Never, |container| container.restart);
        match (seen.ended, restart) {
            (Some(code), _) if code != 0 => true,
            (_, Restart::OnFailure | Restart::Always) => seen.restarts >= MOST_RESTARTS,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Need, PodContainer};

    fn pod(containers: &[(&str, &[(&str, Condition)])]) -> Pod {
        let containers = containers.iter().map(|(name, needs)| PodContainer {
            name: (*name).to_owned(),
            needs: needs
                .iter()
                .map(|(container, condition)| Need {
                    container: (*container).to_owned(),
                    condition: *condition,
                })
                .collect(),
            ..PodContainer::default()
        });
        Pod {
            containers: containers.collect(),
            ..Pod::default()
        }
    }

    fn runs(name: &str) -> Seen {
        Seen {
            name: name.to_owned(),
            runs: true,
            ..Seen::default()
        }
    }

    fn ended(name: &str, code: i64) -> Seen {
        Seen {
            name: name.to_owned(),
            ended: Some(code),
            ..Seen::default()
        }
    }

    #[test]
    fn a_container_starts_when_what_it_needs_is_there() {
        let pod = pod(&[
            (
                "web",
                &[("db", Condition::Healthy), ("migrate", Condition::Succeeded)],
            ),
            ("db", &[]),
            ("migrate", &[("db", Condition::Started)]),
        ]);
        assert_eq!(startable(&pod, &[]), ["db"]);
        let mut db = Seen {
            healthy: Some(false),
            ..runs("db")
        };
        assert_eq!(startable(&pod, &[db.clone()]), ["migrate"]);
        db.healthy = Some(true);
        assert_eq!(
            startable(&pod, &[db.clone(), runs("migrate")]),
            Vec::<&str>::new()
        );
        assert_eq!(
            startable(&pod, &[db.clone(), ended("migrate", 1)]),
            Vec::<&str>::new()
        );
        assert_eq!(startable(&pod, &[db.clone(), ended("migrate", 0)]), ["web"]);
        assert_eq!(
            startable(&pod, &[db, ended("migrate", 0), runs("web")]),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn an_instance_fails_with_a_container_that_ends_badly_or_again_and_again() {
        let mut pod = pod(&[("web", &[]), ("job", &[])]);
        assert_eq!(failure(&pod, &[runs("web"), ended("job", 0)]), None);
        assert_eq!(
            failure(&pod, &[runs("web"), ended("job", 2)]).unwrap().name,
            "job"
        );
        let again = Seen {
            restarts: 3,
            ..runs("web")
        };
        let seen = [again];
        assert_eq!(failure(&pod, &seen).unwrap().name, "web");
        pod.containers[0].restart = Restart::AtMost(10);
        assert_eq!(failure(&pod, &seen), None);
    }
}

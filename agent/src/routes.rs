//! The routes file of this host's edge: the server's routes with the addresses and the health that
//! only this agent knows.
//!
//! Weights, sets and draining are the server's word and pass through unchanged.

use std::{collections::BTreeMap, net::SocketAddr};

use beanpole_protocol::{InstanceId, agent::Desired, routes::Routes};

/// What is known here of an instance that runs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    pub address: Option<SocketAddr>,
    pub healthy: bool,
}

/// Fills in local addresses and health. Targets on other hosts keep what the server said.
pub fn materialise(desired: &Desired, local: &BTreeMap<InstanceId, Local>) -> Routes {
    let mut environments = desired.routes.clone();
    let targets = environments
        .iter_mut()
        .flat_map(|e| &mut e.sets)
        .flat_map(|set| &mut set.targets);
    for target in targets {
        if let Some(known) = local.get(&target.instance) {
            target.address = known.address;
            target.healthy = known.healthy;
        }
    }
    Routes {
        generation: desired.generation,
        environments,
    }
}

/// Whether any target is being emptied, so that the edge's counters are of immediate interest.
pub fn any_draining(routes: &Routes) -> bool {
    use beanpole_protocol::routes::TargetState;
    routes
        .environments
        .iter()
        .flat_map(|environment| &environment.sets)
        .flat_map(|set| &set.targets)
        .any(|target| target.state == TargetState::Draining)
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::routes::{EnvironmentRoute, Target, TargetSet, TargetState};

    use super::*;

    #[test]
    fn local_targets_are_filled_in_and_others_left() {
        let target = |id: &str, state| Target {
            instance: id.parse().unwrap(),
            address: Some("10.0.0.9:1".parse().unwrap()),
            state,
            healthy: true,
        };
        let set = TargetSet {
            version: "1".to_owned(),
            weight: 100,
            targets: vec![
                target("i-1", TargetState::InService),
                target("i-2", TargetState::Draining),
            ],
        };
        let desired = Desired {
            generation: 5,
            routes: vec![EnvironmentRoute {
                environment: "e-1".parse().unwrap(),
                name: "shop".to_owned(),
                hosts: vec!["shop.localhost".to_owned()],
                sets: vec![set],
                stickiness: None,
                deregistration_delay_seconds: 20,
            }],
            ..Desired::default()
        };
        let local = BTreeMap::from([(
            "i-1".parse().unwrap(),
            Local {
                address: Some("127.0.0.1:4000".parse().unwrap()),
                healthy: false,
            },
        )]);
        let routes = materialise(&desired, &local);
        let targets = &routes.environments[0].sets[0].targets;
        assert_eq!(routes.generation, 5);
        assert_eq!(targets[0].address, Some("127.0.0.1:4000".parse().unwrap()));
        assert!(!targets[0].healthy);
        assert_eq!(targets[1], target("i-2", TargetState::Draining));
        assert!(any_draining(&routes));
    }
}

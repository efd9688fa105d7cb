//! The network that instances are on: one for each Docker, shared by all installations that use it.
//!
//! Its gateway has the address from which AWS's SDKs accept credentials over plain HTTP, and instances on
//! it cannot reach each other. Invariant: what is here under its name and has another shape is not used.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
};

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkInspect};

use super::{DockerError, Doing, Engine};
use crate::labels;

/// The network's name.
pub const NAME: &str = "beanpole";
/// This host, as instances reach it. SDKs ask no other address but loopback for a container's credentials.
pub const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2));
/// The largest range around the gateway that leaves 169.254.169.254 to clouds: 508 instances.
const SUBNET: &str = "169.254.170.0/23";
const BETWEEN_CONTAINERS: &str = "com.docker.network.bridge.enable_icc";

/// Why instances cannot be on their network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error(transparent)]
    Docker(#[from] DockerError),
    #[error(
        "Docker has a network named {NAME} that is not as Beanpole makes it ({0}): if nothing else needs it, \
         remove it with `docker network rm {NAME}` and it is made anew"
    )]
    OtherShape(String),
    #[error(
        "the network {NAME} cannot be made: its range {SUBNET} is in use on this host ({0}); find out by which \
         network with `docker network inspect` and `ip route`"
    )]
    RangeTaken(DockerError),
}

impl NetworkError {
    /// Whether Docker did not answer at all, so that trying again makes sense.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Docker(error) if error.is_unreachable())
    }
}

impl Engine {
    /// Makes the network unless it is there. Others may do the same at the same time.
    pub async fn ensure_network(&self) -> Result<(), NetworkError> {
        if self.has_network().await? {
            return Ok(());
        }
        let made = self.api.create_network(wanted()).await;
        let Err(error) = made.doing("making the network of instances") else {
            tracing::info!(network = NAME, subnet = SUBNET, "made the network of instances");
            return Ok(());
        };
        if error.is_unreachable() || !self.has_network().await? {
            return Err(if error.to_string().contains("overlap") {
                NetworkError::RangeTaken(error)
            } else {
                NetworkError::Docker(error)
            });
        }
        Ok(())
    }

    async fn has_network(&self) -> Result<bool, NetworkError> {
        let found = self.api.inspect_network(NAME, None).await;
        match found.doing("looking for the network of instances") {
            Ok(found) => match other_shape(&found) {
                None => Ok(true),
                Some(difference) => Err(NetworkError::OtherShape(difference)),
            },
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn wanted() -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: NAME.to_owned(),
        driver: Some("bridge".to_owned()),
        ipam: Some(Ipam {
            config: Some(vec![IpamConfig {
                subnet: Some(SUBNET.to_owned()),
                gateway: Some(GATEWAY.to_string()),
                ..IpamConfig::default()
            }]),
            ..Ipam::default()
        }),
        options: Some(HashMap::from([(
            BETWEEN_CONTAINERS.to_owned(),
            "false".to_owned(),
        )])),
        labels: Some(HashMap::from([(labels::ROLE.to_owned(), "instances".to_owned())])),
        ..NetworkCreateRequest::default()
    }
}

/// What is different about a network of our name.
fn other_shape(found: &NetworkInspect) -> Option<String> {
    let driver = found.driver.as_deref().unwrap_or_default();
    if driver != "bridge" {
        return Some(format!("its driver is {driver}"));
    }
    let ranges = found.ipam.iter().flat_map(|ipam| ipam.config.iter().flatten());
    let ranges: Vec<_> = ranges
        .map(|range| (range.subnet.as_deref(), range.gateway.as_deref()))
        .collect();
    if !ranges.contains(&(Some(SUBNET), Some(GATEWAY.to_string().as_str()))) {
        return Some(format!("it is not {SUBNET} with the gateway {GATEWAY}"));
    }
    let between = found.options.iter().find_map(|all| all.get(BETWEEN_CONTAINERS));
    if between.map(String::as_str) != Some("false") {
        return Some("containers on it can reach each other".to_owned());
    }
    if found.internal == Some(true) {
        return Some("containers on it cannot reach outward".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspected() -> NetworkInspect {
        let made = wanted();
        NetworkInspect {
            driver: made.driver,
            ipam: made.ipam,
            options: made.options,
            ..NetworkInspect::default()
        }
    }

    #[test]
    fn a_network_of_our_name_and_another_shape_is_not_ours() {
        assert_eq!(other_shape(&inspected()), None);
        let differences: [fn(&mut NetworkInspect); 4] = [
            |network| network.driver = Some("overlay".to_owned()),
            |network| network.ipam = None,
            |network| network.options = None,
            |network| network.internal = Some(true),
        ];
        for change in differences {
            let mut network = inspected();
            change(&mut network);
            assert!(other_shape(&network).is_some(), "{network:?}");
        }
    }
}

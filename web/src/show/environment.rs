//! An environment's state and health.

use beanpole_protocol::{
    DeploymentId, Timestamp,
    api::{Environment, EnvironmentStatus, Health, HealthColor, HealthStatus},
};
use serde::Serialize;

use super::{Badge, Tone, badge, when::When};

#[derive(Debug, Serialize)]
pub struct HealthView {
    color: &'static str,
    tone: Tone,
    status: &'static str,
    causes: Vec<String>,
}

impl HealthView {
    pub fn new(health: Health) -> Self {
        let (color, tone) = match health.color {
            HealthColor::Green => ("Green", Tone::Good),
            HealthColor::Yellow => ("Yellow", Tone::Warn),
            HealthColor::Red => ("Red", Tone::Bad),
            HealthColor::Grey => ("Grey", Tone::Quiet),
        };
        let status = match health.status {
            HealthStatus::Ok => "Ok",
            HealthStatus::Info => "Info",
            HealthStatus::Warning => "Warning",
            HealthStatus::Degraded => "Degraded",
            HealthStatus::Severe => "Severe",
            HealthStatus::Pending => "Pending",
            HealthStatus::Unknown => "Unknown",
            HealthStatus::NoData => "No data",
        };
        Self {
            color,
            tone,
            status,
            causes: health.causes,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct EnvironmentView {
    pub name: String,
    pub application: String,
    pub status: Badge,
    pub health: HealthView,
    /// Only ever `http` or `https`.
    pub url: Option<String>,
    pub cname: String,
    pub platform: &'static str,
    pub version: Option<String>,
    pub deployment_number: Option<u32>,
    pub min: u32,
    pub max: u32,
    pub desired: u32,
    /// Being terminated, or gone.
    pub ending: bool,
    pub updated: When,
    #[serde(skip)]
    pub active_deployment: Option<DeploymentId>,
}

impl EnvironmentView {
    pub fn new(environment: Environment, now: Timestamp) -> Self {
        let web = ["http://", "https://"]
            .iter()
            .any(|scheme| environment.url.starts_with(scheme));
        Self {
            status: status(environment.status),
            ending: matches!(
                environment.status,
                EnvironmentStatus::Terminating | EnvironmentStatus::Terminated
            ),
            health: HealthView::new(environment.health),
            url: web.then_some(environment.url),
            platform: environment.platform.name(),
            updated: When::new(environment.updated_at, now),
            name: environment.name,
            application: environment.application,
            cname: environment.cname,
            version: environment.version_label,
            deployment_number: environment.deployment_number,
            min: environment.min_instances,
            max: environment.max_instances,
            desired: environment.desired_instances,
            active_deployment: environment.active_deployment,
        }
    }
}

const fn status(status: EnvironmentStatus) -> Badge {
    match status {
        EnvironmentStatus::Launching => badge("Launching", Tone::Busy),
        EnvironmentStatus::Updating => badge("Updating", Tone::Busy),
        EnvironmentStatus::Ready => badge("Ready", Tone::Good),
        EnvironmentStatus::Terminating => badge("Terminating", Tone::Warn),
        EnvironmentStatus::Terminated => badge("Terminated", Tone::Quiet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_of_the_web_becomes_no_link() {
        let environment = |url: &str| -> Environment {
            serde_json::from_value(serde_json::json!({
                "id": "e-1", "application": "a", "name": "prod", "cname": "prod.localhost", "url": url,
                "tier": "WebServer", "platform": "python", "status": "Ready",
                "health": {"color": "Green", "status": "Ok", "causes": []},
                "version_label": null, "deployment_number": null, "active_deployment": null,
                "min_instances": 1, "max_instances": 4, "desired_instances": 1,
                "created_at": "2026-11-22T23:00:00Z", "updated_at": "2026-11-22T23:00:00Z",
            }))
            .unwrap()
        };
        let now = Timestamp::from_millis(0);
        assert!(
            EnvironmentView::new(environment("javascript:alert(1)"), now)
                .url
                .is_none()
        );
        assert!(
            EnvironmentView::new(environment("http://prod.localhost:8080"), now)
                .url
                .is_some()
        );
    }
}

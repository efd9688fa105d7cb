//! Calls about deployments.

use reqwest::Method;

use super::{Client, Result, environment_path};
use crate::{DeploymentId, api::*};

impl Client {
    pub async fn deploy(
        &self,
        environment: &str,
        key: &str,
        body: &CreateDeployment,
    ) -> Result<EnvironmentChange> {
        self.create(&environment_path(environment, "/deployments"), key, body)
            .await
    }
    pub async fn deployments(&self, environment: &str, page: &PageQuery) -> Result<Page<Deployment>> {
        self.get_query(&environment_path(environment, "/deployments"), page)
            .await
    }
    pub async fn deployment(&self, id: &DeploymentId) -> Result<Deployment> {
        self.get(&format!("/deployments/{id}")).await
    }
    /// Waits on the server until the deployment has ended, at most `timeout_seconds`.
    pub async fn deployment_result(&self, id: &DeploymentId, timeout_seconds: u32) -> Result<Deployment> {
        self.get_query(
            &format!("/deployments/{id}/result"),
            &[("timeout", timeout_seconds)],
        )
        .await
    }
    pub async fn abort(&self, id: &DeploymentId) -> Result<Deployment> {
        self.json(self.request(Method::POST, &format!("/deployments/{id}/abort")))
            .await
    }
}

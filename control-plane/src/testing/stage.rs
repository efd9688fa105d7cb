//! One application with some versions, some hosts with pretending agents, and the operations on them.

use std::collections::BTreeMap;

use beanpole_protocol::{
    ApplicationId, DeploymentId, Timestamp, VersionId,
    api::{
        CreateDeployment, CreateEnvironment, Deployment, DeploymentPolicy, EnvironmentChange, Event,
        OptionName, OptionSetting, Severity, UpdateEnvironment,
    },
};
use sqlx::{PgConnection, Postgres, Transaction};
use tempfile::TempDir;

use super::FakeAgent;
use crate::{
    ApiError, App, ops, reconcile,
    store::{self, column::at, deployments, environments, environments::EnvironmentRow, events},
};

pub struct Stage {
    pub app: App,
    pub agents: Vec<FakeAgent>,
    pub versions: BTreeMap<String, VersionId>,
    _folder: TempDir,
}

/// An option setting.
pub fn option(namespace: &str, name: &str, value: &str) -> OptionSetting {
    OptionSetting {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

impl Stage {
    /// An application `shop` with versions `v1` to `v4`, and so many hosts of 16 GiB.
    pub async fn new(hosts: usize) -> Self {
        let (app, folder) = store::testing::app().await;
        let application = ApplicationId::random();
        let now = at(Timestamp::now());
        let insert = "insert into control.applications (id, name, description, created_at)
            values ($1, 'shop', '', $2)";
        sqlx::query(insert)
            .bind(application.as_str())
            .bind(now)
            .execute(&app.pool)
            .await
            .unwrap();
        let mut versions = BTreeMap::new();
        for label in ["v1", "v2", "v3", "v4"] {
            let id = VersionId::random();
            let insert = "insert into control.application_versions
                (id, application_id, label, description, platform, sha256, size_bytes, created_at)
                values ($1, $2, $3, '', 'python', $4, 10, $5)";
            sqlx::query(insert)
                .bind(id.as_str())
                .bind(application.as_str())
                .bind(label)
                .bind(vec![0_u8; 32])
                .bind(now)
                .execute(&app.pool)
                .await
                .unwrap();
            versions.insert(label.to_owned(), id);
        }
        let mut agents = Vec::new();
        for number in 0..hosts {
            agents.push(FakeAgent::join(&app, &format!("host-{number}"), 16 * 1024).await);
        }
        Self {
            app,
            agents,
            versions,
            _folder: folder,
        }
    }

    pub async fn connection(&self) -> sqlx::pool::PoolConnection<Postgres> {
        self.app.pool.acquire().await.unwrap()
    }

    pub async fn create(
        &self,
        name: &str,
        options: Vec<OptionSetting>,
    ) -> Result<EnvironmentChange, ApiError> {
        self.create_with(name, "v1", options).await
    }

    /// A new environment, with a version of choice.
    pub async fn create_with(
        &self,
        name: &str,
        label: &str,
        options: Vec<OptionSetting>,
    ) -> Result<EnvironmentChange, ApiError> {
        let request = CreateEnvironment {
            application: "shop".to_owned(),
            name: name.to_owned(),
            cname_prefix: None,
            platform: None,
            version_label: label.to_owned(),
            options,
        };
        let mut transaction = self.begin().await;
        let change = ops::create_environment::create_environment(
            &self.app,
            &mut transaction,
            &request,
            Timestamp::now(),
        )
        .await?;
        transaction.commit().await.unwrap();
        Ok(change)
    }

    pub async fn deploy(
        &self,
        name: &str,
        label: &str,
        policy: DeploymentPolicy,
    ) -> Result<EnvironmentChange, ApiError> {
        let request = CreateDeployment {
            version_label: label.to_owned(),
            policy: Some(policy),
        };
        let mut transaction = self.begin().await;
        let change = ops::deploy_version::deploy_version(
            &self.app,
            &mut transaction,
            name,
            &request,
            Timestamp::now(),
        )
        .await?;
        transaction.commit().await.unwrap();
        Ok(change)
    }

    pub async fn update(
        &self,
        name: &str,
        set: Vec<OptionSetting>,
        remove: Vec<OptionName>,
    ) -> Result<EnvironmentChange, ApiError> {
        let request = UpdateEnvironment { set, remove };
        let mut transaction = self.begin().await;
        let change = ops::update_environment::update_environment(
            &self.app,
            &mut transaction,
            name,
            &request,
            Timestamp::now(),
        )
        .await?;
        transaction.commit().await.unwrap();
        Ok(change)
    }

    pub async fn terminate(&self, name: &str) -> Result<EnvironmentChange, ApiError> {
        let mut transaction = self.begin().await;
        let change = ops::terminate::terminate(&self.app, &mut transaction, name, Timestamp::now()).await?;
        transaction.commit().await.unwrap();
        Ok(change)
    }

    pub async fn abort(&self, id: &DeploymentId) -> Result<Deployment, ApiError> {
        let mut transaction = self.begin().await;
        let deployment = ops::abort::abort(&mut transaction, id, "ann", Timestamp::now()).await?;
        transaction.commit().await.unwrap();
        Ok(deployment)
    }

    pub async fn begin(&self) -> Transaction<'static, Postgres> {
        self.app.pool.begin().await.unwrap()
    }

    /// Everybody does once what there is to do.
    ///
    /// Two servers plan at the same time, as any number may.
    pub async fn step(&mut self) {
        let (one, other) = tokio::join!(reconcile::round(&self.app), reconcile::round(&self.app));
        one.and(other).unwrap();
        for agent in &mut self.agents {
            agent.step(&self.app).await;
        }
    }

    /// Steps until `done`, at most a few hundred times; fails with the events when it does not come.
    pub async fn until(&mut self, what: &str, mut done: impl AsyncFnMut(&Stage) -> bool) {
        for _ in 0..400 {
            if done(self).await {
                return;
            }
            self.step().await;
        }
        let events = self.all_events().await;
        panic!("{what} did not come about; events: {events:#?}");
    }

    /// Steps until the deployment has ended: how.
    pub async fn result(&mut self, change: &EnvironmentChange) -> Deployment {
        let id = change.deployment.as_ref().unwrap().id.clone();
        self.until("the end of the deployment", async |stage| {
            stage.deployment(&id).await.status.is_terminal()
        })
        .await;
        // Agents learn of what the last plan wrote.
        self.step().await;
        self.deployment(&id).await
    }

    pub async fn deployment(&self, id: &DeploymentId) -> Deployment {
        let row = deployments::by_id(&mut *self.connection().await, id)
            .await
            .unwrap()
            .unwrap();
        ops::views::deployment(row, Timestamp::now())
    }

    pub async fn environment(&self, name: &str) -> EnvironmentRow {
        let long_ago = Timestamp::from_millis(0);
        environments::by_name(&mut *self.connection().await, name, long_ago)
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn events(&self, name: &str) -> Vec<Event> {
        let environment = self.environment(name).await;
        let conn: &mut PgConnection = &mut *self.connection().await;
        events::after(conn, &environment.id, 0, Severity::Trace, 1000)
            .await
            .unwrap()
    }

    async fn all_events(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select severity || ' ' || kind || ': ' || message from control.events order by id",
        )
        .fetch_all(&self.app.pool)
        .await
        .unwrap()
    }

    /// An environment `prod` on `v1`, up and running.
    pub async fn launched(hosts: usize, options: Vec<OptionSetting>) -> Self {
        let mut stage = Self::new(hosts).await;
        let change = stage.create("prod", options).await.unwrap();
        let deployment = stage.result(&change).await;
        assert_eq!(
            deployment.status,
            beanpole_protocol::api::DeploymentStatus::Succeeded,
            "{deployment:?}"
        );
        stage
    }
}

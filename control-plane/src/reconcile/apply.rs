//! Writes a plan: each change into its rows, its reason into an event.
//!
//! Lock order: the environment (the caller has it), all hosts by id, instances, wakes.

use std::collections::{BTreeMap, BTreeSet};

use beanpole_planner::{Change, Phase, Purpose, Reason, snapshot::Intent};
use beanpole_protocol::{DeploymentId, HostId, InstanceId, Release, Timestamp};
use sqlx::PgConnection;

use super::{
    ReconcileError,
    finish::{self, Ended},
    world::World,
};
use crate::{
    App,
    notices::{self, Notice},
    ops::record::{self, About},
    store::{
        deployments, environments, host_images, hosts,
        instances::{self, NewInstance, NextIntent},
    },
};

/// Which hosts have to be told, and what ended, in one transaction.
#[derive(Default)]
pub struct Touched {
    /// Generations as locked; each host gets the next one at most once.
    locked: Option<BTreeMap<HostId, u64>>,
    hosts: BTreeSet<HostId>,
    all: bool,
    pub ended: Option<Ended>,
}

impl Touched {
    /// The desired list of one host changes.
    pub fn host(&mut self, id: &HostId) {
        self.hosts.insert(id.clone());
    }

    /// The routes change, and every edge has them.
    pub fn routes(&mut self) {
        self.all = true;
    }

    async fn lock(&mut self, conn: &mut PgConnection) -> sqlx::Result<()> {
        if self.locked.is_none() {
            self.locked = Some(hosts::lock_all(conn).await?.into_iter().collect());
        }
        Ok(())
    }

    /// The generations in which hosts see what is written now.
    fn next_generations(&self) -> BTreeMap<HostId, u64> {
        let locked = self.locked.iter().flatten();
        locked
            .map(|(id, generation)| (id.clone(), generation + 1))
            .collect()
    }

    /// Gives the hosts their new generation and tells them.
    pub async fn commit(mut self, conn: &mut PgConnection) -> sqlx::Result<()> {
        if !self.all && self.hosts.is_empty() {
            return Ok(());
        }
        self.lock(conn).await?;
        let ids: Vec<HostId> = if self.all {
            self.locked.into_iter().flatten().map(|(id, _)| id).collect()
        } else {
            self.hosts.into_iter().collect()
        };
        hosts::bump(conn, &ids).await?;
        for id in ids {
            notices::send(conn, &Notice::Host(id)).await?;
        }
        Ok(())
    }
}

/// What all changes of one plan are written with.
struct Writer<'a> {
    conn: &'a mut PgConnection,
    app: &'a App,
    world: &'a World,
    touched: &'a mut Touched,
    now: Timestamp,
}

/// Writes the changes in their order.
pub async fn plan(
    conn: &mut PgConnection,
    app: &App,
    world: &World,
    changes: &[Change],
    touched: &mut Touched,
    now: Timestamp,
) -> Result<(), ReconcileError> {
    touched.lock(conn).await?;
    let mut writer = Writer {
        conn,
        app,
        world,
        touched,
        now,
    };
    for change in changes {
        writer.write(change).await?;
    }
    Ok(())
}

impl Writer<'_> {
    async fn write(&mut self, change: &Change) -> Result<(), ReconcileError> {
        match change {
            Change::PrepareImage { host, version } => {
                let wanted = host_images::want(self.conn, host, version, self.now).await?
                    || host_images::retry(self.conn, host, version, self.now).await?;
                if wanted {
                    self.touched.host(host);
                }
            }
            Change::Launch {
                host,
                release,
                purpose,
                reason,
            } => {
                self.launch(host, release, *purpose).await?;
                self.say(reason).await?;
            }
            Change::PutInService { instance, reason } => {
                self.intend(instance, NextIntent::InService).await?;
                self.say(reason).await?;
            }
            Change::Drain { instance, reason } => {
                self.intend(instance, NextIntent::Draining).await?;
                self.say(reason).await?;
            }
            Change::Stop { instance, reason } => {
                self.intend(instance, NextIntent::Stopping).await?;
                self.say(reason).await?;
            }
            Change::Forget { instance, reason } => {
                self.forget(instance).await?;
                self.say(reason).await?;
            }
            Change::SetSplit { new_percent, reason } => {
                environments::set_split(self.conn, &self.world.environment.id, *new_percent).await?;
                self.touched.routes();
                self.say(reason).await?;
            }
            Change::AdvancePhase { to, reason } => {
                self.advance(to).await?;
                self.say(reason).await?;
            }
            Change::Finish {
                status,
                current,
                reason,
            } => {
                self.say(reason).await?;
                let (world, touched) = (self.world, &mut *self.touched);
                let outcome = finish::Outcome {
                    status: *status,
                    current: current.as_ref(),
                    reason,
                };
                finish::finish(self.conn, self.app, world, &outcome, touched, self.now).await?;
            }
            Change::SetHindrance { reason } => {
                let id = &self.world.environment.id;
                environments::set_hindrance(self.conn, id, reason.as_ref()).await?;
                if let Some(reason) = reason {
                    self.say(reason).await?;
                }
            }
        }
        Ok(())
    }

    async fn say(&mut self, reason: &Reason) -> Result<(), ReconcileError> {
        let deployment = self.world.deployment.as_ref();
        let about = About {
            deployment: deployment.map(|deployment| &deployment.id),
            version_label: deployment.map(|deployment| deployment.label.as_str()),
        };
        let text = reason.to_string();
        let event = (reason.severity(), reason.kind(), text.as_str());
        record::event(self.conn, &self.world.environment, about, event, self.now).await?;
        Ok(())
    }

    async fn launch(
        &mut self,
        host: &HostId,
        release: &Release,
        purpose: Purpose,
    ) -> Result<(), ReconcileError> {
        let Some(deployment) = self.deployment_for(purpose).await? else {
            // No environment is without deployments; there is nothing an instance could be of.
            return Err(sqlx::Error::RowNotFound.into());
        };
        let settings = self.world.settings_of(release.configuration)?;
        let new = NewInstance {
            id: &InstanceId::random(),
            environment: &self.world.environment.id,
            deployment: &deployment,
            host,
            release,
            memory_bytes: settings.limits.memory_bytes,
            now: self.now,
        };
        instances::insert(self.conn, &new).await?;
        self.touched.host(host);
        Ok(())
    }

    /// The deployment an instance is recorded under.
    async fn deployment_for(&mut self, purpose: Purpose) -> Result<Option<DeploymentId>, ReconcileError> {
        let World {
            environment,
            deployment,
            ..
        } = self.world;
        let running = deployment.as_ref().map(|deployment| deployment.id.clone());
        if purpose == Purpose::Deployment && running.is_some() {
            return Ok(running);
        }
        let current = match environment.current_deployment_number {
            Some(number) => deployments::by_number(self.conn, &environment.id, number).await?,
            None => {
                let before = deployment.as_ref().map(|deployment| i64::from(deployment.number));
                let mut page = deployments::page(self.conn, &environment.id, before, 1).await?;
                page.pop()
            }
        };
        Ok(current.map(|deployment| deployment.id).or(running))
    }

    async fn intend(&mut self, id: &InstanceId, intent: NextIntent) -> Result<(), ReconcileError> {
        let generations = self.touched.next_generations();
        instances::set_intent(self.conn, id, intent, &generations, self.now).await?;
        let row = self.world.instances.iter().find(|row| row.id == *id);
        let routed = intent != NextIntent::Stopping
            || row.is_some_and(|row| matches!(row.intent, Intent::InService | Intent::Draining { .. }));
        if routed {
            self.touched.routes();
        }
        if let Some(row) = row {
            self.touched.host(&row.host_id);
        }
        Ok(())
    }

    async fn forget(&mut self, id: &InstanceId) -> Result<(), ReconcileError> {
        instances::delete(self.conn, id).await?;
        let Some(row) = self.world.instances.iter().find(|row| row.id == *id) else {
            return Ok(());
        };
        self.touched.host(&row.host_id);
        if matches!(row.intent, Intent::InService | Intent::Draining { .. }) {
            self.touched.routes();
        }
        Ok(())
    }

    async fn advance(&mut self, to: &Phase) -> Result<(), ReconcileError> {
        let Some(deployment) = &self.world.deployment else {
            return Ok(());
        };
        deployments::set_phase(self.conn, &deployment.id, to, self.now).await?;
        if let Phase::Returning { cause, .. } = to
            && let Some(tail) = finish::log_tail(self.conn, self.world, Some(cause)).await?
        {
            deployments::set_log_tail(self.conn, &deployment.id, &tail).await?;
        }
        let built = deployment.phase == Phase::Preparing
            && !matches!(to, Phase::Returning { .. } | Phase::Terminating);
        if built {
            deployments::set_built(self.conn, &deployment.id, self.now).await?;
        }
        Ok(())
    }
}

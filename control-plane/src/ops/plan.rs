//! What a bundle would change in an environment. Nothing is kept of it.

use std::collections::BTreeMap;

use beanpole_ebextensions::{Config, Plan, plan::Happened as Change};
use beanpole_protocol::{
    Timestamp,
    api::{BundlePlan, EffectiveOption, EntryChange, Finding, FindingSeverity, Happened, OptionChange},
};

use super::{find, versions};
use crate::{
    ApiError, App,
    blobs::BlobHash,
    bundle::{
        Layout,
        configuration::{Judgement, judge},
        manifests::judge_root_files,
    },
    configurations,
    http::pace::Paced,
    options::{OptionError, OptionSet, Reveal, Settings},
    resources::{Here, Subject, bring, changes::changes, provide::foresee},
    store::{application_versions, environment_queues},
};

/// Compares a bundle with what the environment runs.
pub async fn plan(app: &App, name: &str, body: Paced) -> Result<BundlePlan, ApiError> {
    let incoming = app.blobs.begin().await.map_err(ApiError::internal)?;
    let received = versions::receive(incoming, body).await?;
    let layout = app.inspector.inspect(received.path()).await?;

    let mut connection = app.pool.acquire().await?;
    let environment = find::environment(&mut connection, name, Timestamp::now()).await?;
    let installation = versions::installation(app);
    let Judgement { mut findings, .. } =
        judge(&layout.configuration_files, environment.platform, &installation);
    findings.extend(judge_root_files(&layout.root_files, environment.platform).1);
    let before = configurations::load_one(
        &mut connection,
        &app.secrets,
        &environment.id,
        environment.configuration,
    )
    .await?;
    let running = match &environment.current {
        Some(release) => application_versions::bundle_hash(&mut connection, &release.version).await?,
        None => None,
    };
    let there = environment_queues::of_environment(&mut connection, &environment.id).await?;
    let files = config_of(&layout);
    let subject = Subject {
        id: &environment.id,
        name: &environment.name,
    };
    let here = Here {
        config: &app.config,
        subject,
        own: &before,
        names: BTreeMap::new(),
    };
    let brings = bring(&files, here);
    findings.extend(foresee(&mut connection, &there, &brings.queues).await?);
    drop(connection);
    for finding in brings.findings {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    let old = match running {
        Some(hash) => files_of(app, &hash).await?,
        None => Config::default(),
    };
    let after = before.with_version(&brings.settings).and_then(|set| {
        Settings::of(&set, environment.platform)?;
        Ok(set)
    });
    let options = match after {
        Ok(after) => changed_options(&before, &after),
        Err(error) => {
            findings.push(refusal(&error));
            Vec::new()
        }
    };
    Ok(BundlePlan {
        version_label: environment.current_label,
        refused: findings
            .iter()
            .any(|finding| finding.severity == FindingSeverity::Error),
        findings,
        options,
        entries: changed_entries(&old, &files),
        queues: changes(&there, &brings.queues),
    })
}

async fn files_of(app: &App, hash: &BlobHash) -> Result<Config, ApiError> {
    let layout = app.inspector.inspect(&app.blobs.path(hash)).await?;
    Ok(config_of(&layout))
}

fn config_of(layout: &Layout) -> Config {
    beanpole_ebextensions::parse(&layout.configuration_files).config
}

/// Options that are fine one by one and do not fit together.
fn refusal(error: &OptionError) -> Finding {
    Finding {
        severity: FindingSeverity::Error,
        file: ".ebextensions".to_owned(),
        line: 1,
        column: 1,
        key: error.field(),
        message: error.to_string(),
    }
}

fn changed_options(before: &OptionSet, after: &OptionSet) -> Vec<OptionChange> {
    let by_name = |set: &OptionSet| -> BTreeMap<(String, String), String> {
        set.effective(Reveal::Values)
            .into_iter()
            .map(
                |EffectiveOption {
                     namespace,
                     name,
                     value,
                     ..
                 }| ((namespace, name), value),
            )
            .collect()
    };
    let (before, after) = (by_name(before), by_name(after));
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| OptionChange {
            namespace: key.0.clone(),
            name: key.1.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        })
        .collect()
}

/// Queues are told as what becomes of them.
fn is_queue(old: &Config, new: &Config, id: &str) -> bool {
    let mut resources = [old, new]
        .into_iter()
        .flat_map(|config| &config.files)
        .filter_map(|file| file.resources.get(id));
    resources.any(|resource| resource.queue.is_some())
}

fn changed_entries(old: &Config, new: &Config) -> Vec<EntryChange> {
    Plan::between(old, new)
        .into_iter()
        .filter(|change| change.section != "option_settings")
        .filter(|change| change.section != "resources" || !is_queue(old, new, &change.name))
        .map(|change| EntryChange {
            summary: change.to_string(),
            file: change.file,
            section: change.section,
            name: change.name,
            happened: match change.happened {
                Change::Added => Happened::Added,
                Change::Removed => Happened::Removed,
                Change::Changed => Happened::Changed,
            },
        })
        .collect()
}

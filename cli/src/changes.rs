//! A change of an environment, from the server's answer to its end: shared by all verbs that make one.

use beanpole_protocol::{
    api::{
        BuildStatus, Deployment, DeploymentKind, Environment, EnvironmentChange, EventQuery,
        UpdateEnvironment,
    },
    client::{Client, ClientError},
};
use serde_json::{Value, json};

use crate::{
    args::Waiting,
    context::Context,
    exit::Exit,
    failure::Failure,
    follow::{self, Ending, backoff::Backoff, outcome, watch::Subject},
    output::{Hue, Output, plain},
};

/// How often a call that may be repeated is tried while the server does not answer.
const TRIES: u32 = 8;
/// How much of a build's output is shown when it fails.
const BUILD_LOG_LINES: usize = 30;

/// A change that went well, or is left to itself.
pub struct Done {
    pub environment: Environment,
    pub deployment: Option<Deployment>,
    /// What to tell people.
    pub message: String,
}

impl Done {
    /// For `--json`.
    pub fn document(&self) -> Value {
        json!({ "environment": self.environment, "deployment": self.deployment })
    }

    /// Prints the message, and with `--json` the document.
    pub fn print(&self, out: &Output) {
        out.line(out.paint.text(Hue::Green, &self.message));
        out.document(&self.document());
    }
}

/// A new key: calls repeated with it are one.
pub fn idempotency_key() -> String {
    format!("bp-{:032x}", rand::random::<u128>())
}

/// Repeats a call that carries an idempotency key while the server does not answer.
pub async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, ClientError>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let mut backoff = Backoff::default();
    for _ in 1..TRIES {
        match call().await {
            Err(ClientError::Unreachable { .. }) => backoff.pause().await,
            Err(error) if matches!(error.status(), Some(502..=504)) => backoff.pause().await,
            answer => return answer,
        }
    }
    call().await
}

/// Where the events of an environment are now: what comes later has a greater id.
pub async fn newest_event(client: &Client, environment: &str) -> Result<Option<i64>, ClientError> {
    let query = EventQuery {
        limit: Some(1),
        ..EventQuery::default()
    };
    let page = client.events(environment, &query).await?;
    Ok(Some(page.items.last().map_or(0, |event| event.id)))
}

/// Changes options and waits for what that starts.
pub async fn update(
    context: &Context,
    client: &Client,
    name: &str,
    body: &UpdateEnvironment,
    waiting: &Waiting,
) -> Result<Done, Failure> {
    let after = newest_event(client, name).await?;
    let key = idempotency_key();
    let change = patiently(|| client.update_environment(name, &key, body)).await?;
    finish(context, client, change, after, waiting).await
}

/// Waits for the end of what a change started, telling on the way.
pub async fn finish(
    context: &Context,
    client: &Client,
    change: EnvironmentChange,
    after: Option<i64>,
    waiting: &Waiting,
) -> Result<Done, Failure> {
    let EnvironmentChange {
        environment,
        deployment,
    } = change;
    if let Some(hindrance) = &environment.hindrance {
        warn(&context.out, &hindrance.message);
    }
    let Some(started) = deployment else {
        return Ok(Done {
            message: format!("{} is changed; there was nothing to roll out.", environment.name),
            environment,
            deployment: None,
        });
    };
    if waiting.nohang {
        return Ok(Done {
            message: format!(
                "{} has started. Watch it with `bp events --follow {}`.",
                outcome::subject(&started),
                environment.name
            ),
            environment,
            deployment: Some(started),
        });
    }
    let deployment = attend(context, client, &environment.name, started, after, waiting).await?;
    let message = match outcome::judge(&deployment) {
        Ok(message) => message,
        Err(failure) => {
            explain(&context.out, client, &environment.application, &deployment).await;
            return Err(failure);
        }
    };
    // What it is now; a terminated environment may not be found any more.
    let environment = client.environment(&environment.name).await.unwrap_or(environment);
    Ok(Done {
        environment,
        deployment: Some(deployment),
        message,
    })
}

/// What is in the way, told as soon as it is known.
pub fn warn(out: &Output, message: &str) {
    out.progress(out.progress_paint().text(Hue::Yellow, message));
}

/// Follows a deployment until it has ended, however.
pub async fn attend(
    context: &Context,
    client: &Client,
    environment: &str,
    started: Deployment,
    after: Option<i64>,
    waiting: &Waiting,
) -> Result<Deployment, Failure> {
    let subject = Subject {
        client: client.clone(),
        environment: environment.to_owned(),
        after,
    };
    let what = outcome::subject(&started);
    let can_abort = started.kind != DeploymentKind::Terminate;
    match follow::follow(&context.out, subject, started, waiting.timeout).await {
        Ending::Ended(deployment) => Ok(*deployment),
        Ending::Waited {
            lost: Some(why),
            last,
        } => Err(Failure::new(
            Exit::Unreachable,
            "unreachable",
            format!("{what} was running when the server stopped answering: {why}."),
        )
        .hint(format!("See how it went with `bp status {environment}`."))
        .with("deployment", last)),
        Ending::Waited { lost: None, last } => Err(Failure::new(
            Exit::TimedOut,
            "timeout",
            format!(
                "{what} is still running after {} ({}); it goes on.",
                crate::output::clock::span(waiting.timeout),
                outcome::progress(&last)
            ),
        )
        .hint(watch_hint(environment, can_abort))
        .with("deployment", last)),
        Ending::Interrupted => Err(Failure::new(
            Exit::Interrupted,
            "interrupted",
            format!("You stopped watching; {what} goes on."),
        )
        .hint(watch_hint(environment, can_abort))),
        Ending::Refused(error) => Err(error.into()),
    }
}

fn watch_hint(environment: &str, can_abort: bool) -> String {
    let mut hint = format!("Watch it with `bp events --follow {environment}`");
    if can_abort {
        hint.push_str(&format!(", stop it with `bp abort {environment}`"));
    }
    hint.push('.');
    hint
}

/// Shows what the build, or the application, had to say about a failure.
async fn explain(out: &Output, client: &Client, application: &str, deployment: &Deployment) {
    let label = &deployment.version_label;
    if let Some(log) = failed_build(client, application, label).await {
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(BUILD_LOG_LINES)..].join("\n");
        quote(out, "The end of the build's log:", &end);
        let all = format!("All of it: bp appversion --build-log {label}");
        out.progress(out.progress_paint().dim(&all));
    } else if let Some(tail) = deployment.log_tail.as_deref()
        && !tail.trim().is_empty()
    {
        quote(out, "The application's last lines:", tail);
    }
}

/// The log of a version's build, if it is that which failed.
async fn failed_build(client: &Client, application: &str, label: &str) -> Option<String> {
    let version = client.version(application, label).await.ok()?;
    let failed = version
        .builds
        .iter()
        .any(|build| build.status == BuildStatus::Failed);
    let log = client
        .build_log(application, label)
        .await
        .ok()
        .filter(|_| failed)?;
    Some(log.text).filter(|text| !text.trim().is_empty())
}

fn quote(out: &Output, title: &str, text: &str) {
    let paint = out.progress_paint();
    out.progress(paint.bold(Hue::Plain, title));
    for line in plain(text.trim_end()).lines() {
        out.progress(format!("{} {line}", paint.text(Hue::Red, "│")));
    }
}

//! Follows a deployment to its end, on a screen or in a log.
//!
//! The end comes from the server's own record of the deployment, never from what events say.

pub mod backoff;
pub mod outcome;
pub mod sse;
pub mod watch;

use std::time::Duration;

use beanpole_protocol::{
    Timestamp,
    api::{Deployment, Event, EventQuery, Severity},
    client::{Client, ClientError},
};
use indicatif::ProgressBar;
use tokio::time::Instant;

use self::watch::{Subject, Update, Watch};
use crate::output::{Output, Paint, clock, plain};

/// Events that announce a deployment can be a little older than it.
const BEFORE: Duration = Duration::from_secs(2);

const LAST_LOOK: Duration = Duration::from_secs(3);

/// How following ended.
#[derive(Debug)]
pub enum Ending {
    /// The deployment did.
    Ended(Box<Deployment>),
    /// The time was up; how far it was, and whether the server answered then.
    Waited {
        last: Box<Deployment>,
        lost: Option<String>,
    },
    /// Ctrl-C.
    Interrupted,
    Refused(ClientError),
}

/// Follows until the end, the timeout or Ctrl-C, printing events as they come.
pub async fn follow(out: &Output, subject: Subject, started: Deployment, timeout: Duration) -> Ending {
    let deadline = Instant::now() + timeout;
    let client = subject.client.clone();
    let environment = subject.environment.clone();
    let mut screen = Screen {
        out,
        bar: out.spinner(outcome::progress(&started)),
        seen: subject.after,
        since: started.started_at - BEFORE,
        lost: None,
    };
    let mut watch = Watch::deployment(subject, &started.id, out.is_live());
    let mut last = Box::new(started);
    let ending = loop {
        let update = tokio::select! {
            update = watch.next() => update,
            () = tokio::time::sleep_until(deadline) => {
                break Ending::Waited { last, lost: screen.lost.take() };
            }
            _ = tokio::signal::ctrl_c() => break Ending::Interrupted,
        };
        match update {
            Some(Update::Event(event)) => {
                screen.back();
                screen.event(&event);
            }
            Some(Update::Progress(deployment)) => {
                screen.back();
                screen.bar.set_message(outcome::progress(&deployment));
                last = deployment;
            }
            Some(Update::Ended(deployment)) => {
                screen.back();
                for update in watch.rest() {
                    if let Update::Event(event) = update {
                        screen.event(&event);
                    }
                }
                screen.rest(&client, &environment).await;
                break Ending::Ended(deployment);
            }
            Some(Update::Lost(why)) => screen.lost(why),
            Some(Update::Back) => screen.back(),
            // An environment that is terminated has no event stream any more: the other sources go on.
            Some(Update::Refused(error)) if error.status() == Some(404) => {
                if client
                    .deployment(&last.id)
                    .await
                    .is_err_and(|error| error.status() == Some(404))
                {
                    break Ending::Refused(error);
                }
            }
            Some(Update::Refused(error)) => break Ending::Refused(error),
            None => {
                break Ending::Waited {
                    last,
                    lost: screen.lost.take(),
                };
            }
        }
    };
    screen.bar.finish_and_clear();
    match ending {
        Ending::Waited { last, lost: None } => last_look(&client, last).await,
        ending => ending,
    }
}

/// At the timeout, what was last heard can be old; and the end can have come in that moment.
async fn last_look(client: &Client, last: Box<Deployment>) -> Ending {
    match tokio::time::timeout(LAST_LOOK, client.deployment(&last.id)).await {
        Ok(Ok(now)) if now.status.is_terminal() => Ending::Ended(Box::new(now)),
        Ok(Ok(now)) => Ending::Waited {
            last: Box::new(now),
            lost: None,
        },
        Ok(Err(_)) | Err(_) => Ending::Waited { last, lost: None },
    }
}

/// Prints above the spinner.
struct Screen<'a> {
    out: &'a Output,
    bar: ProgressBar,
    /// Id of the last event printed.
    seen: Option<i64>,
    /// Older events belong to what had this environment's name before.
    since: Timestamp,
    lost: Option<String>,
}

impl Screen<'_> {
    fn event(&mut self, event: &Event) {
        if self.seen.is_some_and(|seen| event.id <= seen) || event.at < self.since {
            return;
        }
        self.seen = Some(event.id);
        if event.severity < self.out.least_severity() {
            return;
        }
        // Lines of a log in it are shown once, at the end.
        let line = event_line(self.out.progress_paint(), event, &clock::clock(event.at));
        self.say(line.lines().next().unwrap_or_default());
    }

    fn lost(&mut self, why: String) {
        if self.lost.is_none() {
            let text =
                "The server does not answer; the deployment goes on, and so does this once it is back.";
            self.say(&self.out.progress_paint().dim(text));
        }
        self.lost = Some(why);
    }

    fn back(&mut self) {
        if self.lost.take().is_some() {
            self.say(&self.out.progress_paint().dim("The server answers again."));
        }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| self.out.progress(line));
    }

    /// Events that had not come by the stream when the end did. A nicety: its failure is nobody's.
    async fn rest(&mut self, client: &Client, environment: &str) {
        let query = EventQuery {
            after: Some(self.seen.unwrap_or(0)),
            limit: Some(200),
            severity: None,
        };
        if let Ok(page) = client.events(environment, &query).await {
            for event in &page.items {
                self.event(event);
            }
        }
    }
}

/// `23:41:04  INFO   message`; `when` is the time as it shall be shown.
pub fn event_line(paint: Paint, event: &Event, when: &str) -> String {
    let severity = match event.severity {
        Severity::Trace => "TRACE",
        Severity::Debug => "DEBUG",
        Severity::Info => "INFO",
        Severity::Warn => "WARN",
        Severity::Error => "ERROR",
        Severity::Fatal => "FATAL",
    };
    let mut message = plain(&event.message);
    if event.severity < Severity::Info {
        message = paint.dim(&message);
    }
    let mut lines = message.lines();
    let mut text = format!(
        "{}  {}  {}",
        paint.dim(when),
        paint.text(event.severity, &format!("{severity:<5}")),
        lines.next().unwrap_or_default()
    );
    for line in lines {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests;

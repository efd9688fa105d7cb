//! `bp logs`: the last lines of every instance, and with `--follow` what it writes from then on.

use std::{collections::BTreeMap, time::Duration};

use beanpole_protocol::{
    InstanceId,
    api::{InstanceLog, RequestLogs},
};
use clap::Args;
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    output::{Hue, plain},
};

/// The most the server gives at once.
const ALL: u32 = 10_000;
/// How often `--follow` looks, and at how many lines.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const WINDOW: u32 = 1000;

#[derive(Args)]
pub struct LogsArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
    /// One instance only
    #[arg(short, long, value_name = "ID")]
    instance: Option<InstanceId>,
    /// How many lines of each instance
    #[arg(short = 'n', long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..=i64::from(ALL)))]
    lines: u32,
    /// All that the server can give: the last 10000 lines of each instance
    #[arg(short, long, conflicts_with = "lines")]
    all: bool,
    /// Go on printing what is written, until Ctrl-C; with --json one document a line
    #[arg(short, long, alias = "stream")]
    follow: bool,
}

pub async fn run(context: &Context, args: LogsArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let mut request = RequestLogs {
        lines: Some(if args.all { ALL } else { args.lines }),
        instance: args.instance,
    };
    let out = &context.out;
    let logs = client.request_logs(&name, &request).await?.items;
    if logs.is_empty() {
        out.line(out.paint.dim("No instance runs here."));
    }
    for (position, log) in logs.iter().enumerate() {
        print_whole(context, log, position == 0);
    }
    if !args.follow {
        out.document(&json!({ "items": logs }));
        return Ok(());
    }
    let mut seen: BTreeMap<InstanceId, Seen> = BTreeMap::new();
    let mut last_printed = logs.last().map(|log| log.instance.clone());
    for log in logs {
        out.document_line(&log);
        let first = Seen::new(lines(&log), request.lines.unwrap_or(ALL));
        seen.insert(log.instance.clone(), first);
    }
    let window = WINDOW.max(args.lines);
    request.lines = Some(window);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        let logs = match client.request_logs(&name, &request).await {
            Ok(page) => page.items,
            Err(error) if error.status().is_none_or(|status| status >= 500) => continue,
            Err(error) => return Err(error.into()),
        };
        for log in logs.iter().filter(|log| log.text.is_some()) {
            let now = lines(log);
            let before = seen.entry(log.instance.clone()).or_default();
            let new = before.added(&now);
            if !new.is_empty() {
                if last_printed.as_ref() != Some(&log.instance) {
                    heading(context, log, false);
                    last_printed = Some(log.instance.clone());
                }
                for line in new {
                    out.line(line);
                }
                out.document_line(&json!({
                    "instance": log.instance,
                    "host": log.host,
                    "text": new.join("\n"),
                }));
            }
            *before = Seen::new(now, window);
        }
        seen.retain(|id, _| logs.iter().any(|log| log.instance == *id));
    }
}

fn lines(log: &InstanceLog) -> Vec<String> {
    plain(log.text.as_deref().unwrap_or_default())
        .lines()
        .map(str::to_owned)
        .collect()
}

/// What was last seen of an instance's log.
#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    /// Fewer lines than asked for: this is the whole log.
    whole: bool,
}

impl Seen {
    fn new(lines: Vec<String>, asked: u32) -> Self {
        Seen {
            whole: lines.len() < usize::try_from(asked).unwrap_or(usize::MAX),
            lines,
        }
    }

    /// The lines of `now` that came since, when both are the last lines of one growing log. Where
    /// lines repeat so that it cannot be told, it is the fewest.
    fn added<'a>(&self, now: &'a [String]) -> &'a [String] {
        if self.whole
            && let Some(rest) = now.strip_prefix(self.lines.as_slice())
        {
            return rest;
        }
        let before = &self.lines;
        for end in (1..=now.len()).rev() {
            let common = end.min(before.len());
            if common > 0 && now[end - common..end] == before[before.len() - common..] {
                return &now[end..];
            }
        }
        now
    }
}

fn heading(context: &Context, log: &InstanceLog, first: bool) {
    let out = &context.out;
    if !first {
        out.line("");
    }
    out.line(format!(
        "{} {}",
        out.paint.bold(Hue::Cyan, &format!("== {}", log.instance)),
        out.paint.dim(&format!("on {}", log.host))
    ));
}

fn print_whole(context: &Context, log: &InstanceLog, first: bool) {
    heading(context, log, first);
    let out = &context.out;
    match (&log.text, &log.error) {
        (Some(text), _) if text.trim().is_empty() => out.line(out.paint.dim("It has written nothing.")),
        (Some(text), _) => out.line(plain(text.trim_end_matches('\n'))),
        (None, error) => {
            let why = error.as_deref().unwrap_or("no reason given");
            out.line(out.paint.text(Hue::Yellow, &format!("No log: {why}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_printed() {
        let text = |lines: &str| lines.chars().map(String::from).collect::<Vec<_>>();
        for (before, asked, now, new) in [
            ("", 5, "ab", "ab"),
            ("ab", 5, "ab", ""),
            ("ab", 5, "abc", "c"),
            ("aa", 5, "aaa", "a"),
            ("abc", 3, "bcd", "d"),
            ("bc", 2, "abcd", "d"),
            ("aa", 2, "aaa", ""),
            ("abc", 3, "xyz", "xyz"),
            ("abc", 5, "bcdefg", "defg"),
            ("ab", 5, "", ""),
        ] {
            let seen = Seen::new(text(before), asked);
            assert_eq!(seen.added(&text(now)), text(new), "{before} -> {now}");
        }
    }
}

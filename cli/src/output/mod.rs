//! Everything `bp` prints goes through here: results to stdout, progress and trouble where they belong.
//!
//! Invariant: with `--json`, nothing but JSON reaches stdout.

pub mod clock;
pub mod paint;
pub mod size;
pub mod table;

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use beanpole_protocol::api::Severity;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

pub use self::paint::{Hue, Paint};
use crate::failure::Failure;

/// How much of the way to a result is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    Quiet,
    Normal,
    Verbose,
}

/// Where and how to print.
#[derive(Clone, Debug)]
pub struct Output {
    json: bool,
    volume: Volume,
    /// Colours for what goes to stdout.
    pub paint: Paint,
    /// Colours for what goes to stderr.
    pub error_paint: Paint,
}

impl Output {
    pub fn new(json: bool, volume: Volume) -> Self {
        Self {
            json,
            volume,
            paint: Paint::for_stream(io::stdout().is_terminal()),
            error_paint: Paint::for_stream(io::stderr().is_terminal()),
        }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// True when somebody watches: bars and spinners are wanted.
    pub fn is_live(&self) -> bool {
        self.volume != Volume::Quiet && io::stderr().is_terminal()
    }

    /// The least severe events to show while following.
    pub fn least_severity(&self) -> Severity {
        match self.volume {
            Volume::Verbose => Severity::Trace,
            Volume::Quiet | Volume::Normal => Severity::Info,
        }
    }

    /// True when a question can be asked.
    pub fn can_ask(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Colours for [`Output::progress`], which changes streams with `--json`.
    pub fn progress_paint(&self) -> Paint {
        if self.json { self.error_paint } else { self.paint }
    }

    /// The result, for people.
    pub fn line(&self, text: impl AsRef<str>) {
        if !self.json {
            emit(&mut io::stdout().lock(), text.as_ref());
        }
    }

    /// The result, for programs. Prints only with `--json`.
    pub fn document(&self, value: &impl Serialize) {
        if self.json {
            let text = serde_json::to_string_pretty(value).unwrap_or_default();
            emit(&mut io::stdout().lock(), &text);
        }
    }

    /// One of many documents, on one line. Prints only with `--json`.
    pub fn document_line(&self, value: &impl Serialize) {
        if self.json {
            let text = serde_json::to_string(value).unwrap_or_default();
            emit(&mut io::stdout().lock(), &text);
        }
    }

    /// What is being done, on the way to the result.
    pub fn progress(&self, text: impl AsRef<str>) {
        if self.volume == Volume::Quiet {
        } else if self.json {
            emit(&mut io::stderr().lock(), text.as_ref());
        } else {
            emit(&mut io::stdout().lock(), text.as_ref());
        }
    }

    /// Worth knowing, no failure.
    pub fn warn(&self, text: impl AsRef<str>) {
        let label = self.error_paint.bold(Hue::Yellow, "Warning:");
        emit(
            &mut io::stderr().lock(),
            &format!("{label} {}", plain(text.as_ref())),
        );
    }

    pub fn failure(&self, failure: &Failure) {
        let paint = self.error_paint;
        let mut text = format!("{} {}", paint.bold(Hue::Red, "Error:"), plain(&failure.message));
        if let Some(id) = &failure.id {
            text.push_str(&format!("\n  The server's log has more under the error id {id}."));
        }
        if let Some(hint) = &failure.hint {
            text.push_str(&format!("\n  {hint}"));
        }
        emit(&mut io::stderr().lock(), &text);
        self.document(&failure.document());
    }

    /// A line that turns while something is waited for; hidden when nobody watches.
    pub fn spinner(&self, message: impl Into<String>) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(None, self.target());
        let template = if self.error_paint.on() {
            "{spinner:.cyan} {elapsed:.dim} {msg}"
        } else {
            "{spinner} {elapsed} {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
        }
        bar.set_message(message.into());
        if self.is_live() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        bar
    }

    /// A bar of bytes; hidden when nobody watches.
    pub fn byte_bar(&self, total: u64, label: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), self.target());
        let template = if self.error_paint.on() {
            "{msg} {bar:30.cyan/dim} {bytes}/{total_bytes}  {bytes_per_sec}"
        } else {
            "{msg} {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_message(label.to_owned());
        bar
    }

    fn target(&self) -> ProgressDrawTarget {
        if self.is_live() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        }
    }
}

/// A reader that went away (`bp events -f | head`) ends the program, as it would end any other.
fn emit(stream: &mut impl Write, text: &str) {
    let written = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.write_all(b"\n"))
        .and_then(|()| stream.flush());
    if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        std::process::exit(0);
    }
}

/// Text from applications and users, made harmless for a terminal: neither escape sequences nor
/// control characters but tabs and line ends, so that a log cannot repaint the screen.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.peek() == Some(&'[') => {
                // Parameters, then one letter that ends the sequence.
                letters.next();
                while letters.next_if(|next| matches!(next, ' '..='?')).is_some() {}
                letters.next_if(|next| matches!(next, '@'..='~'));
            }
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn text_cannot_steer_the_terminal() {
        for (given, shown) in [
            ("a\tb\nc", "a\tb\nc"),
            ("\u{1b}[1;31mred\u{1b}[0m end", "red end"),
            ("\u{1b}]0;title\u{7}x", "]0;titlex"),
            ("a\r\nb\u{8}", "a\nb"),
            ("\u{1b}[", ""),
            ("\u{9b}2Jx", "2Jx"),
        ] {
            assert_eq!(plain(given), shown, "{given:?}");
        }
    }
}

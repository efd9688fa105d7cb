//! Colours, or none: `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb` and pipes are honoured.

use beanpole_protocol::api::{EnvironmentStatus, HealthColor, Severity};
use owo_colors::{AnsiColors, OwoColorize};

/// Meanings rather than colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    Green,
    Yellow,
    Red,
    Cyan,
    /// Less important.
    Dim,
    Plain,
}

impl Hue {
    fn ansi(self) -> Option<AnsiColors> {
        match self {
            Hue::Green => Some(AnsiColors::Green),
            Hue::Yellow => Some(AnsiColors::Yellow),
            Hue::Red => Some(AnsiColors::Red),
            Hue::Cyan => Some(AnsiColors::Cyan),
            Hue::Dim | Hue::Plain => None,
        }
    }
}

impl From<HealthColor> for Hue {
    fn from(color: HealthColor) -> Hue {
        match color {
            HealthColor::Green => Hue::Green,
            HealthColor::Yellow => Hue::Yellow,
            HealthColor::Red => Hue::Red,
            HealthColor::Grey => Hue::Dim,
        }
    }
}

impl From<EnvironmentStatus> for Hue {
    fn from(status: EnvironmentStatus) -> Hue {
        match status {
            EnvironmentStatus::Ready => Hue::Green,
            EnvironmentStatus::Launching | EnvironmentStatus::Updating => Hue::Cyan,
            EnvironmentStatus::Terminating | EnvironmentStatus::Terminated => Hue::Dim,
        }
    }
}

impl From<Severity> for Hue {
    fn from(severity: Severity) -> Hue {
        match severity {
            Severity::Trace | Severity::Debug => Hue::Dim,
            Severity::Info => Hue::Green,
            Severity::Warn => Hue::Yellow,
            Severity::Error | Severity::Fatal => Hue::Red,
        }
    }
}

/// Paints, or leaves text as it is.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Reads the environment once.
    pub fn for_stream(is_terminal: bool) -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let on = wanted(
            set("NO_COLOR").is_some(),
            set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            set("TERM").as_deref() == Some("dumb"),
            is_terminal,
        );
        Self { on }
    }

    pub fn on(self) -> bool {
        self.on
    }

    pub fn text(self, hue: impl Into<Hue>, text: &str) -> String {
        match (self.on, hue.into()) {
            (true, Hue::Dim) => text.dimmed().to_string(),
            (true, hue) => hue
                .ansi()
                .map_or_else(|| text.to_owned(), |color| text.color(color).to_string()),
            (false, _) => text.to_owned(),
        }
    }

    pub fn bold(self, hue: impl Into<Hue>, text: &str) -> String {
        if self.on {
            self.text(hue, &text.bold().to_string())
        } else {
            text.to_owned()
        }
    }

    pub fn dim(self, text: &str) -> String {
        self.text(Hue::Dim, text)
    }
}

fn wanted(no_color: bool, forced: bool, dumb: bool, terminal: bool) -> bool {
    !no_color && (forced || (terminal && !dumb))
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn no_color_beats_force_beats_the_terminal() {
        for (no_color, forced, dumb, terminal, expected) in [
            (true, true, false, true, false),
            (false, true, true, false, true),
            (false, false, true, true, false),
            (false, false, false, true, true),
            (false, false, false, false, false),
        ] {
            assert_eq!(wanted(no_color, forced, dumb, terminal), expected);
        }
    }
}

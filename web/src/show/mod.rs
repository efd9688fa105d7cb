//! From what the API says to what a page shows: words, units, tones. Pure; `now` is handed in.

pub mod deployment;
pub mod environment;
pub mod event;
pub mod instance;
pub mod quantity;
pub mod version;
pub mod when;

use serde::Serialize;

/// How a badge or a dot looks. Always next to a word: colour alone says nothing to many people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Good,
    Busy,
    Warn,
    Bad,
    Quiet,
}

/// A word with a tone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge {
    pub text: &'static str,
    pub tone: Tone,
}

pub const fn badge(text: &'static str, tone: Tone) -> Badge {
    Badge { text, tone }
}

//! What of a configuration file cannot be done while the image is built: it asks for what only an environment
//! knows, or comes after something that does.

use std::collections::BTreeMap;

use crate::{
    check, fetch,
    functions::{Evaluator, Trouble},
    model::{Content, FileConfig},
    text::Text,
};

/// A file in two: each half has the entries of its own.
pub(super) struct Halves {
    /// For the image.
    pub build: FileConfig,
    /// For each instance: `sources`, `files` and `commands` only.
    pub instance: FileConfig,
}

/// Commands after a late entry are late, since they may use it, and so are files after late sources, which
/// would be unpacked over them. The order within either half stays.
pub(super) fn split(evaluator: &Evaluator<'_>, file: &FileConfig) -> Halves {
    let is_late = |text: &Text| {
        !evaluator.lookup.knows_environment() && matches!(evaluator.evaluate(text), Err(Trouble::NotHere(_)))
    };
    let mut build = file.clone();
    let mut late_source = false;
    let is_fetched_late = |url: &Text, name: Option<&str>| {
        let Ok(evaluated) = evaluator.evaluate(url) else {
            return is_late(url);
        };
        let with = fetch::authentication(evaluator, &evaluated, name);
        with.is_some_and(|with| with.texts().into_iter().any(is_late))
    };
    let sources = take(&mut build.sources, |url| {
        let late = is_fetched_late(url, None);
        late_source |= late;
        late
    });
    let files = take(&mut build.files, |file| {
        late_source
            || match &file.content {
                Content::Source(url) => is_fetched_late(url, file.authentication.as_deref()),
                _ => is_late(check::of_file(file)),
            }
    });
    let mut since = late_source || !files.is_empty();
    let commands = take(&mut build.commands, |command| {
        since |= check::of_command(command).into_iter().any(is_late);
        since
    });
    let instance = FileConfig {
        file: file.file.clone(),
        sources,
        files,
        commands,
        ..FileConfig::default()
    };
    Halves { build, instance }
}

/// Moves out what `wanted` says, asked in the order of names.
fn take<T>(all: &mut BTreeMap<String, T>, mut wanted: impl FnMut(&T) -> bool) -> BTreeMap<String, T> {
    let (taken, left) = std::mem::take(all)
        .into_iter()
        .partition(|(_, entry)| wanted(entry));
    *all = left;
    taken
}

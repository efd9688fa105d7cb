//! From entries to what the bundle holds: clean paths, its root, things worth noting.

use std::collections::BTreeMap;

use beanpole_ebextensions::{CRON_YAML, ENV_YAML};

use super::{
    BundleError,
    entry::{Entry, Kind},
};

/// The files of an acceptable bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The only top-level folder, when it was taken for the root.
    pub root: Option<String>,
    /// Files relative to the root, sorted.
    pub files: Vec<String>,
    /// What its owner should know.
    pub notes: Vec<String>,
    /// Path and content of each `.ebextensions/*.config` in the root, sorted; of one that is larger than
    /// [`super::CONFIGURATION_FILE_LIMIT`], that many bytes and one.
    pub configuration_files: Vec<(String, Vec<u8>)>,
    /// The same of `env.yaml` and `cron.yaml`.
    pub root_files: Vec<(String, Vec<u8>)>,
}

/// Gathers entries one by one; refuses the first that will not do.
#[derive(Default)]
pub struct Gathering {
    /// Clean path and whether it is a file.
    seen: BTreeMap<String, bool>,
    litter: usize,
    contents: BTreeMap<String, Vec<u8>>,
}

impl Gathering {
    /// Takes the next entry.
    pub fn add(&mut self, entry: &Entry) -> Result<(), BundleError> {
        let path = entry.path()?;
        entry.check_kind()?;
        if path.is_empty() {
            return Ok(());
        }
        let is_file = entry.kind == Kind::File;
        match self.seen.insert(path.clone(), is_file) {
            None => {}
            // A folder named twice means nothing.
            Some(false) if !is_file => {}
            Some(was_file) if was_file == is_file => return Err(BundleError::Duplicate(entry.name.clone())),
            Some(_) => return Err(BundleError::FileAndFolder(entry.name.clone())),
        }
        if is_file && is_litter(&path) {
            self.litter += 1;
        }
        Ok(())
    }

    /// Takes the content of an entry that was taken.
    pub fn keep(&mut self, entry: &Entry, content: Vec<u8>) {
        if let Ok(path) = entry.path() {
            self.contents.insert(path, content);
        }
    }

    /// The layout of all entries taken.
    pub fn finish(self) -> Result<Layout, BundleError> {
        for (path, _) in self.seen.iter().filter(|(_, is_file)| **is_file) {
            if let Some((above, _)) = self.file_above(path) {
                return Err(BundleError::FileAndFolder(above.clone()));
            }
        }
        let mut files: Vec<String> = self
            .seen
            .into_iter()
            .filter(|(path, is_file)| *is_file && !is_litter(path))
            .map(|(path, _)| path)
            .collect();
        if files.is_empty() {
            return Err(BundleError::Empty);
        }
        let mut notes = Vec::new();
        let root = single_folder(&files);
        if let Some(root) = &root {
            for file in &mut files {
                file.drain(..=root.len());
            }
            notes.push(format!(
                "the bundle's only top-level folder, {root}, is taken as its root"
            ));
        }
        if self.litter > 0 {
            notes.push(format!(
                "{} that macOS added (__MACOSX, .DS_Store) {} left out",
                if self.litter == 1 {
                    "1 file".to_owned()
                } else {
                    format!("{} files", self.litter)
                },
                if self.litter == 1 { "is" } else { "are" },
            ));
        }
        let in_root = |(path, content): (String, Vec<u8>)| {
            let path = match &root {
                Some(root) => path.get(root.len() + 1..)?,
                None => &path,
            };
            Some((path.to_owned(), content))
        };
        let contents = self.contents.into_iter().filter_map(in_root);
        let (configuration_files, others): (Vec<_>, Vec<_>) =
            contents.partition(|(path, _)| path.starts_with(FOLDER));
        let root_files = others
            .into_iter()
            .filter(|(path, _)| is_root_file(path))
            .collect();
        Ok(Layout {
            root,
            files,
            notes,
            configuration_files,
            root_files,
        })
    }

    /// A file on the way to `path`, which then cannot be unpacked.
    fn file_above(&self, path: &str) -> Option<(&String, &bool)> {
        path.match_indices('/')
            .filter_map(|(at, _)| self.seen.get_key_value(&path[..at]))
            .find(|(_, is_file)| **is_file)
    }
}

/// Where configuration files are.
const FOLDER: &str = ".ebextensions/";

fn is_root_file(path: &str) -> bool {
    [ENV_YAML, CRON_YAML].contains(&path)
}

/// Whether it is one, or one of the root's files, in the root or in what may turn out to be the root.
pub fn is_configuration_file(path: &str) -> bool {
    let inside = |path: &str| {
        let of_folder = path
            .strip_prefix(FOLDER)
            .is_some_and(|name| !name.contains('/') && name.ends_with(".config"));
        of_folder || is_root_file(path)
    };
    let below = path.split_once('/').is_some_and(|(_, rest)| inside(rest));
    (inside(path) || below) && !is_litter(path)
}

/// What archivers add on their own.
fn is_litter(path: &str) -> bool {
    path.starts_with("__MACOSX/") || path.rsplit('/').next() == Some(".DS_Store")
}

/// The folder all files are in.
fn single_folder(files: &[String]) -> Option<String> {
    let folder = files.first()?.split_once('/')?.0;
    let inside = |file: &String| {
        file.strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    files.iter().all(inside).then(|| folder.to_owned())
}

//! From a project folder to a bundle: which files, why these, under which label.
//!
//! Follows `eb`: with `.ebignore` the folder as it is minus what that file names; else in git the
//! last commit (or what is staged); else the folder minus what `.gitignore` names. The server's own
//! checks of a bundle are not repeated here.

pub mod bundle;
pub mod folder;
pub mod git;
pub mod ignores;
pub mod label;
pub mod sample;

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use self::{bundle::BundleError, folder::FolderError, git::Git, git::GitError, ignores::Rules};
use crate::{
    exit::Exit,
    failure::{Failure, sentence},
    output::size::counted,
};

/// The server takes no more.
pub const MOST_BYTES: u64 = 512 << 20;

#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("--staged needs a git repository, and {} is in none", root.display())]
    NothingStaged { root: PathBuf },
    #[error(
        "{} is neither a folder nor a zip file: give one of them to --archive",
        path.display()
    )]
    NotASource { path: PathBuf },
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let kind = match &error {
            SourceError::Bundle(BundleError::TooBig { .. }) => "bundle_too_big",
            SourceError::Bundle(BundleError::Empty) => "bundle_empty",
            _ => "source",
        };
        Failure::new(Exit::Failed, kind, sentence(&error.to_string()))
    }
}

/// What to pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The folder, the way its files say.
    Default,
    /// What `git add` has staged.
    Staged,
}

/// A bundle ready to be uploaded.
#[derive(Debug)]
pub struct Packed {
    pub file: PackedFile,
    pub size: u64,
    /// One line: how many files, from where.
    pub summary: String,
    pub warnings: Vec<String>,
    /// Short hash of the commit, in git.
    pub commit: Option<String>,
    /// Subject of the commit, in git.
    pub subject: Option<String>,
}

#[derive(Debug)]
pub enum PackedFile {
    /// Made by us; gone when dropped.
    Temporary(NamedTempFile),
    /// The user's own zip.
    Given(PathBuf),
}

impl PackedFile {
    pub fn path(&self) -> &Path {
        match self {
            PackedFile::Temporary(file) => file.path(),
            PackedFile::Given(path) => path,
        }
    }
}

/// Packs a project folder. Blocks for as long as it takes.
pub fn pack(root: &Path, choice: Choice) -> Result<Packed, SourceError> {
    let git = Git::find(root)?;
    let ebignore = root.join(".ebignore");
    let rules = match fs::read_to_string(&ebignore) {
        Ok(text) => Some(Rules::ebignore(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => {
            return Err(SourceError::File {
                path: ebignore,
                source,
            });
        }
    };
    let head = match &git {
        Some(git) => git.head()?,
        None => None,
    };
    let mut packed = match (choice, rules, &git, &head) {
        (Choice::Staged, _, None, _) => {
            return Err(SourceError::NothingStaged {
                root: root.to_owned(),
            });
        }
        (Choice::Staged, _, Some(git), _) => {
            let mut packed = pack_tree(&git.staged_tree()?, git, "what is staged in git")?;
            let left = git.changes(git::Left::Staged)?;
            packed.warnings.extend(left_out(left, "not staged"));
            packed
        }
        (Choice::Default, Some(rules), ..) => {
            pack_folder(root, &rules, "the folder as it is, without what .ebignore names")?
        }
        (Choice::Default, None, Some(git), Some(commit)) => {
            let mut packed = pack_tree("HEAD", git, &format!("git commit {commit}"))?;
            let left = git.changes(git::Left::Committed)?;
            packed.warnings.extend(left_out(left, "not committed"));
            packed
        }
        (Choice::Default, None, ..) => {
            let what = if root.join(".gitignore").exists() {
                "the folder, without what .gitignore names"
            } else {
                "the whole folder"
            };
            pack_folder(root, &Rules::Gitignore, what)?
        }
    };
    if let Some(git) = &git {
        packed.subject = git.subject()?;
    }
    packed.commit = head;
    Ok(packed)
}

/// Packs what `--archive` names: a folder as [`pack`] would, or a zip file as it is.
pub fn pack_given(path: &Path) -> Result<Packed, SourceError> {
    let file_error = |source| SourceError::File {
        path: path.to_owned(),
        source,
    };
    let meta = fs::metadata(path).map_err(file_error)?;
    if meta.is_dir() {
        return pack(path, Choice::Default);
    }
    let is_zip = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("zip") || ending.eq_ignore_ascii_case("war"));
    if !meta.is_file() || !is_zip {
        return Err(SourceError::NotASource {
            path: path.to_owned(),
        });
    }
    bundle::check_size(meta.len())?;
    Ok(Packed {
        file: PackedFile::Given(path.to_owned()),
        size: meta.len(),
        summary: path.display().to_string(),
        warnings: Vec::new(),
        commit: None,
        subject: None,
    })
}

fn left_out(count: usize, why: &str) -> Option<String> {
    (count > 0).then(|| {
        format!(
            "{} left out: {why}.",
            counted(count, "changed file is", "changed files are")
        )
    })
}

/// A git tree, written to a scratch folder first, so that links and order are handled in one place.
fn pack_tree(tree: &str, git: &Git, what: &str) -> Result<Packed, SourceError> {
    let scratch = tempfile::tempdir().map_err(|source| SourceError::File {
        path: std::env::temp_dir(),
        source,
    })?;
    git.export(tree, scratch.path())?;
    pack_folder(scratch.path(), &Rules::Everything, what)
}

fn pack_folder(root: &Path, rules: &Rules, what: &str) -> Result<Packed, SourceError> {
    let listing = folder::list(root, rules)?;
    let (file, size) = bundle::write(&listing.entries)?;
    let warnings = listing
        .skipped
        .iter()
        .map(|path| format!("{path} is left out: it is neither a file nor a folder."))
        .collect();
    Ok(Packed {
        file: PackedFile::Temporary(file),
        size,
        summary: format!("{} from {what}", counted(listing.entries.len(), "file", "files")),
        warnings,
        commit: None,
        subject: None,
    })
}

#[cfg(test)]
mod tests;

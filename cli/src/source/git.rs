//! What `bp` asks of git, by calling it: the branch, the last commit, its files.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("git is not installed, and this folder is a git repository: install git, or add an .ebignore")]
    NotInstalled,
    #[error("`git {command}` failed: {message}")]
    Failed { command: String, message: String },
    #[error("the files of git tree {tree} cannot be taken out ({source})")]
    Export { tree: String, source: io::Error },
    #[error("the submodule {path} is not checked out: run `git submodule update --init --recursive`")]
    Submodule { path: String },
}

/// A folder in a git repository; not always its top.
#[derive(Clone, Debug)]
pub struct Git {
    root: PathBuf,
}

/// Which changes a bundle does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It was made from the last commit.
    Committed,
    /// It was made from the index.
    Staged,
}

impl Git {
    /// The repository of a folder, if it is in one.
    pub fn find(root: &Path) -> Result<Option<Git>, GitError> {
        let git = Git {
            root: root.to_owned(),
        };
        // Spares a process where there is plainly none.
        if !root.ancestors().any(|folder| folder.join(".git").exists()) {
            return Ok(None);
        }
        let answer = git.call(&["rev-parse", "--is-inside-work-tree"])?;
        if answer.status.success() {
            Ok((text(&answer.stdout) == "true").then_some(git))
        } else if text(&answer.stderr).contains("not a git repository") {
            Ok(None)
        } else {
            Err(failed("rev-parse", &answer))
        }
    }

    /// Short hash of the last commit; nothing before the first.
    pub fn head(&self) -> Result<Option<String>, GitError> {
        let answer = self.call(&["rev-parse", "--verify", "--quiet", "--short=7", "HEAD"])?;
        Ok(answer.status.success().then(|| text(&answer.stdout)))
    }

    /// The branch; nothing when detached.
    pub fn branch(&self) -> Result<Option<String>, GitError> {
        let answer = self.call(&["symbolic-ref", "--short", "--quiet", "HEAD"])?;
        Ok(answer.status.success().then(|| text(&answer.stdout)))
    }

    /// First line of the last commit's message.
    pub fn subject(&self) -> Result<Option<String>, GitError> {
        let answer = self.call(&["log", "-1", "--format=%s"])?;
        Ok(Some(text(&answer.stdout)).filter(|subject| answer.status.success() && !subject.is_empty()))
    }

    /// How many files differ from what the bundle is made of.
    pub fn changes(&self, left: Left) -> Result<usize, GitError> {
        let listed = self.run(&["status", "--porcelain", "--", ".", ":(exclude).beanpole"])?;
        Ok(listed
            .lines()
            .filter(|line| match left {
                Left::Committed => true,
                Left::Staged => line.as_bytes().get(1).is_some_and(|state| *state != b' '),
            })
            .count())
    }

    /// The index as a tree.
    pub fn staged_tree(&self) -> Result<String, GitError> {
        self.run(&["write-tree"]).map(|tree| tree.trim().to_owned())
    }

    /// Writes the files of a tree below `target`: those of this folder, submodules included.
    pub fn export(&self, tree: &str, target: &Path) -> Result<(), GitError> {
        let broken = |source| GitError::Export {
            tree: tree.to_owned(),
            source,
        };
        let mut child = self
            .command(&["-c", "tar.umask=0022", "archive", "--format=tar", tree])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(no_git)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(broken(io::Error::from(io::ErrorKind::BrokenPipe)));
        };
        let mut archive = tar::Archive::new(stdout);
        archive.set_preserve_permissions(true);
        let unpacked = archive.unpack(target);
        let answer = child.wait_with_output().map_err(broken)?;
        if !answer.status.success() {
            return Err(failed("archive", &answer));
        }
        unpacked.map_err(broken)?;
        for (commit, path) in self.submodules(tree)? {
            let inner = Git {
                root: self.root.join(&path),
            };
            if !inner.root.join(".git").exists() {
                return Err(GitError::Submodule { path });
            }
            let folder = target.join(&path);
            std::fs::create_dir_all(&folder).map_err(broken)?;
            inner.export(&commit, &folder)?;
        }
        Ok(())
    }

    /// Commits and paths of the submodules of a tree.
    fn submodules(&self, tree: &str) -> Result<Vec<(String, String)>, GitError> {
        let listed = self.run(&["ls-tree", "-r", "-z", tree, "."])?;
        Ok(listed.split('\0').filter_map(submodule).collect())
    }

    fn run(&self, args: &[&str]) -> Result<String, GitError> {
        let answer = self.call(args)?;
        if answer.status.success() {
            // Not trimmed: the first column of `status` can be a space.
            Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
        } else {
            Err(failed(args.first().copied().unwrap_or_default(), &answer))
        }
    }

    fn call(&self, args: &[&str]) -> Result<Output, GitError> {
        self.command(args).output().map_err(no_git)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(&self.root)
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::null());
        command
    }
}

/// One entry of `git ls-tree`: `<mode> <type> <id>\t<path>`.
fn submodule(entry: &str) -> Option<(String, String)> {
    let (info, path) = entry.split_once('\t')?;
    let mut info = info.split(' ');
    (info.next()? == "160000").then_some(())?;
    Some((info.nth(1)?.to_owned(), path.to_owned()))
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).trim().to_owned()
}

fn no_git(error: io::Error) -> GitError {
    match error.kind() {
        io::ErrorKind::NotFound => GitError::NotInstalled,
        _ => GitError::Failed {
            command: String::new(),
            message: error.to_string(),
        },
    }
}

fn failed(command: &str, answer: &Output) -> GitError {
    let message = text(&answer.stderr);
    GitError::Failed {
        command: command.to_owned(),
        message: message.lines().next().unwrap_or("no reason given").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::submodule;

    #[test]
    fn submodules_are_told_from_files() {
        assert_eq!(
            submodule("160000 commit abc123\tvendor/lib x"),
            Some(("abc123".to_owned(), "vendor/lib x".to_owned()))
        );
        assert_eq!(submodule("100644 blob abc123\tfile"), None);
        assert_eq!(submodule(""), None);
    }
}

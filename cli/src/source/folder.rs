//! Lists the files of a folder that go into a bundle, sorted, with links followed.
//!
//! A link inside the folder is replaced by what it points to, for a bundle holds no links; one that
//! leads outside is an error, for what it points to is not there on the host.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use super::ignores::{GitignoreStack, Rules, TOOL_FOLDERS};

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "the link {link} leads outside of the folder, or nowhere: replace it by the file, or name it in .ebignore"
    )]
    Outside { link: String },
    #[error("the link {link} leads to a folder that it is in itself: name it in .ebignore")]
    Circle { link: String },
    #[error("the name {name:?} is not UTF-8, which a bundle cannot hold: rename it or name it in .ebignore")]
    NotUtf8 { name: String },
}

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Relative, with slashes.
    pub name: String,
    /// Where its content is.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
}

#[derive(Debug, Default)]
pub struct Listing {
    /// Sorted by name.
    pub entries: Vec<Entry>,
    /// Sockets, pipes and devices.
    pub skipped: Vec<String>,
}

/// The name in the bundle of a path relative to the project; nothing for one that leaves it.
pub fn entry_name(relative: &Path) -> Result<Option<String>, FolderError> {
    let mut parts: Vec<&str> = Vec::new();
    for part in relative.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str().ok_or_else(|| FolderError::NotUtf8 {
                name: relative.to_string_lossy().into_owned(),
            })?),
            Component::CurDir => {}
            Component::ParentDir => {
                if parts.pop().is_none() {
                    return Ok(None);
                }
            }
            Component::RootDir | Component::Prefix(_) => return Ok(None),
        }
    }
    Ok((!parts.is_empty()).then(|| parts.join("/")))
}

pub fn list(root: &Path, rules: &Rules) -> Result<Listing, FolderError> {
    let root = fs::canonicalize(root).map_err(|source| FolderError::Io {
        path: root.to_owned(),
        source,
    })?;
    let mut walk = Walk {
        root: &root,
        rules,
        listing: Listing::default(),
    };
    walk.folder(&root, &mut vec![root.clone()], &GitignoreStack::default())?;
    walk.listing.entries.sort();
    Ok(walk.listing)
}

struct Walk<'a> {
    root: &'a Path,
    rules: &'a Rules,
    listing: Listing,
}

impl Walk<'_> {
    /// `inside` holds the real folders from the root down to this one.
    fn folder(
        &mut self,
        folder: &Path,
        inside: &mut Vec<PathBuf>,
        above: &GitignoreStack,
    ) -> Result<(), FolderError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, source }
        };
        let stack = match self.rules {
            Rules::Gitignore => above.enter(folder),
            Rules::Everything | Rules::Ebignore(_) => GitignoreStack::default(),
        };
        for entry in fs::read_dir(folder).map_err(at(folder))? {
            let path = entry.map_err(at(folder))?.path();
            let own = fs::symlink_metadata(&path).map_err(at(&path))?;
            // Links are judged by what they are named, before anybody asks where they lead.
            let is_folder = own.is_dir() || (own.is_symlink() && path.is_dir());
            if self.leaves_out(&path, is_folder, &stack)? {
                continue;
            }
            let Some(name) = self.name(&path)? else { continue };
            let (real, meta) = if own.is_symlink() {
                self.follow(&path, &name)?
            } else {
                (path.clone(), own)
            };
            if meta.is_dir() {
                if inside.contains(&real) {
                    return Err(FolderError::Circle { link: name });
                }
                inside.push(real);
                self.folder(&path, inside, &stack)?;
                inside.pop();
            } else if meta.is_file() {
                self.listing.entries.push(Entry {
                    name,
                    path: real,
                    mode: meta.permissions().mode() & 0o777,
                });
            } else {
                self.listing.skipped.push(name);
            }
        }
        Ok(())
    }

    fn follow(&self, link: &Path, name: &str) -> Result<(PathBuf, fs::Metadata), FolderError> {
        let outside = || FolderError::Outside {
            link: name.to_owned(),
        };
        let real = fs::canonicalize(link).map_err(|_| outside())?;
        if !real.starts_with(self.root) {
            return Err(outside());
        }
        let meta = fs::metadata(&real).map_err(|_| outside())?;
        Ok((real, meta))
    }

    fn name(&self, path: &Path) -> Result<Option<String>, FolderError> {
        entry_name(path.strip_prefix(self.root).unwrap_or(path))
    }

    fn leaves_out(&self, path: &Path, is_folder: bool, stack: &GitignoreStack) -> Result<bool, FolderError> {
        if path
            .file_name()
            .is_some_and(|name| TOOL_FOLDERS.iter().any(|tool| name == *tool))
        {
            return Ok(true);
        }
        match self.rules {
            Rules::Everything => Ok(false),
            Rules::Gitignore => Ok(stack.leaves_out(path, is_folder)),
            Rules::Ebignore(lines) => match self.name(path)? {
                Some(name) if is_folder => Ok(lines.prunes(&name)),
                Some(name) => Ok(lines.leaves_out(&name)),
                None => Ok(true),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_are_relative_and_normal(path in "(/|\\./|\\.\\./|[a-z .]{1,4}/?){0,8}") {
            if let Ok(Some(name)) = entry_name(Path::new(&path)) {
                prop_assert!(!name.starts_with('/') && !name.ends_with('/'));
                prop_assert!(name.split('/').all(|part| !["", ".", ".."].contains(&part)), "{name:?}");
            }
        }
    }

    fn names(listing: &Listing) -> Vec<&str> {
        listing.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    fn project(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        folder
    }

    #[test]
    fn tools_stay_out_and_the_rest_is_sorted() {
        let folder = project(&[
            "z",
            "a/b",
            "a.b",
            ".git/HEAD",
            ".beanpole/config.toml",
            "a/.git/x",
            ".env",
        ]);
        let listing = list(folder.path(), &Rules::Everything).unwrap();
        assert_eq!(names(&listing), [".env", "a.b", "a/b", "z"]);
    }

    #[test]
    fn gitignore_files_work_per_folder() {
        let folder = project(&["a.log", "sub/b.log", "sub/keep.log", "out/x", "main.py"]);
        fs::write(folder.path().join(".gitignore"), "*.log\n/out/\n").unwrap();
        fs::write(folder.path().join("sub/.gitignore"), "!keep.log\n").unwrap();
        let listing = list(folder.path(), &Rules::Gitignore).unwrap();
        assert_eq!(
            names(&listing),
            [".gitignore", "main.py", "sub/.gitignore", "sub/keep.log"]
        );
    }

    #[test]
    fn links_inside_become_files_and_links_outside_are_refused() {
        let folder = project(&["real.txt", "lib/a"]);
        std::os::unix::fs::symlink("real.txt", folder.path().join("link.txt")).unwrap();
        std::os::unix::fs::symlink("lib", folder.path().join("lib64")).unwrap();
        let listing = list(folder.path(), &Rules::Everything).unwrap();
        assert_eq!(names(&listing), ["lib/a", "lib64/a", "link.txt", "real.txt"]);

        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("bad")).unwrap();
        let error = list(folder.path(), &Rules::Everything).unwrap_err();
        assert!(matches!(error, FolderError::Outside { link } if link == "bad"));
        let listing = list(folder.path(), &Rules::ebignore("/bad")).unwrap();
        assert_eq!(listing.entries.len(), 4);

        std::os::unix::fs::symlink("..", folder.path().join("lib/up")).unwrap();
        let error = list(folder.path(), &Rules::ebignore("/bad")).unwrap_err();
        assert!(matches!(error, FolderError::Circle { .. }), "{error}");
    }
}

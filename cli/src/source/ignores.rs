//! Which files a bundle leaves out.
//!
//! `.ebignore` is read as `eb` reads it: the last line that matches a file, or a folder above it,
//! decides; so `*` followed by `!app/` keeps all of `app`. `.gitignore` is read as git reads it: one
//! file a folder, the deepest wins, and what is in an ignored folder stays ignored.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Never part of a bundle: what belongs to tools, not to the application.
pub const TOOL_FOLDERS: [&str; 3] = [".git", crate::settings::project::FOLDER, ".elasticbeanstalk"];

/// The rules for one folder.
pub enum Rules {
    Everything,
    Ebignore(Lines),
    Gitignore,
}

impl Rules {
    pub fn ebignore(text: &str) -> Rules {
        Rules::Ebignore(Lines::parse(text))
    }
}

/// The lines of an `.ebignore`, each a pattern of its own.
pub struct Lines {
    lines: Vec<Gitignore>,
    /// Without a `!` line, nothing below an ignored folder can come back.
    can_prune: bool,
}

impl Lines {
    /// Lines that are no valid pattern are passed over, as git does.
    fn parse(text: &str) -> Lines {
        let lines: Vec<Gitignore> = text
            .lines()
            .filter_map(|line| {
                let mut builder = GitignoreBuilder::new("/");
                builder.add_line(None, line.trim_end_matches('\r')).ok()?;
                builder.build().ok().filter(|pattern| !pattern.is_empty())
            })
            .collect();
        let can_prune = lines.iter().all(|line| line.num_whitelists() == 0);
        Lines { lines, can_prune }
    }

    /// Whether a file (relative path) is left out.
    pub fn leaves_out(&self, file: &str) -> bool {
        if file == ".ebignore" {
            return true;
        }
        let path = Path::new("/").join(file);
        self.decide(&path, false)
    }

    /// Whether nothing below this folder (relative path) can be in the bundle.
    pub fn prunes(&self, folder: &str) -> bool {
        self.can_prune && self.decide(&Path::new("/").join(folder), true)
    }

    fn decide(&self, path: &Path, is_folder: bool) -> bool {
        self.lines
            .iter()
            .rev()
            .find_map(|line| {
                path.ancestors().enumerate().find_map(|(level, part)| {
                    let found = line.matched(part, level > 0 || is_folder);
                    (!found.is_none()).then(|| found.is_ignore())
                })
            })
            .unwrap_or(false)
    }
}

/// The `.gitignore` files from the project's root down to one folder.
#[derive(Clone, Default)]
pub struct GitignoreStack {
    files: Vec<Gitignore>,
}

impl GitignoreStack {
    /// The stack for `folder`, which is directly below the one this stack is for.
    pub fn enter(&self, folder: &Path) -> GitignoreStack {
        let mut files = self.files.clone();
        let path = folder.join(".gitignore");
        if path.is_file() {
            let mut builder = GitignoreBuilder::new(folder);
            // Lines that are no pattern are passed over, as git does.
            let _ = builder.add(path);
            if let Ok(file) = builder.build() {
                files.push(file);
            }
        }
        GitignoreStack { files }
    }

    /// Whether git would ignore this path, which is directly in the folder this stack is for.
    pub fn leaves_out(&self, path: &Path, is_folder: bool) -> bool {
        self.files
            .iter()
            .rev()
            .map(|file| file.matched(path, is_folder))
            .find(|found| !found.is_none())
            .is_some_and(|found| found.is_ignore())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ebignore_is_read_as_eb_reads_it() {
        for (rules, file, out) in [
            ("node_modules/", "node_modules/a/b.js", true),
            ("node_modules/", "src/node_modules/b.js", true),
            ("/node_modules/", "src/node_modules/b.js", false),
            ("node_modules/", "node_modules", false),
            ("*.log", "a/b/c.log", true),
            ("*.log\n!keep.log", "a/keep.log", false),
            ("!keep.log\n*.log", "a/keep.log", true),
            ("*\n!Procfile", "Procfile", false),
            ("*\n!Procfile", "main.py", true),
            ("*\n!app/", "app/deep/x.py", false),
            ("*\n!.ebextensions/**", ".ebextensions/a.config", false),
            ("build\n!build/out.js", "build/out.js", false),
            ("doc/*.txt", "doc/a.txt", true),
            ("doc/*.txt", "doc/a/b.txt", false),
            ("doc/**/x", "doc/a/b/x", true),
            ("# a comment\n\n  \n", "anything", false),
            ("\\#strange", "#strange", true),
            ("a?c", "abc", true),
            ("[ab].txt\r\nz", "b.txt", true),
            ("", ".ebignore", true),
        ] {
            assert_eq!(
                Lines::parse(rules).leaves_out(file),
                out,
                "{rules:?} and {file:?}"
            );
        }
    }

    #[test]
    fn folders_are_pruned_only_when_nothing_can_come_back() {
        assert!(Lines::parse("node_modules/").prunes("node_modules"));
        assert!(!Lines::parse("*\n!app/x").prunes("app"));
    }
}

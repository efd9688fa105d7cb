//! Where this host has its Debian packages from: images take theirs from the same place.

use std::{fs, path::Path};

use beanpole_platforms::images::SUITE;

/// Address of the packages, and of the security updates, of the release that images are made from.
/// Both are absent on a host that runs another release, or no Debian.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    pub main: Option<String>,
    pub security: Option<String>,
}

/// Reads apt's sources in `folder` (`/etc/apt`). What cannot be read says nothing.
pub fn of_host(folder: &Path) -> Mirror {
    let listed = fs::read_dir(folder.join("sources.list.d"))
        .into_iter()
        .flatten()
        .flatten();
    let mut files: Vec<_> = listed.map(|entry| entry.path()).collect();
    files.sort();
    files.insert(0, folder.join("sources.list"));
    let mut sources = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(lines(&text)),
            Some("sources") => sources.extend(stanzas(&text)),
            _ => {}
        }
    }
    let of = |suite: &str| {
        let found = sources.iter().find(|(_, name)| name == suite);
        found.map(|(address, _)| address.trim_end_matches('/').to_owned())
    };
    Mirror {
        main: of(SUITE),
        security: of(&format!("{SUITE}-security")),
    }
}

/// `deb [options] address suite components…`, one a line.
fn lines(text: &str) -> Vec<(String, String)> {
    let entry = |line: &str| {
        let rest = line.trim().strip_prefix("deb ")?.trim_start();
        let rest = rest.strip_prefix('[').map_or(rest, |options| {
            options.split_once(']').map_or("", |(_, rest)| rest)
        });
        let mut words = rest.split_whitespace();
        usable(words.next()?, words.next()?)
    };
    text.lines().filter_map(entry).collect()
}

/// Paragraphs of `Types`, `URIs` and `Suites`.
fn stanzas(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let field = |name: &str| {
            let mut lines = paragraph.lines();
            lines
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .unwrap_or_default()
                .to_owned()
        };
        if !field("Types").split_whitespace().any(|kind| kind == "deb") {
            continue;
        }
        let suites = field("Suites");
        let address = field("URIs")
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        found.extend(
            suites
                .split_whitespace()
                .filter_map(|suite| usable(&address, suite)),
        );
    }
    found
}

/// Only what can be reached from inside a container.
fn usable(address: &str, suite: &str) -> Option<(String, String)> {
    let reachable = address.starts_with("http://") || address.starts_with("https://");
    reachable.then(|| (address.to_owned(), suite.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Mirror {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        of_host(folder.path())
    }

    #[test]
    fn both_forms_of_sources_are_understood() {
        let wanted = Mirror {
            main: Some("http://mirror.example/debian".into()),
            security: Some("http://mirror.example/security".into()),
        };
        let list = "# comment\ndeb-src http://other.example/debian bookworm main\n\
            deb [signed-by=/x arch=amd64] http://mirror.example/debian/ bookworm main\n\
            deb http://mirror.example/security bookworm-security main\n";
        assert_eq!(read("sources.list", list), wanted);
        let stanzas = "Types: deb\n# a comment\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n\
            Components: main\n\nTypes: deb deb-src\nURIs: http://mirror.example/security\nSuites: bookworm-security\n";
        assert_eq!(read("sources.list.d/debian.sources", stanzas), wanted);
    }

    #[test]
    fn another_release_or_a_local_mirror_says_nothing() {
        assert_eq!(
            read("sources.list", "deb http://mirror.example/debian trixie main\n"),
            Mirror::default()
        );
        assert_eq!(
            read("sources.list", "deb file:/srv/debian bookworm main\n"),
            Mirror::default()
        );
    }
}

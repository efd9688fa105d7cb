//! Branch and version of a platform, out of the changelog in its folder.
//!
//! The title is the branch, the first heading below it the version: what is told and what is written down
//! cannot differ.

/// A platform as it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Language and system, such as `Python 3.11 on Debian 12`.
    pub branch: &'static str,
    /// Three numbers: what breaks applications, what adds, what mends.
    pub version: &'static str,
}

/// Reads the head of a changelog. Both are empty where it has none, which a test forbids.
pub fn release(changelog: &'static str) -> Release {
    let heading = |mark: &str| {
        let found = changelog.lines().find_map(|line| line.strip_prefix(mark));
        found.map_or("", str::trim)
    };
    Release {
        branch: heading("# "),
        version: heading("## "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_changelog_says_branch_and_version() {
        let release = release("# Go 1 on Debian 12\n\n## 1.2.3\n\nMore.\n\n## 1.2.2\n");
        assert_eq!((release.branch, release.version), ("Go 1 on Debian 12", "1.2.3"));
    }
}

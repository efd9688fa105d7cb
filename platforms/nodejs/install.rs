//! Which program installs the dependencies of a Node.js application, by its lock file.
//!
//! npm is in the image; the others are npm's to fetch, in the version that the lock file or `packageManager`
//! of package.json asks for. What only development needs stays out.

use crate::source::Source;

/// A way to install dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installer {
    pub command: String,
    /// Files that it reads beside package.json.
    files: &'static [&'static str],
}

const NPM_FILES: &[&str] = &["package-lock.json", "npm-shrinkwrap.json", ".npmrc"];
const PNPM_FILES: &[&str] = &["pnpm-lock.yaml", ".npmrc"];
const YARN_FILES: &[&str] = &["yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc"];
/// What installers keep for themselves.
const CLEAN_UP: &str = "rm -rf /root/.npm /root/.yarn /root/.cache /root/.local /home/webapp/.npm /home/webapp/.yarn \
     /home/webapp/.cache /home/webapp/.local";

impl Installer {
    /// The one of a bundle; `asked` is `packageManager` of its package.json.
    pub fn of(source: &Source, asked: Option<&str>) -> Self {
        let asked = asked.and_then(|asked| {
            let (name, version) = asked.split_once('@')?;
            // After a plus sign stands a digest.
            let version = version.split('+').next()?;
            is_version(version).then_some((name, version))
        });
        let version = |of: &str| asked.filter(|(name, _)| *name == of).map(|(_, version)| version);
        if source.has("package-lock.json") || source.has("npm-shrinkwrap.json") {
            return Self::npm();
        }
        if source.has("pnpm-lock.yaml") {
            let by_lock = pnpm_of(source.text("pnpm-lock.yaml").unwrap_or_default());
            return Self::pnpm(version("pnpm").unwrap_or(by_lock));
        }
        if source.has("yarn.lock") {
            let is_berry = source
                .text("yarn.lock")
                .is_some_and(|text| text.contains("__metadata:"));
            let by_lock = if is_berry { "4" } else { "1.22.22" };
            return Self::yarn(version("yarn").unwrap_or(by_lock));
        }
        Self::npm()
    }

    fn npm() -> Self {
        Self::new("npm install --omit=dev", NPM_FILES)
    }

    fn pnpm(version: &str) -> Self {
        // Plain folders instead of links into a store that is not kept.
        let install = "install --frozen-lockfile --prod --config.node-linker=hoisted";
        Self::new(&format!("npx --yes pnpm@{version} {install}"), PNPM_FILES)
    }

    fn yarn(version: &str) -> Self {
        let command = match version.split('.').next() {
            Some("0" | "1") => {
                format!("npx --yes yarn@{version} install --production --frozen-lockfile --non-interactive")
            }
            _ => format!(
                "YARN_NODE_LINKER=node-modules YARN_ENABLE_TELEMETRY=0 npx --yes @yarnpkg/cli-dist@{version} workspaces focus --all --production"
            ),
        };
        Self::new(&command, YARN_FILES)
    }

    fn new(command: &str, files: &'static [&'static str]) -> Self {
        Self {
            command: format!("{command} && {CLEAN_UP}"),
            files,
        }
    }

    /// The files of the bundle that it needs.
    pub fn files(&self, source: &Source) -> Vec<String> {
        let all = ["package.json"].into_iter().chain(self.files.iter().copied());
        all.filter(|file| source.has(file)).map(str::to_owned).collect()
    }
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// The release of pnpm that wrote a lock file, as far as Node.js 18 runs it.
fn pnpm_of(lock: &str) -> &'static str {
    let version = lock
        .lines()
        .find_map(|line| line.strip_prefix("lockfileVersion:"));
    match version.map(|version| version.trim().trim_matches(['\'', '"'])) {
        Some(version) if version.starts_with("5.") => "7",
        Some(version) if version.starts_with("6.") => "8",
        _ => "9",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::source;

    #[test]
    fn the_lock_file_says_who_installs() {
        for (files, asked, expected) in [
            (&[][..], None, "npm install"),
            (
                &[("package-lock.json", "{}"), ("yarn.lock", "")],
                Some("yarn@4.1.0"),
                "npm install",
            ),
            (
                &[("yarn.lock", "# yarn lockfile v1")],
                None,
                "npx --yes yarn@1.22.22 install",
            ),
            (
                &[("yarn.lock", "__metadata:\n  version: 8\n")],
                None,
                "npx --yes @yarnpkg/cli-dist@4 workspaces",
            ),
            (
                &[("yarn.lock", "")],
                Some("yarn@4.5.1+sha224.abc"),
                "npx --yes @yarnpkg/cli-dist@4.5.1 ",
            ),
            (
                &[("yarn.lock", "")],
                Some("yarn@1; rm -rf /"),
                "npx --yes yarn@1.22.22 ",
            ),
            (
                &[("pnpm-lock.yaml", "lockfileVersion: '6.0'\n")],
                None,
                "npx --yes pnpm@8 install",
            ),
            (
                &[("pnpm-lock.yaml", "lockfileVersion: '9.0'\n")],
                None,
                "npx --yes pnpm@9 install",
            ),
            (
                &[("pnpm-lock.yaml", "")],
                Some("pnpm@9.12.1"),
                "npx --yes pnpm@9.12.1 ",
            ),
        ] {
            let found = Installer::of(&source(files), asked);
            assert!(
                found.command.contains(expected),
                "{files:?} {asked:?}: {}",
                found.command
            );
        }
    }

    #[test]
    fn it_reads_its_own_files() {
        let files = source(&[
            ("package.json", "{}"),
            ("yarn.lock", ""),
            (".yarnrc.yml", ""),
            ("a.js", ""),
        ]);
        let read = Installer::of(&files, None).files(&files);
        assert_eq!(read, ["package.json", "yarn.lock", ".yarnrc.yml"]);
    }
}

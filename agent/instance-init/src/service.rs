//! Services by name: out of the unit files and the scripts that Debian's packages bring.
//!
//! Of a unit file so much is understood as services of packages use; what is not is told.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    account,
    spawn::{Program, env_of},
};

/// Where unit files are, the first that has one counts.
const UNITS: [&str; 4] = [
    "/etc/systemd/system",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
    "/usr/lib/systemd/system",
];
const SCRIPTS: &str = "/etc/init.d";
/// What was switched on while the image was built.
pub const RECORDS: &str = "/opt/beanpole/services.d";

/// How a service is run.
#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    /// Each to its end, before.
    pub before: Vec<Program>,
    pub how: How,
}

#[derive(Clone, Debug)]
pub enum How {
    /// It stays.
    Runs(Program),
    /// It does its work and ends.
    Once(Program),
    /// A script that puts it into the background, and takes `start` and `stop`.
    Script(PathBuf),
}

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("there is no service {0}: neither a unit file nor a script in {SCRIPTS} has this name")]
    Unknown(String),
    #[error("the unit file {path} {problem}")]
    Unit { path: PathBuf, problem: String },
    #[error("the service {name} cannot be run: {source}")]
    Io { name: String, source: std::io::Error },
}

/// `name`, without the ending of unit files.
pub fn plain(name: &str) -> &str {
    name.strip_suffix(".service").unwrap_or(name)
}

/// Finds out how a service is run, with these variables.
pub fn find(name: &str, env: &BTreeMap<String, String>) -> Result<Service, ServiceError> {
    let name = plain(name);
    let odd = name.is_empty() || name.contains('/') || name.starts_with('.');
    if odd {
        return Err(ServiceError::Unknown(name.to_owned()));
    }
    let unit = UNITS
        .iter()
        .map(|folder| Path::new(folder).join(format!("{name}.service")))
        .find(|path| path.is_file());
    let script = Path::new(SCRIPTS).join(name);
    if let Some(path) = unit {
        let text = fs::read_to_string(&path).map_err(|source| ServiceError::Io {
            name: name.to_owned(),
            source,
        })?;
        let unit = Unit::parse(&text);
        // Only its script knows how such a one is ended.
        if unit.last("Type") == Some("forking") && script.is_file() {
            return Ok(scripted(name, script));
        }
        return unit.service(name, &path, env);
    }
    if script.is_file() {
        return Ok(scripted(name, script));
    }
    Err(ServiceError::Unknown(name.to_owned()))
}

fn scripted(name: &str, script: PathBuf) -> Service {
    Service {
        name: name.to_owned(),
        before: Vec::new(),
        how: How::Script(script),
    }
}

/// The lines of `[Service]`.
#[derive(Debug, Default)]
struct Unit(Vec<(String, String)>);

impl Unit {
    fn parse(text: &str) -> Self {
        let mut section = String::new();
        let mut lines = Vec::new();
        let joined = text.replace("\\\n", " ");
        for line in joined.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line.to_owned();
            } else if section == "[Service]"
                && !line.starts_with(['#', ';'])
                && let Some((key, value)) = line.split_once('=')
            {
                lines.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Self(lines)
    }

    fn last(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    fn service(
        &self,
        name: &str,
        path: &Path,
        env: &BTreeMap<String, String>,
    ) -> Result<Service, ServiceError> {
        let wrong = |problem: String| ServiceError::Unit {
            path: path.to_owned(),
            problem,
        };
        let io = |source| ServiceError::Io {
            name: name.to_owned(),
            source,
        };
        let start = self
            .last("ExecStart")
            .ok_or_else(|| wrong("has no ExecStart".to_owned()))?;
        let kind = self.last("Type").unwrap_or("simple");
        if !["simple", "exec", "notify", "notify-reload", "idle", "oneshot"].contains(&kind) {
            return Err(wrong(format!(
                "has Type={kind}, with which nothing stays in the foreground: use Type=simple"
            )));
        }
        let mut user = match self.last("User") {
            None | Some("root") => None,
            Some(user) => Some(account::find(user).map_err(io)?),
        };
        if let (Some(user), Some(group)) = (&mut user, self.last("Group")) {
            user.gid = account::group_id(group).map_err(io)?;
        }
        let mut own = BTreeMap::new();
        for line in self.all("Environment") {
            own.extend(words(line).iter().filter_map(|word| pair(word)));
        }
        for file in self.all("EnvironmentFile") {
            let optional = file.strip_prefix('-');
            match fs::read_to_string(optional.unwrap_or(file)) {
                Ok(text) => own.extend(text.lines().filter_map(|line| pair(line.trim()))),
                Err(_) if optional.is_some() => {}
                Err(source) => return Err(io(source)),
            }
        }
        let env = env_of(env, user.as_ref(), &own);
        let folder = self
            .last("WorkingDirectory")
            .unwrap_or("/")
            .trim_start_matches('-');
        let program = |line: &str| Program {
            argv: expanded(line, &env),
            env: env.clone(),
            folder: folder.into(),
            user: user.clone(),
        };
        let before = self.runtime_folders(&env, &user);
        let before = before
            .into_iter()
            .chain(self.all("ExecStartPre").map(program))
            .collect();
        let main = program(start);
        Ok(Service {
            name: name.to_owned(),
            before,
            how: match kind {
                "oneshot" => How::Once(main),
                _ => How::Runs(main),
            },
        })
    }

    /// `RuntimeDirectory` and its like: folders that the service's user may write to.
    fn runtime_folders(
        &self,
        env: &BTreeMap<String, String>,
        user: &Option<account::Account>,
    ) -> Option<Program> {
        let named = [
            ("RuntimeDirectory", "/run"),
            ("StateDirectory", "/var/lib"),
            ("LogsDirectory", "/var/log"),
        ];
        let paths: Vec<String> = named
            .iter()
            .flat_map(|(key, root)| {
                let folders = self.last(key).unwrap_or_default();
                folders
                    .split_whitespace()
                    .map(move |folder| format!("{root}/{folder}"))
            })
            .collect();
        if paths.is_empty() {
            return None;
        }
        let mut argv = vec!["/usr/bin/install".to_owned(), "-d".to_owned()];
        if let Some(user) = user {
            argv.extend([
                "-o".to_owned(),
                user.uid.to_string(),
                "-g".to_owned(),
                user.gid.to_string(),
            ]);
        }
        argv.extend(paths);
        Some(Program {
            argv,
            env: env.clone(),
            folder: "/".into(),
            user: None,
        })
    }
}

fn pair(word: &str) -> Option<(String, String)> {
    if word.starts_with(['#', ';']) {
        return None;
    }
    let (name, value) = word.split_once('=')?;
    let value = value.trim();
    let bare = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')));
    Some((name.trim().to_owned(), bare.unwrap_or(value).to_owned()))
}

/// Words as systemd splits them: by spaces, with quotes around some.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, '\\') => word.get_or_insert_default().extend(chars.next()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The words of an Exec line, its prefixes taken off and variables put in.
fn expanded(line: &str, env: &BTreeMap<String, String>) -> Vec<String> {
    let line = line.trim_start_matches(['-', '@', ':', '+', '!']);
    let mut argv = Vec::new();
    for word in words(line) {
        match word.strip_prefix('$').filter(|name| !name.starts_with('{')) {
            // By itself, a variable may be several words.
            Some(name) => argv.extend(words(env.get(name).map_or("", String::as_str))),
            None => {
                let mut text = word;
                for (name, value) in env {
                    text = text.replace(&format!("${{{name}}}"), value);
                }
                argv.push(text.replace("%%", "%"));
            }
        }
    }
    argv
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_file_is_understood_as_far_as_packages_use_it() {
        let unit = Unit::parse(
            "[Unit]\nDescription=x\n[Service]\n# hash\nType=notify\nEnvironment=\"A=1 2\" B=3\n\
             ExecStartPre=-/bin/true\nExecStart=-/usr/bin/x --a ${A} $OPTIONS \\\n  'b c' %%\n[Install]\nExecStart=no\n",
        );
        let env = BTreeMap::from([("OPTIONS".to_owned(), "-v -q".to_owned())]);
        let service = unit.service("x", Path::new("/x.service"), &env).unwrap();
        let How::Runs(program) = service.how else {
            panic!("{service:?}")
        };
        assert_eq!(program.argv, ["/usr/bin/x", "--a", "1 2", "-v", "-q", "b c", "%"]);
        assert_eq!(program.env["B"], "3");
        assert_eq!(service.before[0].argv, ["/bin/true"]);
    }

    #[test]
    fn what_cannot_be_kept_running_is_told() {
        for (text, words) in [
            ("[Service]\nType=simple\n", "no ExecStart"),
            ("[Service]\nType=dbus\nExecStart=/x\n", "Type=dbus"),
        ] {
            let error = Unit::parse(text).service("x", Path::new("/x.service"), &BTreeMap::new());
            let error = error.unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("/x.service"), "{error}");
        }
        assert!(matches!(
            find("../x", &BTreeMap::new()),
            Err(ServiceError::Unknown(_))
        ));
    }
}

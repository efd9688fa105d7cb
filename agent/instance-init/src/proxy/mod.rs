//! The proxy in front of the application: its configuration as a function of what is known, and the files of
//! the bundle that go along.
//!
//! Written anew at every start, so that a container's variables count.

mod apache;
mod nginx;
mod own;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use beanpole_instance::{CURRENT, Upstream};

use self::own::Own;
use crate::{
    first::Stage,
    port::Listening,
    settings::{ProxyKind, Settings},
    spawn::{Program, env_of},
};

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub path: String,
    pub text: String,
}

/// What a configuration is made of.
#[derive(Clone, Debug)]
pub struct Facts {
    pub port: u16,
    pub upstream: Upstream,
    /// Below the application's root, for PHP.
    pub document_root: PathBuf,
    /// There is a front controller for what is no file.
    pub has_index_php: bool,
    pub statics: Vec<Static>,
    pub workers: usize,
    /// Postdeploy hooks are still to run: until they have, only they are answered.
    pub awaits_hooks: bool,
    /// The bundle's own main file is used.
    pub has_own_main: bool,
    /// All text of the bundle's own files: a directive that is in it is not ours to set.
    pub own_text: String,
}

/// A path that the proxy serves from the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Static {
    /// Without a slash at its end; empty for the root.
    pub path: String,
    pub target: String,
    pub is_folder: bool,
}

/// How a proxy is run.
pub struct Proxy {
    pub name: &'static str,
    pub program: Program,
    /// Ends it once requests under way are answered.
    pub stop_signal: &'static str,
    /// Tells whether its configuration will do.
    pub check: Program,
    /// Files that it writes, which are turned over, and the signal after which it opens them again.
    pub logs: [&'static str; 2],
    pub reopen_signal: &'static str,
    /// The file because of which only the instance itself is answered, if there is one, and the signal after
    /// which its absence counts.
    pub gate: Option<PathBuf>,
    pub reload_signal: &'static str,
}

/// What a gate's file is named in the folder of the proxy.
const GATE: &str = "conf.d/elasticbeanstalk/00_starting.conf";

/// Writes the configuration; none when there is to be no proxy.
pub fn prepare(settings: &Settings) -> io::Result<Option<Proxy>> {
    let root = Path::new(CURRENT);
    let (own, facts, files) = match settings.proxy {
        ProxyKind::None => return Ok(None),
        ProxyKind::Nginx => {
            let own = Own::read(&root.join(".platform/nginx"), "nginx.conf")?;
            let facts = facts(settings, &own);
            (own, facts.clone(), nginx::files(&facts))
        }
        ProxyKind::Apache => {
            let own = Own::read(&root.join(".platform/httpd"), "conf/httpd.conf")?;
            let facts = facts(settings, &own);
            (own, facts.clone(), apache::files(&facts))
        }
    };
    let (folder, main) = match settings.proxy {
        ProxyKind::Apache => (apache::FOLDER, apache::MAIN),
        _ => (nginx::FOLDER, nginx::MAIN),
    };
    // What an earlier start left may be of another bundle's files no more, but of other variables.
    let _ = fs::remove_dir_all(Path::new(folder).join("conf.d"));
    for file in files
        .iter()
        .filter(|file| !(facts.has_own_main && file.path == main))
    {
        write(Path::new(&file.path), file.text.as_bytes())?;
    }
    own.copy(Path::new(folder), Path::new(main))?;
    let program = |argv: &[&str]| Program {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env: env_of(&BTreeMap::new(), None, &BTreeMap::new()),
        folder: "/".into(),
        user: None,
    };
    let gate = facts.awaits_hooks.then(|| Path::new(folder).join(GATE));
    let proxy = match settings.proxy {
        ProxyKind::Apache => apache::proxy(program),
        _ => nginx::proxy(program),
    };
    Ok(Some(Proxy { gate, ..proxy }))
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Where the proxy expects the application.
pub fn listening(settings: &Settings) -> Listening {
    match &settings.instance.upstream {
        Upstream::Http => Listening::Port(settings.port),
        Upstream::FastCgi { socket, .. } => Listening::Socket(socket.into()),
    }
}

fn facts(settings: &Settings, own: &Own) -> Facts {
    let root = Path::new(CURRENT);
    let document_root = match &settings.instance.upstream {
        Upstream::Http => root.to_owned(),
        Upstream::FastCgi { root: below, .. } => {
            let chosen = settings.env.get("BEANPOLE_DOCUMENT_ROOT").unwrap_or(below);
            root.join(chosen.trim_matches('/'))
        }
    };
    Facts {
        port: settings.port,
        upstream: settings.instance.upstream.clone(),
        has_index_php: document_root.join("index.php").is_file(),
        document_root,
        statics: statics(settings),
        workers: std::thread::available_parallelism().map_or(1, usize::from).min(4),
        awaits_hooks: !Stage::Postdeploy.is_done() && !Stage::Postdeploy.hooks(settings).is_empty(),
        has_own_main: own.has_main,
        own_text: own.text.clone(),
    }
}

/// Folders that a platform offers by itself are served when the bundle has them; those of an option always.
fn statics(settings: &Settings) -> Vec<Static> {
    let found = |path: &String, below: &String| {
        let target = Path::new(CURRENT).join(below.trim_matches('/'));
        let is_default = settings.instance.static_files.get(path) == Some(below);
        let wanted = target.exists() || !is_default;
        wanted.then(|| Static {
            path: path.trim_end_matches('/').to_owned(),
            is_folder: !target.is_file(),
            target: target.to_string_lossy().trim_end_matches('/').to_owned(),
        })
    };
    settings
        .static_files
        .iter()
        .filter_map(|(path, below)| found(path, below))
        .collect()
}

#[cfg(test)]
pub(super) fn some_facts() -> Facts {
    Facts {
        port: 8000,
        upstream: Upstream::Http,
        document_root: CURRENT.into(),
        has_index_php: false,
        statics: vec![Static {
            path: "/static".to_owned(),
            target: format!("{CURRENT}/assets"),
            is_folder: true,
        }],
        workers: 2,
        awaits_hooks: false,
        has_own_main: false,
        own_text: String::new(),
    }
}

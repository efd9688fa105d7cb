//! What can be started by name: the proxy, the application's processes, services.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use beanpole_instance::CURRENT;

use crate::{
    account,
    machine::Kind,
    proxy::Proxy,
    service::{self, How, RECORDS, Service, ServiceError},
    settings::{ProxyKind, Settings},
    spawn::{Program, env_of},
};

/// The user of applications.
const USER: &str = "webapp";

#[derive(Clone, Debug)]
pub struct Unit {
    /// As `systemctl` calls it, and its log file without the ending.
    pub name: String,
    pub log: String,
    pub kind: Kind,
    /// It does its work and ends.
    pub once: bool,
    pub before: Vec<Program>,
    pub program: Program,
    pub stop_signal: String,
    pub signal_group: bool,
    /// What ends it when it put itself into the background.
    pub stop: Option<Program>,
}

/// The application's processes, by its description.
pub fn processes(settings: &Settings) -> std::io::Result<Vec<Unit>> {
    let user = account::find(USER)?;
    let unit = |(index, process): (usize, &beanpole_instance::Process)| {
        let user = (!process.as_root).then(|| user.clone());
        let mut env = env_of(&settings.env, user.as_ref(), &process.env);
        env.insert("PORT".to_owned(), settings.port_of(index).to_string());
        Unit {
            name: process.name.clone(),
            log: format!("{}.stdout", process.name),
            kind: Kind::Process,
            once: false,
            before: Vec::new(),
            program: Program {
                argv: process.argv.clone(),
                env,
                folder: CURRENT.into(),
                user,
            },
            stop_signal: process.stop_signal.clone().unwrap_or_else(|| "TERM".to_owned()),
            signal_group: process.signal_group,
            stop: None,
        }
    };
    Ok(settings.instance.processes.iter().enumerate().map(unit).collect())
}

pub fn proxy(proxy: &Proxy) -> Unit {
    Unit {
        name: proxy.name.to_owned(),
        log: format!("{}.stdout", proxy.name),
        kind: Kind::Proxy,
        once: false,
        before: Vec::new(),
        program: proxy.program.clone(),
        stop_signal: proxy.stop_signal.to_owned(),
        signal_group: false,
        stop: None,
    }
}

/// Names by which people know the proxy.
pub const PROXIES: [&str; 3] = ["nginx", "httpd", "apache2"];

/// A service by the name that people know it by.
pub fn service(name: &str, settings: &Settings) -> Result<Unit, ServiceError> {
    let name = match service::plain(name) {
        "crond" => "cron",
        "httpd" => "apache2",
        other => other,
    };
    if name == "cron" {
        return Ok(cron(settings));
    }
    Ok(of_service(service::find(name, &settings.env)?, settings))
}

fn of_service(service: Service, settings: &Settings) -> Unit {
    let script = |path: &Path, verb: &str| Program {
        argv: vec![path.to_string_lossy().into_owned(), verb.to_owned()],
        env: env_of(&settings.env, None, &BTreeMap::new()),
        folder: "/".into(),
        user: None,
    };
    let (program, once, stop) = match service.how {
        How::Runs(program) => (program, false, None),
        How::Once(program) => (program, true, None),
        How::Script(path) => (script(&path, "start"), true, Some(script(&path, "stop"))),
    };
    Unit {
        log: format!("{}.stdout", service.name),
        name: service.name,
        kind: Kind::Service,
        once,
        before: service.before,
        program,
        stop_signal: "TERM".to_owned(),
        signal_group: false,
        stop,
    }
}

/// Debian's unit file for cron wants a journal; it is simple enough.
fn cron(settings: &Settings) -> Unit {
    Unit {
        name: "cron".to_owned(),
        log: "cron".to_owned(),
        kind: Kind::Service,
        once: false,
        before: Vec::new(),
        program: Program {
            argv: ["/usr/sbin/cron", "-f"].map(str::to_owned).to_vec(),
            env: env_of(&settings.env, None, &BTreeMap::new()),
            folder: "/".into(),
            user: None,
        },
        stop_signal: "TERM".to_owned(),
        signal_group: false,
        stop: None,
    }
}

/// The services that are to run from the start: those of `services:`, those that were switched on during
/// the build, and cron when it has something to do.
pub fn wanted_services(settings: &Settings) -> Vec<String> {
    let mut wanted: BTreeMap<String, bool> = recorded();
    if has_cron_jobs() {
        wanted.insert("cron".to_owned(), true);
    }
    for service in &settings.instance.services {
        let name = service::plain(&service.name).to_owned();
        if let Some(on) = service.ensure_running.or(service.enabled) {
            wanted.insert(name, on);
        }
    }
    // The proxy is there anyway, whichever of them it is.
    let is_proxy = |name: &str| settings.proxy != ProxyKind::None && PROXIES.contains(&name);
    let on = wanted.into_iter().filter(|(name, on)| *on && !is_proxy(name));
    on.map(|(name, _)| if name == "crond" { "cron".to_owned() } else { name })
        .collect()
}

/// What a configuration file says of a service.
pub fn declared<'a>(settings: &'a Settings, name: &str) -> Option<&'a beanpole_instance::Service> {
    let mut services = settings.instance.services.iter();
    services.find(|service| service::plain(&service.name) == name)
}

fn recorded() -> BTreeMap<String, bool> {
    let entries = fs::read_dir(RECORDS).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let word = fs::read_to_string(entry.path()).ok()?;
            Some((entry.file_name().into_string().ok()?, word == "enabled"))
        })
        .collect()
}

fn has_cron_jobs() -> bool {
    let folders = [
        "/etc/cron.d",
        "/etc/cron.hourly",
        "/etc/cron.daily",
        "/etc/cron.weekly",
        "/etc/cron.monthly",
        "/var/spool/cron/crontabs",
    ];
    folders.map(PathBuf::from).iter().any(|folder| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .any(|name| !name.starts_with('.'))
    })
}

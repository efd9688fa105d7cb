//! `beanpole-instance-init`: the first process of an instance.
//!
//! It makes a fresh container ready (container commands, hooks), starts what the image's description names
//! (services, the application's processes, a proxy in front of them), starts again what ends, keeps their
//! logs, and ends all of it in order. Under other names it is `get-config`, `systemctl` and `service`.
//! Invariants: it never ends by itself but for a first start that failed, with exit code 78; nothing of it
//! needs a library of the image.

mod account;
mod command;
mod control;
mod first;
mod get_config;
mod leader;
mod logs;
mod machine;
mod port;
mod proxy;
mod reaper;
mod run;
mod service;
mod settings;
mod shim;
mod spawn;
mod unit;

use std::{path::Path, process::ExitCode};

/// "Do not start me again": what a first start that failed ends with (`EX_CONFIG` of sysexits).
const GIVE_UP: u8 = 78;

fn main() -> ExitCode {
    let mut words = std::env::args();
    let called = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    let name = Path::new(&called).file_name().and_then(|name| name.to_str());
    match name {
        Some("get-config") => get_config::main(&words),
        Some("systemctl") => shim::systemctl(&words),
        Some("service") => shim::service(&words),
        _ => match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--version"] => {
                println!("beanpole-instance-init {}", env!("CARGO_PKG_VERSION"));
                ExitCode::SUCCESS
            }
            ["check", path] => check(Path::new(path)),
            // What Docker was told to run is an argument of the entry point; the description counts.
            _ => run::main(),
        },
    }
}

/// Says whether a description can be read.
fn check(path: &Path) -> ExitCode {
    match settings::read(path) {
        Ok(instance) => {
            println!("{}: {} process(es)", path.display(), instance.processes.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("beanpole: {error}");
            ExitCode::FAILURE
        }
    }
}

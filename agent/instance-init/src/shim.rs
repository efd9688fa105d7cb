//! `systemctl` and `service`, for commands and hooks that were written for a whole machine.
//!
//! Where the init runs, it is asked. During the build of an image nothing runs: what is to be enabled or
//! started is written down, and instances start with it.

use std::{fs, path::Path, process::ExitCode};

use crate::{
    control,
    service::{RECORDS, plain},
};

/// What there is to ask for; others are told to be unknown.
const VERBS: [&str; 10] = [
    "start",
    "stop",
    "restart",
    "reload",
    "try-restart",
    "reload-or-restart",
    "status",
    "is-active",
    "enable",
    "disable",
];

pub fn systemctl(words: &[String]) -> ExitCode {
    let mut now = false;
    let mut rest = Vec::new();
    for word in words {
        match word.as_str() {
            "--now" => now = true,
            // They change what is printed, or how long is waited.
            flag if flag.starts_with('-') => {}
            word => rest.push(word),
        }
    }
    match rest[..] {
        // Unit files are read when they are needed.
        ["daemon-reload" | "daemon-reexec" | "reset-failed"] => ExitCode::SUCCESS,
        ["is-enabled", unit] => is_enabled(unit),
        [verb, ref units @ ..] if VERBS.contains(&verb) && !units.is_empty() => {
            let codes: Vec<u8> = units.iter().map(|unit| both(verb, unit, now)).collect();
            codes.into_iter().max().unwrap_or(0).into()
        }
        _ => {
            eprintln!(
                "systemctl: {:?} is not understood here; there are {}",
                rest.join(" "),
                VERBS.join(", ")
            );
            ExitCode::FAILURE
        }
    }
}

pub fn service(words: &[String]) -> ExitCode {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [unit, verb, ..] if VERBS.contains(&verb) => one(verb, unit).into(),
        _ => {
            eprintln!("usage: service NAME start|stop|restart|reload|status");
            ExitCode::FAILURE
        }
    }
}

fn both(verb: &str, unit: &str, now: bool) -> u8 {
    let code = one(verb, unit);
    match (verb, now) {
        ("enable", true) => code.max(one("start", unit)),
        ("disable", true) => code.max(one("stop", unit)),
        _ => code,
    }
}

fn one(verb: &str, unit: &str) -> u8 {
    let unit = plain(unit);
    if matches!(verb, "enable" | "disable") {
        return record(unit, verb == "enable");
    }
    match control::ask(verb, unit) {
        Ok(Some(answer)) => {
            if !answer.text.is_empty() {
                println!("{}", answer.text.trim_end());
            }
            answer.code
        }
        Ok(None) => in_a_build(verb, unit),
        Err(error) => {
            eprintln!("the init of this container cannot be asked: {error}");
            1
        }
    }
}

fn in_a_build(verb: &str, unit: &str) -> u8 {
    match verb {
        "status" | "is-active" => {
            println!("inactive");
            3
        }
        "stop" => 0,
        _ => {
            println!("{unit}: nothing runs while an image is built; instances start with it");
            record(unit, true)
        }
    }
}

/// Writes down whether instances start with a service.
fn record(unit: &str, on: bool) -> u8 {
    if unit.is_empty() || unit.contains('/') || unit.starts_with('.') {
        eprintln!("{unit:?} is no name of a service");
        return 1;
    }
    let word = if on { "enabled" } else { "disabled" };
    match fs::create_dir_all(RECORDS).and_then(|()| fs::write(Path::new(RECORDS).join(unit), word)) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{unit} cannot be {word}: {error}");
            1
        }
    }
}

fn is_enabled(unit: &str) -> ExitCode {
    let word = fs::read_to_string(Path::new(RECORDS).join(plain(unit)));
    let word = word.unwrap_or_else(|_| "disabled".to_owned());
    println!("{word}");
    if word == "enabled" {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

//! Files that hold every key, form and trap, and what is said about them. `BLESS=1` writes what is said.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::{fmt::Write, fs};

use beanpole_ebextensions::{Config, Plan, parse};
use common::{Here, corpus, corpus_folder};

/// Findings, then the entries that count.
fn said(name: &str, bytes: &[u8]) -> String {
    let parsed = parse(&[(format!(".ebextensions/{name}"), bytes)]);
    let mut text = String::new();
    for finding in &parsed.findings {
        let key = if finding.key.is_empty() {
            "(file)"
        } else {
            &finding.key
        };
        writeln!(
            text,
            "{}\n    at {key:?}",
            finding.to_string().trim_start_matches(".ebextensions/")
        )
        .unwrap();
    }
    for change in Plan::between(&Config::default(), &parsed.config) {
        writeln!(
            text,
            "{} {} = {}",
            change.section,
            change.name,
            change.after.unwrap()
        )
        .unwrap();
    }
    text
}

#[test]
fn what_is_said_is_what_was_expected() {
    let mut wrong = Vec::new();
    for (name, bytes) in corpus() {
        let path = corpus_folder().join(name.replace(".config", ".expected"));
        let said = said(&name, &bytes);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &said).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != said {
            wrong.push(format!("== {name}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "BLESS=1 accepts:\n{}", wrong.join("\n"));
}

#[test]
fn every_script_is_one_for_a_shell() {
    let mut scripts = 0;
    for (name, bytes) in corpus() {
        let config = parse(&[(format!(".ebextensions/{name}"), &bytes)]).config;
        let target = beanpole_ebextensions::Target { lookup: &Here };
        let Ok(steps) = beanpole_ebextensions::build_steps(&config, &target) else {
            continue;
        };
        for step in steps {
            common::check_syntax(&step.script);
            assert!(!step.description.is_empty());
            scripts += 1;
        }
    }
    assert!(scripts > 10);
}

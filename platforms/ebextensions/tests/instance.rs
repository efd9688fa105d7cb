//! What is left for instances and for the server, and what changed between two versions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use beanpole_ebextensions::{
    Config, Plan, Planned, Settled, Severity, Start, Unknown, container_commands, late_commands,
    option_settings, parse, services, written_hooks,
};
use common::Here;

fn config(files: &[(&str, &str)]) -> Config {
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (format!(".ebextensions/{name}"), text.as_bytes()))
        .collect();
    let parsed = parse(&files);
    assert!(!parsed.is_refused(), "{:?}", parsed.findings);
    parsed.config
}

#[test]
fn the_leaders_commands_come_first() {
    let config = config(&[
        (
            "b.config",
            "container_commands: {01_z: {command: ls}, 00_a: {command: [ls, '-l'], leader_only: true}}",
        ),
        (
            "a.config",
            "container_commands:\n  02: {command: 'echo `{\"Ref\": \"AWSEBEnvironmentName\"}`', cwd: /tmp, env: {A: yes}, test: 'true'}\n  01: {command: x, ignoreErrors: true}\n  03: {command: y, leader_only: true}\n",
        ),
    ]);
    let commands: Vec<_> = container_commands(&config, &Here)
        .unwrap()
        .into_iter()
        .map(|planned| match planned {
            Planned::Known(command) => command,
            Planned::Late { name, .. } => panic!("{name} is late"),
        })
        .collect();
    let order: Vec<_> = commands
        .iter()
        .map(|command| (&command.file[14..], command.name.as_str(), command.leader_only))
        .collect();
    assert_eq!(
        order,
        [
            ("a.config", "03", true),
            ("b.config", "00_a", true),
            ("a.config", "01", false),
            ("a.config", "02", false),
            ("b.config", "01_z", false),
        ]
    );
    assert_eq!(commands[3].command, Start::Line("echo shop-live".to_owned()));
    assert_eq!(commands[3].env["A"], "true");
    assert_eq!(
        commands[1].command,
        Start::Argv(vec!["ls".to_owned(), "-l".to_owned()])
    );
    let late = |planned: &Planned| matches!(planned, Planned::Late { name, .. } if name == "02");
    let without = container_commands(&config, &Unknown).unwrap();
    assert!(late(&without[3]), "{without:#?}");
    assert_eq!(without.iter().filter(|planned| late(planned)).count(), 1);
    assert_eq!(
        late_commands(&config, &Unknown, &Here).unwrap(),
        [commands[3].clone()]
    );
}

#[test]
fn later_files_win_over_earlier_ones() {
    let config = config(&[
        (
            "01.config",
            "option_settings: {x:y: {B: one, A: one}}\nservices: {systemd: {cron: {enabled: true}}}",
        ),
        (
            "02.config",
            "option_settings: [{namespace: x:y, option_name: B, value: two}]\nservices: {sysvinit: {crond: {ensureRunning: true, enabled: no}}}",
        ),
    ]);
    let Settled {
        options, findings, ..
    } = option_settings(&config, &Here);
    assert_eq!(findings, []);
    let values: Vec<_> = options
        .iter()
        .map(|option| (option.name.as_str(), option.value.as_str(), option.at.line))
        .collect();
    assert_eq!(values, [("A", "one", 1), ("B", "two", 1)]);
    let finding = options[1].finding(Severity::Error, "no such option");
    assert_eq!(
        finding.to_string(),
        ".ebextensions/02.config:1:59: error: no such option"
    );
    let services = services(&config);
    assert_eq!(services.len(), 1);
    assert_eq!(
        (services[0].enabled, services[0].ensure_running),
        (Some(false), Some(true))
    );
}

#[test]
fn hooks_that_files_write_are_known() {
    let config = config(&[(
        "a.config",
        "files:\n  /opt/elasticbeanstalk/hooks/appdeploy/post/9.sh: {content: x}\n  /var/app/current/.platform/hooks/predeploy/1.sh: {content: x}\n  /var/app/current/.platform/hooks/predeploy/lib/1.sh: {content: x}\n",
    )]);
    let hooks = written_hooks(&config);
    assert_eq!(hooks.predeploy, [".platform/hooks/predeploy/1.sh"]);
    assert_eq!(hooks.postdeploy, [".platform/hooks/postdeploy/9.sh"]);
}

#[test]
fn a_plan_says_what_changed() {
    let old = config(&[(
        "a.config",
        "commands: {a: {command: one, cwd: /tmp}, b: {command: b}}\nfiles: {/f: {content: \"x\\ny\\n\"}}\noption_settings: {x:y: {A: '1'}}\npackages: {yum: {jq: []}}",
    )]);
    let new = config(&[
        (
            "a.config",
            "packages: {apt: {jq: '1.6'}}\noption_settings: [{namespace: x:y, option_name: A, value: 2}]\nfiles: {/f: {content: \"x\\nz\\n\"}}\ncommands: {a: {cwd: /, command: one}}",
        ),
        ("c.config", "groups: {g: {}}"),
    ]);
    let changes: Vec<String> = Plan::between(&old, &new)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        changes,
        [
            "~ .ebextensions/a.config: commands a: cwd \"/tmp\" -> \"/\"",
            "- .ebextensions/a.config: commands b",
            "~ .ebextensions/a.config: files /f: content.text line 2: \"y\" -> \"z\"",
            "~ .ebextensions/a.config: option_settings x:y A: \"1\" -> \"2\"",
            "~ .ebextensions/a.config: packages.apt jq: versions [] -> [\"1.6\"]",
            "+ .ebextensions/c.config: groups g",
        ]
    );
    let json = serde_json::to_value(Plan::between(&old, &new)).unwrap();
    assert_eq!(json[1]["happened"], "removed");
    assert_eq!(json[1]["before"]["command"], "b");
    assert!(json[1].get("after").is_none());
}

//! What holds for any file: no panic, and no part played by the order of keys.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use beanpole_ebextensions::{
    Config, Plan, Target, Unknown, build_steps, container_commands, cron_tasks, environment_manifest,
    late_step_names, late_steps, option_settings, parse,
};
use common::{Here, Sweden, corpus};
use proptest::{collection::btree_map, prelude::*};
use serde_json::{Map, Value as Json, json};

/// Everything that is done with a file, one way or another.
fn work_through(bytes: &[u8]) -> Config {
    let parsed = parse(&[(".ebextensions/a.config", bytes)]);
    for finding in &parsed.findings {
        let line = finding.to_string();
        assert!(
            finding.line > 0 && finding.column > 0 && !line.contains('\n'),
            "{line:?}"
        );
    }
    let config = parsed.config;
    for lookup in [&Here as &dyn beanpole_ebextensions::Lookup, &Unknown] {
        let _ = build_steps(&config, &Target { lookup });
        let _ = container_commands(&config, lookup);
        let _ = option_settings(&config, lookup);
    }
    // What instances are told is what the image promises them.
    if let Ok(late) = late_steps(&config, &Sweden, &Here) {
        let told: Vec<_> = late.iter().map(|step| (step.file.clone(), step.key)).collect();
        assert_eq!(told, late_step_names(&config, &Sweden));
    }
    let _ = (environment_manifest(bytes), cron_tasks(bytes));
    for change in Plan::between(&Config::default(), &config) {
        let _ = change.to_string();
    }
    assert!(Plan::between(&config, &config).is_empty());
    config
}

fn text() -> impl Strategy<Value = Json> {
    prop_oneof![
        "[a-z`{}$'\" \n]{0,12}".prop_map(Json::from),
        Just(json!("`{\"Ref\": \"AWS::Region\"}`")),
        Just(json!("for `{\"Ref\": \"AWSEBEnvironmentName\"}`")),
        Just(json!({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]})),
        any::<u16>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
    ]
}

fn map(key: &'static str, value: impl Strategy<Value = Json> + 'static) -> BoxedStrategy<Json> {
    btree_map(key, value, 0..5)
        .prop_map(|map| Json::Object(map.into_iter().collect()))
        .boxed()
}

fn command() -> impl Strategy<Value = Json> {
    (text(), map("[A-Z]{1,3}", text()), any::<bool>(), text()).prop_map(|(command, env, ignore, test)| {
        json!({"command": command, "env": env, "ignoreErrors": ignore, "test": test, "cwd": "/tmp"})
    })
}

fn file() -> impl Strategy<Value = Json> {
    let content = prop_oneof![text(), map("[a-z]{1,3}", text())];
    let file = (content, "000[0-7]{3}")
        .prop_map(|(content, mode)| json!({"content": content, "mode": mode, "owner": "root"}));
    let service = any::<bool>().prop_map(|on| json!({"enabled": on, "ensureRunning": !on}));
    let resource =
        map("[A-Z]{1,2}", text()).prop_map(|body| json!({"Type": "AWS::SQS::Queue", "Properties": body}));
    let package = prop_oneof![Just(json!([])), Just(json!("1.2"))];
    (
        map("[a-z]{1,3}", command()),
        map("[a-z]{1,3}", command()),
        map("/[a-z]{1,2}/[a-z]{1,2}", file),
        map("[a-z]:[a-z]", map("[A-Z]{1,2}", text())),
        map("[a-z]{1,3}", service).prop_map(|all| json!({"systemd": all})),
        map("[A-Z]{1,3}", resource),
        map("[a-z]{1,3}", package).prop_map(|all| json!({"yum": all, "python": all})),
    )
        .prop_map(
            |(commands, container, files, options, services, resources, packages)| {
                json!({
                    "commands": commands, "container_commands": container, "files": files,
                    "option_settings": options, "services": services, "Resources": resources,
                    "packages": packages,
                })
            },
        )
}

/// JSON with the keys of every map in an order that `seed` chooses.
fn written(value: &Json, seed: u64) -> String {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<(&String, &Json)> = map.iter().collect();
            let place = |key: &str| {
                key.bytes().fold(seed, |sum, byte| {
                    (sum ^ u64::from(byte))
                        .wrapping_mul(0x0100_0000_01b3)
                        .rotate_left(29)
                })
            };
            entries.sort_by_key(|(key, _)| place(key));
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", Json::from(key.as_str()), written(value, seed)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, seed)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn the_order_of_keys_is_no_matter(file in file(), one in any::<u64>(), other in any::<u64>()) {
        let (one, other) = (written(&file, one), written(&file, other));
        let (one, other) = (work_through(one.as_bytes()), work_through(other.as_bytes()));
        prop_assert_eq!(Plan::between(&one, &other), []);
        prop_assert_eq!(serde_json::to_value(&one).unwrap(), serde_json::to_value(&other).unwrap());
        let target = Target { lookup: &Here };
        prop_assert_eq!(build_steps(&one, &target), build_steps(&other, &target));
        let target = Target { lookup: &Sweden };
        prop_assert_eq!(build_steps(&one, &target), build_steps(&other, &target));
        prop_assert_eq!(late_steps(&one, &Sweden, &Here), late_steps(&other, &Sweden, &Here));
        let nothing = Map::new();
        prop_assert!(one.files.len() == 1 || file.as_object().unwrap_or(&nothing).is_empty());
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        work_through(&bytes);
    }

    #[test]
    fn spoiled_files_are_read_without_harm(
        which in any::<prop::sample::Index>(),
        spots in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..8),
    ) {
        let corpus = corpus();
        let mut bytes = corpus[which.index(corpus.len())].1.clone();
        for (at, byte, how) in spots {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                _ => bytes.insert(at, b"\n :{}[]&*!`'\"#-<%"[usize::from(byte) % 17]),
            }
        }
        work_through(&bytes);
    }
}

#[test]
fn hostile_files_cost_little() {
    let started = std::time::Instant::now();
    let many_keys: String = (0..20_000).map(|n| format!("k{n}: 1\n")).collect();
    let yum = format!("commands: {{a: {{command: \"{}\"}}}}", "yum ".repeat(200_000));
    let ticks = format!("commands: {{a: {{command: '{}'}}}}", "`{Ref".repeat(100_000));
    let long_key = format!("commands: {{a: {{{}: 1}}}}", "k".repeat(1000));
    let wrong: String = (0..20_000).map(|n| format!("  c{n}: 1\n")).collect();
    let wrong = format!("commands:\n{wrong}");
    for text in [&many_keys, &yum, &ticks, &long_key, &wrong] {
        work_through(text.as_bytes());
        let parsed = parse(&[(".ebextensions/a.config", text.as_bytes())]);
        assert!(parsed.findings.len() <= 201);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

//! Access keys from the command line.

use std::{
    path::Path,
    process::{Command, Output},
};

use beanpole_testkit::{World, world::programs};
use serde_json::Value;

fn bp(world: &World, home: &Path, words: &[&str]) -> Output {
    Command::new(programs().join("bp"))
        .args(words)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join(".config"))
        .env("BP_URL", format!("http://{}", world.api))
        .env("BP_TOKEN", &world.token)
        .env("NO_COLOR", "1")
        .output()
        .expect("bp starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_created_listed_and_deleted_from_the_command_line() {
    let world = World::start("a_key_is_created_listed_and_deleted_from_the_command_line").await;
    let home = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| bp(&world, home.path(), words);
    let created = run(&["access-key", "create"]);
    assert!(created.status.success(), "{created:?}");
    let told = String::from_utf8(created.stdout).unwrap();
    let value = |name: &str| {
        let line = format!("export {name}=");
        let found = told.lines().find_map(|one| one.strip_prefix(line.as_str()));
        found.unwrap_or_else(|| panic!("no {name} in {told}")).to_owned()
    };
    let (id, secret) = (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY"));
    assert_eq!(value("AWS_ENDPOINT_URL"), format!("http://{}", world.api));

    let listed = run(&["--json", "access-key", "list"]);
    assert_eq!(json(&listed)["items"][0]["id"], id.as_str());
    assert!(!String::from_utf8_lossy(&listed.stdout).contains(&secret));
    let idle = run(&["--json", "access-key", "deactivate", &id]);
    assert_eq!(json(&idle)["key"]["status"], "inactive");
    for (expected, items) in [(0, 0), (1, 0)] {
        let deleted = run(&["access-key", "delete", &id]);
        assert_eq!(deleted.status.code(), Some(expected), "{deleted:?}");
        let listed = run(&["--json", "access-key", "list"]);
        assert_eq!(json(&listed)["items"].as_array().map(Vec::len), Some(items));
    }
}

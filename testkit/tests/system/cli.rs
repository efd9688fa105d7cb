//! `bp` as a user and as CI run it.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use beanpole_protocol::api::{DeploymentPolicy, PageQuery};
use beanpole_testkit::{
    World, apps,
    world::{option, options, programs},
};

fn bp(world: &World, folder: &Path, home: &Path, words: &[&str]) -> Output {
    Command::new(programs().join("bp"))
        .args(words)
        .current_dir(folder)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join(".config"))
        .env("BP_URL", format!("http://{}", world.api))
        .env("BP_TOKEN", &world.token)
        .env("NO_COLOR", "1")
        .output()
        .expect("bp starts")
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

const GOOD: &str = r#"def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"one"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deploy_and_a_failed_one_from_the_command_line() {
    let world = World::start("a_first_deploy_and_a_failed_one_from_the_command_line").await;
    let (project, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = |words: &[&str]| bp(&world, project.path(), home.path(), words);
    fs::write(project.path().join("application.py"), GOOD).unwrap();
    fs::write(project.path().join("requirements.txt"), "").unwrap();
    fs::write(project.path().join(".ebignore"), "secret.txt\n").unwrap();
    fs::write(project.path().join("secret.txt"), "do not ship").unwrap();

    let init = run(&["init", "shop"]);
    assert!(init.status.success(), "{}", text(&init));
    let create = run(&["create", "shop-live", "--single"]);
    assert!(create.status.success(), "{}", text(&create));
    assert_eq!(
        world.get("shop-live", "/").await.unwrap(),
        (200, "one".to_owned())
    );

    let queue = run(&["queue", "create", "jobs", "--attribute", "VisibilityTimeout=60"]);
    assert!(queue.status.success(), "{}", text(&queue));
    let queues = json(&run(&["queue", "list", "--json"]));
    assert_eq!(queues["items"][0]["attributes"]["VisibilityTimeout"], "60");
    let asked = run(&["queue", "delete", "jobs"]);
    assert_eq!(asked.status.code(), Some(2), "{}", text(&asked));
    let deleted = run(&["queue", "delete", "jobs", "--force"]);
    assert!(deleted.status.success(), "{}", text(&deleted));

    let status = run(&["status", "--json"]);
    assert_eq!(
        json(&status)["environment"]["name"],
        "shop-live",
        "{}",
        text(&status)
    );

    fs::write(project.path().join("application.py"), GOOD.replace("one", "two")).unwrap();
    let deploy = run(&["deploy", "--label", "two"]);
    assert!(deploy.status.success(), "{}", text(&deploy));
    assert_eq!(
        world.get("shop-live", "/").await.unwrap(),
        (200, "two".to_owned())
    );

    let set = run(&["setenv", "COLOUR=green"]);
    assert!(set.status.success(), "{}", text(&set));
    assert!(text(&run(&["printenv"])).contains("COLOUR"));

    // A broken version ends with exit code 1 and the application's own last words.
    fs::write(
        project.path().join("application.py"),
        "raise RuntimeError('no database configured')\n",
    )
    .unwrap();
    let broken = run(&["deploy", "--label", "broken"]);
    assert_eq!(broken.status.code(), Some(1), "{}", text(&broken));
    assert!(
        text(&broken).contains("no database configured"),
        "{}",
        text(&broken)
    );

    let events = run(&["events"]);
    assert!(
        events.status.success() && !events.stdout.is_empty(),
        "{}",
        text(&events)
    );
    let terminate = run(&["terminate", "--force"]);
    assert!(terminate.status.success(), "{}", text(&terminate));
}

#[tokio::test(flavor = "multi_thread")]
async fn scaling_beyond_the_room_says_so_and_ends() {
    let world = World::start("scaling_beyond_the_room_says_so_and_ends").await;
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hosts = world.client.hosts(&PageQuery::default()).await.unwrap().items;
    let memory: u64 = hosts.iter().map(|host| host.memory_bytes).sum();
    let mut chosen = options(1, DeploymentPolicy::Rolling);
    // Room for three.
    chosen.retain(|option| option.name != "Memory");
    chosen.push(option("beanpole:instance", "Memory", (memory >> 20) / 3));
    world.launch_well("shop", apps::web("v1"), chosen).await;
    let run = |words: &[&str]| bp(&world, folder.path(), home.path(), words);
    let scale = |number: &str| run(&["scale", number, "shop", "--json"]);

    let fits = scale("2");
    assert!(fits.status.success(), "{}", text(&fits));
    assert_eq!(world.client.instances("shop").await.unwrap().items.len(), 2);

    let full = scale("4");
    assert_eq!(full.status.code(), Some(1), "{}", text(&full));
    let told = text(&full);
    assert!(told.contains("3 of 4 instances are in service"), "{told}");
    assert_eq!(json(&full)["error"]["kind"], "no_room", "{told}");
    assert_eq!(world.get("shop", "/").await.unwrap(), (200, "v1".to_owned()));

    let lower = scale("1");
    assert!(lower.status.success(), "{}", text(&lower));

    // People read it before anything else, and as the reason of the end.
    let told = text(&run(&["scale", "5", "shop"]));
    assert!(told.contains("3 of 5 instances are in service"), "{told}");
    let hindrance = told.lines().filter(|line| line.starts_with("No host has"));
    assert_eq!(hindrance.count(), 1, "{told}");
    assert!(told.starts_with("No host has"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bp_says_who_refused_and_what_to_do() {
    let world = World::start("bp_says_who_refused_and_what_to_do").await;
    let (project, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let unsigned = Command::new(programs().join("bp"))
        .args(["list"])
        .current_dir(project.path())
        .env("HOME", home.path())
        .env_remove("BP_TOKEN")
        .env("BP_URL", format!("http://{}", world.api))
        .output()
        .unwrap();
    assert_eq!(unsigned.status.code(), Some(4), "{}", text(&unsigned));
    assert!(text(&unsigned).contains("bp login"), "{}", text(&unsigned));
    let unknown = bp(&world, project.path(), home.path(), &["deploy", "nowhere"]);
    assert!(!unknown.status.success());
}

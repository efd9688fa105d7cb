//! Access keys from the command line.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use beanpole_protocol::api::PutAccessRole;
use beanpole_testkit::{World, packages, world::programs};
use serde_json::{Value, json};

/// AWS's command line.
const CLIENTS: &str = include_str!("../sqs/python/today.txt");

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

/// What a shell that evaluates this would export.
fn exports(output: &Output) -> HashMap<String, String> {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
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
    let told = exports(&created);
    let (id, secret) = (&told["AWS_ACCESS_KEY_ID"], &told["AWS_SECRET_ACCESS_KEY"]);
    assert_eq!(told["AWS_ENDPOINT_URL"], format!("http://{}", world.api));

    let listed = run(&["--json", "access-key", "list"]);
    assert_eq!(json(&listed)["items"][0]["id"], id.as_str());
    assert!(!String::from_utf8_lossy(&listed.stdout).contains(secret));
    let idle = run(&["--json", "access-key", "deactivate", id]);
    assert_eq!(json(&idle)["key"]["status"], "inactive");
    for (expected, items) in [(0, 0), (1, 0)] {
        let deleted = run(&["access-key", "delete", id]);
        assert_eq!(deleted.status.code(), Some(expected), "{deleted:?}");
        let listed = run(&["--json", "access-key", "list"]);
        assert_eq!(json(&listed)["items"].as_array().map(Vec::len), Some(items));
    }
}

/// AWS's command line with what `bp access-key create` exported, or what STS gave.
struct Aws {
    program: PathBuf,
    home: PathBuf,
    environment: HashMap<String, String>,
}

impl Aws {
    fn run(&self, words: &[&str]) -> Output {
        Command::new(&self.program)
            .args(["--output", "json"])
            // Version 1 does not take this from the environment for SQS.
            .args(["--endpoint-url", &self.environment["AWS_ENDPOINT_URL"]])
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(&self.environment)
            .output()
            .expect("aws starts")
    }

    fn says(&self, words: &[&str]) -> Value {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        json(&output)
    }

    fn refuses(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(!output.status.success(), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_command_line_works_with_a_key_and_with_the_role_that_it_assumes() {
    let world = World::start("the_aws_command_line_works_with_a_key").await;
    let program = packages::python(CLIENTS).await.join("aws");
    let home = tempfile::tempdir().unwrap();
    let all = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let policy = home.path().join("all.json");
    std::fs::write(&policy, all.to_string()).unwrap();
    let create = ["access-key", "create", "--policy", policy.to_str().unwrap()];
    let created = bp(&world, home.path(), &create);
    assert!(created.status.success(), "{created:?}");
    let mut aws = Aws {
        program,
        home: home.path().to_owned(),
        environment: exports(&created),
    };
    let id = aws.environment["AWS_ACCESS_KEY_ID"].clone();

    let me = aws.says(&["sts", "get-caller-identity"]);
    assert_eq!(me["Account"], "000000000000");
    let url = aws.says(&["sqs", "create-queue", "--queue-name", "jobs"])["QueueUrl"].clone();
    let queue = ["--queue-url", url.as_str().unwrap()];
    aws.says(&[&["sqs", "send-message", "--message-body", "hello"], &queue[..]].concat());
    let got = aws.says(&[&["sqs", "receive-message"], &queue[..]].concat());
    assert_eq!(got["Messages"][0]["Body"], "hello");
    let session = aws.says(&["sts", "get-session-token", "--duration-seconds", "900"]);
    assert!(
        session["Credentials"]["AccessKeyId"]
            .as_str()
            .unwrap()
            .starts_with("ASIA")
    );

    // A role that may look at queues and no more.
    let look =
        json!({"Statement": {"Effect": "Allow", "Action": ["sqs:Get*", "sqs:List*"], "Resource": "*"}});
    let role = PutAccessRole {
        trust: json!({"Statement": {"Effect": "Allow", "Principal": {"AWS": me["Arn"]}, "Action": "sts:AssumeRole"}}),
        policies: [("look".to_owned(), look)].into(),
        max_session_seconds: None,
    };
    let role = world
        .client
        .put_access_role("000000000000", "viewer", &role)
        .await
        .unwrap();
    let assume = [
        "sts",
        "assume-role",
        "--role-session-name",
        "me",
        "--role-arn",
        &role.arn,
    ];
    let assumed = aws.says(&assume)["Credentials"].clone();
    let mut viewer = Aws {
        program: aws.program.clone(),
        home: aws.home.clone(),
        environment: aws.environment.clone(),
    };
    for (variable, part) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        viewer
            .environment
            .insert(variable.to_owned(), assumed[part].as_str().unwrap().to_owned());
    }
    let arn = viewer.says(&["sts", "get-caller-identity"])["Arn"].clone();
    assert_eq!(arn, "arn:aws:sts::000000000000:assumed-role/viewer/me");
    assert_eq!(viewer.says(&["sqs", "list-queues"])["QueueUrls"], json!([url]));
    let refused = viewer.refuses(&[&["sqs", "send-message", "--message-body", "no"], &queue[..]].concat());
    assert!(refused.contains("AccessDenied"), "{refused}");

    // A wrong secret, and a key that is put out of use.
    let secret = aws
        .environment
        .insert("AWS_SECRET_ACCESS_KEY".to_owned(), "wrong".to_owned());
    let refused = aws.refuses(&["sqs", "list-queues"]);
    assert!(refused.contains("SignatureDoesNotMatch"), "{refused}");
    aws.environment
        .insert("AWS_SECRET_ACCESS_KEY".to_owned(), secret.unwrap());
    assert!(
        bp(&world, home.path(), &["access-key", "deactivate", &id])
            .status
            .success()
    );
    let refused = aws.refuses(&["sts", "get-caller-identity"]);
    assert!(refused.contains("InvalidClientTokenId"), "{refused}");
}

//! The examples, as a newcomer deploys them: each on its platform, through its own server.

use std::{fs, path::Path};

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{World, bundle, world::options};

async fn deploy(world: &World, name: &str, files: &[(&str, &str)]) -> (u16, String) {
    let launched = world
        .launch(name, bundle::zip(files), options(1, DeploymentPolicy::Rolling))
        .await;
    assert_eq!(
        launched.status,
        DeploymentStatus::Succeeded,
        "{name}: {:?}\n{:?}",
        launched.reason,
        launched.log_tail
    );
    world.get(name, "/").await.expect("the edge answers")
}

/// Every file of an example, by its path in it.
fn example(name: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name);
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.push((inside, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}

/// Each with what only its own application server says.
const EXAMPLES: [(&str, &str); 9] = [
    ("docker-hello", "your own Dockerfile"),
    ("dotnet-hello", "and Kestrel on"),
    ("go-hello", "Hello from go1"),
    ("java-hello", "Hello from Java 17"),
    ("nodejs-hello", "Hello from Node.js"),
    ("php-hello", "(fpm-fcgi) on"),
    ("python-hello", "answered this request"),
    ("ruby-hello", "and puma"),
    ("tomcat-hello", "Hello from Apache Tomcat/10"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_example_builds_and_answers() {
    let world = World::start("every_example_builds_and_answers").await;
    for (name, words) in EXAMPLES {
        let files = example(name);
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let (status, body) = deploy(&world, name, &files).await;
        assert!(status == 200 && body.contains(words), "{name}: {status} {body}");
        if name != "docker-hello" {
            let written = ".ebextensions wrote this line";
            assert!(body.contains(written), "{name}: {body}");
        }
        world.client.terminate_environment(name).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_come_from_the_languages_own_registries() {
    let world = World::start("dependencies_come_from_the_languages_own_registries").await;
    let application = r#"from flask import Flask
application = Flask(__name__)
@application.route("/")
def home(): return "flask answers"
"#;
    let (status, body) = deploy(
        &world,
        "with-flask",
        &[
            ("application.py", application),
            ("requirements.txt", "flask==3.1.0\n"),
        ],
    )
    .await;
    assert!(status == 200 && body == "flask answers", "{status} {body}");

    let application = r#"from importlib.metadata import version
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("itsdangerous " + version("itsdangerous")).encode()]
"#;
    let lock = r#"{ "_meta": { "requires": { "python_version": "3.11" }, "sources": [] }, "default": { "itsdangerous": {
        "hashes": ["sha256:c6242fc49e35958c8b15141343aa660db5fc54d4f13a1db01a3f5891b98700ef"],
        "markers": "python_version >= '3.8'", "version": "==2.2.0" } }, "develop": {} }"#;
    let pipfile = "[packages]\nitsdangerous = \"==2.2.0\"\n";
    let project = "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"itsdangerous==2.2.0\"]\n";
    for (name, file, text) in [
        ("with-a-lock", "Pipfile.lock", lock),
        ("with-a-pipfile", "Pipfile", pipfile),
        ("with-a-pyproject", "pyproject.toml", project),
    ] {
        let files = [("application.py", application), (file, text)];
        let (status, body) = deploy(&world, name, &files).await;
        assert!(
            status == 200 && body == "itsdangerous 2.2.0",
            "{name}: {status} {body}"
        );
    }

    let package = r#"{ "name": "x", "version": "1.0.0", "dependencies": { "is-number": "7.0.0" }, "scripts": { "start": "node server.js" } }"#;
    let server = r#"const isNumber = require("is-number");
require("node:http").createServer((_, r) => r.end(`is-number says ${isNumber("42")}`)).listen(process.env.PORT);
"#;
    let (status, body) = deploy(
        &world,
        "with-npm",
        &[("package.json", package), ("server.js", server)],
    )
    .await;
    assert!(status == 200 && body == "is-number says true", "{status} {body}");
}

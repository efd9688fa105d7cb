//! The examples, as a newcomer deploys them: each on its platform, through its own server.

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

#[tokio::test(flavor = "multi_thread")]
async fn every_example_builds_and_answers() {
    let world = World::start("every_example_builds_and_answers").await;
    let python = include_str!("../../../examples/python-hello/application.py");
    let (status, body) = deploy(
        &world,
        "python-hello",
        &[("application.py", python), ("requirements.txt", "")],
    )
    .await;
    assert!(
        status == 200 && body.contains("answered this request"),
        "{status} {body}"
    );

    let server = include_str!("../../../examples/nodejs-hello/server.js");
    let package = include_str!("../../../examples/nodejs-hello/package.json");
    let (status, body) = deploy(
        &world,
        "nodejs-hello",
        &[("server.js", server), ("package.json", package)],
    )
    .await;
    assert!(
        status == 200 && body.contains("Hello from Node.js"),
        "{status} {body}"
    );

    let program = include_str!("../../../examples/dotnet-hello/Program.cs");
    let project = include_str!("../../../examples/dotnet-hello/dotnet-hello.csproj");
    let config = include_str!("../../../examples/dotnet-hello/.ebextensions/01-hello.config");
    let (status, body) = deploy(
        &world,
        "dotnet-hello",
        &[
            ("Program.cs", program),
            ("dotnet-hello.csproj", project),
            (".ebextensions/01-hello.config", config),
        ],
    )
    .await;
    assert!(
        status == 200 && body.contains("Kestrel") && body.contains(".ebextensions wrote this line"),
        "{status} {body}"
    );

    let dockerfile = include_str!("../../../examples/docker-hello/Dockerfile");
    let page = include_str!("../../../examples/docker-hello/www/index.html");
    let (status, body) = deploy(
        &world,
        "docker-hello",
        &[("Dockerfile", dockerfile), ("www/index.html", page)],
    )
    .await;
    assert!(
        status == 200 && body.contains("your own Dockerfile"),
        "{status} {body}"
    );
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

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
pub fn example(name: &str) -> Vec<(String, String)> {
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
        let written = ".ebextensions wrote this line";
        assert!(body.contains(written), "{name}: {body}");
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

    // Other installers than npm, by their lock files.
    let package =
        r#"{ "name": "y", "dependencies": { "ms": "2.1.3" }, "scripts": { "start": "node server.js" } }"#;
    let server = r#"const ms = require("ms");
require("node:http").createServer((_, r) => r.end(`ms says ${ms("2 days")}`)).listen(process.env.PORT);
"#;
    let digest =
        "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==";
    let yarn = format!(
        "# yarn lockfile v1\n\nms@2.1.3:\n  version \"2.1.3\"\n  resolved \"https://registry.yarnpkg.com/ms/-/ms-2.1.3.tgz\"\n  integrity {digest}\n"
    );
    let berry = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"ms@npm:2.1.3\":\n  version: 2.1.3\n  resolution: \"ms@npm:2.1.3\"\n  languageName: node\n  linkType: hard\n\n\"y@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"y@workspace:.\"\n  dependencies:\n    ms: \"npm:2.1.3\"\n  languageName: unknown\n  linkType: soft\n";
    let pnpm = format!(
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      ms:\n        specifier: 2.1.3\n        version: 2.1.3\npackages:\n  ms@2.1.3:\n    resolution: {{integrity: {digest}}}\nsnapshots:\n  ms@2.1.3: {{}}\n"
    );
    for (name, lock, text) in [
        ("with-yarn-1", "yarn.lock", yarn.as_str()),
        ("with-yarn-4", "yarn.lock", berry),
        ("with-pnpm", "pnpm-lock.yaml", pnpm.as_str()),
    ] {
        let files = [("package.json", package), ("server.js", server), (lock, text)];
        let (status, body) = deploy(&world, name, &files).await;
        assert!(
            status == 200 && body == "ms says 172800000",
            "{name}: {status} {body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn platforms_do_as_the_bundle_chooses() {
    let world = World::start("platforms_do_as_the_bundle_chooses").await;
    // Another Node.js than Debian's.
    let package = r#"{ "engines": { "node": "22.x" }, "scripts": { "start": "node server.js" } }"#;
    let server =
        r#"require("node:http").createServer((_, r) => r.end(process.version)).listen(process.env.PORT);"#;
    let (_, body) = deploy(
        &world,
        "node-22",
        &[("package.json", package), ("server.js", server)],
    )
    .await;
    assert!(body.starts_with("v22."), "{body}");

    // Passenger in place of Puma.
    let gemfile = "source 'https://rubygems.org'\ngem 'passenger'\ngem 'rack'\n";
    let rack = "run ->(env) { [200, {'content-type' => 'text/plain'}, [env['SERVER_SOFTWARE'].to_s]] }\n";
    let (_, body) = deploy(&world, "passenger", &[("Gemfile", gemfile), ("config.ru", rack)]).await;
    assert!(body.contains("Phusion_Passenger"), "{body}");

    // A document root and a front controller below it, with php.ini's options.
    let index = "<?php echo $_SERVER['REQUEST_URI'], ' ', ini_get('memory_limit');";
    let options_of_php = "option_settings:\n  aws:elasticbeanstalk:container:php:phpini: {document_root: /public, memory_limit: 64m}\n";
    let files = [
        ("public/index.php", index),
        ("secret.php", "<?php echo 'seen';"),
        ("index.php", "<?php echo 'not here';"),
        (".ebextensions/php.config", options_of_php),
    ];
    let (_, body) = deploy(&world, "php-root", &files).await;
    assert_eq!(body, "/ 64M");
    assert_eq!(world.get("php-root", "/a/b?c=d").await.unwrap().1, "/a/b?c=d 64M");
    assert_eq!(
        world
            .get("php-root", "/.ebextensions/php.config")
            .await
            .unwrap()
            .0,
        404
    );

    // A vendored module builds without any registry, a Buildfile in place of the platform's own rule.
    let files = [
        (
            "go.mod",
            "module shop\n\ngo 1.21\n\nrequire example.org/greet v1.0.0\n",
        ),
        (
            "vendor/modules.txt",
            "# example.org/greet v1.0.0\n## explicit; go 1.21\nexample.org/greet\n",
        ),
        (
            "vendor/example.org/greet/greet.go",
            "package greet\n\nconst Word = \"vendored\"\n",
        ),
        (
            "main.go",
            "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n\n\t\"example.org/greet\"\n)\n\nfunc main() {\n\thttp.HandleFunc(\"/\", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(greet.Word)) })\n\thttp.ListenAndServe(\":\"+os.Getenv(\"PORT\"), nil)\n}\n",
        ),
        ("Buildfile", "make: go build -o shop .\n"),
        ("Procfile", "web: ./shop\n"),
    ];
    let (_, body) = deploy(&world, "go-vendored", &files).await;
    assert_eq!(body, "vendored");

    // Two wars by their names.
    let jar = |word: &str| bundle::zip(&[("index.jsp", word)]);
    let (root, admin) = (jar("the shop"), jar("the office"));
    let mut wars = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, war) in [("ROOT.war", root), ("admin.war", admin)] {
        wars.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        std::io::Write::write_all(&mut wars, &war).unwrap();
    }
    let wars = wars.finish().unwrap().into_inner();
    world
        .launch_well("two-wars", wars, options(1, DeploymentPolicy::Rolling))
        .await;
    assert_eq!(world.get("two-wars", "/").await.unwrap().1, "the shop");
    assert_eq!(world.get("two-wars", "/admin/").await.unwrap().1, "the office");
}

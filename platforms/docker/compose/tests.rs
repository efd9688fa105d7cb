use beanpole_pod::{Argv, Condition, Restart};
use proptest::prelude::*;

use super::*;
use crate::pod::Copy;

const DOCKERFILE: &str = "ARG V\nFROM debian:12\nEXPOSE 5000\n";

fn planned(text: &str, files: &[(&str, &str)]) -> Result<AppBuild, String> {
    let mut source = crate::testing::source(files);
    source.add_text(FILE, text);
    plan(text, &source).map_err(|finding| finding.to_string())
}

#[test]
fn services_become_the_containers_of_a_pod() {
    let text = r#"
version: "3.8"
x-common: &common
  restart: unless-stopped
services:
  proxy:
    <<: *common
    image: "nginx:${NGINX:-1.25}"
    ports: ["80:8080", "443:8443"]
    volumes:
      - ./proxy/site.conf:/etc/nginx/conf.d/default.conf:ro
      - "${EB_LOG_BASE_DIR}/nginx:/var/log/nginx"
      - shared:/shared:ro
    depends_on: [app]
    mem_limit: 64m
  app:
    build:
      context: ./app
      args: {V: "${APP_V}"}
    command: serve --name "$NAME" ${EXTRA:-}
    environment:
      URL: postgres://db/${DATABASE:-shop}
      TOKEN:
    env_file: [.env, ./app/app.env]
    expose: ["5000"]
    volumes: [{type: volume, source: shared, target: /shared}, "/cache"]
    depends_on:
      db: {condition: service_healthy}
    deploy: {resources: {limits: {cpus: "0.5", memory: 128M}}}
  db:
    image: postgres:15
    container_name: database
    restart: "no"
    healthcheck: {test: "pg_isready -U $$USER", interval: 5s, retries: 3}
    logging: {driver: none}
  debug:
    image: busybox
    profiles: [debug]
volumes:
  shared:
"#;
    let files = [
        ("proxy/site.conf", "server {}"),
        ("app/Dockerfile", DOCKERFILE),
        ("app/app.env", "COLOUR='$red'\n"),
        (".env", "APP_V=7\n"),
    ];
    let build = planned(text, &files).unwrap();
    assert_eq!(build.port, Some(8080));
    assert_eq!(build.base_images, ["nginx:1.25", "debian:12", "postgres:15"]);
    assert!(
        build
            .notes
            .iter()
            .any(|note| note.contains("logging has no effect")),
        "{:?}",
        build.notes
    );

    let PodBuild { pod, images } = build.pod.unwrap();
    assert_eq!(pod.hosts, ["app", "database", "db", "proxy"]);
    assert_eq!(pod.volumes, ["shared"]);
    let [proxy, app, db] = pod.containers.as_slice() else {
        panic!("{:?}", pod.containers)
    };
    assert_eq!(
        (proxy.restart, proxy.memory_bytes),
        (Restart::Always, Some(64 << 20))
    );
    assert_eq!(proxy.mounts.len(), 1);
    assert!(proxy.mounts[0].read_only);
    assert_eq!((app.restart, app.cpu_millis), (Restart::OnFailure, Some(500)));
    assert!(app.all_properties);
    assert_eq!(
        app.environment[0],
        ("COLOUR".to_owned(), Some("$$red".to_owned()))
    );
    assert_eq!(app.environment[2], ("TOKEN".to_owned(), None));
    assert_eq!(app.needs[0].condition, Condition::Healthy);
    assert_eq!(
        app.command,
        Some(Argv::Line("serve --name \"$NAME\" ${EXTRA:-}".to_owned()))
    );
    assert_eq!(db.restart, Restart::Never);
    let check = db.healthcheck.as_ref().unwrap();
    assert_eq!(
        (check.test[1].as_str(), check.interval_ms),
        ("pg_isready -U $USER", Some(5000))
    );

    assert_eq!(
        images[0].copies,
        [Copy {
            from: "proxy/site.conf".to_owned(),
            to: "/etc/nginx/conf.d/default.conf".to_owned(),
            is_folder: false,
        }]
    );
    assert_eq!(
        images[0].dockerfile("nginx:1.25"),
        "FROM nginx:1.25\nCOPY [\"source/proxy/site.conf\",\"/etc/nginx/conf.d/default.conf\"]\n"
    );
    let ImageSource::Folder {
        folder, arguments, ..
    } = &images[1].from
    else {
        panic!("{:?}", images[1])
    };
    assert_eq!((folder.as_str(), arguments["V"].as_str()), ("app", "7"));
    assert_eq!(images.len(), 3);
}

#[test]
fn what_cannot_be_done_is_refused_with_its_place() {
    let web =
        |line: &str| format!("services:\n  web:\n    image: nginx\n    ports: [\"80:80\"]\n    {line}\n");
    for (text, expected) in [
        (web("privileged: true"), "docker-compose.yml:5:17: error: privileged is not to be had"),
        (web("volumes: [\"/var/run/docker.sock:/s\"]"), "is a folder of the host"),
        (web("volumes: [\"../x:/s\"]"), "is a folder of the host"),
        (web("volumes: [\"./nothing:/s\"]"), "./nothing is not in the bundle"),
        (web("volumes: [\"data:/s\"]"), "the volume data is not declared"),
        (web("imagee: x"), "did you mean image?"),
        (web("restart: sometimes"), "services.web.restart must be no, always"),
        (web("deploy: {replicas: 3}"), "MinSize"),
        (web("command: \"echo ${\""), "is no reference"),
        (web("depends_on: [db]"), "web waits for db, which is not started"),
        (web("build: ./app"), "app/Dockerfile is not in the bundle"),
        (web("user: ${WHO}"), "asks for WHO, and a version is built once"),
        (web("image: twice"), "image"),
        ("services:\n  web: {image: a}\n".to_owned(), "no service has 'ports'"),
        ("services:\n  web: {ports: [\"80:80\"]}\n".to_owned(), "neither 'image' nor 'build'"),
        ("services: [web]".to_owned(), "services must be a map"),
        ("secrets: {x: {file: y}}\nservices: {}".to_owned(), "secrets is not to be had"),
        ("a: b: c".to_owned(), "docker-compose.yml:1"),
        (String::new(), "the file is empty"),
        (
            "services:\n  a: {image: x, ports: [\"80:80\"]}\n  b: {image: y, expose: [80]}\n".to_owned(),
            "b and a both listen on port 80",
        ),
        (
            "services:\n  a: {image: x, ports: [\"80:80\"], depends_on: [b]}\n  b: {image: y, depends_on: [a]}\n".to_owned(),
            "a waits for itself",
        ),
    ] {
        let error = planned(&text, &[]).unwrap_err();
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

proptest! {
    #[test]
    fn a_spoiled_file_is_read_without_harm(
        spots in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..8),
    ) {
        let mut bytes = b"services:\n  web:\n    image: nginx:${V:-1}\n    ports: [\"80:80\", {target: 81}]\n    environment: [A=1, B]\n    volumes: [\"./a:/b:ro\", \"v:/c\"]\n    healthcheck: {test: x, interval: 5s}\n    depends_on: {db: {condition: service_healthy}}\n    deploy: {resources: {limits: {memory: 5m}}}\n  db: {build: {context: ./db, args: [A=b]}}\nvolumes: {v: }\n".to_vec();
        for (at, byte, is_new) in spots {
            let at = at.index(bytes.len());
            let spoil = b"\n :{}[]&*!`'\"#-<%$"[usize::from(byte) % 18];
            if is_new { bytes.insert(at, spoil) } else { bytes[at] = spoil }
        }
        let text = String::from_utf8_lossy(&bytes);
        let _ = planned(&text, &[("db/Dockerfile", "FROM x")]);
    }
}

#[test]
fn requests_go_where_the_file_publishes() {
    for (ports, expected) in [
        ("[\"80:3000\"]", 3000),
        ("[\"8080:3000\", \"80:4000\"]", 4000),
        ("[3000, \"9000:5000\"]", 5000),
        ("[3000]", 3000),
        ("[\"127.0.0.1:81:82/tcp\"]", 82),
        ("[\"53:53/udp\", \"90:91\"]", 91),
        ("[{target: 7000, published: \"80\"}]", 7000),
    ] {
        let text = format!("services:\n  web:\n    image: nginx\n    ports: {ports}\n");
        assert_eq!(planned(&text, &[]).unwrap().port, Some(expected), "{ports}");
    }
}

//! `.ebextensions`, hooks and several processes, seen through requests to the application.

use std::time::Duration;

use beanpole_protocol::api::{CreateDeployment, DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{
    World, bundle, eventually,
    world::{docker, key, option, options},
};

/// Answers with the content of any file, and with its variables below `/env/`.
const APPLICATION: &str = r#"
import os
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/env/"):
        body = os.environ.get(path[5:], "not set")
    else:
        try:
            with open(path) as file: body = file.read().strip()
        except OSError as error: body = "no file" if path != "/" else "fine"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
"#;

const KEYS: &str = r#"
packages:
  yum:
    jq: []
groups:
  crew: {gid: "950"}
users:
  sailor: {uid: "951", groups: [crew], homeDir: /home/sailor}
files:
  /etc/greeting.txt:
    mode: "000640"
    owner: root
    group: webapp
    content: |
      ahoy
  /etc/systemd/system/beacon.service:
    content: |
      [Service]
      Environment=WORD=lit
      ExecStart=/bin/sh -c 'echo ${WORD} > /var/app/beacon; exec sleep infinity'
  /etc/cron.d/bell:
    content: |
      * * * * * root date +\%s > /var/app/bell
commands:
  01_jq:
    command: echo '{"tool":"jq"}' | jq -r .tool > /etc/tool.txt
  02_skipped:
    command: echo wrong > /etc/tool.txt
    test: test -e /nowhere
  03_who:
    command: [sh, -c, "id -Gn sailor > /etc/crew.txt"]
services:
  systemd:
    beacon: {enabled: true, ensureRunning: true}
    nginx: {enabled: true, ensureRunning: true}
container_commands:
  01_config:
    command: /opt/elasticbeanstalk/bin/get-config environment -k COLOUR > /var/app/colour; pwd -P >> /var/app/colour
  02_fails:
    command: exit 9
    ignoreErrors: true
  03_env:
    command: echo "$COLOUR $MORE" > /var/app/env
    env: {MORE: much}
option_settings:
  aws:elasticbeanstalk:application:environment:
    COLOUR: green
  aws:elasticbeanstalk:environment:proxy:staticfiles:
    /pages: public
"#;

fn sailing(extra: &[(&str, &str)]) -> Vec<u8> {
    let mut files = vec![
        ("application.py", APPLICATION),
        (
            "Procfile",
            "web: gunicorn --bind 127.0.0.1:$PORT application\nworker: echo \"worker on $PORT\" > /tmp/worker; exec sleep infinity\n",
        ),
        ("public/page.txt", "from the disk"),
        (
            ".platform/hooks/prebuild/01.sh",
            "#!/bin/sh\necho prebuilt > built.txt\n",
        ),
        (
            ".platform/hooks/predeploy/01.sh",
            "#!/bin/bash\necho \"predeployed $COLOUR\" > /var/app/predeploy\n",
        ),
        (
            ".platform/hooks/postdeploy/01.sh",
            "#!/bin/bash\ncurl -sf http://localhost/env/COLOUR > /var/app/postdeploy\n",
        ),
        (
            ".platform/confighooks/predeploy/01.sh",
            "#!/bin/bash\necho \"configured $COLOUR\" > /var/app/configured\n",
        ),
        (
            ".platform/nginx/conf.d/elasticbeanstalk/10_own.conf",
            "location = /own { return 200 'own nginx'; }\n",
        ),
    ];
    files.extend(extra);
    bundle::zip(&files)
}

async fn says(world: &World, path: &str, expected: &str) {
    let expected = expected.to_owned();
    let what = format!("{path} says {expected}");
    eventually(&what, Duration::from_secs(20), || async {
        let (_, body) = world.get("ship", path).await.ok()?;
        (body.trim() == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_hook_and_process_does_what_it_says() {
    let world = World::start("every_key_hook_and_process_does_what_it_says").await;
    let files = [(".ebextensions/01.config", KEYS)];
    world
        .launch_well("ship", sailing(&files), options(1, DeploymentPolicy::AllAtOnce))
        .await;
    for (path, expected) in [
        ("/env/COLOUR", "green"),
        ("/etc/greeting.txt", "ahoy"),
        ("/etc/tool.txt", "jq"),
        ("/etc/crew.txt", "sailor crew"),
        ("/var/app/beacon", "lit"),
        ("/var/app/colour", "green\n/var/app/current"),
        ("/var/app/env", "green much"),
        ("/tmp/worker", "worker on 8100"),
        ("/var/app/current/built.txt", "prebuilt"),
        ("/var/app/predeploy", "predeployed green"),
        ("/var/app/postdeploy", "green"),
        ("/pages/page.txt", "from the disk"),
        ("/own", "own nginx"),
        ("/var/app/configured", "no file"),
        ("/env/BEANPOLE_INSTANCE_TOKEN", "not set"),
    ] {
        says(&world, path, expected).await;
    }

    // What another bundle would change is told before it is deployed.
    let next = KEYS
        .replace("ahoy", "farewell")
        .replace("COLOUR: green", "COLOUR: blue");
    let next = sailing(&[(".ebextensions/01.config", &next)]);
    let length = next.len() as u64;
    let plan = world
        .client
        .plan("ship", length, futures_util::stream::iter([Ok(next.into())]));
    let plan = plan.await.unwrap();
    assert_eq!(plan.version_label.as_deref(), Some("v1"));
    let entries: Vec<_> = plan.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(entries, ["/etc/greeting.txt"], "{plan:?}");
    let options: Vec<_> = plan.options.iter().map(|option| option.name.as_str()).collect();
    assert_eq!(options, ["COLOUR"], "{plan:?}");

    // What the environment sets itself comes first; removed, the file's value is there again.
    let colour = |value: &str| option("aws:elasticbeanstalk:application:environment", "COLOUR", value);
    world.set_well("ship", vec![colour("red")]).await;
    says(&world, "/env/COLOUR", "red").await;
    says(&world, "/var/app/configured", "configured red").await;
    says(&world, "/env/BEANPOLE_DEPLOYMENT", "not set").await;

    // The other proxy knows nothing of nginx's file, and serves the same folder.
    let apache = option("aws:elasticbeanstalk:environment:proxy", "ProxyServer", "apache");
    world.set_well("ship", vec![apache]).await;
    says(&world, "/pages/page.txt", "from the disk").await;
    says(&world, "/own", "no file").await;
    says(&world, "/var/app/postdeploy", "red").await;

    // A process that ends is started again inside its container.
    let container = world.comes_to(1).await.remove(0);
    let worker = ["exec", &container, "pkill", "-KILL", "-f", "sleep infinity"];
    docker(&["exec", &container, "rm", "-f", "/tmp/worker"]);
    docker(&worker);
    says(&world, "/tmp/worker", "worker on 8100").await;

    // Of each key group the events tell, with its duration.
    let events = world.client.events("ship", &Default::default()).await.unwrap();
    for key in [
        "packages",
        "groups",
        "users",
        "files",
        "commands",
        "services",
        "container_commands",
    ] {
        let words = format!(".ebextensions/01.config: {key} took ");
        assert!(
            events.items.iter().any(|event| event.message.starts_with(&words)),
            "{words}: {:#?}",
            events.items
        );
    }

    // Cron runs what the files put there.
    eventually("the bell rings", Duration::from_secs(90), || async {
        let (_, body) = world.get("ship", "/var/app/bell").await.ok()?;
        body.trim().parse::<u64>().ok().map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_of_each_kind_leaves_the_running_version_alone() {
    let world = World::start("a_bad_file_of_each_kind_leaves_the_running_version_alone").await;
    world
        .launch_well("ship", sailing(&[]), options(1, DeploymentPolicy::Immutable))
        .await;
    says(&world, "/", "fine").await;
    let before = world.containers();

    // Refused before there is a deployment, with the place.
    for (label, text, words) in [
        ("not-yaml", "commands: [\n", ".ebextensions/bad.config:1"),
        (
            "wrong-type",
            "commands:\n  01: just text\n",
            ".ebextensions/bad.config:2",
        ),
        (
            "no-such-option",
            "option_settings:\n  aws:autoscaling:asg:\n    MinSiz: 2\n",
            "MinSize",
        ),
    ] {
        world
            .upload("ship", label, sailing(&[(".ebextensions/bad.config", text)]))
            .await;
        let request = CreateDeployment {
            version_label: label.to_owned(),
            policy: None,
        };
        let refused = world.client.deploy("ship", &key(), &request).await.unwrap_err();
        assert_eq!(refused.status(), Some(422), "{label}");
        assert!(refused.to_string().contains(words), "{label}: {refused}");
    }

    // Failed while the image is built, or on the instance: what ran runs on, and the reason says why.
    for (label, text, words) in [
        (
            "no-such-package",
            "packages:\n  apt:\n    no-such-package-of-beanpole: []\n",
            "no-such-package-of-beanpole in .ebextensions/bad.config failed with exit code",
        ),
        (
            "failing-command",
            "commands:\n  boom:\n    command: echo no; echo way; exit 3\n",
            "boom in .ebextensions/bad.config failed with exit code 3: no / way",
        ),
        (
            "failing-container-command",
            "container_commands:\n  migrate:\n    command: echo looking; echo no database; exit 4\n",
            "the container command migrate of .ebextensions/bad.config failed with exit code 4: looking / no database",
        ),
        (
            "failing-late-command",
            "commands:\n  late:\n    command: !Sub 'echo for ${AWSEBEnvironmentName} >&2; exit 6'\n",
            "the command late in .ebextensions/bad.config failed with exit code 6: for ship",
        ),
        (
            "no-such-service",
            "services:\n  systemd:\n    beakon: {ensureRunning: true}\n",
            "the service beakon of .ebextensions/bad.config cannot be started: there is no service beakon",
        ),
    ] {
        world
            .upload("ship", label, sailing(&[(".ebextensions/bad.config", text)]))
            .await;
        let failed = world
            .deploy("ship", label, Some(DeploymentPolicy::Immutable))
            .await;
        let failed = world.result(&failed).await;
        assert_ne!(failed.status, DeploymentStatus::Succeeded, "{label}");
        let reason = failed.reason.unwrap_or_default();
        assert!(reason.contains(words), "{label}: {reason}");
        says(&world, "/", "fine").await;
    }

    // A postdeploy hook has its time before the instance counts, though the application serves already.
    let late = "#!/bin/bash\nsleep 8\ncurl -sf -o /dev/null http://localhost/ || exit 9\necho not after all; exit 5\n";
    let late = [(".platform/hooks/postdeploy/02.sh", late)];
    world.upload("ship", "late-hook", sailing(&late)).await;
    let failed = world
        .deploy("ship", "late-hook", Some(DeploymentPolicy::Immutable))
        .await;
    let failed = world.result(&failed).await;
    assert_ne!(failed.status, DeploymentStatus::Succeeded);
    let reason = failed.reason.unwrap_or_default();
    assert!(
        reason.contains("02.sh failed with exit code 5: not after all"),
        "{reason}"
    );
    says(&world, "/", "fine").await;

    // Beanstalk's leniency: a file with a key that nobody knows is left out, and that is said.
    let odd = [(".ebextensions/odd.config", "OptionSettings: []\n")];
    world.upload("ship", "odd-key", sailing(&odd)).await;
    let deployment = world
        .deploy("ship", "odd-key", Some(DeploymentPolicy::Immutable))
        .await;
    let deployed = world.result(&deployment).await;
    assert_eq!(
        deployed.status,
        DeploymentStatus::Succeeded,
        "{:?}",
        deployed.reason
    );
    let events = world.client.events("ship", &Default::default()).await.unwrap();
    assert!(
        events
            .items
            .iter()
            .any(|event| event.message.contains(".ebextensions/odd.config:1:1: warning")),
        "{:#?}",
        events.items
    );
    assert_ne!(world.containers(), before);
}

use super::*;

const DOCKERFILE: &str = "FROM debian:12\nEXPOSE 3000";

fn planned(files: &[(&str, &str)]) -> Result<AppBuild, PlanError> {
    let mut source = Source::default();
    for (path, text) in files {
        source.add_text(*path, *text);
    }
    match plan(&source)? {
        Plan::Dockerfile(build) => Ok(build),
        Plan::Layers(_) => panic!("layers"),
    }
}

fn dockerfile(build: &AppBuild) -> Option<&str> {
    let file = build.files.iter().find(|file| file.path == "Dockerfile")?;
    std::str::from_utf8(&file.content).ok()
}

#[test]
fn an_image_becomes_a_dockerfile() {
    let build = planned(&[(
        FILE,
        r#"{"AWSEBDockerrunVersion":"1","Image":{"Name":"library/nginx:1.25","Update":"true"},
            "Ports":[{"ContainerPort":"8080","HostPort":80}],
            "Entrypoint":"/bin/sh -c","Command":"'exec nginx -g \"daemon off;\"'","Logging":"/var/log/nginx"}"#,
    )])
    .unwrap();
    assert_eq!(
        dockerfile(&build).unwrap(),
        "FROM library/nginx:1.25\nENTRYPOINT [\"/bin/sh\",\"-c\"]\nCMD [\"exec nginx -g \\\"daemon off;\\\"\"]\n"
    );
    assert_eq!(build.port, Some(8080));
    assert_eq!(build.base_images, ["library/nginx:1.25"]);
    assert!(build.refresh_images);
    let notes = build.notes.join("\n");
    assert!(
        notes.contains("/var/log/nginx") && notes.contains("HostPort"),
        "{notes}"
    );
}

#[test]
fn a_dockerfile_beside_it_wins_over_the_image_and_takes_the_rest() {
    let image = r#""AWSEBDockerrunVersion":1,"Image":{"Name":"nginx"},"Ports":[{"ContainerPort":81}]"#;
    let build = planned(&[("Dockerfile", DOCKERFILE), (FILE, &format!("{{{image}}}"))]).unwrap();
    assert_eq!((dockerfile(&build), build.port), (None, Some(81)));
    assert_eq!(build.base_images, ["debian:12"]);
    assert!(!build.refresh_images);
    assert!(build.notes[0].contains("Image"), "{:?}", build.notes);
    let with_command = format!("{{{image},\"Command\":\"serve\"}}");
    let build = planned(&[("Dockerfile", DOCKERFILE), (FILE, &with_command)]).unwrap();
    assert_eq!(
        dockerfile(&build).unwrap(),
        "FROM debian:12\nEXPOSE 3000\nCMD [\"serve\"]\n"
    );
}

#[test]
fn an_image_that_need_not_be_new_is_not_fetched_again() {
    let text = r#"{"AWSEBDockerrunVersion":"1","Image":{"Name":"a","Update":false}}"#;
    let build = planned(&[(FILE, text)]).unwrap();
    assert_eq!((build.refresh_images, build.port), (false, None));
}

#[test]
fn what_is_not_run_is_named_with_what_to_do() {
    for (text, words) in [
        ("{", "cannot be read"),
        ("{}", "AWSEBDockerrunVersion null"),
        (
            r#"{"AWSEBDockerrunVersion":"3","Authentication":{"bucket":"b"}}"#,
            "goes with a docker-compose.yml",
        ),
        (r#"{"AWSEBDockerrunVersion":1}"#, "names no image"),
        (
            r#"{"AWSEBDockerrunVersion":1,"Image":{"Name":"a\nRUN x"}}"#,
            "no name of an image",
        ),
        (
            r#"{"AWSEBDockerrunVersion":1,"Image":{"Name":"a/b:1"},"Authentication":{"Bucket":"b","Key":"k"}}"#,
            "docker pull a/b:1",
        ),
        (
            r#"{"AWSEBDockerrunVersion":1,"Image":{"Name":"a"},"Volumes":[{"HostDirectory":"/srv","ContainerDirectory":"/data"}]}"#,
            "/srv at /data",
        ),
        (
            r#"{"AWSEBDockerrunVersion":1,"Image":{"Name":"a"},"Ports":[{"ContainerPort":"x"}]}"#,
            "1 to 65535",
        ),
        (
            r#"{"AWSEBDockerrunVersion":1,"Image":{"Name":"a"},"Command":"it's"}"#,
            "a quote that does not end",
        ),
    ] {
        let error = planned(&[(FILE, text)]).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn version_2_becomes_a_pod() {
    let text = r#"{
      "AWSEBDockerrunVersion": 2,
      "volumes": [
        {"name": "site", "host": {"sourcePath": "/var/app/current/php-app"}},
        {"name": "cache"}
      ],
      "containerDefinitions": [
        {"name": "php", "image": "php:fpm", "essential": true, "memory": 128,
         "environment": [{"name": "PRICE", "value": "$5"}],
         "mountPoints": [{"sourceVolume": "site", "containerPath": "/var/www/html", "readOnly": true},
                         {"sourceVolume": "awseb-logs-php", "containerPath": "/var/log"}]},
        {"name": "nginx", "image": "nginx", "essential": false, "links": ["php:backend"],
         "portMappings": [{"hostPort": 80, "containerPort": 8080}],
         "dependsOn": [{"containerName": "php", "condition": "START"}],
         "mountPoints": [{"sourceVolume": "cache", "containerPath": "/cache"}]}
      ]}"#;
    let build = planned(&[(FILE, text), ("php-app/index.php", "")]).unwrap();
    assert_eq!(
        (build.port, build.base_images),
        (Some(8080), vec!["php:fpm".to_owned(), "nginx".to_owned()])
    );
    let pod = build.pod.unwrap();
    assert_eq!(pod.pod.hosts, ["backend", "nginx", "php"]);
    assert_eq!(pod.pod.volumes, ["cache"]);
    assert_eq!(
        pod.images[0].dockerfile("php:fpm"),
        "FROM php:fpm\nCOPY [\"source/php-app/\",\"/var/www/html/\"]\n"
    );
    let [php, nginx] = pod.pod.containers.as_slice() else {
        panic!("{:?}", pod.pod)
    };
    assert_eq!((php.memory_bytes, php.all_properties), (Some(128 << 20), true));
    assert_eq!(php.environment, [("PRICE".to_owned(), Some("$$5".to_owned()))]);
    assert_eq!(nginx.restart, beanpole_pod::Restart::Never);
    for (part, expected) in [
        (
            r#"{"name":"a","image":"b","privileged":true}"#,
            "Dockerrun.aws.json:1:",
        ),
        (
            r#"{"name":"a","image":"b","volumesFrom":[{"sourceContainer":"c"}]}"#,
            "volumesFrom is not to be had",
        ),
        (
            r#"{"name":"a","image":"b","mountPoints":[{"sourceVolume":"x","containerPath":"/x"}]}"#,
            "the volume x is not",
        ),
        (r#"{"name":"a","imag":"b"}"#, "did you mean image?"),
        (r#"{"name":"a"}"#, "needs a 'name' and an 'image'"),
        (r#"{"name":"a","image":"b"}"#, "no container has 'portMappings'"),
    ] {
        let text = format!(r#"{{"AWSEBDockerrunVersion":2,"containerDefinitions":[{part}]}}"#);
        let error = planned(&[(FILE, &text)]).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

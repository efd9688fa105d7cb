//! Bad input gets a clear 4xx that names what is wrong, and nothing is half-applied.

use std::io::{Cursor, Write};

use beanpole_protocol::{
    api::{CreateEnvironment, DeploymentPolicy, PageQuery, UploadQuery},
    client::ClientError,
};
use beanpole_testkit::{
    World, apps, bundle,
    world::{key, option, options},
};
use zip::{ZipWriter, write::SimpleFileOptions};

async fn upload(world: &World, label: &str, bundle: Vec<u8>) -> Result<Vec<String>, ClientError> {
    let length = bundle.len() as u64;
    let body = futures_util::stream::iter([Ok(bytes::Bytes::from(bundle))]);
    let version = world
        .client
        .upload_version("shop", label, &UploadQuery::default(), length, body)
        .await?;
    Ok(version.notes)
}

fn bomb() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let zeros = vec![0u8; 1 << 20];
    for part in 0..600 {
        writer
            .start_file(format!("part-{part}"), SimpleFileOptions::default())
            .unwrap();
        for _ in 0..8 {
            writer.write_all(&zeros).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn link() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("requirements.txt", SimpleFileOptions::default())
        .unwrap();
    writer
        .add_symlink("secrets", "/etc/shadow", SimpleFileOptions::default())
        .unwrap();
    writer.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bundles_and_options_are_refused_by_name() {
    let world = World::start("bad_bundles_and_options_are_refused_by_name").await;
    world.create_application("shop").await;

    let hostile = [
        (
            "traversal",
            bundle::zip(&[("../../etc/cron.d/x", "x"), ("requirements.txt", "")]),
            "..",
        ),
        (
            "absolute",
            bundle::zip(&[("/etc/passwd", "x"), ("requirements.txt", "")]),
            "/etc/passwd",
        ),
        ("link", link(), "secrets"),
        ("bomb", bomb(), ""),
        ("not-a-zip", b"hello".to_vec(), "zip"),
        ("empty", bundle::zip(&[]), ""),
    ];
    for (label, bytes, names) in hostile {
        let error = upload(&world, label, bytes).await.expect_err(label);
        assert!(matches!(error.status(), Some(400..=499)), "{label}: {error}");
        assert!(error.to_string().contains(names), "{label}: {error}");
    }
    let versions = world
        .client
        .versions("shop", &PageQuery::default())
        .await
        .unwrap();
    assert_eq!(versions.items.len(), 0, "a refused bundle must leave nothing");

    let notes = upload(
        &world,
        "v1",
        bundle::zip(&[("app/application.py", "x = 1\n"), ("app/requirements.txt", "")]),
    )
    .await;
    let notes = notes.expect("one top-level folder is accepted");
    assert!(notes.iter().any(|note| note.contains("folder")), "{notes:?}");

    let error = upload(&world, "v1", apps::web("other")).await.unwrap_err();
    assert_eq!(
        (error.status(), error.kind()),
        (Some(409), Some("version_exists")),
        "{error}"
    );

    let mut body = CreateEnvironment {
        application: "shop".to_owned(),
        name: "shop".to_owned(),
        cname_prefix: None,
        platform: None,
        version_label: "v1".to_owned(),
        options: vec![option(
            "aws:elasticbeanstalk:command",
            "DeploymentPolizy",
            "Rolling",
        )],
    };
    let error = world.client.create_environment(&key(), &body).await.unwrap_err();
    assert_eq!(error.status(), Some(422), "{error}");
    assert!(
        error.to_string().contains("DeploymentPolicy"),
        "the nearest known option is named: {error}"
    );

    // A host that is full says so, and the environment stays what it was.
    body.options = options(1, DeploymentPolicy::Rolling);
    body.options.retain(|option| option.name != "Memory");
    body.options
        .push(option("beanpole:instance", "Memory", 1_000_000));
    match world.client.create_environment(&key(), &body).await {
        Err(error) => assert!(error.to_string().to_lowercase().contains("memory"), "{error}"),
        Ok(change) => {
            let result = world.result(&change.deployment.unwrap()).await;
            assert_ne!(result.status, beanpole_protocol::api::DeploymentStatus::Succeeded);
            let reason = result.reason.unwrap_or_default();
            assert!(reason.contains("room") || reason.contains("memory"), "{reason}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_served_to_strangers() {
    let world = World::start("nothing_is_served_to_strangers").await;
    let stranger = world.client.with_token(None);
    assert_eq!(
        stranger.hosts(&PageQuery::default()).await.unwrap_err().status(),
        Some(401)
    );
    let forger = world.client.with_token(Some("bpt_notatoken".to_owned()));
    assert_eq!(
        forger
            .applications(&PageQuery::default())
            .await
            .unwrap_err()
            .status(),
        Some(401)
    );
}

use std::time::{Duration, SystemTime};

use beanpole_protocol::{
    Platform, Timestamp,
    api::{ApplicationVersion, CreateApplication, PageQuery, Role, UploadQuery},
    client::ClientError,
};
use futures_util::{StreamExt, stream};
use reqwest::Method;

use super::{World, answer, refusal};
use crate::{
    Config,
    bundle::tests::{raw, zip},
    http::pace::Pace,
    ops::collect_blobs::{YOUNG, collect_blobs},
};

fn python(text: &str) -> Vec<u8> {
    zip(&[raw("application.py", text), raw("requirements.txt", "")])
}

impl World {
    async fn shop() -> Self {
        Self::shop_of(Self::start().await).await
    }

    async fn shop_of(world: Self) -> Self {
        let body = CreateApplication {
            name: "shop".to_owned(),
            description: String::new(),
        };
        world.admin.create_application("app", &body).await.unwrap();
        world
    }

    async fn upload(&self, label: &str, bytes: Vec<u8>) -> Result<ApplicationVersion, ClientError> {
        self.upload_to("shop", label, UploadQuery::default(), bytes).await
    }

    async fn upload_to(
        &self,
        application: &str,
        label: &str,
        query: UploadQuery,
        bytes: Vec<u8>,
    ) -> Result<ApplicationVersion, ClientError> {
        let length = bytes.len() as u64;
        let body = stream::iter([Ok(bytes.into())]);
        self.admin
            .upload_version(application, label, &query, length, body)
            .await
    }

    async fn blobs(&self) -> usize {
        self.app
            .blobs
            .list_older(SystemTime::now() + YOUNG, None)
            .await
            .unwrap()
            .len()
    }
}

#[tokio::test]
async fn an_uploaded_bundle_becomes_a_version() {
    let world = World::shop().await;
    let bytes = python("1");
    let version = world.upload("v1", bytes.clone()).await.unwrap();
    assert_eq!(
        (version.label.as_str(), version.platform),
        ("v1", Platform::Python)
    );
    assert_eq!(version.size_bytes, bytes.len() as u64);
    assert!(version.builds.is_empty());
    let shown = world.admin.version("shop", "v1").await.unwrap();
    assert_eq!((shown.id, shown.created_at), (version.id, version.created_at));
    let hash: Vec<u8> = hex::decode(&version.sha256).unwrap();
    let (_, size) = world.app.blobs.read(&hash.try_into().unwrap()).await.unwrap();
    assert_eq!(size, bytes.len() as u64);
    assert_eq!(world.admin.application("shop").await.unwrap().versions, 1);
    assert_eq!(world.admin.build_log("shop", "v1").await.unwrap().text, "");
}

#[tokio::test]
async fn the_same_bytes_again_are_the_same_version_and_others_a_conflict() {
    let world = World::shop().await;
    let first = world.upload("v1", python("1")).await.unwrap();
    assert_eq!(world.upload("v1", python("1")).await.unwrap().id, first.id);
    assert_eq!(
        refusal(world.upload("v1", python("2")).await),
        (409, "version_exists".to_owned())
    );
    assert_ne!(world.upload("v2", python("1")).await.unwrap().id, first.id);
    assert_eq!(world.blobs().await, 1);
}

#[tokio::test]
async fn of_many_uploads_at_once_under_one_label_one_wins() {
    let world = World::shop().await;
    let uploads = (0..6).map(|number| world.upload("v1", python(&number.to_string())));
    let results = futures_util::future::join_all(uploads).await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for result in refused {
        assert_eq!(refusal(result), (409, "version_exists".to_owned()));
    }
}

#[tokio::test]
async fn bundles_that_will_not_do_are_refused_by_entry_and_leave_nothing() {
    let world = World::shop().await;
    let cases = [
        (b"not a zip".to_vec(), "bundle_not_a_zip"),
        (Vec::new(), "bundle_not_a_zip"),
        (zip(&[raw("../evil", "x")]), "bundle_path_traversal"),
        (
            zip(&[raw("web.config", "x"), raw("Default.aspx", "x")]),
            "platform_not_supported",
        ),
        (zip(&[raw("README", "x")]), "platform_unknown"),
    ];
    for (bytes, kind) in cases {
        assert_eq!(refusal(world.upload("v1", bytes).await), (422, kind.to_owned()));
    }
    assert_eq!(
        world
            .admin
            .versions("shop", &PageQuery::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
    assert_eq!(world.blobs().await, 0);
    let left = std::fs::read_dir(world.app.config.data.join("blobs/incoming"))
        .unwrap()
        .count();
    assert_eq!(left, 0);
    let asked = UploadQuery {
        platform: Some(Platform::Docker),
        ..UploadQuery::default()
    };
    let version = world
        .upload_to("shop", "v1", asked, zip(&[raw("README", "x")]))
        .await
        .unwrap();
    assert_eq!(version.platform, Platform::Docker);
}

#[tokio::test]
async fn what_can_be_refused_early_is() {
    let world = World::shop().await;
    let nowhere = world
        .upload_to("other", "v1", UploadQuery::default(), vec![0; 4 << 20])
        .await;
    assert_eq!(refusal(nowhere), (404, "application_not_found".to_owned()));
    let long = "x".repeat(101);
    assert_eq!(
        refusal(world.upload(&long, python("1")).await),
        (422, "invalid".to_owned())
    );
    let (status, problem) = answer(
        world
            .request(Method::PUT, "/api/v1/applications/shop/versions/v1?platform=iis")
            .body(python("1")),
    )
    .await;
    assert_eq!(
        (status.as_u16(), problem["kind"].as_str()),
        (400, Some("bad_query")),
        "{problem}"
    );
    let viewer = world.user("eve", Role::Viewer).await;
    let body = stream::iter([Ok(python("1").into())]);
    let query = UploadQuery::default();
    assert_eq!(
        refusal(viewer.upload_version_unsized("shop", "v1", &query, body).await).0,
        403
    );
}

#[tokio::test]
async fn a_bundle_of_more_than_512_mb_is_refused_by_what_it_says_and_by_what_it_is() {
    let world = World::shop().await;
    let query = UploadQuery::default();
    let body = || stream::iter((0..600).map(|_| Ok(vec![0_u8; 1 << 20].into())));
    let says = world
        .admin
        .upload_version("shop", "v1", &query, 600 << 20, body())
        .await;
    assert_eq!(refusal(says), (413, "bundle_too_large".to_owned()));
    let is = world
        .admin
        .upload_version_unsized("shop", "v1", &query, body())
        .await;
    assert_eq!(refusal(is), (413, "bundle_too_large".to_owned()));
}

#[tokio::test]
async fn an_upload_that_stalls_or_trickles_is_ended_with_a_problem() {
    // Long enough for a small upload on a busy machine.
    let short = Duration::from_millis(500);
    let long = Duration::from_secs(3600);
    let cases = [(short, long, "upload_stalled"), (long, short, "upload_too_slow")];
    for (idle, grace, kind) in cases {
        let pace = Pace {
            idle,
            grace,
            least_rate: 1 << 30,
        };
        let world = World::start_with(|config| Config {
            upload_pace: pace,
            ..config
        });
        let world = World::shop_of(world.await).await;
        // A first piece, and then nothing more for ever.
        let body = stream::iter([Ok(vec![0_u8; 10].into())]).chain(stream::pending());
        let query = UploadQuery::default();
        let sent = world.admin.upload_version_unsized("shop", "v1", &query, body);
        assert_eq!(refusal(sent.await), (408, kind.to_owned()));
        // One that keeps pace is taken.
        let whole = world.upload("v1", python("1")).await;
        assert!(whole.is_ok(), "{whole:?}");
        world.stop().await;
    }
}

#[tokio::test]
async fn versions_are_listed_newest_first_page_by_page() {
    let world = World::shop().await;
    for number in 1..=5 {
        world
            .upload(&format!("v{number}"), python(&number.to_string()))
            .await
            .unwrap();
    }
    let mut labels = Vec::new();
    let mut query = PageQuery {
        after: None,
        limit: Some(2),
    };
    loop {
        let page = world.admin.versions("shop", &query).await.unwrap();
        labels.extend(page.items.into_iter().map(|version| version.label));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(labels, ["v5", "v4", "v3", "v2", "v1"]);
    let bad = PageQuery {
        after: Some("x".to_owned()),
        limit: None,
    };
    assert_eq!(refusal(world.admin.versions("shop", &bad).await).0, 422);
    assert_eq!(refusal(world.admin.versions("other", &query).await).0, 404);
}

#[tokio::test]
async fn a_deleted_version_frees_its_label_and_its_bundle() {
    let world = World::shop().await;
    world.upload("v1", python("1")).await.unwrap();
    world.upload("v2", python("2")).await.unwrap();
    world.admin.delete_version("shop", "v1").await.unwrap();
    assert_eq!(
        refusal(world.admin.version("shop", "v1").await),
        (404, "version_not_found".to_owned())
    );
    assert_eq!(refusal(world.admin.delete_version("shop", "v1").await).0, 404);
    assert_eq!(
        collect_blobs(&world.app, SystemTime::now()).await.unwrap(),
        0,
        "too young"
    );
    let later = SystemTime::now() + YOUNG + Duration::from_secs(1);
    assert_eq!(collect_blobs(&world.app, later).await.unwrap(), 1);
    assert_eq!(world.blobs().await, 1);
    world.upload("v1", python("3")).await.unwrap();
}

#[tokio::test]
async fn a_version_that_an_environment_uses_stays() {
    let world = World::shop().await;
    let version = world.upload("v1", python("1")).await.unwrap();
    let application = world.admin.application("shop").await.unwrap();
    let now = time::OffsetDateTime::from(Timestamp::now());
    sqlx::query(
        "insert into control.environments (id, application_id, name, cname_prefix, platform, status,
           current_version_id, current_configuration, configuration, min_instances, max_instances,
           desired_instances, created_at, updated_at)
         values ('e-1', $1, 'shop-prod', 'shop-prod', 'python', 'Ready', $2, 1, 1, 1, 1, 1, $3, $3)",
    )
    .bind(application.id.as_str())
    .bind(version.id.as_str())
    .bind(now)
    .execute(&world.app.pool)
    .await
    .unwrap();
    assert_eq!(
        refusal(world.admin.delete_version("shop", "v1").await),
        (409, "version_in_use".to_owned())
    );
    assert_eq!(
        refusal(world.admin.delete_application("shop").await),
        (409, "application_in_use".to_owned())
    );
    sqlx::query("update control.environments set status = 'Terminated', terminated_at = $1")
        .bind(now)
        .execute(&world.app.pool)
        .await
        .unwrap();
    world.admin.delete_version("shop", "v1").await.unwrap();
    world.admin.delete_application("shop").await.unwrap();
    assert_eq!(
        refusal(world.admin.application("shop").await),
        (404, "application_not_found".to_owned())
    );
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from control.application_versions) + (select count(*) from control.environments)",
    )
    .fetch_one(&world.app.pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn applications_have_names_that_will_do_and_are_there_once() {
    let world = World::shop().await;
    let create = |name: &str| CreateApplication {
        name: name.to_owned(),
        description: String::new(),
    };
    assert_eq!(
        refusal(world.admin.create_application("k1", &create("shop")).await),
        (409, "application_exists".to_owned())
    );
    for bad in ["", " x", "a/b", "..", &"x".repeat(101)] {
        assert_eq!(
            refusal(world.admin.create_application("k2", &create(bad)).await).0,
            422,
            "{bad:?}"
        );
    }
    world
        .admin
        .create_application("k3", &create("Käse & Brot"))
        .await
        .unwrap();
    assert_eq!(
        world.admin.application("Käse & Brot").await.unwrap().name,
        "Käse & Brot"
    );
    let names: Vec<String> = world
        .admin
        .applications(&PageQuery::default())
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|application| application.name)
        .collect();
    assert_eq!(names, ["Käse & Brot", "shop"]);
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_listens_sees_why_it_was_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::shop().await;
    let megabytes = 32;
    for (path, token, expected) in [
        (
            "/api/v1/applications/none/versions/v1",
            world.token.as_str(),
            "application_not_found",
        ),
        (
            "/api/v1/applications/shop/versions/v1",
            "bpt_wrong",
            "unauthorized",
        ),
        (
            "/api/v1/applications/shop/versions/v1?platform=cobol",
            world.token.as_str(),
            "bad_query",
        ),
    ] {
        let address = world.url.strip_prefix("http://").unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
             content-type: application/zip\r\ncontent-length: {}\r\n\r\n",
            megabytes << 20
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let piece = vec![7; 1 << 20];
        for sent in 0..megabytes {
            let written = stream.write_all(&piece).await;
            assert!(
                written.is_ok(),
                "{expected}: cut off after {sent} MB: {written:?}"
            );
        }
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.contains(expected), "{text}");
    }
}

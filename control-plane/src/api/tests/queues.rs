//! Queues of applications: declared, refused, repeated, listed, deleted; and what instances learn of them.

use std::collections::BTreeMap;

use beanpole_protocol::api::{CreateApplication, DeclareQueue, PageQuery, Role};

use super::{World, refusal};

fn with(attributes: &[(&str, &str)]) -> DeclareQueue {
    let attributes = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    DeclareQueue {
        attributes: attributes.collect(),
        tags: BTreeMap::new(),
    }
}

async fn world(applications: &[&str]) -> World {
    let world = World::start().await;
    for name in applications {
        let body = CreateApplication {
            name: (*name).to_owned(),
            description: String::new(),
        };
        world.admin.create_application(name, &body).await.unwrap();
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declaration_makes_a_queue_once_and_shows_it() {
    let world = world(&["shop"]).await;
    let wanted = with(&[("VisibilityTimeout", "60")]);
    let made = world.admin.declare_queue("shop", "jobs", &wanted).await.unwrap();
    assert_eq!(made.arn, "arn:aws:sqs:us-east-1:000000000000:jobs");
    assert_eq!(made.url, "http://localhost:8000/000000000000/jobs");
    assert_eq!(made.property, "BEANPOLE_QUEUE_URL_JOBS");
    assert_eq!(made.attributes["VisibilityTimeout"], "60");
    assert_eq!(made.attributes["ApproximateNumberOfMessages"], "0");

    let again = world.admin.declare_queue("shop", "jobs", &wanted).await.unwrap();
    assert_eq!(again.created_at, made.created_at);
    let fifo = with(&[("FifoQueue", "true")]);
    world
        .admin
        .declare_queue("shop", "orders.fifo", &fifo)
        .await
        .unwrap();
    let page = PageQuery {
        after: None,
        limit: Some(1),
    };
    let first = world.admin.queues("shop", &page).await.unwrap();
    assert_eq!(
        (first.items[0].name.as_str(), first.next.as_deref()),
        ("jobs", Some("jobs"))
    );
    let page = PageQuery {
        after: first.next,
        limit: None,
    };
    let second = world.admin.queues("shop", &page).await.unwrap();
    assert_eq!(second.items.len(), 1);
    assert_eq!(second.items[0].attributes["FifoQueue"], "true");

    let viewer = world.user("eve", Role::Viewer).await;
    assert_eq!(
        viewer
            .queues("shop", &PageQuery::default())
            .await
            .unwrap()
            .items
            .len(),
        2
    );
    let refused = refusal(viewer.declare_queue("shop", "more", &with(&[])).await);
    assert_eq!(refused, (403, "forbidden".to_owned()));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_create_queue_refuses_a_declaration_refuses() {
    let world = world(&["shop", "blog"]).await;
    world
        .admin
        .declare_queue("shop", "jobs", &with(&[]))
        .await
        .unwrap();
    for (application, name, attributes, expected) in [
        ("shop", "a b", &[][..], (422, "invalid")),
        ("shop", "jobs.fifo", &[], (422, "invalid")),
        ("shop", "mail", &[("Colour", "red")], (422, "invalid")),
        ("shop", "mail", &[("DelaySeconds", "901")], (422, "invalid")),
        ("shop", "jobs", &[("DelaySeconds", "9")], (409, "queue_exists")),
        ("shop", "Jobs", &[], (409, "queue_property_taken")),
        ("blog", "jobs", &[], (409, "queue_exists")),
        ("none", "mail", &[], (404, "application_not_found")),
    ] {
        let answer = world
            .admin
            .declare_queue(application, name, &with(attributes))
            .await;
        assert_eq!(
            refusal(answer),
            (expected.0, expected.1.to_owned()),
            "{application} {name}"
        );
    }
    let error = world
        .admin
        .declare_queue("shop", "mail", &with(&[("DelaySeconds", "901")]))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("DelaySeconds"), "{error}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_with_queues_stays_until_they_are_deleted() {
    let world = world(&["shop", "blog"]).await;
    world
        .admin
        .declare_queue("shop", "jobs", &with(&[]))
        .await
        .unwrap();
    let refused = refusal(world.admin.delete_application("shop").await);
    assert_eq!(refused, (409, "application_in_use".to_owned()));
    for (application, name) in [("blog", "jobs"), ("shop", "mail")] {
        let refused = refusal(world.admin.delete_queue(application, name).await);
        assert_eq!(refused, (404, "queue_not_found".to_owned()));
    }
    world.admin.delete_queue("shop", "jobs").await.unwrap();
    let refused = refusal(world.admin.declare_queue("shop", "jobs", &with(&[])).await);
    assert_eq!(refused, (409, "queue_deleted_recently".to_owned()));
    world.admin.delete_application("shop").await.unwrap();
    world.stop().await;
}

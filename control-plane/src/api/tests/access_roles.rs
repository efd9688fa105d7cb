//! Accounts and roles made by REST, and roles assumed over HTTP.

use aws_credential_types::Credentials;
use beanpole_protocol::api::{CreateAccessKey, CreateAccount, PageQuery, PutAccessRole};
use serde_json::{Value, json};

use super::{
    World, refusal,
    signed::{element, of_key},
};

const SECOND: &str = "111122223333";

fn account(id: &str, name: &str) -> CreateAccount {
    CreateAccount {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

fn role(trust: Value) -> PutAccessRole {
    let allow = json!({"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}});
    PutAccessRole {
        trust,
        policies: [("queues".to_owned(), allow)].into(),
        max_session_seconds: None,
    }
}

fn trusting(principal: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}})
}

#[tokio::test]
async fn a_second_account_is_added_once_and_has_queues_of_its_own() {
    let world = World::start().await;
    let page = PageQuery::default();
    let made = world
        .admin
        .create_account("k", &account(SECOND, "second"))
        .await
        .unwrap();
    assert_eq!((made.id.as_str(), made.name.as_str()), (SECOND, "second"));
    for taken in [account(SECOND, "third"), account("444455556666", "second")] {
        let refused = refusal(world.admin.create_account("other", &taken).await);
        assert_eq!(refused, (409, "account_exists".to_owned()));
    }
    let listed = world.admin.accounts(&page).await.unwrap().items;
    let ids: Vec<&str> = listed.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["000000000000", SECOND]);

    let mut keys = Vec::new();
    for id in ids {
        let body = CreateAccessKey {
            account: Some(id.to_owned()),
            ..CreateAccessKey::default()
        };
        keys.push(of_key(&world.admin.create_access_key(id, &body).await.unwrap()));
    }
    let (_, made) = world
        .sqs(&keys[1], "CreateQueue", json!({"QueueName": "jobs"}))
        .await;
    let url = made["QueueUrl"].clone();
    assert!(url.as_str().unwrap().contains(SECOND), "{made}");
    let (_, listed) = world.sqs(&keys[0], "ListQueues", json!({})).await;
    assert!(listed.get("QueueUrls").is_none(), "{listed}");
    let send = json!({"QueueUrl": url, "MessageBody": "x"});
    let (status, told) = world.sqs(&keys[0], "SendMessage", send).await;
    assert_eq!(status, 403, "{told}");
}

#[tokio::test]
async fn a_role_is_assumed_by_whom_it_trusts_and_its_sessions_end_with_it() {
    let world = World::start().await;
    let first = "000000000000";
    world
        .admin
        .create_account("k", &account(SECOND, "second"))
        .await
        .unwrap();
    let all = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let body = CreateAccessKey {
        policy: Some(all),
        ..CreateAccessKey::default()
    };
    let who = of_key(&world.admin.create_access_key("k", &body).await.unwrap());
    for (trusted, expected) in [(SECOND, 403), (first, 200)] {
        let made = world
            .admin
            .put_access_role(SECOND, "jobs", &role(trusting(trusted)))
            .await
            .unwrap();
        assert_eq!(made.arn, format!("arn:aws:iam::{SECOND}:role/jobs"));
        assert_eq!(assume(&world, &who).await.0, expected, "trusts {trusted}");
    }
    let (_, xml) = assume(&world, &who).await;
    let session = Credentials::new(
        element(&xml, "AccessKeyId"),
        element(&xml, "SecretAccessKey"),
        Some(element(&xml, "SessionToken").to_owned()),
        None,
        "test",
    );
    let (_, xml) = world.sts(&session, "Action=GetCallerIdentity").await;
    let arn = format!("arn:aws:sts::{SECOND}:assumed-role/jobs/me");
    assert_eq!(element(&xml, "Arn"), arn);
    let (status, told) = world
        .sqs(&session, "CreateQueue", json!({"QueueName": "jobs"}))
        .await;
    assert_eq!(status, 200, "{told}");

    let page = PageQuery::default();
    let listed = world.admin.access_roles(SECOND, &page).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].trust, trusting(first));
    world.admin.delete_access_role(SECOND, "jobs").await.unwrap();
    let (status, told) = world.sqs(&session, "ListQueues", json!({})).await;
    assert_eq!(status, 403, "{told}");
    let refused = refusal(world.admin.delete_access_role(SECOND, "jobs").await);
    assert_eq!(refused, (404, "role_not_found".to_owned()));
}

async fn assume(world: &World, who: &Credentials) -> (u16, String) {
    let form =
        format!("Action=AssumeRole&RoleSessionName=me&RoleArn=arn%3Aaws%3Aiam%3A%3A{SECOND}%3Arole%2Fjobs");
    world.sts(who, &form).await
}

#[tokio::test]
async fn a_role_that_will_not_do_is_refused() {
    let world = World::start().await;
    let first = "000000000000";
    let fine = role(trusting(first));
    let without = role(json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}));
    let long = PutAccessRole {
        max_session_seconds: Some(50_000),
        ..fine.clone()
    };
    for (account, name, body, expected) in [
        (first, "a", &without, (422, "invalid_policy")),
        (first, "a", &long, (422, "invalid")),
        (first, "a b", &fine, (422, "invalid")),
        (first, "beanpole-environment", &fine, (422, "invalid")),
        (SECOND, "a", &fine, (404, "account_not_found")),
    ] {
        let (status, kind) = refusal(world.admin.put_access_role(account, name, body).await);
        assert_eq!((status, kind.as_str()), expected, "{name}");
    }
}

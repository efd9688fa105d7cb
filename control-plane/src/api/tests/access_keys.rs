//! Access keys made by REST, and what the AWS services make of them.

use aws_credential_types::Credentials;
use beanpole_protocol::api::{
    CreateAccessKey, CreateAccount, KeyStatus, NewAccessKey, PageQuery, Role, UpdateAccessKey,
};
use serde_json::{Value, json};

use super::{
    World, refusal,
    signed::{element, of_key},
};

fn body(user: Option<&str>, account: Option<&str>, policy: Option<Value>) -> CreateAccessKey {
    CreateAccessKey {
        user: user.map(str::to_owned),
        account: account.map(str::to_owned),
        policy,
    }
}

async fn key(world: &World, body: CreateAccessKey) -> NewAccessKey {
    let idempotency = format!("{body:?}");
    world.admin.create_access_key(&idempotency, &body).await.unwrap()
}

/// The key is not known, in the words that each protocol has for that.
async fn assert_unknown(world: &World, who: &Credentials) {
    let (status, told) = world.sqs(who, "ListQueues", json!({})).await;
    let kind = told["__type"].as_str().unwrap_or_default();
    assert!(
        status == 403 && kind.ends_with("#UnrecognizedClientException"),
        "{status} {told}"
    );
    let (status, xml) = world.sts(who, "Action=GetCallerIdentity").await;
    assert_eq!((status, element(&xml, "Code")), (403, "InvalidClientTokenId"));
}

#[tokio::test]
async fn a_key_signs_calls_until_it_is_deleted() {
    let world = World::start().await;
    let made = key(&world, body(None, None, None)).await;
    let who = of_key(&made);
    let (status, told) = world
        .sqs(&who, "CreateQueue", json!({"QueueName": "orders"}))
        .await;
    assert_eq!(status, 200, "{told}");
    let url = &told["QueueUrl"];
    assert!(url.as_str().unwrap().ends_with("/000000000000/orders"), "{told}");
    let (status, told) = world
        .sqs(
            &who,
            "SendMessage",
            json!({"QueueUrl": url, "MessageBody": "one"}),
        )
        .await;
    assert_eq!(status, 200, "{told}");
    let (_, told) = world
        .sqs(
            &who,
            "ReceiveMessage",
            json!({"QueueUrl": url, "WaitTimeSeconds": 5}),
        )
        .await;
    assert_eq!(told["Messages"][0]["Body"], "one", "{told}");

    world.admin.delete_access_key(&made.key.id).await.unwrap();
    assert_unknown(&world, &who).await;
    assert_eq!(
        refusal(world.admin.delete_access_key(&made.key.id).await),
        (404, "access_key_not_found".to_owned())
    );
}

#[tokio::test]
async fn sts_says_who_a_key_is() {
    let world = World::start().await;
    world.user("ann", Role::Deployer).await;
    let account = CreateAccount {
        id: "111122223333".to_owned(),
        name: "second".to_owned(),
    };
    world.admin.create_account("a", &account).await.unwrap();
    for (account, id) in [(None, "000000000000"), (Some("111122223333"), "111122223333")] {
        let made = key(&world, body(Some("ann"), account, None)).await;
        let (status, xml) = world.sts(&of_key(&made), "Action=GetCallerIdentity").await;
        assert_eq!(status, 200, "{xml}");
        let arn = format!("<Arn>arn:aws:iam::{id}:user/ann</Arn>");
        assert!(
            xml.contains(&arn) && xml.contains(&format!("<Account>{id}</Account>")),
            "{xml}"
        );
    }
}

#[tokio::test]
async fn an_inactive_key_is_refused_and_works_again_when_it_is_active() {
    let world = World::start().await;
    let made = key(&world, body(None, None, None)).await;
    let (who, id) = (of_key(&made), &made.key.id);
    for (status, expected) in [
        (KeyStatus::Active, 200),
        (KeyStatus::Inactive, 403),
        (KeyStatus::Active, 200),
    ] {
        let told = world
            .admin
            .update_access_key(id, &UpdateAccessKey { status })
            .await
            .unwrap();
        assert_eq!(told.status, status);
        let (got, answer) = world.sqs(&who, "ListQueues", json!({})).await;
        assert_eq!(got, expected, "{answer}");
    }
    let listed = world
        .admin
        .access_keys(None, &PageQuery::default())
        .await
        .unwrap();
    assert!(listed.items[0].last_used_on.is_some(), "its use was remembered");
}

#[tokio::test]
async fn a_key_may_what_its_policy_and_its_user_may() {
    let world = World::start().await;
    world.user("eve", Role::Viewer).await;
    let sending = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:000000000000:orders"}});
    let all = of_key(&key(&world, body(None, None, None)).await);
    let sender = of_key(&key(&world, body(None, None, Some(sending.clone()))).await);
    let viewer = of_key(&key(&world, body(Some("eve"), None, None)).await);
    let mut urls = Vec::new();
    for name in ["orders", "others"] {
        let (_, told) = world.sqs(&all, "CreateQueue", json!({"QueueName": name})).await;
        urls.push(told["QueueUrl"].clone());
    }
    for (who, action, url, expected) in [
        (&sender, "SendMessage", &urls[0], 200),
        (&sender, "SendMessage", &urls[1], 403),
        (&sender, "ReceiveMessage", &urls[0], 403),
        (&viewer, "GetQueueAttributes", &urls[0], 200),
        (&viewer, "ReceiveMessage", &urls[0], 403),
    ] {
        let mut request = json!({"QueueUrl": url});
        if action == "SendMessage" {
            request["MessageBody"] = "x".into();
        }
        let (status, told) = world.sqs(who, action, request).await;
        assert_eq!(status, expected, "{action} {url}: {told}");
    }
    let listed = world
        .admin
        .access_keys(Some("eve"), &PageQuery::default())
        .await
        .unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.items[0].user, "eve");
}

#[tokio::test]
async fn a_policy_that_will_not_do_is_refused_with_its_place() {
    let world = World::start().await;
    let ask = async |document: Value| {
        let asked = world
            .request(reqwest::Method::POST, "/api/v1/access-keys")
            .json(&json!({ "policy": document }));
        super::answer(asked).await
    };
    for (document, place) in [
        (json!({}), "policy"),
        (
            json!({"Statement": [{"Effect": "Allow", "Action": "sqs:*"}]}),
            "policy.Statement[0]",
        ),
        (
            json!({"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*",
                "Condition": {"StringLooksLike": {"aws:SourceArn": "x"}}}]}),
            "policy.Statement[0].Condition.StringLooksLike",
        ),
    ] {
        let (status, problem) = ask(document).await;
        assert_eq!(
            (status.as_u16(), &problem["kind"], &problem["field"]),
            (422, &json!("invalid_policy"), &json!(place)),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn keys_are_for_users_and_accounts_that_exist() {
    let world = World::start().await;
    for (request, expected) in [
        (body(Some("nobody"), None, None), (404, "user_not_found")),
        (body(None, Some("999999999999"), None), (404, "account_not_found")),
        (body(None, Some("12"), None), (422, "invalid")),
    ] {
        let (status, kind) = refusal(world.admin.create_access_key("k", &request).await);
        assert_eq!((status, kind.as_str()), expected);
    }
}

#[tokio::test]
async fn the_secret_is_told_once_and_a_repeated_creation_is_one() {
    let world = World::start().await;
    let request = body(None, None, None);
    let made = world.admin.create_access_key("k", &request).await.unwrap();
    let again = world.admin.create_access_key("k", &request).await.unwrap();
    assert_eq!((&made.key.id, &made.secret), (&again.key.id, &again.secret));
    let (_, listed) = super::answer(world.request(reqwest::Method::GET, "/api/v1/access-keys")).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert!(!listed.to_string().contains(&made.secret));
    let kept: Vec<u8> = sqlx::query_scalar("select secret_sealed from access.access_keys")
        .fetch_one(&world.app.pool)
        .await
        .unwrap();
    let secret = made.secret.as_bytes();
    assert!(!kept.windows(secret.len()).any(|window| window == secret));
}

#[tokio::test]
async fn keys_are_listed_page_by_page() {
    let world = World::start().await;
    let mut made = Vec::new();
    for number in 0..5 {
        let one = world
            .admin
            .create_access_key(&number.to_string(), &CreateAccessKey::default())
            .await
            .unwrap();
        made.push(one.key.id);
    }
    made.sort();
    let mut query = PageQuery {
        after: None,
        limit: Some(2),
    };
    let mut listed = Vec::new();
    loop {
        let page = world.admin.access_keys(None, &query).await.unwrap();
        listed.extend(page.items.into_iter().map(|key| key.id));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed, made);
}

#[tokio::test]
async fn only_admins_have_to_do_with_keys() {
    let world = World::start().await;
    let made = key(&world, body(None, None, None)).await;
    for role in [Role::Viewer, Role::Deployer] {
        let client = world.user(role.name(), role).await;
        let forbidden = (403, "forbidden".to_owned());
        let page = PageQuery::default();
        assert_eq!(refusal(client.access_keys(None, &page).await), forbidden);
        assert_eq!(
            refusal(client.create_access_key("k", &CreateAccessKey::default()).await),
            forbidden
        );
        assert_eq!(refusal(client.delete_access_key(&made.key.id).await), forbidden);
        assert_eq!(refusal(client.accounts(&page).await), forbidden);
        assert_eq!(
            refusal(client.access_roles("000000000000", &page).await),
            forbidden
        );
    }
}

#[tokio::test]
async fn keys_end_with_their_user() {
    let world = World::start().await;
    world.user("ann", Role::Deployer).await;
    let who = of_key(&key(&world, body(Some("ann"), None, None)).await);
    assert_eq!(world.sqs(&who, "ListQueues", json!({})).await.0, 200);
    world.admin.delete_user("ann").await.unwrap();
    assert_unknown(&world, &who).await;
}

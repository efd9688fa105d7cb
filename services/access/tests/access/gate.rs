//! Keys of people.

use beanpole_access::{Arn, Ask, Caller, Decision, Gate, Mode, Principal, authorize};

use crate::setup::{NOW, TestSeal, World, of_pair, signed};

fn may(caller: &Caller, action: &str) -> bool {
    let ask = Ask {
        action,
        resource: &Arn("arn:aws:sqs:eu-central-1:000000000000:jobs".to_owned()),
        owner: &caller.account,
        application: None,
        policy: None,
        context: &std::collections::BTreeMap::new(),
    };
    authorize(caller, &ask) == Decision::Allowed
}

#[tokio::test]
async fn who_signs_with_a_key_is_its_user_with_the_policies_of_that_user() {
    let world = World::new().await;
    world.person("ann", "viewer").await;
    let key = of_pair(&world.key("ann", None).await);
    let caller = world.call(&key, NOW).await.unwrap();
    assert_eq!(caller.arn().0, "arn:aws:iam::000000000000:user/ann");
    assert_eq!(caller.access_key_id, key.access_key_id());
    assert!(may(&caller, "sqs:GetQueueUrl") && !may(&caller, "sqs:SendMessage"));
    world
        .run(
            r#"insert into access.user_policies values ('ann', 'sends',
               '{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}}')"#,
        )
        .await;
    world.gate.changed();
    let caller = world.call(&key, NOW).await.unwrap();
    assert!(may(&caller, "sqs:SendMessage"));
}

#[tokio::test]
async fn a_keys_policy_narrows_what_its_user_may() {
    let world = World::new().await;
    world.person("ann", "admin").await;
    let policy = r#"{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}}"#;
    let key = of_pair(&world.key("ann", Some(policy)).await);
    let caller = world.call(&key, NOW).await.unwrap();
    assert!(may(&caller, "sqs:SendMessage") && !may(&caller, "sqs:DeleteQueue"));
}

#[tokio::test]
async fn other_secrets_bodies_times_and_keys_are_refused() {
    let world = World::new().await;
    world.person("ann", "viewer").await;
    let pair = world.key("ann", None).await;
    let key = of_pair(&pair);
    let (parts, body) = signed(&key, NOW);
    let codes = |answer: Result<Caller, beanpole_wire::AwsError>| answer.unwrap_err().kind.code;
    let other = aws_credential_types::Credentials::new(&pair.id, "x", None, None, "test");
    assert_eq!(codes(world.call(&other, NOW).await), "InvalidSignatureException");
    assert_eq!(
        codes(world.gate.authenticate(&parts, b"{ }", NOW).await),
        "InvalidSignatureException"
    );
    assert_eq!(
        codes(world.gate.authenticate(&parts, &body, NOW + 1000).await),
        "InvalidSignatureException"
    );
    for id in ["AKIAAAAAAAAAAAAAAAAA", "000000000000", "ASIAAAAAAAAAAAAAAAAA"] {
        let unknown = aws_credential_types::Credentials::new(id, &pair.secret, None, None, "test");
        assert_eq!(
            codes(world.call(&unknown, NOW).await),
            "UnrecognizedClientException",
            "{id}"
        );
    }
    let with_token = aws_credential_types::Credentials::new(
        &pair.id,
        &pair.secret,
        Some("token".to_owned()),
        None,
        "test",
    );
    assert_eq!(
        codes(world.call(&with_token, NOW).await),
        "UnrecognizedClientException"
    );
    assert!(world.gate.authenticate(&parts, &body, NOW).await.is_ok());
}

#[tokio::test]
async fn a_key_that_is_gone_or_switched_off_is_refused_at_once_here_and_within_seconds_elsewhere() {
    let world = World::new().await;
    world.person("ann", "viewer").await;
    let key = of_pair(&world.key("ann", None).await);
    let elsewhere = world.elsewhere(Mode::Signed);
    let (parts, body) = signed(&key, NOW);
    assert!(world.call(&key, NOW).await.is_ok());
    assert!(elsewhere.authenticate(&parts, &body, NOW).await.is_ok());
    world
        .run("update access.access_keys set status = 'inactive'")
        .await;
    world.gate.changed();
    assert!(world.call(&key, NOW).await.is_err());
    let refused = elsewhere.authenticate(&parts, &body, NOW + 5).await.unwrap_err();
    assert_eq!(refused.kind.code, "UnrecognizedClientException");
    world.run("update access.access_keys set status = 'active'").await;
    assert!(world.call(&key, NOW).await.is_ok());
    world.run("delete from control.users").await;
    world.gate.changed();
    assert!(world.call(&key, NOW).await.is_err());
}

#[tokio::test]
async fn a_key_that_was_just_used_needs_no_database() {
    let world = World::new().await;
    world.person("ann", "viewer").await;
    let key = of_pair(&world.key("ann", None).await);
    assert!(world.call(&key, NOW).await.is_ok());
    let used: Option<time::Date> = sqlx::query_scalar("select last_used_on from access.access_keys")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(used, Some(time::macros::date!(2026 - 01 - 31)));
    world.pool.close().await;
    assert!(world.call(&key, NOW + 4).await.is_ok());
    let refused = world.call(&key, NOW + 5).await.unwrap_err();
    assert_eq!(refused.kind.status, 503);
}

#[tokio::test]
async fn nobody_is_let_through_as_nobody() {
    let world = World::new().await;
    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    let caller = world.gate.authenticate(&parts, b"", NOW).await.unwrap();
    assert_eq!(caller.principal, Principal::Anonymous);
}

#[tokio::test]
async fn in_development_everybody_is_the_account_they_name() {
    // No statement is sent: the address is nobody's.
    let pool = sqlx::PgPool::connect_lazy("postgres://127.0.0.1:1/none").unwrap();
    let gate = Gate::development(pool, TestSeal::new());
    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    let nobody = gate.authenticate(&parts, b"", NOW).await.unwrap();
    assert_eq!(nobody.arn().0, "arn:aws:iam::000000000000:root");
    for (id, account) in [
        ("111111111111", "111111111111"),
        ("test", "000000000000"),
        ("AKIAAAAAAAAAAAAAAAAA", "000000000000"),
    ] {
        let signer = aws_credential_types::Credentials::new(id, "x", None, None, "test");
        let (parts, _) = signed(&signer, NOW - 1_000_000);
        let caller = gate.authenticate(&parts, b"another body", NOW).await.unwrap();
        assert_eq!(caller.account.as_str(), account);
        assert_eq!(caller.principal, Principal::Root);
    }
}

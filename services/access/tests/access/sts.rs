//! STS as a client sees it: forms in, XML out.

use std::collections::BTreeMap;

use aws_credential_types::Credentials as Signer;
use beanpole_access::{
    Caller, Mode, Principal,
    store::roles::{self, RoleRow},
    sts,
};
use beanpole_wire::{Call, Protocol, Service};
use sqlx::types::Json;
use time::OffsetDateTime;

use crate::setup::{NOW, World, of_pair};

const READER: &str = "arn:aws:iam::111111111111:role/reader";
const TRUST_ANN: &str = r#"{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"AWS": "arn:aws:iam::000000000000:user/ann"}}}"#;
const READ: &str = r#"{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}"#;

fn call(form: &[(&str, &str)]) -> Call {
    let pairs = form
        .iter()
        .map(|(name, value)| format!("{name}={}", coded(value)));
    Call {
        service: Service::Sts,
        protocol: Protocol::Query,
        operation: form[0].1.to_owned(),
        region: "us-east-1".to_owned(),
        host: "localhost".to_owned(),
        path: "/".to_owned(),
        headers: http::HeaderMap::new(),
        body: pairs.collect::<Vec<_>>().join("&").into(),
        request_id: "r-1".to_owned(),
    }
}

fn coded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The answer's status and text.
async fn ask(world: &World, caller: &Caller, form: &[(&str, &str)]) -> (u16, String) {
    let response = sts::handle(&world.gate, &call(form), caller, NOW).await;
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().to_vec()).unwrap())
}

fn element(xml: &str, name: &str) -> String {
    let after = xml.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
    let inner = after.and_then(|rest| rest.split_once(&format!("</{name}>")));
    inner.unwrap_or_else(|| panic!("no {name} in {xml}")).0.to_owned()
}

fn signer(xml: &str) -> Signer {
    Signer::new(
        element(xml, "AccessKeyId"),
        element(xml, "SecretAccessKey"),
        Some(element(xml, "SessionToken")),
        None,
        "test",
    )
}

async fn with_role(trust: &str) -> World {
    let world = World::new().await;
    world
        .run("insert into access.accounts values ('111111111111', 'other', now())")
        .await;
    put_role(&world, trust).await;
    world
}

async fn put_role(world: &World, trust: &str) {
    let role = RoleRow {
        account_id: "111111111111".to_owned(),
        name: "reader".to_owned(),
        trust: trust.to_owned(),
        policies: Json(BTreeMap::from([("read".to_owned(), READ.to_owned())])),
        max_session_seconds: 7200,
        created_at: OffsetDateTime::now_utc(),
        updated_at: OffsetDateTime::now_utc(),
    };
    let mut connection = world.pool.acquire().await.unwrap();
    roles::put(&mut connection, &role).await.unwrap();
    world.gate.changed();
}

async fn person(world: &World, name: &str, role: &str) -> Caller {
    world.person(name, role).await;
    let key = of_pair(&world.key(name, None).await);
    world.call(&key, NOW).await.unwrap()
}

fn assume<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("Action", "AssumeRole"), ("RoleArn", READER)];
    form.extend_from_slice(more);
    if !more.iter().any(|(name, _)| *name == "RoleSessionName") {
        form.push(("RoleSessionName", "job"));
    }
    form
}

#[tokio::test]
async fn a_caller_is_told_who_it_is() {
    let world = World::new().await;
    let ann = person(&world, "ann", "viewer").await;
    let (status, xml) = ask(&world, &ann, &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(status, 200, "{xml}");
    assert_eq!(element(&xml, "Arn"), "arn:aws:iam::000000000000:user/ann");
    assert_eq!(element(&xml, "Account"), "000000000000");
    assert_eq!(element(&xml, "UserId"), ann.user_id());
    let nobody = Caller::anonymous("000000000000".parse().unwrap());
    let (status, xml) = ask(&world, &nobody, &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(
        (status, element(&xml, "Code")),
        (403, "MissingAuthenticationToken".to_owned())
    );
    let (status, xml) = ask(&world, &ann, &[("Action", "GetFederationToken")]).await;
    assert_eq!((status, element(&xml, "Code")), (400, "InvalidAction".to_owned()));
}

#[tokio::test]
async fn who_is_trusted_becomes_the_role_until_it_is_removed() {
    let world = with_role(TRUST_ANN).await;
    let ann = person(&world, "ann", "deployer").await;
    let (status, xml) = ask(&world, &ann, &assume(&[])).await;
    assert_eq!(status, 200, "{xml}");
    assert_eq!(element(&xml, "Expiration"), "2026-01-31T13:00:00.000Z");
    let arn = "arn:aws:sts::111111111111:assumed-role/reader/job";
    assert_eq!(element(&xml, "Arn"), arn);
    let session = signer(&xml);
    let caller = world.call(&session, NOW).await.unwrap();
    assert_eq!(
        (caller.arn().0.as_str(), caller.account.as_str()),
        (arn, "111111111111")
    );
    assert_eq!(element(&xml, "AssumedRoleId"), caller.user_id());
    assert_eq!((caller.policies.len(), caller.session.len()), (1, 0));
    world.run("delete from access.roles").await;
    put_role(&world, TRUST_ANN).await;
    let refused = world.call(&session, NOW).await.unwrap_err();
    assert_eq!(
        refused.kind.code, "UnrecognizedClientException",
        "another role of the name"
    );
}

#[tokio::test]
async fn both_accounts_have_to_agree_and_a_missing_role_looks_like_a_closed_one() {
    let world = with_role(TRUST_ANN).await;
    let ann = person(&world, "ann", "viewer").await;
    let bob = person(&world, "bob", "admin").await;
    for (caller, why) in [
        (&ann, "her own policies do not let her"),
        (&bob, "he is not trusted"),
    ] {
        let (status, xml) = ask(&world, caller, &assume(&[])).await;
        assert_eq!(
            (status, element(&xml, "Code")),
            (403, "AccessDenied".to_owned()),
            "{why}"
        );
    }
    let (_, closed) = ask(&world, &bob, &assume(&[])).await;
    world.run("delete from access.roles").await;
    let (_, missing) = ask(&world, &bob, &assume(&[])).await;
    assert_eq!(closed, missing);
}

#[tokio::test]
async fn a_trust_can_ask_for_an_external_id() {
    let trust = r#"{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "000000000000"},
        "Condition": {"StringEquals": {"sts:ExternalId": "s-1"}}}}"#;
    let world = with_role(trust).await;
    let ann = person(&world, "ann", "deployer").await;
    for (form, status) in [
        (assume(&[]), 403),
        (assume(&[("ExternalId", "s-2")]), 403),
        (assume(&[("ExternalId", "s-1")]), 200),
    ] {
        assert_eq!(ask(&world, &ann, &form).await.0, status, "{form:?}");
    }
}

#[tokio::test]
async fn parameters_of_a_role_session_are_checked() {
    let world = with_role(TRUST_ANN).await;
    let ann = person(&world, "ann", "deployer").await;
    for (name, value, code) in [
        ("DurationSeconds", "899", "ValidationError"),
        ("DurationSeconds", "43201", "ValidationError"),
        ("DurationSeconds", "7201", "ValidationError"),
        ("RoleSessionName", "j", "ValidationError"),
        ("RoleSessionName", "a job", "ValidationError"),
        ("Policy", "{", "MalformedPolicyDocument"),
        ("ExternalId", "x", "ValidationError"),
        ("TokenCode", "123456", "UnsupportedOperation"),
        ("Tags.member.1.Key", "a", "UnsupportedOperation"),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::aws:policy/X",
            "UnsupportedOperation",
        ),
    ] {
        let (status, xml) = ask(&world, &ann, &assume(&[(name, value)])).await;
        assert_eq!(
            (status, element(&xml, "Code")),
            (400, code.to_owned()),
            "{name}={value}"
        );
    }
    let policy = r#"{"Statement": {"Effect": "Allow", "Action": "sqs:Get*", "Resource": "*"}}"#;
    let (status, xml) = ask(
        &world,
        &ann,
        &assume(&[("Policy", policy), ("DurationSeconds", "7200")]),
    )
    .await;
    assert_eq!(status, 200, "{xml}");
    assert_eq!(element(&xml, "Expiration"), "2026-01-31T14:00:00.000Z");
    let caller = world.call(&signer(&xml), NOW).await.unwrap();
    assert_eq!(caller.session.len(), 1);
}

#[tokio::test]
async fn a_session_of_ones_own_ends_with_its_key_and_makes_no_other() {
    let world = World::new().await;
    world.person("ann", "deployer").await;
    let narrow = r#"{"Statement": {"Effect": "Allow", "Action": "sqs:Get*", "Resource": "*"}}"#;
    let key = of_pair(&world.key("ann", Some(narrow)).await);
    let ann = world.call(&key, NOW).await.unwrap();
    let form = [("Action", "GetSessionToken"), ("DurationSeconds", "900")];
    let (status, xml) = ask(&world, &ann, &form).await;
    assert_eq!(status, 200, "{xml}");
    let session = signer(&xml);
    let caller = world.call(&session, NOW).await.unwrap();
    assert_eq!(caller.arn(), ann.arn());
    assert_eq!(
        caller.session, ann.session,
        "what narrows the key narrows its sessions"
    );
    let (status, xml) = ask(&world, &caller, &form).await;
    assert_eq!((status, element(&xml, "Code")), (403, "AccessDenied".to_owned()));
    let over = world.call(&session, NOW + 900).await.unwrap_err();
    assert_eq!(over.kind.code, "ExpiredTokenException");
    world
        .run("update access.access_keys set status = 'inactive'")
        .await;
    world.gate.changed();
    assert!(world.call(&session, NOW).await.is_err());
}

#[tokio::test]
async fn in_development_sessions_are_who_they_were_made_for() {
    let world = World::in_mode(Mode::Development).await;
    world
        .run("insert into access.accounts values ('111111111111', 'other', now())")
        .await;
    put_role(
        &world,
        r#"{"Statement": {"Effect": "Allow", "Action": "*", "Principal": "*"}}"#,
    )
    .await;
    let key = Signer::new("111111111111", "any", None, None, "test");
    let root = world.call(&key, NOW).await.unwrap();
    assert_eq!(root.principal, Principal::Root);
    let (status, xml) = ask(&world, &root, &assume(&[])).await;
    assert_eq!(status, 200, "{xml}");
    let caller = world.call(&signer(&xml), NOW).await.unwrap();
    assert_eq!(
        caller.arn().0,
        "arn:aws:sts::111111111111:assumed-role/reader/job"
    );
}

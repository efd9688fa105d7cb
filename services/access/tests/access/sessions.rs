//! Keys that come with a token.

use aws_credential_types::Credentials as Signer;
use beanpole_access::{Mode, Principal};

use crate::setup::{NOW, World, of_session, signed};

#[tokio::test]
async fn an_environments_credentials_are_good_for_an_hour_and_while_it_lives() {
    let world = World::new().await;
    world.environment("e-1").await;
    let given = world
        .gate
        .environment_credentials("e-1", NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(given.expires_at, NOW + 3600);
    let caller = world.call(&of_session(&given), NOW).await.unwrap();
    assert_eq!(
        caller.principal,
        Principal::Environment {
            environment: "e-1".to_owned(),
            application: "e-1".to_owned()
        }
    );
    assert!(world.call(&of_session(&given), NOW + 3599).await.is_ok());
    let over = world.call(&of_session(&given), NOW + 3600).await.unwrap_err();
    assert_eq!(over.kind.code, "ExpiredTokenException");
    world
        .run("update control.environments set status = 'Terminated', terminated_at = now()")
        .await;
    world.gate.changed();
    let gone = world.call(&of_session(&given), NOW).await.unwrap_err();
    assert_eq!(gone.kind.code, "UnrecognizedClientException");
    let none = world.gate.environment_credentials("e-1", NOW).await.unwrap();
    assert_eq!(none, None);
}

#[tokio::test]
async fn a_token_is_good_with_its_own_key_only() {
    let world = World::new().await;
    world.environment("e-1").await;
    let one = world
        .gate
        .environment_credentials("e-1", NOW)
        .await
        .unwrap()
        .unwrap();
    let other = world
        .gate
        .environment_credentials("e-1", NOW)
        .await
        .unwrap()
        .unwrap();
    assert!(world.call(&of_session(&one), NOW).await.is_ok());
    let (id, secret) = (&one.access_key_id, &one.secret_access_key);
    let mut damaged = one.session_token.clone();
    damaged.replace_range(20..21, if &damaged[20..21] == "A" { "B" } else { "A" });
    for token in [
        None,
        Some(other.session_token),
        Some(damaged),
        Some(String::new()),
    ] {
        let signer = Signer::new(id, secret, token.clone(), None, "test");
        let refused = world.call(&signer, NOW).await.unwrap_err();
        assert_eq!(refused.kind.code, "UnrecognizedClientException", "{token:?}");
    }
}

#[tokio::test]
async fn what_development_gives_out_is_worth_nothing_elsewhere() {
    let world = World::in_mode(Mode::Development).await;
    world.environment("e-1").await;
    let given = world
        .gate
        .environment_credentials("e-1", NOW)
        .await
        .unwrap()
        .unwrap();
    let signer = Signer::new(
        &given.access_key_id,
        "any",
        Some(given.session_token.clone()),
        None,
        "test",
    );
    let caller = world.call(&signer, NOW).await.unwrap();
    assert!(matches!(caller.principal, Principal::Environment { .. }));
    let (parts, body) = signed(&of_session(&given), NOW);
    let elsewhere = world.elsewhere(Mode::Signed);
    assert!(elsewhere.authenticate(&parts, &body, NOW).await.is_err());
}

use beanpole_protocol::{
    Timestamp,
    api::{CreateToken, CreateUser, PageQuery, Role},
};

use super::{PASSWORD, World, refusal};
use crate::idempotency;

fn user(name: &str) -> CreateUser {
    CreateUser {
        name: name.to_owned(),
        role: Role::Viewer,
        password: PASSWORD.to_owned(),
    }
}

#[tokio::test]
async fn the_same_request_twice_is_one_creation_with_one_answer() {
    let world = World::start().await;
    let first = world.admin.create_user("key", &user("ann")).await.unwrap();
    let again = world.admin.create_user("key", &user("ann")).await.unwrap();
    assert_eq!(first.id, again.id);
    let body = CreateToken {
        name: "ci".to_owned(),
        role: Role::Viewer,
        expires_in_days: Some(1),
    };
    let made = world.admin.create_token("key", &body).await.unwrap();
    assert_eq!(
        world.admin.create_token("key", &body).await.unwrap().secret,
        made.secret
    );
}

#[tokio::test]
async fn a_kept_answer_holds_no_secret_in_the_clear() {
    let world = World::start().await;
    let body = CreateToken {
        name: "ci".to_owned(),
        role: Role::Viewer,
        expires_in_days: None,
    };
    let made = world.admin.create_token("key", &body).await.unwrap();
    let kept: Vec<u8> = sqlx::query_scalar("select response_body from control.idempotency_keys")
        .fetch_one(&world.app.pool)
        .await
        .unwrap();
    let secret = made.secret.as_bytes();
    assert!(!kept.windows(secret.len()).any(|window| window == secret));
}

#[tokio::test]
async fn a_key_is_good_for_one_request_of_one_caller() {
    let world = World::start().await;
    world.admin.create_user("key", &user("ann")).await.unwrap();
    let other = refusal(world.admin.create_user("key", &user("bob")).await);
    assert_eq!(other, (422, "idempotency_key_reused".to_owned()));
    let second = world.user("second", Role::Admin).await;
    second.create_user("key", &user("carl")).await.unwrap();
}

#[tokio::test]
async fn a_refused_request_may_be_repeated_with_its_key() {
    let world = World::start().await;
    world.admin.create_user("a", &user("ann")).await.unwrap();
    assert_eq!(refusal(world.admin.create_user("b", &user("ann")).await).0, 409);
    world.admin.delete_user("ann").await.unwrap();
    world.admin.create_user("b", &user("ann")).await.unwrap();
}

#[tokio::test]
async fn a_refused_request_has_let_go_of_its_key_when_it_is_answered() {
    let world = World::start().await;
    world.admin.create_user("a", &user("ann")).await.unwrap();
    for _ in 0..30 {
        let (status, kind) = refusal(world.admin.create_user("b", &user("ann")).await);
        assert_eq!((status, kind.as_str()), (409, "user_exists"));
    }
}

#[tokio::test]
async fn of_many_at_once_one_creates_and_none_is_doubled() {
    let world = World::start().await;
    let calls = (0..8).map(|_| {
        let admin = world.admin.clone();
        tokio::spawn(async move { admin.create_user("key", &user("ann")).await })
    });
    let mut created = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(user) => created.push(user.id),
            Err(error) => assert_eq!(error.kind(), Some("idempotency_in_progress")),
        }
    }
    assert!(!created.is_empty());
    assert!(created.iter().all(|id| *id == created[0]));
    assert_eq!(
        world
            .admin
            .users(&PageQuery::default())
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}

#[tokio::test]
async fn answers_are_forgotten_after_a_day() {
    let world = World::start().await;
    world.admin.create_user("key", &user("ann")).await.unwrap();
    let pool = &world.app.pool;
    assert_eq!(idempotency::forget_old(pool, Timestamp::now()).await.unwrap(), 0);
    let tomorrow = Timestamp::now() + idempotency::KEPT;
    assert_eq!(idempotency::forget_old(pool, tomorrow).await.unwrap(), 1);
}

use std::time::Duration;

use super::{PASSWORD, World, answer, refusal};
use crate::{ops, store::users};
use beanpole_protocol::{
    Timestamp,
    api::{CreateToken, CreateUser, PageQuery, Role, SetPassword, SignIn},
};

fn user(name: &str, role: Role) -> CreateUser {
    CreateUser {
        name: name.to_owned(),
        role,
        password: PASSWORD.to_owned(),
    }
}

fn password(name: &str, password: &str) -> SignIn {
    SignIn::Password {
        name: name.to_owned(),
        password: password.to_owned(),
    }
}

#[tokio::test]
async fn a_user_signs_in_with_a_password_and_is_who_they_are() {
    let world = World::start().await;
    world
        .admin
        .create_user("k1", &user("ann", Role::Deployer))
        .await
        .unwrap();
    let anyone = world.admin.with_token(None);
    assert_eq!(refusal(anyone.whoami().await), (401, "unauthorized".to_owned()));
    assert_eq!(
        refusal(anyone.sign_in(&password("ann", "wrong password")).await).0,
        401
    );
    assert_eq!(
        refusal(anyone.sign_in(&password("nobody", PASSWORD)).await).0,
        401
    );
    let session = anyone.sign_in(&password("ann", PASSWORD)).await.unwrap();
    let ann = anyone.with_token(Some(session.token));
    let me = ann.whoami().await.unwrap();
    assert_eq!(
        (me.user.as_str(), me.role, me.token),
        ("ann", Role::Deployer, None)
    );
    assert_eq!(
        refusal(ann.users(&PageQuery::default()).await),
        (403, "forbidden".to_owned())
    );
    ann.sign_out().await.unwrap();
    assert_eq!(refusal(ann.whoami().await).0, 401);
}

#[tokio::test]
async fn a_new_password_and_removal_end_sessions_at_once() {
    let world = World::start().await;
    world
        .admin
        .create_user("k1", &user("ann", Role::Viewer))
        .await
        .unwrap();
    let anyone = world.admin.with_token(None);
    let first = anyone.sign_in(&password("ann", PASSWORD)).await.unwrap();
    let ann = anyone.with_token(Some(first.token));
    let short = SetPassword {
        password: "short".to_owned(),
    };
    assert_eq!(refusal(ann.set_password("ann", &short).await).0, 422);
    assert_eq!(refusal(ann.set_password("root", &short).await).0, 403);
    let new = SetPassword {
        password: "another long one".to_owned(),
    };
    ann.set_password("ann", &new).await.unwrap();
    assert_eq!(refusal(ann.whoami().await).0, 401);
    let second = anyone
        .sign_in(&password("ann", "another long one"))
        .await
        .unwrap();
    let ann = anyone.with_token(Some(second.token));
    assert!(ann.whoami().await.is_ok());
    world.admin.delete_user("ann").await.unwrap();
    assert_eq!(refusal(ann.whoami().await).0, 401);
}

#[tokio::test]
async fn the_last_admin_stays() {
    let world = World::start().await;
    assert_eq!(
        refusal(world.admin.delete_user("root").await),
        (409, "last_admin".to_owned())
    );
    world
        .admin
        .create_user("k1", &user("second", Role::Admin))
        .await
        .unwrap();
    world.admin.delete_user("second").await.unwrap();
    assert_eq!(
        refusal(world.admin.delete_user("second").await),
        (404, "user_not_found".to_owned())
    );
}

#[tokio::test]
async fn a_one_time_link_works_once_and_not_after_its_time() {
    let world = World::start().await;
    let anyone = world.admin.with_token(None);
    let mut connection = world.app.pool.acquire().await.unwrap();
    let root = ops::identity::user(&mut connection, "root").await.unwrap();
    let now = Timestamp::now();
    let code = ops::identity::create_login_code(&mut connection, &root.id, now)
        .await
        .unwrap();
    let session = anyone
        .sign_in(&SignIn::Code { code: code.clone() })
        .await
        .unwrap();
    assert_eq!(session.user.user, "root");
    assert_eq!(refusal(anyone.sign_in(&SignIn::Code { code }).await).0, 401);
    let early = now - ops::identity::LINK_LIFETIME - Duration::from_secs(1);
    let late = ops::identity::create_login_code(&mut connection, &root.id, early)
        .await
        .unwrap();
    assert_eq!(refusal(anyone.sign_in(&SignIn::Code { code: late }).await).0, 401);
    assert_eq!(
        users::forget_login_codes(&mut connection, now.into())
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn many_wrong_passwords_make_a_name_wait_but_not_its_links() {
    let world = World::start().await;
    world
        .admin
        .create_user("k1", &user("ann", Role::Viewer))
        .await
        .unwrap();
    let anyone = world.admin.with_token(None);
    for _ in 0..10 {
        assert_eq!(
            refusal(anyone.sign_in(&password("ann", "not the password")).await).0,
            401
        );
    }
    assert_eq!(
        refusal(anyone.sign_in(&password("ann", PASSWORD)).await),
        (429, "too_many_sign_ins".to_owned())
    );
    let mut connection = world.app.pool.acquire().await.unwrap();
    let ann = ops::identity::user(&mut connection, "ann").await.unwrap();
    let code = ops::identity::create_login_code(&mut connection, &ann.id, Timestamp::now())
        .await
        .unwrap();
    assert!(anyone.sign_in(&SignIn::Code { code }).await.is_ok());
}

#[tokio::test]
async fn tokens_have_at_most_their_owners_role_and_end_when_revoked() {
    let world = World::start().await;
    let body = |name: &str, role| CreateToken {
        name: name.to_owned(),
        role,
        expires_in_days: None,
    };
    world
        .admin
        .create_user("k1", &user("ann", Role::Deployer))
        .await
        .unwrap();
    let session = world.admin.sign_in(&password("ann", PASSWORD)).await.unwrap();
    let ann = world.admin.with_token(Some(session.token));
    assert_eq!(
        refusal(ann.create_token("k2", &body("ci", Role::Admin)).await).0,
        403
    );
    let made = ann.create_token("k3", &body("ci", Role::Viewer)).await.unwrap();
    assert!(
        made.secret.starts_with("bpt_") && made.secret.len() == 47,
        "{}",
        made.secret.len()
    );
    assert_eq!(
        refusal(ann.create_token("k4", &body("ci", Role::Viewer)).await),
        (409, "token_exists".to_owned())
    );
    let ci = world.admin.with_token(Some(made.secret));
    let me = ci.whoami().await.unwrap();
    assert_eq!(
        (me.user.as_str(), me.role, me.token.as_deref()),
        ("ann", Role::Viewer, Some("ci"))
    );
    assert_eq!(
        refusal(ci.create_token("k5", &body("more", Role::Viewer)).await).0,
        403
    );
    let pipeline = ann
        .create_token("k6", &body("pipeline", Role::Deployer))
        .await
        .unwrap()
        .token;
    assert_eq!(
        refusal(ci.revoke_token(&pipeline.id).await).0,
        403,
        "a viewer's token cannot cut off one of more power"
    );
    ann.revoke_token(&pipeline.id).await.unwrap();
    let listed = ann.tokens(&PageQuery::default()).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].last_used_at.is_some());
    assert_eq!(
        world
            .admin
            .tokens(&PageQuery::default())
            .await
            .unwrap()
            .items
            .len(),
        2
    );
    let other = world.user("bob", Role::Deployer).await;
    assert_eq!(
        refusal(other.revoke_token(&made.token.id).await),
        (404, "token_not_found".to_owned())
    );
    ann.revoke_token(&made.token.id).await.unwrap();
    assert_eq!(refusal(ci.whoami().await).0, 401);
}

#[tokio::test]
async fn users_are_listed_page_by_page() {
    let world = World::start().await;
    for name in ["a", "b", "c"] {
        world.user(name, Role::Viewer).await;
    }
    let mut names = Vec::new();
    let mut query = PageQuery {
        after: None,
        limit: Some(3),
    };
    loop {
        let page = world.admin.users(&query).await.unwrap();
        names.extend(page.items.into_iter().map(|user| user.name));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(names, ["a", "b", "c", "root"]);
}

#[tokio::test]
async fn a_bad_credential_says_what_to_send() {
    let world = World::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http
        .get(format!("{}/api/v1/session", world.url))
        .header("authorization", "Basic x");
    let response = request.try_clone().unwrap().send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let (status, problem) = answer(request).await;
    assert_eq!(status, 401);
    assert!(problem["message"].as_str().unwrap().contains("Bearer"));
}

//! The console on a made-up API, to look at: `cargo run -p beanpole-web --example preview [port]`.
//! Sign in as viewer, deployer or admin with the password `correct horse`, or open
//! `/as/admin?to=/environments`, which needs no typing and so suits screenshots.
//! With `API` set to a server's address, it is the console of that server instead.

#![expect(clippy::unwrap_used, reason = "a development tool may end with a backtrace")]

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::{Path, Query},
    http::header::SET_COOKIE,
    response::{IntoResponse, Redirect},
    routing::get,
};
use tokio::net::TcpListener;

#[path = "../tests/console/fake_api/mod.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod fake_api;

#[tokio::main]
async fn main() {
    let port = std::env::args().nth(1).unwrap_or_else(|| "8001".to_owned());
    let world = if std::env::var_os("HOSTILE").is_some() {
        fake_api::World::hostile()
    } else {
        fake_api::World::friendly()
    };
    let api = fake_api::FakeApi::start(world).await;
    let fake = api.fake.clone();
    let news = tokio::spawn(async move {
        for id in 200.. {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let event = fake.world.event(
                id,
                0,
                "INFO",
                "instance_healthy",
                &format!("Event {id} came in live."),
            );
            // Nobody may be listening.
            let _ = fake.news.send(event);
        }
    });
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let console = beanpole_web::router(beanpole_web::Settings {
        api: std::env::var("API").unwrap_or_else(|_| api.url.clone()),
    });
    let console = console.route("/as/{role}", get(sign_in_as));
    axum::serve(listener, console).await.unwrap();
    news.abort();
}

async fn sign_in_as(
    Path(role): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> impl IntoResponse {
    let cookie = format!("beanpole_session={role}.jwt; Path=/; HttpOnly");
    ([(SET_COOKIE, cookie)], Redirect::to(&query["to"]))
}

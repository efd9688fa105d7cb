//! The console: Beanpole in a browser, rendered on the server.
//!
//! Every page is made of answers of the REST API, asked for with the token of whoever is signed in;
//! there is no other way to the data from here. Forms work without script; htmx only keeps pages live.
//! Invariant: what a person may see and do is decided by the API, pages merely leave out what it would refuse.

use axum::{Router, middleware};
use beanpole_protocol::client::Client;

mod assets;
mod console;
mod failure;
mod form;
mod guard;
mod pages;
mod return_path;
mod session;
mod shell;
mod show;
mod sse;
mod upload;
mod views;

use console::Console;

/// What the console needs to know.
pub struct Settings {
    /// Base URL of the REST API, such as `http://127.0.0.1:8000`.
    pub api: String,
}

/// The whole console, to be mounted at `/`; it brings the fallback (its page for unknown addresses).
///
/// Routes that last or carry much must not be wrapped in a short timeout or a small body limit:
/// `…/events/stream` stays open, `…/versions` and `…/deploy/upload` take bundles of up to 512 MB.
///
/// # Panics
/// When the templates in the binary do not parse, which the tests rule out.
pub fn router(settings: Settings) -> Router {
    #[expect(
        clippy::expect_used,
        reason = "a client without certificates of its own always builds, and tests render every template"
    )]
    let console = Console {
        api: Client::new(&settings.api, None).expect("the HTTP client builds from constants"),
        views: views::Views::load().expect("the embedded templates parse"),
    };
    pages::routes()
        .fallback(failure::no_such_page)
        .method_not_allowed_fallback(failure::only_by_form)
        .layer(guard::cross_site_requests())
        .layer(middleware::from_fn_with_state(console.clone(), failure::render))
        .merge(assets::routes())
        .layer(guard::content_security_policy())
        .layer(guard::no_sniffing())
        .layer(guard::referrer_policy())
        .layer(guard::own_window())
        .layer(guard::not_cached())
        .with_state(console)
}

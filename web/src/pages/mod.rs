//! One file per noun: its addresses, and from each address by way of API calls to a page struct.
//! `templates/` has the same folders.

use axum::Router;

use crate::console::Console;

mod account;
mod applications;
mod environments;
mod hosts;
mod login;
mod versions;

pub fn routes() -> Router<Console> {
    Router::new()
        .merge(login::routes())
        .merge(environments::routes())
        .merge(applications::routes())
        .merge(versions::routes())
        .merge(hosts::routes())
        .merge(account::routes())
}

//! Who a request comes from, and what that lets it do.
//!
//! `Authorization: Bearer` holds a session (JWT) or an API token (`bpt_…`). Handlers take
//! [`Viewer`], [`Deployer`] or [`Admin`]: a handler that takes none of them is open to all and says
//! why. The user's row is read on each request, so that a removed user, a revoked token or a changed
//! role counts at once.

pub mod attempts;
pub mod identify;
pub mod passwords;
pub mod session;
pub mod token;

use axum::extract::FromRequestParts;
use beanpole_protocol::{
    UserId,
    api::{Principal, Role},
};
use http::request::Parts;

use crate::{ApiError, App};

/// Someone known, whatever their role.
#[derive(Clone, Debug)]
pub struct Identity {
    pub user: UserId,
    pub principal: Principal,
}

impl FromRequestParts<App> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        identify::identify(&parts.headers, app).await
    }
}

fn require(identity: Identity, role: Role) -> Result<Principal, ApiError> {
    if identity.principal.role >= role {
        return Ok(identity.principal);
    }
    let who = match &identity.principal.token {
        Some(token) => format!("the API token {token:?} of {}", identity.principal.user),
        None => identity.principal.user.clone(),
    };
    Err(ApiError::forbidden(format!(
        "this needs the role {role}, and {who} has the role {}",
        identity.principal.role
    )))
}

macro_rules! role_extractor {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Principal);

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                let identity = Identity::from_request_parts(parts, app).await?;
                require(identity, Role::$name).map(Self)
            }
        }
    };
}

role_extractor!(
    /// Someone who may see.
    Viewer
);
role_extractor!(
    /// Someone who may create, deploy and change.
    Deployer
);
role_extractor!(
    /// Someone who may do all.
    Admin
);

//! The cookie that holds the signed-in person's token, and the extractor that asks the API who it is.

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use beanpole_protocol::{
    Timestamp,
    api::{Principal, Role, Session},
    client::Client,
};
use http::{HeaderMap, HeaderValue, header, request::Parts};

use crate::{console::Console, failure::Failure};

const PLAIN: &str = "beanpole_session";
/// Over https the name itself makes browsers insist on Secure, `Path=/` and no Domain.
const HOST_BOUND: &str = "__Host-beanpole_session";

/// How the browser reached us; behind a proxy that ends TLS only the proxy knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    Http,
    Https,
}

impl Transport {
    pub fn of(headers: &HeaderMap) -> Self {
        let https = headers
            .get("x-forwarded-proto")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(',').next())
            .is_some_and(|first| first.trim().eq_ignore_ascii_case("https"));
        if https { Self::Https } else { Self::Http }
    }

    const fn cookie(self) -> &'static str {
        match self {
            Self::Http => PLAIN,
            Self::Https => HOST_BOUND,
        }
    }

    fn attributes(self) -> &'static str {
        match self {
            Self::Http => "Path=/; HttpOnly; SameSite=Lax",
            Self::Https => "Path=/; HttpOnly; SameSite=Lax; Secure",
        }
    }
}

/// `Set-Cookie` for a session as the API gave it.
pub fn of(session: &Session, now: Timestamp, transport: Transport) -> Option<HeaderValue> {
    keep(&session.token, session.expires_at.since(now), transport)
}

/// `Set-Cookie` that keeps `token` for `lifetime`; `None` for a token that no cookie can hold.
fn keep(token: &str, lifetime: Duration, transport: Transport) -> Option<HeaderValue> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(&b);
    if token.is_empty() || !token.bytes().all(plain) {
        return None;
    }
    HeaderValue::try_from(format!(
        "{}={token}; {}; Max-Age={}",
        transport.cookie(),
        transport.attributes(),
        lifetime.as_secs()
    ))
    .ok()
}

/// `Set-Cookie` that forgets the token.
pub fn forget(transport: Transport) -> HeaderValue {
    match transport {
        Transport::Http => {
            HeaderValue::from_static("beanpole_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
        }
        Transport::Https => HeaderValue::from_static(
            "__Host-beanpole_session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
        ),
    }
}

/// The token in the request's cookies.
pub fn token(headers: &HeaderMap) -> Option<String> {
    let wanted = Transport::of(headers).cookie();
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == wanted && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// Somebody the API knows, and the API as them.
pub struct SignedIn {
    pub api: Client,
    pub principal: Principal,
}

impl SignedIn {
    pub fn can_deploy(&self) -> bool {
        self.principal.role >= Role::Deployer
    }

    pub fn is_admin(&self) -> bool {
        self.principal.role == Role::Admin
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    Console: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let token = token(&parts.headers).ok_or(Failure::NoSession)?;
        let api = Console::from_ref(state).api.with_token(Some(token));
        let principal = api.whoami().await?;
        Ok(Self { api, principal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_cookie_is_bound_to_the_host_exactly_over_https() {
        let over = |transport| {
            keep("a.b-c_d", Duration::from_secs(60), transport)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(
            over(Transport::Http),
            "beanpole_session=a.b-c_d; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert_eq!(
            over(Transport::Https),
            "__Host-beanpole_session=a.b-c_d; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
    }

    #[test]
    fn a_token_that_would_break_out_of_the_cookie_is_refused() {
        for token in ["", "a;b", "a b", "a\r\nb", "a,b", "ü"] {
            assert!(
                keep(token, Duration::from_secs(1), Transport::Http).is_none(),
                "{token:?}"
            );
        }
    }

    #[test]
    fn over_https_a_cookie_set_without_it_is_not_believed() {
        let cookie = ("cookie", "other=1; beanpole_session=plain");
        assert_eq!(token(&headers(&[cookie])).as_deref(), Some("plain"));
        assert_eq!(token(&headers(&[cookie, ("x-forwarded-proto", "https")])), None);
        let bound = ("cookie", "beanpole_session=plain; __Host-beanpole_session=bound");
        assert_eq!(
            token(&headers(&[bound, ("x-forwarded-proto", "https, http")])).as_deref(),
            Some("bound")
        );
    }
}

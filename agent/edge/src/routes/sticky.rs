//! The cookie that keeps a client on its side of a traffic split and, if asked, on its instance.
//!
//! Pure. The cookie is named `beanpole-edge` and holds two numbers: digests of the version and of
//! the instance, which tell a client nothing about addresses. It is no secret and no credential:
//! who forges one chooses a side, no more.

use beanpole_protocol::{EnvironmentId, InstanceId};
use http::header::{COOKIE, HeaderMap, HeaderValue};

/// The cookie's name.
pub const COOKIE_NAME: &str = "beanpole-edge";

/// What a client's cookie says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub side: u64,
    /// Zero when only the side is kept.
    pub instance: u64,
}

/// FNV-1a: stable over releases, since cookies outlive the edge that set them.
fn digest(parts: [&str; 2]) -> u64 {
    let bytes = parts[0].bytes().chain([0]).chain(parts[1].bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    hash.max(1)
}

/// The number of a version's side.
pub fn side(environment: &EnvironmentId, version: &str) -> u64 {
    digest([environment.as_str(), version])
}

/// The number of an instance.
pub fn instance(environment: &EnvironmentId, instance: &InstanceId) -> u64 {
    digest([environment.as_str(), instance.as_str()])
}

/// The `Set-Cookie` value for an assignment. It is sent with every answer, so that the duration
/// runs from the client's last request.
pub fn set_cookie(assignment: Assignment, duration_seconds: u32) -> Option<HeaderValue> {
    let Assignment { side, instance } = assignment;
    HeaderValue::try_from(format!(
        "{COOKIE_NAME}={side:016x}.{instance:016x}; Max-Age={duration_seconds}; Path=/; HttpOnly; SameSite=Lax"
    ))
    .ok()
}

/// What the request's cookie says; nothing when it has none or one that is not ours.
pub fn read(headers: &HeaderMap) -> Option<Assignment> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|cookies| {
            cookies.split(';').find_map(|cookie| {
                let value = cookie.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('=')?;
                let (side, instance) = value.split_once('.')?;
                Some(Assignment {
                    side: number(side)?,
                    instance: number(instance)?,
                })
            })
        })
}

fn number(text: &str) -> Option<u64> {
    if text.len() == 16 {
        u64::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        headers
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_back(side: u64, instance: u64, duration: u32) {
            let assignment = Assignment { side, instance };
            let set = set_cookie(assignment, duration).unwrap();
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            prop_assert_eq!(read(&headers(&["a=b", &format!("x=1; {pair}; y=2")])), Some(assignment));
        }

        #[test]
        fn no_cookie_makes_it_panic(text in "[ -~]{0,60}") {
            let _ = read(&headers(&[&text, &format!("{COOKIE_NAME}={text}")]));
        }
    }

    #[test]
    fn cookies_of_others_are_ignored() {
        for cookie in [
            "beanpole-edge=",
            "beanpole-edge=1.2",
            "beanpole-edgy=0000000000000001.0000000000000002",
            "xbeanpole-edge=0000000000000001.0000000000000002",
            "beanpole-edge=000000000000000g.0000000000000002",
            "beanpole-edge=0000000000000001",
        ] {
            assert_eq!(read(&headers(&[cookie])), None, "{cookie}");
        }
    }

    #[test]
    fn numbers_do_not_change_between_releases() {
        let environment: EnvironmentId = "e-abc".parse().unwrap();
        assert_eq!(side(&environment, "v1"), 0xb120_6caa_6dfe_a7b2_u64);
        assert_ne!(side(&environment, "v1"), side(&environment, "v2"));
    }
}

//! Sessions of people: a JWT (HS256) that is good for twelve hours.
//!
//! Signing out, a new password and removal end all sessions of a user by moving the moment from
//! which they are valid; nothing is kept per session.

use std::time::Duration;

use beanpole_protocol::{Timestamp, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::secrets::Secrets;

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::from_secs(12 * 3600);

const ISSUER: &str = "beanpole";

#[derive(Serialize, Deserialize)]
struct Wire {
    iss: String,
    sub: UserId,
    /// Seconds, as the standard has them.
    iat: i64,
    exp: i64,
    /// Issued at, milliseconds: a session begun right after another was ended is good.
    iam: i64,
}

/// What a valid session says.
#[derive(Debug, PartialEq, Eq)]
pub struct Claims {
    pub user: UserId,
    pub issued_at: Timestamp,
}

/// A new session of `user`: its JWT and when it ends.
pub fn issue(
    secrets: &Secrets,
    user: &UserId,
    now: Timestamp,
) -> Result<(String, Timestamp), jsonwebtoken::errors::Error> {
    let expires_at = now + LIFETIME;
    let wire = Wire {
        iss: ISSUER.to_owned(),
        sub: user.clone(),
        iat: now.as_millis() / 1000,
        exp: expires_at.as_millis() / 1000,
        iam: now.as_millis(),
    };
    let key = EncodingKey::from_secret(&secrets.derive("session"));
    Ok((
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &wire, &key)?,
        expires_at,
    ))
}

/// The claims of a JWT that was issued here and has not run out at `now`.
pub fn verify(secrets: &Secrets, jwt: &str, now: Timestamp) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    // Compared below with the `now` given here.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(&secrets.derive("session"));
    let wire = jsonwebtoken::decode::<Wire>(jwt, &key, &validation).ok()?.claims;
    (now.as_millis() / 1000 < wire.exp).then(|| Claims {
        user: wire.sub,
        issued_at: Timestamp::from_millis(wire.iam),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_good_for_twelve_hours_and_under_its_key_only() {
        let secrets = Secrets::from_key([1; 32]);
        let user = UserId::random();
        let now = Timestamp::from_millis(1_795_390_864_105);
        let (jwt, expires_at) = issue(&secrets, &user, now).unwrap();
        let claims = Claims { user, issued_at: now };
        assert_eq!(verify(&secrets, &jwt, now).as_ref(), Some(&claims));
        assert_eq!(
            verify(&secrets, &jwt, expires_at - Duration::from_secs(1)),
            Some(claims)
        );
        assert_eq!(verify(&secrets, &jwt, expires_at), None);
        assert_eq!(verify(&Secrets::from_key([2; 32]), &jwt, now), None);
    }

    #[test]
    fn a_session_with_another_algorithm_or_a_changed_claim_is_refused() {
        let secrets = Secrets::from_key([1; 32]);
        let now = Timestamp::from_millis(1_795_390_864_105);
        let (jwt, _) = issue(&secrets, &UserId::random(), now).unwrap();
        let parts: Vec<&str> = jwt.split('.').collect();
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", parts[1]);
        assert_eq!(verify(&secrets, &unsigned, now), None);
        let changed = format!("{}.{}.{}", parts[0], parts[1].replace('A', "B"), parts[2]);
        assert!(changed == jwt || verify(&secrets, &changed, now).is_none());
    }
}

//! Password hashing (argon2id), off the async threads and a few at a time.
//!
//! A verification costs about 30 ms of CPU and 19 MiB: the semaphore bounds both however many people
//! sign in. Checking a name that does not exist costs the same as checking one that does.

use std::sync::{Arc, OnceLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// Fewest characters of a password.
pub const SHORTEST: usize = 12;
/// Most bytes of a password.
pub const LONGEST: usize = 1024;

/// Hashings at once.
const AT_ONCE: usize = 2;
/// Hashings that may wait; more are refused.
const WAITING: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("a password needs at least {SHORTEST} characters")]
    TooShort,
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    #[error("too many sign-ins are waiting")]
    Busy,
    #[error("hashing failed: {0}")]
    Failed(String),
}

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    queued: Arc<Semaphore>,
    /// Verified in place of the hash of a user who does not exist.
    dummy: Arc<OnceLock<String>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            queued: Arc::new(Semaphore::new(WAITING)),
            dummy: Arc::new(OnceLock::new()),
        }
    }
}

/// Whether a new password is long enough and not too long.
pub fn check(password: &str) -> Result<(), PasswordError> {
    if password.chars().count() < SHORTEST {
        Err(PasswordError::TooShort)
    } else if password.len() > LONGEST {
        Err(PasswordError::TooLong)
    } else {
        Ok(())
    }
}

fn hash_now(password: &[u8]) -> Result<String, PasswordError> {
    Argon2::default()
        .hash_password(password)
        .map(|hash| hash.to_string())
        .map_err(|error| PasswordError::Failed(error.to_string()))
}

impl Passwords {
    /// The PHC string of a new password that passed [`check`].
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        check(&password)?;
        self.run(move |_| hash_now(password.as_bytes())).await
    }

    /// Whether `password` is the one with this PHC string. With none it is false, after as long.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<bool, PasswordError> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        self.run(move |dummy| {
            let known = phc.is_some();
            let phc = match phc {
                Some(phc) => phc,
                None => match dummy.get() {
                    Some(dummy) => dummy.clone(),
                    None => {
                        let made = hash_now(&rand::random::<[u8; 32]>())?;
                        dummy.get_or_init(|| made).clone()
                    }
                },
            };
            let parsed = PasswordHash::new(&phc).map_err(|error| PasswordError::Failed(error.to_string()))?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
                && known)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&OnceLock<String>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.queued.try_acquire().map_err(|_| PasswordError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let dummy = Arc::clone(&self.dummy);
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when the request that wanted it has gone.
            let _running = running;
            work(&dummy)
        })
        .await
        .map_err(|error| PasswordError::Failed(error.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        let verify = |text: &str, phc| passwords.verify(text.to_owned(), phc);
        assert!(verify("correct horse battery", Some(hash.clone())).await.unwrap());
        assert!(!verify("correct horse batterz", Some(hash)).await.unwrap());
        assert!(!verify("correct horse battery", None).await.unwrap());
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(matches!(check("elevenchars"), Err(PasswordError::TooShort)));
        assert!(check("twelve chars").is_ok());
        assert!(matches!(check(&"x".repeat(1025)), Err(PasswordError::TooLong)));
    }
}

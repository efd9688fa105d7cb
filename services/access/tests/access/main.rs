//! The gate and STS against a real database, with requests that AWS's own signer signed.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

mod gate;
mod sessions;
mod setup;
mod sts;

//! The gate and STS against a real database, with requests that AWS's own signer signed.

mod gate;
mod sessions;
mod setup;
mod sts;

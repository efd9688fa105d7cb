//! SQS as its users meet it: AWS's clients and those built on them, on servers as they are shipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod boto3;
mod celery;
mod clients;
mod command_line;
mod consumer;
mod deep;
mod rust_sdk;
mod servers;
mod stores;

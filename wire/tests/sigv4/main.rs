//! Signatures of AWS's version 4, checked as a service checks them.

mod botocore;
mod chunked;
mod refusals;
mod second_opinion;
mod sign;

//! What the fuzz targets share: an operation with every shape of member, and requests made of bytes.

mod echo;
mod request;

pub use echo::{Echo, call, decoded};
pub use request::request;

//! HTTP itself: the accept loop, the layers around every route, and extractors whose rejections are
//! problems. What the routes are is `api`'s business.

pub mod extract;
pub mod layers;
pub mod linger;
pub mod pace;
pub mod server;

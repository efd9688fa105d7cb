//! Lanes of standard queues: sending, receiving, deleting, hiding.

pub mod delete;
pub mod fair;
pub mod hide;
pub mod receive;
pub mod send;

/// The lane that a worker counts its messages under; few enough to be summed quickly.
pub fn counting_lane() -> i32 {
    i32::from(rand::random::<u8>() % 32)
}

//! Lanes of FIFO queues: sending, receiving, and what holders of receipts do.

pub mod receive;
pub mod send;
pub mod settle;
pub mod turn;

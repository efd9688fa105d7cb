//! Benches: each compares Beanpole with a floor or a peer in the same run and prints ratios.
//! They are run by `make bench`, never by the tests.

pub mod floor;

//! Beanstalk's configuration files.
pub mod finding;
mod yaml;

//! Deployments through rows, desired lists and reports, on a real Postgres, with agents that pretend.

mod aborting;
mod deploying;
mod failing;
mod hosts;
mod interrupting;
mod surviving;
mod version_options;

use std::collections::BTreeMap;

use crate::{
    options::catalogue::{COMMAND, GROUP},
    testing::option,
};

fn three() -> Vec<beanpole_protocol::api::OptionSetting> {
    vec![option(GROUP, "MinSize", "3"), option(COMMAND, "BatchSize", "34")]
}

fn serving(label: &str, count: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(label.to_owned(), count)])
}

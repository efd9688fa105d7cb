//! For tests of platforms: bundles, and what a platform makes of them.

use crate::{
    layers::Layers,
    plan::{Plan, PlanError},
    source::Source,
};

/// A bundle of these files.
pub fn source(files: &[(&str, &str)]) -> Source {
    let mut source = Source::default();
    for (path, text) in files {
        source.add_text(*path, *text);
    }
    source
}

/// What `plan` makes of a bundle, which has to be layers.
pub fn layers(
    plan: fn(&Source) -> Result<Plan, PlanError>,
    files: &[(&str, &str)],
) -> Result<Layers, PlanError> {
    match plan(&source(files))? {
        Plan::Layers(layers) => Ok(layers),
        Plan::Dockerfile(_) => panic!("no layers"),
    }
}

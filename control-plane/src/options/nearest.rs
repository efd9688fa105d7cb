//! The known option that a wrong name probably meant.

use super::catalogue::{CATALOGUE, PROPERTIES};

fn likeness(one: &str, other: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
}

/// Whether any known option lives in this namespace.
pub fn is_namespace(namespace: &str) -> bool {
    namespace == PROPERTIES || CATALOGUE.iter().any(|known| known.namespace == namespace)
}

/// The known option most like this one, as `namespace name`. The name counts more than the
/// namespace, unless the namespace is right.
pub fn nearest(namespace: &str, name: &str) -> String {
    let score = |known_namespace: &str, known_name: &str| {
        let right_place = if known_namespace == namespace { 0.25 } else { 0.0 };
        let right_name = if known_name.eq_ignore_ascii_case(name) {
            0.5
        } else {
            0.0
        };
        right_place + right_name + likeness(namespace, known_namespace) + 1.5 * likeness(name, known_name)
    };
    let best = CATALOGUE
        .iter()
        .map(|known| (score(known.namespace, known.name), known.namespace, known.name))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match best {
        // A namespace that is nearly the one of environment properties, whose names are free.
        Some((score, _, _)) if likeness(namespace, PROPERTIES) > 0.8 && score < 2.2 => {
            format!("{PROPERTIES} {name}")
        }
        Some((_, namespace, name)) => format!("{namespace} {name}"),
        None => PROPERTIES.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood() {
        for (namespace, name, meant) in [
            (
                "aws:elasticbeanstalk:command",
                "DeploymentPolcy",
                "aws:elasticbeanstalk:command DeploymentPolicy",
            ),
            (
                "aws:elasticbeanstalk:comand",
                "Timeout",
                "aws:elasticbeanstalk:command Timeout",
            ),
            (
                "aws:elasticbeanstalk:command",
                "MinSize",
                "aws:autoscaling:asg MinSize",
            ),
            (
                "aws:elasticbeanstalk:command",
                "NewVersionPercent",
                "aws:elasticbeanstalk:trafficsplitting NewVersionPercent",
            ),
            (
                "aws:elasticbeanstalk:aplication:environment",
                "SECRET",
                "aws:elasticbeanstalk:application:environment SECRET",
            ),
            ("beanpole:deployments", "whenbusy", "beanpole:deployment WhenBusy"),
        ] {
            assert_eq!(nearest(namespace, name), meant);
        }
    }
}

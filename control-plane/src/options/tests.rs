//! Options as tables: what is accepted, what it means, what is refused and how that reads.

use std::time::Duration;

use beanpole_planner::options::{BatchSize, HealthCheckRule, OnFailure};
use beanpole_protocol::{
    Platform,
    agent::HealthCheckKind,
    api::{DeploymentPolicy, OptionName, OptionSetting},
};

use super::{catalogue::*, *};

fn option(namespace: &str, name: &str, value: &str) -> OptionSetting {
    OptionSetting {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn settings(options: &[(&str, &str, &str)]) -> Result<Settings, OptionError> {
    let options: Vec<_> = options
        .iter()
        .map(|(namespace, name, value)| option(namespace, name, value))
        .collect();
    Settings::of(&OptionSet::parse(&options)?, Platform::Python)
}

#[test]
fn defaults_are_beanstalks_and_the_gate_suits_containers() {
    let settings = settings(&[]).unwrap();
    let deployment = &settings.deployment;
    assert_eq!(deployment.policy, DeploymentPolicy::AllAtOnce);
    assert_eq!(deployment.batch, BatchSize::Percentage(100));
    assert_eq!(deployment.timeout, Duration::from_secs(600));
    assert_eq!(deployment.health_check, HealthCheckRule::Obey);
    assert_eq!(deployment.new_version_percent, 10);
    assert_eq!(deployment.evaluation_time, Duration::from_secs(300));
    assert_eq!(deployment.deregistration_delay, Duration::from_secs(20));
    assert_eq!(deployment.on_failure, OnFailure::Leave);
    assert_eq!((settings.min_instances, settings.max_instances), (1, 4));
    assert_eq!(settings.when_busy, WhenBusy::Refuse);
    assert_eq!(settings.limits.memory_bytes, 512 << 20);
    assert_eq!(
        settings.health.gate_passes * settings.health.gate_interval_ms,
        3000
    );
    assert_eq!(
        settings.health.kind,
        HealthCheckKind::Http {
            path: "/".to_owned(),
            codes: vec![(200, 200)]
        }
    );
    assert!(settings.stickiness.is_none());
    assert!(settings.env.keys().all(|name| name.starts_with("BEANPOLE_")));
}

#[test]
fn values_take_effect() {
    let settings = settings(&[
        (COMMAND, "DeploymentPolicy", "rolling"),
        (COMMAND, "BatchSizeType", "Fixed"),
        (COMMAND, "BatchSize", "2"),
        (COMMAND, "IgnoreHealthCheck", "true"),
        (DEPLOYMENT, "EvaluationSeconds", "9"),
        (DEPLOYMENT, "RollbackOnFailure", "true"),
        (DEPLOYMENT, "WhenBusy", "supersede"),
        (GROUP, "MinSize", "6"),
        (PROCESS, "StickinessEnabled", "true"),
        (PROCESS, "MatcherHTTPCode", "200-299"),
        (APPLICATION, "Application Healthcheck URL", "/up"),
        (PYTHON, "NumThreads", "3"),
        (PROPERTIES, "COLOUR", "blue"),
    ])
    .unwrap();
    assert_eq!(settings.deployment.policy, DeploymentPolicy::Rolling);
    assert_eq!(settings.deployment.batch, BatchSize::Fixed(2));
    assert_eq!(settings.deployment.health_check, HealthCheckRule::Ignore);
    assert_eq!(settings.deployment.evaluation_time, Duration::from_secs(9));
    assert_eq!(settings.deployment.on_failure, OnFailure::RollBack);
    assert_eq!(settings.when_busy, WhenBusy::Supersede);
    assert_eq!((settings.min_instances, settings.max_instances), (6, 6));
    assert!(settings.stickiness.is_some_and(|sticky| sticky.to_instance));
    assert_eq!(
        settings.health.kind,
        HealthCheckKind::Http {
            path: "/up".to_owned(),
            codes: vec![(200, 299)]
        }
    );
    assert_eq!(settings.env.get("WSGI_THREADS").map(String::as_str), Some("3"));
    assert_eq!(settings.env.get("COLOUR").map(String::as_str), Some("blue"));
}

#[test]
fn what_is_refused_is_named() {
    type Settings<'a> = &'a [(&'a str, &'a str, &'a str)];
    let cases: &[(Settings<'_>, &str, &str)] = &[
        (
            &[(COMMAND, "DeploymentPolcy", "Rolling")],
            "unknown_option",
            "DeploymentPolicy",
        ),
        (
            &[("aws:elasticbeanstalk:comand", "Timeout", "9")],
            "unknown_option",
            "aws:elasticbeanstalk:command Timeout",
        ),
        (
            &[("aws:autoscaling:launchconfiguration", "InstanceType", "t3.micro")],
            "option_not_supported",
            "InstanceType",
        ),
        (
            &[(
                "aws:elasticbeanstalk:healthreporting:system",
                "HealthCheckSuccessThreshold",
                "Ok",
            )],
            "option_not_supported",
            "HealthCheckSuccessThreshold",
        ),
        (
            &[(COMMAND, "DeploymentPolicy", "Yolo")],
            "invalid_option_value",
            "TrafficSplitting",
        ),
        (
            &[(COMMAND, "Timeout", "3601")],
            "invalid_option_value",
            "from 1 to 3600",
        ),
        (
            &[(SPLITTING, "EvaluationTime", "2")],
            "invalid_option_value",
            "from 3 to 600",
        ),
        (&[(PROCESS, "Port", "8080")], "invalid_option_value", "PORT"),
        (
            &[(PROCESS, "Protocol", "HTTPS")],
            "invalid_option_value",
            "HTTP, TCP",
        ),
        (
            &[(COMMAND, "BatchSize", "150")],
            "conflicting_options",
            "BatchSizeType",
        ),
        (
            &[(COMMAND, "BatchSizeType", "Fixed")],
            "conflicting_options",
            "BatchSize",
        ),
        (
            &[(COMMAND, "BatchSizeType", "Fixed"), (COMMAND, "BatchSize", "5")],
            "conflicting_options",
            "maximum of 4",
        ),
        (
            &[(GROUP, "MinSize", "3"), (GROUP, "MaxSize", "2")],
            "conflicting_options",
            "minimum of 3",
        ),
        (
            &[
                (ENVIRONMENT, "EnvironmentType", "SingleInstance"),
                (GROUP, "MaxSize", "2"),
            ],
            "conflicting_options",
            "exactly 1",
        ),
        (
            &[
                (ENVIRONMENT, "EnvironmentType", "SingleInstance"),
                (COMMAND, "DeploymentPolicy", "Rolling"),
            ],
            "conflicting_options",
            "LoadBalanced",
        ),
        (
            &[(PROCESS, "Protocol", "TCP"), (PROCESS, "HealthCheckPath", "/")],
            "conflicting_options",
            "TCP",
        ),
        (
            &[(PROCESS, "HealthCheckTimeout", "60")],
            "conflicting_options",
            "interval of 15 s",
        ),
        (
            &[
                (DEPLOYMENT, "GatePasses", "100"),
                (DEPLOYMENT, "GateInterval", "60000"),
            ],
            "conflicting_options",
            "Timeout",
        ),
        (&[(PROPERTIES, "A B", "1")], "invalid_environment_property", "A B"),
        (
            &[(COMMAND, "Timeout", "5"), (COMMAND, "Timeout", "6")],
            "conflicting_options",
            "set twice",
        ),
    ];
    for (options, kind, part) in cases {
        let error = settings(options).unwrap_err();
        assert_eq!(error.kind(), *kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(!error.field().is_empty());
    }
}

#[test]
fn options_of_another_platform_are_refused() {
    let set = OptionSet::parse(&[option(PYTHON, "NumThreads", "3")]).unwrap();
    assert!(Settings::of(&set, Platform::Python).is_ok());
    let error = Settings::of(&set, Platform::NodeJs).unwrap_err();
    assert!(error.to_string().contains("nodejs"), "{error}");
}

#[test]
fn a_removed_option_is_back_at_its_default() {
    let set = OptionSet::parse(&[option(COMMAND, "Timeout", "9"), option(PROPERTIES, "A", "1")]).unwrap();
    let name = |namespace: &str, name: &str| OptionName {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let next = set
        .changed(&[], &[name(COMMAND, "Timeout"), name(PROPERTIES, "A")])
        .unwrap();
    assert_eq!(next, OptionSet::default());
    assert!(set.changed(&[], &[name(COMMAND, "Timeoot")]).is_err());
}

#[test]
fn only_what_instances_run_with_is_rolled_out() {
    let none = OptionSet::default();
    let with = |namespace, name, value| OptionSet::parse(&[option(namespace, name, value)]).unwrap();
    for (set, difference) in [
        (with(GROUP, "MinSize", "2"), Difference::Environment),
        (
            with(COMMAND, "DeploymentPolicy", "Rolling"),
            Difference::Environment,
        ),
        (
            with(PROCESS, "StickinessEnabled", "true"),
            Difference::Environment,
        ),
        (with(PROCESS, "HealthCheckPath", "/up"), Difference::Instances),
        (with(PROPERTIES, "A", "1"), Difference::Instances),
        (with(INSTANCE, "Memory", "64"), Difference::Instances),
        (OptionSet::default(), Difference::Nothing),
    ] {
        assert_eq!(none.difference(&set), difference);
    }
}

#[test]
fn the_effective_list_is_sorted_whole_and_hides_values_from_those_who_may_not_read_them() {
    let set = OptionSet::parse(&[
        option(PROPERTIES, "SECRET", "s3cret"),
        option(COMMAND, "Timeout", "7"),
    ])
    .unwrap();
    let shown = set.effective(Reveal::NamesOnly);
    assert_eq!(shown.len(), CATALOGUE.len() + 1);
    assert!(
        shown
            .windows(2)
            .all(|pair| (&pair[0].namespace, &pair[0].name) < (&pair[1].namespace, &pair[1].name))
    );
    let value = |name: &str| {
        shown
            .iter()
            .find(|option| option.name == name)
            .map(|option| option.value.clone())
    };
    assert_eq!(value("SECRET").as_deref(), Some("********"));
    assert_eq!(value("Timeout").as_deref(), Some("7"));
    let read = set.effective(Reveal::Values);
    assert!(read.iter().any(|option| option.value == "s3cret"));
}

#[test]
fn storage_keeps_everything() {
    let set = OptionSet::parse(&[option(PROPERTIES, "A", "1"), option(COMMAND, "Timeout", "7")]).unwrap();
    assert_eq!(
        OptionSet::stored(set.settings(), set.own_properties().clone(), Vec::new()),
        set
    );
}

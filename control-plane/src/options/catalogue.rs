//! Every option an environment can be given, as data: name, default, valid values, who reads it.
//!
//! Invariant: what is listed here has an effect; what has none is in [`super::unsupported`] and refused.

use super::values::Values;

/// One known option.
#[derive(Debug)]
pub struct Known {
    pub namespace: &'static str,
    pub name: &'static str,
    /// Value in force while it is not set; empty where "not set" is a value of its own.
    pub default: &'static str,
    pub values: Values,
    /// The part of Beanpole that acts on it, for documentation.
    pub read_by: &'static str,
}

pub const COMMAND: &str = "aws:elasticbeanstalk:command";
pub const SPLITTING: &str = "aws:elasticbeanstalk:trafficsplitting";
pub const PROCESS: &str = "aws:elasticbeanstalk:environment:process:default";
pub const APPLICATION: &str = "aws:elasticbeanstalk:application";
pub const GROUP: &str = "aws:autoscaling:asg";
pub const ENVIRONMENT: &str = "aws:elasticbeanstalk:environment";
pub const PROXY: &str = "aws:elasticbeanstalk:environment:proxy";
pub const PHP: &str = "aws:elasticbeanstalk:container:php:phpini";
pub const PYTHON: &str = "aws:elasticbeanstalk:container:python";
pub const TOMCAT: &str = "aws:elasticbeanstalk:container:tomcat:jvmoptions";
/// Environment properties: any name, see [`super::properties`].
pub const PROPERTIES: &str = "aws:elasticbeanstalk:application:environment";
pub const DEPLOYMENT: &str = "beanpole:deployment";
pub const INSTANCE: &str = "beanpole:instance";

const fn known(
    namespace: &'static str,
    name: &'static str,
    default: &'static str,
    values: Values,
    read_by: &'static str,
) -> Known {
    Known {
        namespace,
        name,
        default,
        values,
        read_by,
    }
}

const fn whole(min: u32, max: u32) -> Values {
    Values::Whole { min, max }
}

/// Sorted by namespace, then by name.
#[rustfmt::skip]
pub const CATALOGUE: &[Known] = &[
    known(GROUP, "MaxSize", "4", whole(1, 10_000), "capacity"),
    known(GROUP, "MinSize", "1", whole(1, 10_000), "capacity"),
    known(APPLICATION, "Application Healthcheck URL", "", Values::HealthUrl, "agent: health checks, unless HealthCheckPath is set"),
    known(COMMAND, "BatchSize", "100", whole(1, 10_000), "planner: rolling policies"),
    known(COMMAND, "BatchSizeType", "Percentage", Values::OneOf(&["Percentage", "Fixed"]), "planner: rolling policies"),
    known(COMMAND, "DeploymentPolicy", "AllAtOnce", Values::OneOf(&["AllAtOnce", "Rolling", "RollingWithAdditionalBatch", "Immutable", "TrafficSplitting"]), "planner"),
    known(COMMAND, "IgnoreHealthCheck", "false", Values::Switch, "planner: the health gate"),
    known(COMMAND, "Timeout", "600", whole(1, 3600), "planner: seconds for one batch"),
    known(PHP, "allow_url_fopen", "On", Values::OneOf(&["On", "Off"]), "PHP platform, as PHP_ALLOW_URL_FOPEN"),
    known(PHP, "display_errors", "Off", Values::OneOf(&["On", "Off"]), "PHP platform, as PHP_DISPLAY_ERRORS"),
    known(PHP, "document_root", "/", Values::Path, "instance: what the proxy takes for the root, below the application's"),
    known(PHP, "max_execution_time", "60", whole(0, 86_400), "PHP platform, as PHP_MAX_EXECUTION_TIME: seconds"),
    known(PHP, "memory_limit", "256M", Values::PhpSize, "PHP platform, as PHP_MEMORY_LIMIT"),
    known(PHP, "zlib.output_compression", "Off", Values::OneOf(&["On", "Off"]), "PHP platform, as PHP_ZLIB_OUTPUT_COMPRESSION"),
    known(PYTHON, "NumProcesses", "1", whole(1, 1000), "Python platform, as WSGI_PROCESSES"),
    known(PYTHON, "NumThreads", "15", whole(1, 1000), "Python platform, as WSGI_THREADS"),
    known(PYTHON, "WSGIPath", "application", Values::WsgiPath, "Python platform, as WSGI_PATH"),
    known(TOMCAT, "JVM Options", "", Values::Text, "Tomcat platform, as JVM_OPTIONS"),
    known(TOMCAT, "Xms", "256m", Values::JavaSize, "Tomcat platform, as JVM_XMS"),
    known(TOMCAT, "Xmx", "256m", Values::JavaSize, "Tomcat platform, as JVM_XMX"),
    known(ENVIRONMENT, "EnvironmentType", "LoadBalanced", Values::OneOf(&["SingleInstance", "LoadBalanced"]), "capacity"),
    known(PROCESS, "DeregistrationDelay", "20", whole(0, 3600), "planner and edge: seconds to drain"),
    known(PROCESS, "HealthCheckInterval", "15", whole(5, 300), "agent: seconds between checks"),
    known(PROCESS, "HealthCheckPath", "/", Values::Path, "agent: health checks by HTTP"),
    known(PROCESS, "HealthCheckTimeout", "5", whole(1, 60), "agent: seconds for one check"),
    known(PROCESS, "HealthyThresholdCount", "3", whole(2, 10), "agent: passes until healthy again"),
    known(PROCESS, "MatcherHTTPCode", "200", Values::Codes, "agent: status codes that pass"),
    known(PROCESS, "Port", "80", Values::ProxyPort, "nothing but 80 is possible: the edge speaks to the port of the app"),
    known(PROCESS, "Protocol", "HTTP", Values::OneOf(&["HTTP", "TCP"]), "agent: kind of health check"),
    known(PROCESS, "StickinessEnabled", "false", Values::Switch, "edge"),
    known(PROCESS, "StickinessLBCookieDuration", "86400", whole(1, 604_800), "edge: seconds"),
    known(PROCESS, "UnhealthyThresholdCount", "5", whole(2, 10), "agent: misses until unhealthy"),
    known(PROXY, "ProxyServer", "nginx", Values::OneOf(&["nginx", "apache", "none"]), "instance: the proxy in front of the application; not of the docker platform"),
    known(SPLITTING, "EvaluationTime", "5", whole(3, 600), "planner: minutes"),
    known(SPLITTING, "NewVersionPercent", "10", whole(1, 100), "planner"),
    known(DEPLOYMENT, "EvaluationSeconds", "", whole(1, 36_000), "planner: instead of EvaluationTime when set"),
    known(DEPLOYMENT, "GateInterval", "250", whole(50, 60_000), "agent: milliseconds between checks of a fresh instance"),
    known(DEPLOYMENT, "GatePasses", "12", whole(1, 100), "agent: passes in a row until a fresh instance is healthy"),
    known(DEPLOYMENT, "RollbackOnFailure", "false", Values::Switch, "planner: in-place policies"),
    known(DEPLOYMENT, "StopGracePeriod", "10", whole(0, 3600), "agent: seconds between SIGTERM and SIGKILL"),
    known(DEPLOYMENT, "WhenBusy", "refuse", Values::OneOf(&["refuse", "supersede"]), "a deployment during another one"),
    known(INSTANCE, "CpuMillis", "0", whole(0, 1_024_000), "agent: thousandths of a CPU, 0 for no limit"),
    known(INSTANCE, "Memory", "512", whole(16, 4_194_304), "agent and placement: megabytes (MiB)"),
    known(INSTANCE, "Pids", "512", whole(16, 1_000_000), "agent: processes and threads"),
];

/// The option of this exact name.
pub fn find(namespace: &str, name: &str) -> Option<&'static Known> {
    CATALOGUE
        .iter()
        .find(|known| known.namespace == namespace && known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sorted_and_names_nothing_twice() {
        let names: Vec<_> = CATALOGUE
            .iter()
            .map(|known| (known.namespace, known.name))
            .collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:#?}");
    }

    #[test]
    fn every_default_is_valid_or_absent() {
        for known in CATALOGUE {
            if !known.default.is_empty() {
                assert_eq!(
                    known.values.canonical(known.default).as_deref(),
                    Ok(known.default),
                    "{} {}",
                    known.namespace,
                    known.name
                );
            }
        }
    }

    #[test]
    fn every_option_says_who_reads_it() {
        assert!(CATALOGUE.iter().all(|known| !known.read_by.is_empty()));
    }
}

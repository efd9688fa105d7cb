//! Options that Elastic Beanstalk knows and Beanpole does not act on yet. They are refused by name:
//! an option that is taken and then ignored would be a lie.

/// Namespace and its options; a namespace part or name in capitals such as `LISTENER_PORT` stands for any
/// but `default`, which is listed by itself.
#[rustfmt::skip]
const OPTIONS: &[(&str, &[&str])] = &[
    ("aws:autoscaling:asg", &["Availability Zones", "Cooldown", "Custom Availability Zones", "EnableCapacityRebalancing"]),
    ("aws:autoscaling:launchconfiguration", &["BlockDeviceMappings", "DisableDefaultEC2SecurityGroup", "DisableIMDSv1", "EC2KeyName", "IamInstanceProfile", "ImageId", "InstanceType", "LaunchTemplateTagPropagationEnabled", "MonitoringInterval", "RootVolumeIOPS", "RootVolumeSize", "RootVolumeThroughput", "RootVolumeType", "SSHSourceRestriction", "SecurityGroups"]),
    ("aws:autoscaling:scheduledaction", &["DesiredCapacity", "EndTime", "MaxSize", "MinSize", "Recurrence", "StartTime", "Suspend"]),
    ("aws:autoscaling:trigger", &["BreachDuration", "EvaluationPeriods", "LowerBreachScaleIncrement", "LowerThreshold", "MeasureName", "Period", "Statistic", "Unit", "UpperBreachScaleIncrement", "UpperThreshold"]),
    ("aws:autoscaling:updatepolicy:rollingupdate", &["MaxBatchSize", "MinInstancesInService", "PauseTime", "RollingUpdateEnabled", "RollingUpdateType", "Timeout"]),
    ("aws:cloudformation:template:parameter", &["*"]),
    ("aws:ec2:instances", &["EnableSpot", "InstanceTypes", "SpotAllocationStrategy", "SpotFleetOnDemandAboveBasePercentage", "SpotFleetOnDemandBase", "SpotMaxPrice", "SupportedArchitectures"]),
    ("aws:ec2:vpc", &["AssociatePublicIpAddress", "DBSubnets", "ELBScheme", "ELBSubnets", "Subnets", "VPCId"]),
    ("aws:elasticbeanstalk:application:environmentsecrets", &["*"]),
    ("aws:elasticbeanstalk:cloudwatch:logs", &["DeleteOnTerminate", "RetentionInDays", "StreamLogs"]),
    ("aws:elasticbeanstalk:cloudwatch:logs:health", &["DeleteOnTerminate", "HealthStreamingEnabled", "RetentionInDays"]),
    ("aws:elasticbeanstalk:container:dotnet:apppool", &["Enable 32-bit Applications", "Target Runtime"]),
    ("aws:elasticbeanstalk:container:nodejs", &["GzipCompression", "NodeCommand", "NodeVersion", "ProxyServer"]),
    ("aws:elasticbeanstalk:container:php:phpini", &["composer_options"]),
    ("aws:elasticbeanstalk:container:tomcat:jvmoptions", &["XX:MaxPermSize"]),
    ("aws:elasticbeanstalk:control", &["DefaultSSHPort", "LaunchTimeout", "LaunchType", "RollbackLaunchOnFailure"]),
    ("aws:elasticbeanstalk:eks", &["cluster-role", "node-role"]),
    ("aws:elasticbeanstalk:eks:alb", &["arn", "backend-protocol", "backend-protocol-version", "certificate-arn", "healthcheck-interval-seconds", "healthcheck-path", "healthcheck-protocol", "healthcheck-timeout-seconds", "healthy-threshold-count", "ip-address-type", "listen-ports", "listener-attributes", "load-balancer-attributes", "manage-backend-security-group-rules", "raw-annotation", "scheme", "security-groups", "ssl-policy", "ssl-redirect", "subnets", "success-codes", "tags", "target-type", "unhealthy-threshold-count", "wafv2-acl-arn"]),
    ("aws:elasticbeanstalk:eks:environment", &["application-role", "arch", "cpu", "cpu-limit", "env-variables", "ingress-allowlist-environments", "ingress-allowlist-groups", "ingress-groups", "instance-category", "language", "load-balancer-type", "memory", "memory-limit", "node-pool", "observability-role", "secrets", "service-port", "subnets"]),
    ("aws:elasticbeanstalk:eks:environment:autoscaling", &["cooldown-period", "max-replica", "min-replica", "polling-interval"]),
    ("aws:elasticbeanstalk:eks:environment:autoscaling:behavior", &["scaledown-period", "scaledown-type", "scaledown-value", "scaleup-period", "scaleup-type", "scaleup-value"]),
    ("aws:elasticbeanstalk:eks:environment:autoscaling:trigger", &["cpu-metric-type", "cpu-value", "memory-metric-type", "memory-value", "scaler-auth-mode", "scaler-auth-secret", "scaler-metadata", "scaler-type"]),
    ("aws:elasticbeanstalk:eks:environment:deployment", &["strategy"]),
    ("aws:elasticbeanstalk:eks:environment:deployment:strategy:rolling", &["max-surge", "max-unavailable"]),
    ("aws:elasticbeanstalk:eks:environment:liveness-probe", &["enabled", "failure-threshold", "http-path", "http-port", "initial-delay-seconds", "period-seconds", "success-threshold", "timeout-seconds"]),
    ("aws:elasticbeanstalk:eks:environment:readiness-probe", &["enabled", "failure-threshold", "http-path", "http-port", "initial-delay-seconds", "period-seconds", "success-threshold", "timeout-seconds"]),
    ("aws:elasticbeanstalk:eks:environment:startup-probe", &["enabled", "failure-threshold", "http-path", "http-port", "initial-delay-seconds", "period-seconds", "success-threshold", "timeout-seconds"]),
    ("aws:elasticbeanstalk:eks:observability", &["custom-config", "custom-credentials", "logs-backend", "metrics-backend", "metrics-endpoint", "traces-backend"]),
    ("aws:elasticbeanstalk:environment", &["ExternalExtensionsS3Bucket", "ExternalExtensionsS3Key", "LoadBalancerIsShared", "LoadBalancerType", "ServiceRole"]),
    ("aws:elasticbeanstalk:environment:process:PROCESS_NAME", &["DeregistrationDelay", "HealthCheckInterval", "HealthCheckPath", "HealthCheckTimeout", "HealthyThresholdCount", "MatcherHTTPCode", "Port", "Protocol", "StickinessEnabled", "StickinessLBCookieDuration", "StickinessType", "UnhealthyThresholdCount"]),
    ("aws:elasticbeanstalk:environment:process:default", &["StickinessType"]),
    ("aws:elasticbeanstalk:environment:proxy", &["GzipCompression"]),
    ("aws:elasticbeanstalk:healthreporting:system", &["ConfigDocument", "EnhancedHealthAuthEnabled", "HealthCheckSuccessThreshold", "SystemType"]),
    ("aws:elasticbeanstalk:hostmanager", &["LogPublicationControl"]),
    ("aws:elasticbeanstalk:managedactions", &["ManagedActionsEnabled", "PreferredStartTime", "ServiceRoleForManagedUpdates"]),
    ("aws:elasticbeanstalk:managedactions:platformupdate", &["InstanceRefreshEnabled", "UpdateLevel"]),
    ("aws:elasticbeanstalk:monitoring", &["Automatically Terminate Unhealthy Instances"]),
    ("aws:elasticbeanstalk:sns:topics", &["Notification Endpoint", "Notification Protocol", "Notification Topic ARN", "Notification Topic Name"]),
    ("aws:elasticbeanstalk:sqsd", &["ConnectTimeout", "ErrorVisibilityTimeout", "HttpConnections", "HttpPath", "InactivityTimeout", "MaxRetries", "MimeType", "RetentionPeriod", "VisibilityTimeout", "WorkerQueueURL"]),
    ("aws:elasticbeanstalk:windows:activedirectory", &["DirectoryId", "DirectoryName", "DirectoryOU"]),
    ("aws:elasticbeanstalk:xray", &["XRayEnabled"]),
    ("aws:elb:healthcheck", &["HealthyThreshold", "Interval", "Target", "Timeout", "UnhealthyThreshold"]),
    ("aws:elb:listener", &["InstancePort", "InstanceProtocol", "ListenerEnabled", "ListenerProtocol", "PolicyNames"]),
    ("aws:elb:listener:LISTENER_PORT", &["InstancePort", "InstanceProtocol", "ListenerEnabled", "ListenerProtocol", "PolicyNames", "SSLCertificateId"]),
    ("aws:elb:loadbalancer", &["CrossZone", "LoadBalancerHTTPPort", "LoadBalancerHTTPSPort", "LoadBalancerPortProtocol", "LoadBalancerSSLPortProtocol", "ManagedSecurityGroup", "SSLCertificateId", "SecurityGroups"]),
    ("aws:elb:policies", &["ConnectionDrainingEnabled", "ConnectionDrainingTimeout", "ConnectionSettingIdleTimeout", "LoadBalancerPorts", "Stickiness Cookie Expiration", "Stickiness Policy"]),
    ("aws:elb:policies:POLICY_NAME", &["CookieName", "InstancePorts", "LoadBalancerPorts", "ProxyProtocol", "PublicKey", "PublicKeyPolicyNames", "SSLProtocols", "SSLReferencePolicy", "Stickiness Cookie Expiration", "Stickiness Policy"]),
    ("aws:elbv2:listener:LISTENER_PORT", &["DefaultProcess", "ListenerEnabled", "Protocol", "Rules", "SSLCertificateArns", "SSLPolicy"]),
    ("aws:elbv2:listener:default", &["DefaultProcess", "ListenerEnabled", "Protocol", "Rules", "SSLCertificateArns", "SSLPolicy"]),
    ("aws:elbv2:listenerrule:RULE_NAME", &["HostHeaders", "PathPatterns", "Priority", "Process"]),
    ("aws:elbv2:loadbalancer", &["AccessLogsS3Bucket", "AccessLogsS3Enabled", "AccessLogsS3Prefix", "IdleTimeout", "IpAddressType", "ManagedSecurityGroup", "SecurityGroups", "SharedLoadBalancer"]),
    ("aws:rds:dbinstance", &["DBAllocatedStorage", "DBDeletionPolicy", "DBEngine", "DBEngineVersion", "DBInstanceClass", "DBPassword", "DBSnapshotIdentifier", "DBUser", "HasCoupledDatabase", "MultiAZDatabase"]),
];

/// Whether `text` is `pattern`, where a last part in capitals stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let (head, last) = pattern.rsplit_once(':').unwrap_or(("", pattern));
    let wild = last.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') && last.contains('_');
    if wild {
        text.strip_prefix(head)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| !rest.is_empty() && rest != "default" && !rest.contains(':'))
    } else {
        pattern == text
    }
}

/// Whether this is one of Beanstalk's options.
pub fn is_beanstalks(namespace: &str, name: &str) -> bool {
    OPTIONS.iter().any(|(pattern, names)| {
        matches(pattern, namespace) && names.iter().any(|known| *known == name || *known == "*")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beanstalks_other_options_are_recognised() {
        assert!(is_beanstalks(
            "aws:autoscaling:launchconfiguration",
            "InstanceType"
        ));
        assert!(is_beanstalks("aws:elbv2:listener:443", "Protocol"));
        assert!(is_beanstalks(
            "aws:elasticbeanstalk:application:environmentsecrets",
            "KEY"
        ));
        assert!(!is_beanstalks("aws:elasticbeanstalk:command", "DeploymentPolicy"));
        assert!(!is_beanstalks("aws:elbv2:listener:443", "Prutocol"));
    }

    #[test]
    fn nothing_is_both_supported_and_not() {
        for known in super::super::catalogue::CATALOGUE {
            assert!(!is_beanstalks(known.namespace, known.name), "{}", known.name);
        }
    }
}

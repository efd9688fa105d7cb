//! What a package manager's output says when it cannot reach its registry, in plain words with a way out.

/// Text that only such output has, and the reason to give for it.
const UNREACHABLE: &[(&str, &str)] = &[
    (
        "Unable to load the service index for source",
        "the NuGet feed cannot be reached: give the host access to it, put the packages into a folder of the bundle that its nuget.config names, or bundle what 'dotnet publish' wrote",
    ),
    (
        "Could not reach host index.rubygems.org",
        "RubyGems cannot be reached: give the host access to it, or bundle the gems (bundle cache)",
    ),
    (
        "Could not fetch specs from https://rubygems.org",
        "RubyGems cannot be reached: give the host access to it, or bundle the gems (bundle cache)",
    ),
    (
        "repo.packagist.org",
        "Packagist cannot be reached: give the host access to it, or bundle the folder vendor",
    ),
    (
        "proxy.golang.org",
        "the Go module proxy cannot be reached: give the host access to it, or bundle the modules (go mod vendor)",
    ),
    (
        "Unknown host repo.maven.apache.org",
        "Maven Central cannot be reached: give the host access to it, or bundle the jar that the build makes",
    ),
    (
        "Cannot access central (https://repo.maven.apache.org",
        "Maven Central cannot be reached, and not all that the project needs is on this host: give the host access to it, or bundle the jar that the build makes",
    ),
    (
        "java.net.UnknownHostException: services.gradle.org",
        "Gradle's distributions cannot be reached: give the host access to them, or bundle the jar that the build makes",
    ),
];

/// The reason, when `line` is of that kind.
pub fn unreachable(line: &str) -> Option<&'static str> {
    UNREACHABLE
        .iter()
        .find(|(text, _)| line.contains(text))
        .map(|(_, reason)| *reason)
}

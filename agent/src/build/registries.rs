//! What a package manager's output says when it cannot reach its registry, in plain words with a way out.

/// Pieces of text that only such output has all of, and the reason to give for it.
const UNREACHABLE: &[(&[&str], &str)] = &[
    (
        &["proxy.golang.org", "dial tcp"],
        "the Go module proxy cannot be reached: give the host access to it, or bundle the modules (go mod vendor)",
    ),
    (
        &["UnknownHostException: services.gradle.org"],
        "Gradle's distributions cannot be reached: give the host access to them, or bundle the jar that the build makes",
    ),
    (
        &["Cannot access central (", "in offline mode"],
        "Maven Central cannot be reached, and this host does not have all that the project needs: give it access, or bundle the jar that the build makes",
    ),
    (
        &["rubygems.org", "ould not"],
        "RubyGems cannot be reached: give the host access to it, or bundle the gems (bundle cache)",
    ),
    (
        &["packagist.org", "uld not resolve"],
        "Packagist cannot be reached: give the host access to it, or bundle the folder vendor",
    ),
    (
        &["npm error code", "getaddrinfo"],
        "the npm registry cannot be reached: give the host access to it, or bundle node_modules",
    ),
    (
        &["Unable to load the service index for source"],
        "the NuGet feed cannot be reached: give the host access to it, put the packages into a folder of the bundle that its nuget.config names, or bundle what 'dotnet publish' wrote",
    ),
    (
        &["after connection broken by", "(from versions: none)"],
        "Python's package index cannot be reached: give the host access to it, or bundle the wheels and begin requirements.txt with '--no-index' and '--find-links ./<their folder>'",
    ),
];

/// The reason, when a build's output is of that kind.
pub fn unreachable<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> Option<&'static str> {
    let says = |text: &&str| lines.clone().any(|line| line.contains(text));
    UNREACHABLE
        .iter()
        .find(|(texts, _)| texts.iter().all(says))
        .map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_cannot_be_reached_is_named() {
        for (output, words) in [
            (
                &[
                    "NuGet.targets(123,5): error : Unable to load the service index for source x. [/a.csproj]",
                    "NuGet.targets(123,5): error :   Name or service not known [/a.csproj]",
                ][..],
                "NuGet",
            ),
            (
                &[
                    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'",
                    "ERROR: Could not find a version that satisfies the requirement flask (from versions: none)",
                    "ERROR: No matching distribution found for flask",
                ],
                "Python's package index",
            ),
            (
                &[
                    "npm error code EAI_AGAIN",
                    "npm error request to x failed, reason: getaddrinfo EAI_AGAIN x",
                ],
                "npm registry",
            ),
            (
                &[
                    "go: a.org/x@v1: Get \"https://proxy.golang.org/a.org\": dial tcp: lookup proxy.golang.org: no such host",
                ],
                "Go module proxy",
            ),
            (
                &[
                    "Could not reach host index.rubygems.org. Check your network connection and try",
                    "again.",
                ],
                "RubyGems",
            ),
            (
                &[
                    "  curl error 6 while downloading https://repo.packagist.org/packages.json: Co",
                    "  uld not resolve host",
                ],
                "Packagist",
            ),
            (
                &[
                    "[ERROR] Could not resolve: Cannot access central (https://repo) in offline mode and the artifact x",
                ],
                "Maven Central",
            ),
        ] {
            let reason = unreachable(output.iter().copied()).unwrap();
            assert!(reason.contains(words), "{reason}");
        }
        let misspelt = ["ERROR: Could not find a version that satisfies flaks (from versions: none)"];
        assert_eq!(unreachable(misspelt.into_iter()), None);
    }
}

//! The platforms an environment can run on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How a source bundle becomes an image. More join in their own folders under `platforms/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// The bundle brings its own Dockerfile.
    Docker,
    #[serde(rename = "dotnet")]
    DotNet,
    Go,
    Java,
    #[serde(rename = "nodejs")]
    NodeJs,
    Php,
    Python,
    Ruby,
    Tomcat,
}

impl Platform {
    pub const ALL: [Platform; 9] = [
        Platform::Docker,
        Platform::DotNet,
        Platform::Go,
        Platform::Java,
        Platform::NodeJs,
        Platform::Php,
        Platform::Python,
        Platform::Ruby,
        Platform::Tomcat,
    ];

    /// The name of its folder under `platforms/` and its form on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Platform::Docker => "docker",
            Platform::DotNet => "dotnet",
            Platform::Go => "go",
            Platform::Java => "java",
            Platform::NodeJs => "nodejs",
            Platform::Php => "php",
            Platform::Python => "python",
            Platform::Ruby => "ruby",
            Platform::Tomcat => "tomcat",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A platform name that is not known here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no platform {0:?}: choose one of {names}", names = Platform::ALL.map(Platform::name).join(", "))]
pub struct UnknownPlatform(pub String);

/// How the names begin that `eb` users type, folded: lower case, without dots.
const FAMILIES: &[(&str, Platform)] = &[
    ("docker", Platform::Docker),
    ("dotnet", Platform::DotNet),
    ("net", Platform::DotNet),
    ("go", Platform::Go),
    // Beanstalk's names: "Corretto 17" for Java SE, "Tomcat 10 Corretto 17" for the other.
    ("java", Platform::Java),
    ("corretto", Platform::Java),
    ("tomcat", Platform::Tomcat),
    ("node", Platform::NodeJs),
    ("php", Platform::Php),
    ("python", Platform::Python),
    ("ruby", Platform::Ruby),
    ("puma", Platform::Ruby),
    ("passenger", Platform::Ruby),
];

impl FromStr for Platform {
    type Err = UnknownPlatform;

    /// Accepts the wire name, and the names `eb` users type (`Python 3.11`, `node.js-18`,
    /// `"Docker running on …"`, `"64bit Amazon Linux 2023 v4.3.0 running Python 3.11"`).
    fn from_str(text: &str) -> Result<Self, UnknownPlatform> {
        let folded = text.trim().to_ascii_lowercase().replace('.', "");
        let family = match folded.split_once(" running ") {
            Some((system, family)) if system.starts_with("64bit") => family,
            _ => &folded,
        };
        FAMILIES
            .iter()
            .find(|(start, _)| family.starts_with(start))
            .map(|(_, platform)| *platform)
            .ok_or_else(|| UnknownPlatform(text.to_owned()))
    }
}

impl TryFrom<String> for Platform {
    type Error = UnknownPlatform;
    fn try_from(text: String) -> Result<Self, UnknownPlatform> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_eb_are_understood() {
        for (text, expected) in [
            ("python", Platform::Python),
            ("Python 3.11", Platform::Python),
            ("node.js-18", Platform::NodeJs),
            (".NET Core on Linux", Platform::DotNet),
            ("Go 1", Platform::Go),
            ("PHP 8.2", Platform::Php),
            ("Ruby 3.2 running on 64bit Amazon Linux 2023", Platform::Ruby),
            ("Corretto 17", Platform::Java),
            (
                "64bit Amazon Linux 2023 v5.1.0 running Tomcat 10 Corretto 17",
                Platform::Tomcat,
            ),
            ("64bit Amazon Linux 2023 v3.1.0 running .NET 8", Platform::DotNet),
            ("Docker running on 64bit Amazon Linux 2023", Platform::Docker),
            (
                "64bit Amazon Linux 2023 v6.1.0 running Node.js 20",
                Platform::NodeJs,
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for platform in Platform::ALL {
            assert_eq!(platform.name().parse(), Ok(platform));
        }
        let error = "cobol".parse::<Platform>().unwrap_err().to_string();
        assert!(
            error.contains("docker, dotnet, go, java, nodejs, php, python, ruby, tomcat"),
            "{error}"
        );
    }
}

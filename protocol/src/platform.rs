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
    Python,
    #[serde(rename = "nodejs")]
    NodeJs,
}

impl Platform {
    pub const ALL: [Platform; 3] = [Platform::Docker, Platform::Python, Platform::NodeJs];

    /// The name of its folder under `platforms/` and its form on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Platform::Docker => "docker",
            Platform::Python => "python",
            Platform::NodeJs => "nodejs",
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
#[error("there is no platform {0:?}: choose docker, python or nodejs")]
pub struct UnknownPlatform(pub String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    /// Accepts the wire name, and the leading words of the names `eb` users type
    /// (`Python 3.11`, `node.js-18`, `"Docker running on …"`).
    fn from_str(text: &str) -> Result<Self, UnknownPlatform> {
        let folded = text.trim().to_ascii_lowercase().replace('.', "");
        Platform::ALL
            .into_iter()
            .find(|platform| {
                folded.starts_with(platform.name())
                    || (*platform == Platform::NodeJs && folded.starts_with("node"))
            })
            .ok_or_else(|| UnknownPlatform(text.to_owned()))
    }
}

impl TryFrom<String> for Platform {
    type Error = UnknownPlatform;
    fn try_from(text: String) -> Result<Self, UnknownPlatform> {
        text.parse()
    }
}

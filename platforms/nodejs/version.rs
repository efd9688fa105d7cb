//! Which Node.js an application runs on: Debian's, or what `engines.node` of its package.json asks for.

use nodejs_semver::{Range, Version};

use crate::plan::PlanError;

/// Debian's, which the platform image has.
const OWN: &str = "18.20.4";
/// The other lines with long support, the newest first. The npm registry has each as a package.
const LINES: [u64; 3] = [24, 22, 20];

/// What is to be installed beside Debian's, as npm names it; nothing when that one fits.
pub fn wanted(engines: Option<&str>) -> Result<Option<String>, PlanError> {
    let Some(text) = engines.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let unknown = || PlanError::NodeVersion {
        asked: text.to_owned(),
    };
    let range = Range::parse(text).map_err(|_| unknown())?;
    let own: Version = OWN.parse().map_err(|_| unknown())?;
    if range.satisfies(&own) {
        return Ok(None);
    }
    if let Ok(exact) = Version::parse(text.trim_start_matches(['v', '='])) {
        return Ok(Some(exact.to_string()));
    }
    let last_of = |major: &u64| Version::from((*major, 999, 999));
    LINES
        .iter()
        .find(|major| range.satisfies(&last_of(major)))
        .map(|major| Some(major.to_string()))
        .ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_met_by_debians_or_by_the_newest_line_that_fits() {
        for (asked, expected) in [
            (None, None),
            (Some(""), None),
            (Some(">=14"), None),
            (Some("18.x"), None),
            (Some("20.x"), Some("20")),
            (Some("^22.1.0"), Some("22")),
            (Some(">=20"), Some("24")),
            (Some(">=20 <24"), Some("22")),
            (Some("20 || 22"), Some("22")),
            (Some("22.3.0"), Some("22.3.0")),
        ] {
            assert_eq!(wanted(asked).unwrap().as_deref(), expected, "{asked:?}");
        }
        for asked in ["16.x", "latest please"] {
            let error = wanted(Some(asked)).unwrap_err().to_string();
            assert!(error.contains(asked) && error.contains("24"), "{error}");
        }
    }
}

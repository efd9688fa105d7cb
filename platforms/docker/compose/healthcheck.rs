//! `healthcheck` of a service.

use beanpole_ebextensions::Finding;
use beanpole_pod::Healthcheck;

use super::{at::At, values};

/// Reads it; none when it says that there is none to be.
pub fn healthcheck(at: &At<'_>) -> Result<Option<Healthcheck>, Finding> {
    let mut check = Healthcheck::default();
    let known = [
        "test",
        "interval",
        "timeout",
        "retries",
        "start_period",
        "start_interval",
        "disable",
    ];
    for (name, value) in at.fields(&known)? {
        let millis = |value: &At<'_>| value.parsed("a time such as 1m30s", values::millis);
        match name {
            "test" => check.test = test(&value)?,
            "interval" => check.interval_ms = Some(millis(&value)?),
            "timeout" => check.timeout_ms = Some(millis(&value)?),
            "start_period" => check.start_period_ms = Some(millis(&value)?),
            "retries" => check.retries = Some(value.parsed("a number", |text| text.parse().ok())?),
            "disable" if value.truth()? => check.test = vec!["NONE".to_owned()],
            _ => {}
        }
    }
    Ok(Some(check))
}

fn test(at: &At<'_>) -> Result<Vec<String>, Finding> {
    if !at.is_list() {
        return Ok(vec!["CMD-SHELL".to_owned(), at.text()?.replace("$$", "$")]);
    }
    let test: Vec<String> = at.texts()?.iter().map(|text| text.replace("$$", "$")).collect();
    match test.first().map(String::as_str) {
        Some("NONE" | "CMD" | "CMD-SHELL") => Ok(test),
        _ => Err(at.error(format!("{} begins with NONE, CMD or CMD-SHELL", at.key))),
    }
}

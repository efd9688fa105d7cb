//! The label of a version when the user gives none: `app-<commit>-<time>`, or `app-<time>`.

use beanpole_protocol::Timestamp;

use crate::output::clock::compact;

pub fn default_label(commit: Option<&str>, now: Timestamp) -> String {
    match commit {
        Some(commit) => format!("app-{commit}-{}", compact(now)),
        None => format!("app-{}", compact(now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_as_eb_makes_them() {
        let now = Timestamp::from_millis(1_795_390_864_105);
        assert_eq!(default_label(None, now), "app-261122_234104105");
        assert_eq!(
            default_label(Some("0ab12cd"), now),
            "app-0ab12cd-261122_234104105"
        );
    }
}

//! `groups` and `users`.

use std::collections::BTreeMap;

use super::{named, script::quote};
use crate::model::{Group, User};

pub(super) fn groups(groups: &BTreeMap<String, Group>) -> Option<(String, String)> {
    if groups.is_empty() {
        return None;
    }
    let mut body = String::new();
    for (name, group) in groups {
        let (what, quoted) = (quote(&format!("making the group {name}")), quote(name));
        body.push_str(&format!("if getent group {quoted} >/dev/null; then\n"));
        match group.gid {
            // Beanstalk fails here, even when the number is the same.
            Some(gid) => body.push_str(&format!(
                "  printf 'beanpole: the group %s is there already, and cannot be given the number %s\\n' {quoted} {gid} >&2\n  fail {what} 1\n"
            )),
            None => body.push_str(&format!("  say {}\n", quote(&format!("the group {name} is there already")))),
        }
        let number = group.gid.map_or(String::new(), |gid| format!(" --gid {gid}"));
        body.push_str(&format!(
            "else\n  attempt {what} groupadd --system{number} {quoted}\nfi\n"
        ));
    }
    let names = groups.keys().map(String::as_str);
    Some((body, format!("make the groups {}", named(names))))
}

pub(super) fn users(users: &BTreeMap<String, User>) -> Option<(String, String)> {
    if users.is_empty() {
        return None;
    }
    let mut body = String::new();
    for (name, user) in users {
        let (what, quoted) = (quote(&format!("making the user {name}")), quote(name));
        body.push_str(&format!("if getent passwd {quoted} >/dev/null; then\n"));
        if let Some(uid) = user.uid {
            body.push_str(&format!(
                "  if [ \"$(id -u {quoted})\" != {uid} ]; then\n    printf 'beanpole: the user %s is there already, with another number than %s\\n' {quoted} {uid} >&2\n    fail {what} 1\n  fi\n"
            ));
        }
        let groups = user.groups.join(",");
        if groups.is_empty() {
            body.push_str("  :\n");
        } else {
            body.push_str(&format!(
                "  attempt {what} usermod --append --groups {} {quoted}\n",
                quote(&groups)
            ));
        }
        let mut options = String::new();
        if let Some(uid) = user.uid {
            options.push_str(&format!(" --uid {uid}"));
        }
        if !groups.is_empty() {
            options.push_str(&format!(" --groups {}", quote(&groups)));
        }
        match &user.home {
            Some(home) => options.push_str(&format!(" --create-home --home-dir {}", quote(home))),
            None => options.push_str(" --no-create-home"),
        }
        body.push_str(&format!(
            "else\n  attempt {what} useradd --system --shell /usr/sbin/nologin{options} {quoted}\nfi\n"
        ));
    }
    let names = users.keys().map(String::as_str);
    Some((body, format!("make the users {}", named(names))))
}

//! What surrounds every page of a signed-in person: who they are, where they are, what just happened.

use beanpole_protocol::api::Role;
use serde::{Deserialize, Serialize};

use crate::{assets, session::SignedIn};

/// Which entry of the navigation is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    Environments,
    Applications,
    Hosts,
    Account,
}

/// Said once above the page that follows a change. In the address as its code, so that an address can
/// never make the console say anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    ApplicationCreated,
    ApplicationDeleted,
    VersionUploaded,
    VersionDeleted,
    EnvironmentLaunching,
    DeploymentStarted,
    AbortRequested,
    OptionsSaved,
    CapacityChanged,
    NothingChanged,
    Terminating,
    HostRemoved,
    TokenRevoked,
    PasswordChanged,
}

impl Notice {
    const ALL: [Notice; 14] = [
        Notice::ApplicationCreated,
        Notice::ApplicationDeleted,
        Notice::VersionUploaded,
        Notice::VersionDeleted,
        Notice::EnvironmentLaunching,
        Notice::DeploymentStarted,
        Notice::AbortRequested,
        Notice::OptionsSaved,
        Notice::CapacityChanged,
        Notice::NothingChanged,
        Notice::Terminating,
        Notice::HostRemoved,
        Notice::TokenRevoked,
        Notice::PasswordChanged,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Notice::ApplicationCreated => "application-created",
            Notice::ApplicationDeleted => "application-deleted",
            Notice::VersionUploaded => "version-uploaded",
            Notice::VersionDeleted => "version-deleted",
            Notice::EnvironmentLaunching => "environment-launching",
            Notice::DeploymentStarted => "deployment-started",
            Notice::AbortRequested => "abort-requested",
            Notice::OptionsSaved => "options-saved",
            Notice::CapacityChanged => "capacity-changed",
            Notice::NothingChanged => "nothing-changed",
            Notice::Terminating => "terminating",
            Notice::HostRemoved => "host-removed",
            Notice::TokenRevoked => "token-revoked",
            Notice::PasswordChanged => "password-changed",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Notice::ApplicationCreated => "The application was created. Upload its first version below.",
            Notice::ApplicationDeleted => "The application was deleted.",
            Notice::VersionUploaded => "The version was uploaded and can be deployed.",
            Notice::VersionDeleted => "The version was deleted.",
            Notice::EnvironmentLaunching => "The environment is being launched.",
            Notice::DeploymentStarted => "The deployment has started.",
            Notice::AbortRequested => "The deployment is being aborted.",
            Notice::OptionsSaved => "The options were saved and are being rolled out.",
            Notice::CapacityChanged => "The capacity was changed.",
            Notice::NothingChanged => "Nothing was different, so nothing was changed.",
            Notice::Terminating => "The environment is being terminated.",
            Notice::HostRemoved => "The host was removed.",
            Notice::TokenRevoked => "The token was revoked.",
            Notice::PasswordChanged => "The password was changed. All other sessions have ended.",
        }
    }
}

/// Query of every page: `after` is the cursor of its list, `notice` a [`Notice`]'s code.
#[derive(Debug, Default, Deserialize)]
pub struct PageRequest {
    pub after: Option<String>,
    notice: Option<String>,
}

impl PageRequest {
    pub fn notice(&self) -> Option<Notice> {
        let code = self.notice.as_deref()?;
        Notice::ALL.into_iter().find(|notice| notice.code() == code)
    }
}

#[derive(Debug, Serialize)]
pub struct Shell {
    section: Section,
    user: String,
    role: &'static str,
    can_deploy: bool,
    is_admin: bool,
    notice: Option<&'static str>,
    /// Part of every file's address, so that a new console never runs with old files.
    assets: &'static str,
}

impl Shell {
    pub fn new(person: &SignedIn, section: Section, notice: Option<Notice>) -> Self {
        Self {
            section,
            user: person.principal.user.clone(),
            role: role_name(person.principal.role),
            can_deploy: person.can_deploy(),
            is_admin: person.is_admin(),
            notice: notice.map(Notice::sentence),
            assets: assets::version(),
        }
    }
}

pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Deployer => "deployer",
        Role::Admin => "admin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_codes_become_notices() {
        let ask = |code: &str| {
            PageRequest {
                after: None,
                notice: Some(code.to_owned()),
            }
            .notice()
        };
        for notice in Notice::ALL {
            assert_eq!(ask(notice.code()), Some(notice));
        }
        assert_eq!(ask("<b>owned</b>"), None);
    }
}

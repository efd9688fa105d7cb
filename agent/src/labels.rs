//! The labels by which the agent knows its own containers and images.
//!
//! Containers carry the host's id, so that agents that share an Engine leave each other's alone.

pub const HOST: &str = "beanpole.host";
pub const INSTANCE: &str = "beanpole.instance";
pub const ENVIRONMENT: &str = "beanpole.environment";
pub const ENVIRONMENT_NAME: &str = "beanpole.environment-name";
pub const DEPLOYMENT: &str = "beanpole.deployment";
pub const VERSION: &str = "beanpole.version";
pub const CONFIGURATION: &str = "beanpole.configuration";
/// Seconds between SIGTERM and SIGKILL, for a container that is stopped without a desired entry.
pub const GRACE: &str = "beanpole.grace";
/// TCP port the application listens on inside its container.
pub const PORT: &str = "beanpole.port";
/// `seed`, `base`, `platform`, `instance` or `member`.
pub const ROLE: &str = "beanpole.role";
pub const PLATFORM: &str = "beanpole.platform";
/// On images whose containers run Beanpole's own init.
pub const INIT: &str = "beanpole.init";
/// On images of versions whose instances have several containers: what those are, as JSON.
pub const POD: &str = "beanpole.pod";
/// On a member of a pod: its name there.
pub const MEMBER: &str = "beanpole.member";
/// On a member of a pod: the run of the instance's own container that it was made for.
pub const RUN: &str = "beanpole.run";

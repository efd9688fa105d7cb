//! Exit codes: the contract with scripts and CI, shown in `bp --help`.

use std::process::ExitCode;

/// How a run of `bp` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Ok,
    /// The operation failed: a deployment failed or was rolled back, or the server said no.
    Failed,
    /// Wrong arguments, or a question that cannot be asked without a terminal.
    Usage,
    /// The deployment was aborted, or a newer one took its place.
    Overtaken,
    /// Not signed in, or not allowed.
    Forbidden,
    /// No Beanpole server answers.
    Unreachable,
    /// Waited long enough; the operation goes on.
    TimedOut,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Overtaken => 3,
            Exit::Forbidden => 4,
            Exit::Unreachable => 5,
            Exit::TimedOut => 6,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Shown below `bp --help`.
pub const HELP: &str = "\
Exit codes:
    0  done
    1  it failed: a deployment failed or was rolled back, or the server refused
    2  wrong arguments
    3  the deployment was aborted, or superseded by a newer one
    4  not signed in, or not allowed
    5  the server cannot be reached
    6  waited until the timeout; the operation goes on
  130  interrupted; a deployment goes on

For scripts: --json gives one JSON document on stdout (verbs that follow give one a line) and all
else on stderr; BP_URL and BP_TOKEN say where the server is and who calls. NO_COLOR is honoured.";

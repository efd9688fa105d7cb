//! Starts a program with its user, variables, folder and output.

use std::{
    collections::BTreeMap,
    io::{self, PipeReader},
    os::unix::{fs::fchown, process::CommandExt},
    path::PathBuf,
    process::{Command, Stdio},
};

use beanpole_instance::Line;

use crate::account::Account;

/// A program to start.
#[derive(Clone, Debug)]
pub struct Program {
    pub argv: Vec<String>,
    /// All of them: nothing is taken over.
    pub env: BTreeMap<String, String>,
    pub folder: PathBuf,
    /// None: root.
    pub user: Option<Account>,
}

/// The words of a line: Amazon Linux's shell for such lines is bash, which every image has.
pub fn argv(line: &Line) -> Vec<String> {
    match line {
        Line::Argv(argv) => argv.clone(),
        Line::Shell(line) => vec!["/bin/bash".to_owned(), "-c".to_owned(), line.clone()],
    }
}

impl Program {
    /// The command, in a process group of its own, and the end of the pipe that its output comes out of.
    pub fn command(&self) -> io::Result<(Command, PipeReader)> {
        let [program, arguments @ ..] = &self.argv[..] else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "there is no program to start",
            ));
        };
        let (output, input) = io::pipe()?;
        if let Some(user) = &self.user {
            // So that it may open /dev/stdout and /dev/stderr, as many a log setting does.
            fchown(&input, Some(user.uid), None)?;
        }
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(&self.env)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input)
            .process_group(0);
        if let Some(user) = &self.user {
            // Supplementary groups go with the user.
            command.uid(user.uid).gid(user.gid);
        }
        Ok((command, output))
    }
}

/// The variables of what runs as a user: the container's, with that user's home.
pub fn env_of(
    container: &BTreeMap<String, String>,
    user: Option<&Account>,
    own: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut env = container.clone();
    let (name, home) = match user {
        Some(user) => (user.name.as_str(), user.home.to_string_lossy().into_owned()),
        None => ("root", "/root".to_owned()),
    };
    env.insert("HOME".to_owned(), home);
    env.insert("USER".to_owned(), name.to_owned());
    env.entry("PATH".to_owned())
        .or_insert_with(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    env.extend(own.clone());
    env
}

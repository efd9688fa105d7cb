//! A program that is run to its end: container commands, hooks, checks of a configuration.

use std::{path::Path, sync::mpsc, thread};

use crate::{
    logs::{Turning, copy},
    reaper::{Ended, Reaper},
    spawn::Program,
};

/// How it ended, and the last lines that it said.
#[derive(Debug)]
pub struct Outcome {
    pub ended: Ended,
    pub last: Vec<String>,
}

/// Runs it; what it says goes to our output and to `/var/log/<log>.log`.
pub fn run(reaper: &Reaper, program: &Program, logs: &Path, log: &str) -> std::io::Result<Outcome> {
    let (mut command, output) = program.command()?;
    let (tell, end) = mpsc::channel();
    let child = reaper.spawn_telling(&mut command, tell, |ended| ended);
    // Our end of the pipe: without it the output never ends.
    drop(command);
    child?;
    let mut turning = Turning::open(logs, log);
    let (done, copied) = mpsc::channel();
    thread::spawn(move || {
        let mut last = Vec::new();
        copy(output, &mut turning, Some(&mut last));
        let _ = done.send(last);
    });
    let ended = end.recv().unwrap_or(Ended(255));
    // What it left running in the background may hold the output open for ever.
    let last = copied
        .recv_timeout(std::time::Duration::from_millis(500))
        .unwrap_or_default();
    Ok(Outcome { ended, last })
}

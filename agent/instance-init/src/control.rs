//! The socket on which `systemctl` and `service` ask: a line of words in, lines and an exit code out.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

pub const SOCKET: &str = "/run/beanpole/init.sock";

const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST: u64 = 4096;

/// A question, and where its answer goes.
#[derive(Debug)]
pub struct Question {
    pub verb: String,
    pub unit: String,
    pub answer: Sender<Answer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: u8,
    pub text: String,
}

/// Takes questions until the process ends. Root alone may ask.
pub fn serve<T: Send + 'static>(to: Sender<T>, event: fn(Question) -> T) -> io::Result<()> {
    let path = Path::new(SOCKET);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let _ = fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let to = to.clone();
            thread::spawn(move || drop(one(stream, &to, event)));
        }
    });
    Ok(())
}

fn one<T>(mut stream: UnixStream, to: &Sender<T>, event: fn(Question) -> T) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.try_clone()?)
        .take(LONGEST)
        .read_line(&mut line)?;
    let (verb, unit) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
    let (answer, answered) = channel();
    let question = Question {
        verb: verb.to_owned(),
        unit: unit.to_owned(),
        answer,
    };
    let _ = to.send(event(question));
    let answer = answered.recv_timeout(PATIENCE).unwrap_or(Answer {
        code: 1,
        text: "no answer came".to_owned(),
    });
    write!(stream, "{}\n{}", answer.code, answer.text)
}

/// Asks the init of this container; none when none runs, as during the build of an image.
pub fn ask(verb: &str, unit: &str) -> io::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(SOCKET) {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    writeln!(stream, "{verb} {unit}")?;
    let mut whole = String::new();
    stream.read_to_string(&mut whole)?;
    let (code, text) = whole.split_once('\n').unwrap_or((&whole, ""));
    Ok(Some(Answer {
        code: code.trim().parse().unwrap_or(1),
        text: text.to_owned(),
    }))
}

//! The output of a process: to our own, which Docker keeps, and to a file that is turned over by size.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

/// Bytes of a file before it is turned over.
const LARGEST: u64 = 10 << 20;
/// Files kept beside the one that is written.
const KEPT: usize = 5;
/// Bytes of a line; a longer one is cut in pieces.
const LONGEST_LINE: u64 = 64 * 1024;

/// `/var/log/<name>.log`, and `.1` to `.5` before it.
pub struct Turning {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    largest: u64,
}

impl Turning {
    pub fn open(folder: &Path, name: &str) -> Self {
        Self::with_limit(folder.join(format!("{name}.log")), LARGEST)
    }

    fn with_limit(path: PathBuf, largest: u64) -> Self {
        let mut turning = Self {
            path,
            file: None,
            size: 0,
            largest,
        };
        turning.reopen();
        turning
    }

    /// A file that cannot be written is no reason to stop an application: Docker has the output, too.
    fn reopen(&mut self) {
        self.file = OpenOptions::new().create(true).append(true).open(&self.path).ok();
        self.size = self
            .file
            .as_ref()
            .and_then(|file| file.metadata().ok())
            .map_or(0, |facts| facts.len());
    }

    fn turn(&mut self) {
        put_aside(&self.path);
        self.reopen();
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.size > 0 && self.size + bytes.len() as u64 > self.largest {
            self.turn();
        }
        if let Some(file) = &mut self.file
            && file.write_all(bytes).is_ok()
        {
            self.size += bytes.len() as u64;
        }
    }
}

/// Renames a file to `.1`, that to `.2` and so on; the oldest goes.
pub fn put_aside(path: &Path) {
    let numbered = |number: usize| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    for number in (1..KEPT).rev() {
        let _ = fs::rename(numbered(number), numbered(number + 1));
    }
    let _ = fs::rename(path, numbered(1));
}

/// Copies lines until whoever writes them has ended; keeps the last ones when `last` is given.
pub fn copy(from: impl Read, to: &mut Turning, mut last: Option<&mut Vec<String>>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        match from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        // One write a line: those of several processes do not mix.
        let _ = io::stdout().lock().write_all(&line);
        to.write(&line);
        if let Some(last) = &mut last {
            last.push(String::from_utf8_lossy(&line).trim_end().to_owned());
            if last.len() > 20 {
                last.remove(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_turned_over_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.log");
        let mut turning = Turning::with_limit(path.clone(), 100);
        for number in 0..40 {
            turning.write(format!("line {number:034}\n").as_bytes());
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "web.log",
                "web.log.1",
                "web.log.2",
                "web.log.3",
                "web.log.4",
                "web.log.5"
            ]
        );
        assert!(fs::read_to_string(&path).unwrap().contains("39"));
        assert!(fs::metadata(folder.path().join("web.log.5")).unwrap().len() <= 100);
    }

    #[test]
    fn the_last_lines_are_kept_and_a_line_without_an_end_gets_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut turning = Turning::open(folder.path(), "x");
        let text: String = (0..30).map(|number| format!("{number}\n")).collect();
        let mut last = Vec::new();
        copy(format!("{text}end").as_bytes(), &mut turning, Some(&mut last));
        assert_eq!((last.len(), last[19].as_str()), (20, "end"));
        assert!(
            fs::read_to_string(folder.path().join("x.log"))
                .unwrap()
                .ends_with("end\n")
        );
    }
}

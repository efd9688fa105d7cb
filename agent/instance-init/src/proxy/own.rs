//! The bundle's own files for the proxy.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Bytes of one of them, at most.
const LARGEST: u64 = 1 << 20;
const DEEPEST: usize = 8;

#[derive(Debug, Default)]
pub struct Own {
    folder: PathBuf,
    /// Relative to the folder.
    files: Vec<PathBuf>,
    main: PathBuf,
    pub has_main: bool,
    pub text: String,
}

impl Own {
    /// Everything below `folder`; `main` is what replaces the main file.
    pub fn read(folder: &Path, main: &str) -> io::Result<Self> {
        let mut own = Self {
            folder: folder.to_owned(),
            main: main.into(),
            ..Self::default()
        };
        own.gather(Path::new(""), 0)?;
        own.files.sort();
        own.has_main = own.files.contains(&own.main);
        for file in &own.files {
            own.text
                .push_str(&String::from_utf8_lossy(&fs::read(folder.join(file))?));
            own.text.push('\n');
        }
        Ok(own)
    }

    fn gather(&mut self, below: &Path, depth: usize) -> io::Result<()> {
        let entries = match fs::read_dir(self.folder.join(below)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let path = below.join(entry.file_name());
            let facts = entry.metadata()?;
            if facts.is_dir() && depth < DEEPEST {
                self.gather(&path, depth + 1)?;
            } else if facts.is_file() && facts.len() <= LARGEST {
                self.files.push(path);
            }
        }
        Ok(())
    }

    /// Copies them to the proxy's own folder, over ours.
    pub fn copy(&self, folder: &Path, main: &Path) -> io::Result<()> {
        for file in &self.files {
            let to = if *file == self.main {
                main.to_owned()
            } else {
                folder.join(file)
            };
            super::write(&to, &fs::read(self.folder.join(file))?)?;
        }
        Ok(())
    }
}

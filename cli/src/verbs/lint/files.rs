//! The files that are checked, from a folder or a bundle.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use beanpole_ebextensions::is_config_file;

use crate::failure::Failure;

const FOLDER: &str = ".ebextensions";
/// More than any configuration file may have, so that a larger one is refused for its size.
const MOST_BYTES: u64 = 2 << 20;

/// Names as in the bundle, and contents.
pub struct Checked {
    pub config_files: Vec<(String, Vec<u8>)>,
    pub procfile: Option<Vec<u8>>,
}

impl Checked {
    /// What is checked, by name.
    pub fn names(&self) -> Vec<&str> {
        let files = self.config_files.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = files.filter(|name| is_config_file(name)).collect();
        names.sort_unstable();
        names.extend(self.procfile.as_ref().map(|_| "Procfile"));
        names
    }
}

pub fn read(path: &Path) -> Result<Checked, Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("{} cannot be read: {error}.", path.display()));
    let meta = fs::metadata(path).map_err(unreadable)?;
    if meta.is_dir() {
        folder(path).map_err(unreadable)
    } else {
        bundle(path)
    }
}

fn folder(root: &Path) -> io::Result<Checked> {
    let mut config_files = Vec::new();
    let entries = match fs::read_dir(root.join(FOLDER)) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    for entry in entries.into_iter().flatten() {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let name = format!("{FOLDER}/{name}");
        if fs::metadata(&path)?.is_file() {
            config_files.push((name, contents(File::open(&path)?)?));
        }
    }
    config_files.sort();
    let procfile = match File::open(root.join("Procfile")) {
        Ok(file) => Some(contents(file)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(Checked {
        config_files,
        procfile,
    })
}

fn bundle(path: &Path) -> Result<Checked, Failure> {
    let trouble = |error: &dyn std::fmt::Display| {
        Failure::usage(format!(
            "{} is neither a folder nor a zip file that can be read: {error}.",
            path.display()
        ))
    };
    let file = File::open(path).map_err(|error| trouble(&error))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| trouble(&error))?;
    let mut checked = Checked {
        config_files: Vec::new(),
        procfile: None,
    };
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| trouble(&error))?;
        let name = entry.name().map_err(|error| trouble(&error))?.into_owned();
        let of_folder = name.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
        let wanted = entry.is_file() && of_folder.is_some_and(|rest| !rest.contains('/'));
        if name == "Procfile" {
            checked.procfile = Some(contents(entry).map_err(|error| trouble(&error))?);
        } else if wanted {
            let bytes = contents(entry).map_err(|error| trouble(&error))?;
            checked.config_files.push((name, bytes));
        }
    }
    Ok(checked)
}

fn contents(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn summary(checked: &Checked) -> (Vec<&str>, Option<&[u8]>) {
        (checked.names(), checked.procfile.as_deref())
    }

    #[test]
    fn folder_and_bundle_hold_the_same() {
        let files = [
            (".ebextensions/b.config", "b: 1"),
            (".ebextensions/a.config", ""),
            (".ebextensions/nginx/c.config", "no"),
            (".ebextensions/._a.config", "\0"),
            ("__MACOSX/.ebextensions/._a.config", "\0"),
            ("Procfile", "web: x"),
        ];
        let folder = tempfile::tempdir().unwrap();
        let mut zip = zip::ZipWriter::new(File::create(folder.path().join("b.zip")).unwrap());
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        let wanted = vec![".ebextensions/a.config", ".ebextensions/b.config", "Procfile"];
        for path in [folder.path().to_owned(), folder.path().join("b.zip")] {
            let checked = read(&path).unwrap();
            assert_eq!(summary(&checked), (wanted.clone(), Some(&b"web: x"[..])));
            assert!(checked.config_files.iter().any(|(_, bytes)| bytes == b"b: 1"));
        }
    }

    #[test]
    fn nothing_to_check_and_nothing_to_read_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().names().is_empty());
        fs::write(folder.path().join("x.zip"), "no zip").unwrap();
        for name in ["x.zip", "missing"] {
            let failure = read(&folder.path().join(name)).err().unwrap();
            assert_eq!(failure.exit, crate::exit::Exit::Usage);
        }
    }
}

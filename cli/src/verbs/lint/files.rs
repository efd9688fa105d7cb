//! The files that are checked, from a folder or a bundle.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use beanpole_ebextensions::{CRON_YAML, ENV_YAML, is_config_file};
use beanpole_platforms::{DOCKER_FILES, Source};

use crate::{
    failure::Failure,
    source::{SourceError, folder, ignores::Rules},
};

const FOLDER: &str = ".ebextensions";
/// More than any configuration file may have, so that a larger one is refused for its size.
const MOST_BYTES: u64 = 2 << 20;

/// Files of the root that are read whole.
const ROOT_FILES: [&str; 3] = ["Procfile", ENV_YAML, CRON_YAML];

/// Names as in the bundle, and contents.
#[derive(Default)]
pub struct Checked {
    pub config_files: Vec<(String, Vec<u8>)>,
    /// Those of [`ROOT_FILES`] that are there.
    pub root_files: Vec<(&'static str, Vec<u8>)>,
    /// All of a bundle whose containers are described by a file.
    pub docker: Option<Source>,
}

impl Checked {
    /// What is checked, by name.
    pub fn names(&self) -> Vec<&str> {
        let files = self.config_files.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = files.filter(|name| is_config_file(name)).collect();
        names.sort_unstable();
        names.extend(self.root_files.iter().map(|(name, _)| *name));
        if let Some(source) = &self.docker {
            names.extend(DOCKER_FILES.into_iter().filter(|name| source.has(name)));
        }
        names
    }
}

pub fn read(path: &Path) -> Result<Checked, Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("{} cannot be read: {error}.", path.display()));
    let meta = fs::metadata(path).map_err(unreadable)?;
    if meta.is_dir() {
        of_folder(path)
    } else {
        bundle(path)
    }
}

fn of_folder(root: &Path) -> Result<Checked, Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("{} cannot be read: {error}.", root.display()));
    let mut checked = small_files(root).map_err(unreadable)?;
    if DOCKER_FILES.iter().any(|name| root.join(name).is_file()) {
        let rules = match fs::read_to_string(root.join(".ebignore")) {
            Ok(text) => Rules::ebignore(&text),
            Err(_) => Rules::Gitignore,
        };
        let listing = folder::list(root, &rules).map_err(SourceError::from)?;
        let mut source = Source::default();
        for entry in listing.entries {
            let wanted = Source::wants_text(&entry.name);
            match wanted.then(|| fs::read_to_string(&entry.path)) {
                Some(Ok(text)) => source.add_text(entry.name, text),
                _ => source.add(entry.name),
            }
        }
        checked.docker = Some(source);
    }
    Ok(checked)
}

fn small_files(root: &Path) -> io::Result<Checked> {
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
    let mut root_files = Vec::new();
    for name in ROOT_FILES {
        match File::open(root.join(name)) {
            Ok(file) => root_files.push((name, contents(file)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Checked {
        config_files,
        root_files,
        docker: None,
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
    let mut checked = Checked::default();
    let mut source = Source::default();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| trouble(&error))?;
        let name = entry.name().map_err(|error| trouble(&error))?.into_owned();
        let of_folder = name.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
        let wanted = entry.is_file() && of_folder.is_some_and(|rest| !rest.contains('/'));
        if !entry.is_file() {
            continue;
        }
        let root_file = ROOT_FILES.into_iter().find(|file| *file == name);
        if !(root_file.is_some() || wanted || Source::wants_text(&name)) {
            source.add(name);
            continue;
        }
        let bytes = contents(entry).map_err(|error| trouble(&error))?;
        match String::from_utf8(bytes.clone()) {
            Ok(text) => source.add_text(name.clone(), text),
            Err(_) => source.add(name.clone()),
        }
        if let Some(file) = root_file {
            checked.root_files.push((file, bytes));
        } else if wanted {
            checked.config_files.push((name, bytes));
        }
    }
    checked
        .root_files
        .sort_by_key(|(name, _)| ROOT_FILES.iter().position(|file| file == name));
    checked.docker = Some(source).filter(|source| DOCKER_FILES.iter().any(|name| source.has(name)));
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

    fn procfile(checked: &Checked) -> &[u8] {
        &checked.root_files[0].1
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
            ("cron.yaml", "version: 1"),
            ("docker-compose.yml", "services: {}"),
            ("web/Dockerfile", "FROM x"),
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
        let wanted = vec![
            ".ebextensions/a.config",
            ".ebextensions/b.config",
            "Procfile",
            "cron.yaml",
            "docker-compose.yml",
        ];
        for path in [folder.path().to_owned(), folder.path().join("b.zip")] {
            let checked = read(&path).unwrap();
            assert_eq!(
                (checked.names(), procfile(&checked)),
                (wanted.clone(), &b"web: x"[..])
            );
            let source = checked.docker.as_ref().unwrap();
            assert_eq!(source.text("web/Dockerfile"), Some("FROM x"));
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

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use beanpole_ebextensions::Lookup;

/// An installation in Stockholm, and one environment.
pub struct Here;

impl Lookup for Here {
    fn knows_environment(&self) -> bool {
        true
    }

    fn reference(&self, name: &str) -> Option<String> {
        let value = match name {
            "AWS::Region" => "eu-north-1",
            "AWS::AccountId" => "000000000000",
            "AWS::StackName" | "AWSEBEnvironmentName" => "shop-live",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn option(&self, _: &str, name: &str) -> Option<String> {
        (name == "STAGE").then(|| "live".to_owned())
    }
}

/// The same installation, without an environment.
pub struct Sweden;

impl Lookup for Sweden {
    fn reference(&self, name: &str) -> Option<String> {
        Here.reference(name)
            .filter(|_| !name.contains("AWSEB") && name != "AWS::StackName")
    }

    fn option(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

pub fn corpus_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Name and content, sorted.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(corpus_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "config"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    all.sort();
    assert!(all.len() > 20);
    all
}

/// Runs a script as a build does: text of a file, given to `sh`.
pub fn run(script: &str, path: Option<&str>) -> Output {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(script.as_bytes()).unwrap();
    let mut command = Command::new("/bin/sh");
    command.arg(file.path()).stdin(Stdio::null());
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.output().unwrap()
}

pub fn check_syntax(script: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(script.as_bytes()).unwrap();
    let output = Command::new("sh").arg("-n").arg(file.path()).output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{script}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Exit code, stdout, stderr.
pub fn ended(script: &str, path: Option<&str>) -> (i32, String, String) {
    let output = run(script, path);
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

pub fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

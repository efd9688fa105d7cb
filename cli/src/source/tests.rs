//! Whole packings of real folders and repositories.

use std::{fs, path::Path, process::Command};

use super::*;

fn git(root: &Path, args: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args([
            "-c",
            "protocol.file.allow=always",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn names(packed: &Packed) -> Vec<String> {
    let zip = zip::ZipArchive::new(fs::File::open(packed.file.path()).unwrap()).unwrap();
    zip.file_names().map(|name| name.unwrap().into_owned()).collect()
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    fs::write(folder.path().join("app.py"), "1").unwrap();
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "First words"]);
    folder
}

#[test]
fn in_git_the_last_commit_is_packed_and_changes_are_told() {
    let folder = repository();
    fs::write(folder.path().join("new.py"), "2").unwrap();
    fs::write(folder.path().join("app.py"), "changed").unwrap();
    let packed = pack(folder.path(), Choice::Default).unwrap();
    assert_eq!(names(&packed), ["app.py"]);
    assert_eq!(packed.warnings, ["2 changed files are left out: not committed."]);
    assert_eq!(packed.subject.as_deref(), Some("First words"));
    assert_eq!(packed.commit.as_ref().map(String::len), Some(7));
}

#[test]
fn staged_packs_the_index() {
    let folder = repository();
    fs::write(folder.path().join("new.py"), "2").unwrap();
    git(folder.path(), &["add", "new.py"]);
    let packed = pack(folder.path(), Choice::Staged).unwrap();
    assert_eq!(names(&packed), ["app.py", "new.py"]);
    assert!(packed.warnings.is_empty(), "{:?}", packed.warnings);
}

#[test]
fn with_ebignore_the_folder_is_packed_as_it_is() {
    let folder = repository();
    fs::write(folder.path().join("new.py"), "2").unwrap();
    fs::write(folder.path().join("secret.txt"), "2").unwrap();
    fs::write(folder.path().join(".gitignore"), "new.py").unwrap();
    fs::write(folder.path().join(".ebignore"), "secret.*").unwrap();
    let packed = pack(folder.path(), Choice::Default).unwrap();
    assert_eq!(names(&packed), [".gitignore", "app.py", "new.py"]);
    assert!(packed.commit.is_some());
}

#[test]
fn a_project_below_the_top_of_a_repository_is_packed_alone() {
    let folder = repository();
    let below = folder.path().join("services/web");
    fs::create_dir_all(&below).unwrap();
    fs::write(below.join("web.js"), "1").unwrap();
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "Web"]);
    assert_eq!(names(&pack(&below, Choice::Default).unwrap()), ["web.js"]);
    assert_eq!(names(&pack(&below, Choice::Staged).unwrap()), ["web.js"]);
}

#[test]
fn submodules_come_along() {
    let library = repository();
    let folder = repository();
    let from = library.path().to_str().unwrap();
    git(
        folder.path(),
        &["submodule", "--quiet", "add", from, "vendor/lib"],
    );
    git(folder.path(), &["commit", "-qm", "Library"]);
    let packed = pack(folder.path(), Choice::Default).unwrap();
    assert_eq!(names(&packed), [".gitmodules", "app.py", "vendor/lib/app.py"]);
}

#[test]
fn without_git_the_folder_is_packed_and_gitignore_still_counts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "1").unwrap();
    fs::write(folder.path().join("b"), "1").unwrap();
    assert_eq!(names(&pack(folder.path(), Choice::Default).unwrap()), ["a", "b"]);
    fs::write(folder.path().join(".gitignore"), "b").unwrap();
    let packed = pack(folder.path(), Choice::Default).unwrap();
    assert_eq!(names(&packed), [".gitignore", "a"]);
    assert!(matches!(
        pack(folder.path(), Choice::Staged),
        Err(SourceError::NothingStaged { .. })
    ));
}

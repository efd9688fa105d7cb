//! Other people's clients, from PyPI and npm, installed once for each list of exact versions.
//!
//! They are kept beside the build. Invariant: a folder with the file `complete` holds all of its list.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sha2::{Digest, Sha256};

use crate::world::programs;

/// The `bin` folder of a virtual environment with these requirements, pip's `requirements.txt`.
pub async fn python(requirements: &'static str) -> PathBuf {
    let install = move |folder: &Path| {
        fs::write(folder.join("requirements.txt"), requirements).expect("a folder of ours");
        run(folder, &["python3", "-m", "venv", "."]);
        let pip = [
            "-q",
            "--no-input",
            "--disable-pip-version-check",
            "--prefer-binary",
        ];
        let words = [&["bin/pip", "install"], &pip[..], &["-r", "requirements.txt"]].concat();
        run(folder, &words);
    };
    installed("python", &[requirements], install).await.join("bin")
}

/// A folder with `node_modules` as `package.json` and `package-lock.json` say.
pub async fn node(package: &'static str, lock: &'static str) -> PathBuf {
    let install = move |folder: &Path| {
        fs::write(folder.join("package.json"), package).expect("a folder of ours");
        fs::write(folder.join("package-lock.json"), lock).expect("a folder of ours");
        run(
            folder,
            &[
                "npm",
                "ci",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
            ],
        );
    };
    installed("node", &[package, lock], install).await
}

async fn installed(
    kind: &'static str,
    lists: &[&str],
    install: impl FnOnce(&Path) + Send + 'static,
) -> PathBuf {
    let mut hash = Sha256::new();
    lists.iter().for_each(|list| hash.update(list));
    let name = format!("{kind}-{}", hex::encode(&hash.finalize()[..8]));
    let work = move || {
        let programs = programs();
        let all = programs.parent().unwrap_or(&programs).join("test-packages");
        fs::create_dir_all(&all).expect("a folder beside the build");
        // Whoever comes second finds everything there.
        let lock = File::create(all.join(format!("{name}.lock"))).expect("a lock");
        lock.lock().expect("the lock");
        let folder = all.join(name);
        let complete = folder.join("complete");
        if !complete.exists() {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).expect("a folder of ours");
            install(&folder);
            File::create(complete).expect("a folder of ours");
        }
        folder
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.expect("the packages are installed: scripts/install test brings what that needs")
}

fn run(folder: &Path, words: &[&str]) {
    let status = Command::new(words[0])
        .args(&words[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{words:?}: {status:?}"
    );
}

//! The plain Debian that the base image stands on: pulled where a registry answers, else put together
//! from Debian's packages on this host and imported.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use beanpole_platforms::images::{SEED_PULL, SUITE, Sources, seed_tag};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};
use tokio_util::io::ReaderStream;

use super::Progress;
use crate::{
    docker::{DockerError, Engine},
    labels,
};

/// Why there is no Debian to start from.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error(transparent)]
    Docker(#[from] DockerError),
    #[error(
        "no registry gave {}:{} ({pull}), and the program debootstrap is not installed: install Debian's package debootstrap, or make a registry reachable",
        SEED_PULL.0, SEED_PULL.1
    )]
    NoDebootstrap { pull: String },
    #[error(
        "no registry gave {}:{} ({pull}), and debootstrap, which would make it from Debian's packages, needs root: run `beanpole-agent images` as root once, or make a registry reachable",
        SEED_PULL.0, SEED_PULL.1
    )]
    NotRoot { pull: String },
    #[error("the base image {image}, which --base-image names, cannot be pulled: {source}")]
    NotPulled { image: String, source: DockerError },
    #[error("debootstrap failed; its last words: {tail}")]
    Debootstrap { tail: String },
    #[error("tar failed: {tail}")]
    Tar { tail: String },
    #[error("cannot prepare a Debian root in {}: {source}", path.display())]
    Disk { path: PathBuf, source: io::Error },
}

/// Packages and lists that only take room in an image, below the root.
const CLEARED: [&str; 5] = [
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/man",
    "usr/share/locale",
    "var/log",
];

/// Makes the seed image unless it is here.
pub async fn ensure(
    engine: &Engine,
    sources: &Sources,
    folder: &Path,
    progress: Progress<'_>,
) -> Result<(), SeedError> {
    let seed = seed_tag(sources);
    if engine.has_image(&seed).await? {
        return Ok(());
    }
    let pulled = match &sources.base_image {
        Some(name) => name.clone(),
        None => format!("{}:{}", SEED_PULL.0, SEED_PULL.1),
    };
    // An image of that name may be our own base, tagged for users' Dockerfiles: never build on that.
    progress(format!("pulling {pulled}"));
    match engine.pull(&pulled, &mut *progress).await {
        Ok(()) => return Ok(engine.tag(&pulled, &seed).await?),
        Err(error) if error.is_unreachable() => Err(error.into()),
        // Who names one wants that one.
        Err(source) if sources.base_image.is_some() => Err(SeedError::NotPulled {
            image: pulled,
            source,
        }),
        Err(error) => {
            progress(format!("{error}; building it from Debian's packages instead"));
            bootstrap(engine, sources, folder, error.to_string(), progress).await
        }
    }
}

async fn bootstrap(
    engine: &Engine,
    sources: &Sources,
    folder: &Path,
    pull: String,
    progress: Progress<'_>,
) -> Result<(), SeedError> {
    if !rustix::process::geteuid().is_root() {
        return Err(SeedError::NotRoot { pull });
    }
    let disk = |source| SeedError::Disk {
        path: folder.to_owned(),
        source,
    };
    let root = tempfile::Builder::new()
        .prefix("debian-")
        .tempdir_in(folder)
        .map_err(disk)?;
    let mut command = Command::new("debootstrap");
    command
        .args(["--variant=minbase", "--include=ca-certificates", SUITE])
        .arg(root.path())
        // Without one, debootstrap knows where Debian is.
        .args(&sources.mirror)
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SeedError::NoDebootstrap { pull },
        _ => SeedError::Disk {
            path: "debootstrap".into(),
            source,
        },
    })?;
    let mut tail = String::new();
    if let Some(output) = child.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await.map_err(disk)? {
            tail = format!("{} / {line}", tail.rsplit(" / ").next().unwrap_or_default());
            progress(line);
        }
    }
    if !child.wait().await.map_err(disk)?.success() {
        return Err(SeedError::Debootstrap { tail });
    }
    let path = root.path().to_owned();
    let cleared = tokio::task::spawn_blocking(move || clear(&path)).await;
    cleared
        .map_err(|stopped| disk(io::Error::other(stopped)))?
        .map_err(disk)?;
    progress("importing the Debian root".to_owned());
    import(engine, &seed_tag(sources), root.path()).await
}

/// Empties what images need not carry; licences stay.
fn clear(root: &Path) -> io::Result<()> {
    for folder in CLEARED {
        let path = root.join(folder);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
            std::fs::create_dir_all(&path)?;
        }
    }
    // apt and dpkg expect these to be there.
    for folder in [
        "var/cache/apt/archives/partial",
        "var/lib/apt/lists/partial",
        "var/log/apt",
    ] {
        std::fs::create_dir_all(root.join(folder))?;
    }
    for package in std::fs::read_dir(root.join("usr/share/doc"))? {
        let package = package?;
        if !package.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(package.path())? {
            let file = file?;
            match file.file_type()? {
                kind if kind.is_dir() => std::fs::remove_dir_all(file.path())?,
                _ if file.file_name() != "copyright" => std::fs::remove_file(file.path())?,
                _ => {}
            }
        }
    }
    Ok(())
}

async fn import(engine: &Engine, seed: &str, root: &Path) -> Result<(), SeedError> {
    let disk = |source| SeedError::Disk {
        path: root.to_owned(),
        source,
    };
    let mut tar = Command::new("tar")
        .args([
            "--numeric-owner",
            "--one-file-system",
            "--exclude=./proc/*",
            "--exclude=./sys/*",
            "-C",
        ])
        .arg(root)
        .args(["-c", "."])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(disk)?;
    let (Some(stdout), Some(mut stderr)) = (tar.stdout.take(), tar.stderr.take()) else {
        return Err(disk(io::Error::other("tar has no output")));
    };
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        let _ = (&mut stderr).take(4096).read_to_string(&mut text).await;
        text
    });
    let changes = vec![
        format!("LABEL {}=seed", labels::ROLE),
        "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        "CMD [\"bash\"]".to_owned(),
    ];
    let imported = engine
        .import(seed, changes, ReaderStream::with_capacity(stdout, 128 * 1024))
        .await;
    let ended = tar.wait().await.map_err(disk)?;
    let tail = complaints.await.unwrap_or_default();
    imported?;
    if ended.success() {
        return Ok(());
    }
    // What was imported is not whole.
    engine.remove_image(seed).await?;
    Err(SeedError::Tar { tail })
}

//! Wires the agent together: from options to running tasks, and down again.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use beanpole_platforms::images::Sources;
use beanpole_protocol::agent::HostFacts;
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    apply::Hands,
    build::version::Workshop,
    cli::{HostOptions, ImagesOptions, RunOptions},
    docker::{Engine, build::BuildBounds},
    door::{Door, Upstream},
    edge,
    images::{
        Images,
        mirror::{self, Mirror},
        read_authorities,
    },
    keeper::{Inlets, Keeper, Outlets, Tools},
    ledger::{Ledger, Memory},
    link::{self, Link},
    observe::Observer,
};

/// Serves the server until `stop`. Containers go on after that.
pub async fn run(options: RunOptions, stop: CancellationToken) -> anyhow::Result<()> {
    let ledger = Ledger::open(&options.host.data)?;
    let link = Link::new(&options.server, None)?;
    let upstream = Upstream::of(&options.server)?;
    let name = options.name.clone().unwrap_or_else(host_name);
    let token_file = options.join_token_file.as_deref();
    let joined = tokio::select! {
        joined = link::join::credential(&ledger, &link, token_file, &name) => joined?,
        () = stop.cancelled() => return Ok(()),
    };
    let link = link.with_credential(joined.credential.clone());
    let engine = tokio::select! {
        engine = connect(&options.host.docker) => engine,
        () = stop.cancelled() => return Ok(()),
    };
    let host = joined.host;
    let docker = engine.facts().await?;
    let facts = docker.host;
    tracing::info!(
        host.id = %host,
        docker.version = %facts.docker_version,
        server = %options.server,
        "the agent is up"
    );
    if !docker.outlived_by_containers {
        tracing::warn!(
            "applications end when Docker's daemon does: put \"live-restore\": true into /etc/docker/daemon.json"
        );
    }
    let images = Arc::new(images(&engine, &facts, &options.host, &ledger)?);
    let workshop = Arc::new(Workshop {
        engine: engine.clone(),
        link: link.clone(),
        images,
        host: host.clone(),
        folder: temporary(&ledger)?,
    });
    let desired = ledger.desired()?;
    let memory = ledger.memory()?;

    let (seen_in, seen) = mpsc::channel(16);
    let (desired_in, desired_out) = mpsc::channel(4);
    let (edge_in, edge_out) = mpsc::channel(4);
    let (report, reports) = watch::channel(None);
    let (awaited, awaited_out) = watch::channel(edge::Awaited::default());
    let (kept, to_keep) = watch::channel(memory.clone());

    let (door, _door) = Door::open(engine.clone(), &ledger, upstream)?;
    let observer = Observer::start(engine.clone(), host.clone(), seen_in);
    let known = desired.as_ref().map_or(0, |desired| desired.generation);
    let tools = Tools {
        hands: Hands {
            engine,
            host,
            eyes: observer.eyes(),
            publish: options.advertise.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            door,
        },
        workshop,
        link: link.clone(),
        docker_root: docker.root.map(Into::into),
    };
    let routes = options
        .routes
        .clone()
        .unwrap_or_else(|| ledger.path("routes.json"));
    let outlets = Outlets {
        report,
        memory: kept,
        awaited,
        routes,
    };
    let keeper = Keeper::resume(tools, outlets, facts, desired, memory);

    let _following = link::desired::follow(link.clone(), ledger.clone(), known, desired_in);
    let _reporting = link::report::follow(link, reports);
    let _edge = options
        .edge_admin
        .clone()
        .map(|socket| edge::follow(socket, awaited_out, edge_in));
    let remembering = remember(ledger, to_keep);
    keeper
        .run(
            Inlets {
                desired: desired_out,
                seen,
                edge: edge_out,
            },
            stop,
        )
        .await;
    // The keeper is gone and with it the sender: what it knew last is written, then this ends.
    let _ = tokio::time::timeout(Duration::from_secs(5), remembering).await;
    tracing::info!("the agent stops; applications go on");
    Ok(())
}

/// Makes images ahead of time, a line of progress each.
pub async fn make_images(options: ImagesOptions) -> anyhow::Result<()> {
    let ledger = Ledger::open(&options.host.data)?;
    let engine = Engine::connect(&options.host.docker).await?;
    let facts = engine.facts().await?.host;
    let images = images(&engine, &facts, &options.host, &ledger)?;
    let platforms = match options.platforms.as_slice() {
        [] => beanpole_protocol::Platform::ALL.to_vec(),
        some => some.to_vec(),
    };
    for platform in platforms {
        let made = images.platform(platform, &mut |line| println!("{line}")).await?;
        println!("{platform}: {}", made.runtime);
    }
    Ok(())
}

fn images(
    engine: &Engine,
    facts: &HostFacts,
    options: &HostOptions,
    ledger: &Ledger,
) -> anyhow::Result<Images> {
    let host = match options.debian_mirror {
        Some(_) => Mirror::default(),
        None => mirror::of_host(Path::new("/etc/apt")),
    };
    let sources = Sources {
        base_image: options.base_image.clone(),
        mirror: options.debian_mirror.clone().or(host.main),
        security_mirror: options.debian_security_mirror.clone().or(host.security),
        authorities: read_authorities(&options.ca_dir)?,
    };
    let bounds = BuildBounds::for_host(facts.cpus, facts.memory_bytes);
    let folder = temporary(ledger)?;
    Ok(Images::new(
        engine.clone(),
        sources,
        init(options)?,
        bounds,
        &folder,
        ledger.clone(),
    ))
}

/// The program that becomes the first process of instances.
fn init(options: &HostOptions) -> anyhow::Result<Arc<[u8]>> {
    let path = match &options.instance_init {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("beanpole-instance-init"),
    };
    let bytes = std::fs::read(&path).with_context(|| {
        format!(
            "cannot read {}, the program that instances run first: the programs of Beanpole belong in one folder",
            path.display()
        )
    })?;
    Ok(bytes.into())
}

/// The folder for temporary files, emptied of what an earlier process left.
fn temporary(ledger: &Ledger) -> std::io::Result<std::path::PathBuf> {
    let folder = ledger.path("tmp");
    std::fs::create_dir_all(&folder)?;
    for entry in std::fs::read_dir(&folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let age = entry
            .metadata()
            .and_then(|m| m.modified())
            .ok()
            .and_then(|at| at.elapsed().ok());
        if age.is_none_or(|age| age < Duration::from_secs(3600)) {
            continue;
        }
        if ["bundle-", "context-"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            std::fs::remove_file(entry.path())?;
        } else if name.starts_with("debian-") {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(folder)
}

async fn connect(socket: &Path) -> Engine {
    let mut was_told = false;
    loop {
        match Engine::connect(socket).await {
            Ok(engine) => return engine,
            Err(error) => {
                if !std::mem::replace(&mut was_told, true) {
                    tracing::warn!(error = %error, "waiting for docker");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Writes the newest memory to the ledger; ends when nobody can change it any more.
fn remember(ledger: Ledger, mut memory: watch::Receiver<Memory>) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        while memory.changed().await.is_ok() {
            let (ledger, newest) = (ledger.clone(), memory.borrow_and_update().clone());
            let written = tokio::task::spawn_blocking(move || ledger.keep_memory(&newest)).await;
            if let Ok(Err(error)) = written {
                tracing::error!(error = %error, "what is known of instances cannot be kept on disk");
            }
        }
    }))
}

fn host_name() -> String {
    match std::fs::read_to_string("/proc/sys/kernel/hostname") {
        Ok(name) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => "host".to_owned(),
    }
}

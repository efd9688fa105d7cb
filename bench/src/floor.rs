//! The floor of a deploy: the fewest Docker calls that replace a version, timed.

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use bollard::{
    Docker, body_full,
    models::{ContainerCreateBody, HostConfig, PortBinding},
    query_parameters::{
        BuildImageOptionsBuilder, BuilderVersion, CreateContainerOptions, RemoveContainerOptionsBuilder,
        StopContainerOptionsBuilder,
    },
};
use futures_util::{StreamExt, future::try_join_all};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Where the time of one replacement went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Floor {
    pub build: Duration,
    /// Stopping and removing the old containers.
    pub stop: Duration,
    /// From creating the new ones until each has answered 200.
    pub boot: Duration,
}

impl Floor {
    pub fn total(&self) -> Duration {
        self.build + self.stop + self.boot
    }
}

/// Bare Docker, and the containers of the version that runs now.
pub struct Bare {
    docker: Docker,
    running: Vec<String>,
}

const TAG: &str = "beanpole-bench/floor:now";

impl Bare {
    pub async fn connect() -> anyhow::Result<Self> {
        let docker = Docker::connect_with_socket_defaults()?
            .negotiate_version()
            .await?;
        Ok(Self {
            docker,
            running: Vec::new(),
        })
    }

    /// Builds `files` and replaces what runs with `instances` containers of it.
    pub async fn replace(
        &mut self,
        files: &[(&str, String)],
        port: u16,
        instances: usize,
    ) -> anyhow::Result<Floor> {
        let began = Instant::now();
        self.build(files).await?;
        let built = Instant::now();
        try_join_all(self.running.drain(..).map(|id| stop(&self.docker, id))).await?;
        let stopped = Instant::now();
        self.running = try_join_all((0..instances).map(|_| start(&self.docker, port))).await?;
        Ok(Floor {
            build: built - began,
            stop: stopped - built,
            boot: stopped.elapsed(),
        })
    }

    pub async fn clean(&mut self) -> anyhow::Result<()> {
        try_join_all(self.running.drain(..).map(|id| stop(&self.docker, id))).await?;
        Ok(())
    }

    async fn build(&self, files: &[(&str, String)]) -> anyhow::Result<()> {
        let mut context = tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            context.append_data(&mut header, name, content.as_bytes())?;
        }
        let options = BuildImageOptionsBuilder::default()
            .t(TAG)
            .rm(true)
            .forcerm(true)
            .version(BuilderVersion::BuilderV1);
        let mut stream = self.docker.build_image(
            options.build(),
            None,
            Some(body_full(context.into_inner()?.into())),
        );
        while let Some(step) = stream.next().await {
            step.context("the floor's image does not build")?;
        }
        Ok(())
    }
}

async fn stop(docker: &Docker, id: String) -> anyhow::Result<()> {
    docker
        .stop_container(&id, Some(StopContainerOptionsBuilder::default().t(10).build()))
        .await?;
    docker
        .remove_container(
            &id,
            Some(RemoveContainerOptionsBuilder::default().force(true).build()),
        )
        .await?;
    Ok(())
}

/// One container, created, started and waited for until it answers 200.
async fn start(docker: &Docker, port: u16) -> anyhow::Result<String> {
    let key = format!("{port}/tcp");
    let binding = PortBinding {
        host_ip: Some("127.0.0.1".to_owned()),
        host_port: Some(String::new()),
    };
    let body = ContainerCreateBody {
        image: Some(TAG.to_owned()),
        env: Some(vec![format!("PORT={port}")]),
        exposed_ports: Some(vec![key.clone()]),
        host_config: Some(HostConfig {
            init: Some(true),
            port_bindings: Some(HashMap::from([(key.clone(), Some(vec![binding]))])),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let id = docker
        .create_container(None::<CreateContainerOptions>, body)
        .await?
        .id;
    docker.start_container(&id, None).await?;
    let details = docker.inspect_container(&id, None).await?;
    let published = details
        .network_settings
        .and_then(|network| network.ports)
        .and_then(|mut ports| ports.remove(&key).flatten())
        .and_then(|bindings| bindings.into_iter().next()?.host_port?.parse::<u16>().ok())
        .context("the container has no published port")?;
    let address = SocketAddr::from(([127, 0, 0, 1], published));
    let started = Instant::now();
    while !answers_200(address).await {
        if started.elapsed() > Duration::from_secs(60) {
            bail!("the floor's container does not answer on {address}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(id)
}

async fn answers_200(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: floor\r\nconnection: close\r\n\r\n")
            .await?;
        let mut answer = [0u8; 12];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(&answer[9..12] == b"200")
    };
    ask.await.unwrap_or(false)
}

//! One image build, with its output as lines.
//!
//! The classic builder is the rule, because only its containers take bounds on CPU and memory;
//! BuildKit inside the daemon is for Dockerfiles that need it, and there only one build at a time
//! (which the caller sees to) keeps running applications from starving.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use bollard::{
    body_try_stream,
    models::{BuildInfo, BuildInfoAux},
    query_parameters::{BuildImageOptions, BuilderVersion},
};
use futures_util::{StreamExt, TryStreamExt};
use tokio_util::io::ReaderStream;

use super::{DockerError, Doing, Engine, Result};

/// What a build may take from the host while applications run on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildBounds {
    /// Thousandths of a CPU.
    pub cpu_millis: u32,
    /// Weight against other containers, which have 1024.
    pub cpu_shares: u32,
    pub memory_bytes: u64,
}

impl BuildBounds {
    /// Three quarters of the CPUs at an eighth of an application's weight, and a quarter of the
    /// memory between 1 and 2 GiB (the API takes no more than 2^31 - 1).
    pub fn for_host(cpus: u32, memory_bytes: u64) -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            cpu_millis: (cpus.max(1) * 750).max(500),
            cpu_shares: 128,
            memory_bytes: (memory_bytes / 4).clamp(GIB, 2 * GIB - 1),
        }
    }
}

/// One build. The context is a tar file on disk whose first header is no PAX header.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    pub context: PathBuf,
    /// Path of the Dockerfile inside the context.
    pub dockerfile: String,
    /// The stage that is built; none: the last.
    pub target: Option<String>,
    pub tag: String,
    pub labels: HashMap<String, String>,
    pub arguments: HashMap<String, String>,
    pub bounds: BuildBounds,
    pub builder: Builder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    Classic,
    BuildKit,
}

/// Why an image was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildFailure {
    #[error("the build's files cannot be read: {0}")]
    Context(#[from] std::io::Error),
    #[error(transparent)]
    Docker(#[from] DockerError),
}

impl Engine {
    /// Builds; each line of output goes to `line`, and into `stages` the id of the image that each
    /// finished stage ends with, the last of a build that succeeds being the image itself. BuildKit
    /// tells only that one.
    pub async fn build(
        &self,
        request: &BuildRequest,
        line: &mut (dyn FnMut(String) + Send),
        stages: &mut Vec<String>,
    ) -> Result<(), BuildFailure> {
        let file = tokio::fs::File::open(&request.context).await?;
        let context = ReaderStream::with_capacity(file, 128 * 1024).map_err(std::io::Error::other);
        // Until the first byte of its answer the Engine reads the whole context.
        let api = self.patient(Duration::from_secs(3600));
        let mut steps =
            std::pin::pin!(api.build_image(options(request), None, Some(body_try_stream(context))));
        let mut lines = Lines::default();
        while let Some(step) = steps.next().await {
            let step = step.doing("building the image")?;
            if let Some(BuildInfoAux::Default(image)) = &step.aux {
                stages.extend(image.id.clone());
            }
            lines.take(step, line);
        }
        lines.finish(line);
        Ok(())
    }
}

fn options(request: &BuildRequest) -> BuildImageOptions {
    let whole = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
    let memory = whole(request.bounds.memory_bytes);
    let period = 100_000u32;
    let mut options = BuildImageOptions {
        dockerfile: request.dockerfile.clone(),
        t: Some(request.tag.clone()),
        target: request.target.clone().unwrap_or_default(),
        rm: true,
        forcerm: true,
        labels: Some(request.labels.clone()).filter(|labels| !labels.is_empty()),
        buildargs: Some(request.arguments.clone()),
        memory: Some(memory),
        memswap: Some(memory),
        cpushares: Some(whole(u64::from(request.bounds.cpu_shares))),
        cpuperiod: Some(whole(u64::from(period))),
        cpuquota: Some(whole(
            u64::from(period) * u64::from(request.bounds.cpu_millis) / 1000,
        )),
        ..Default::default()
    };
    if request.builder == Builder::BuildKit {
        options.version = BuilderVersion::BuilderBuildKit;
        options.session = Some(format!("beanpole-{:016x}", rand::random::<u64>()));
    }
    options
}

/// Puts lines together from the pieces that builders send.
#[derive(Default)]
struct Lines {
    open: String,
}

impl Lines {
    fn take(&mut self, step: BuildInfo, line: &mut (dyn FnMut(String) + Send)) {
        if let Some(text) = step.stream {
            self.text(&text, line);
        }
        if let Some(BuildInfoAux::BuildKit(status)) = step.aux {
            for vertex in status.vertexes {
                if vertex.started.is_some() && vertex.completed.is_none() {
                    line(vertex.name);
                } else if !vertex.error.is_empty() {
                    line(vertex.error);
                }
            }
            for log in status.logs {
                self.text(&String::from_utf8_lossy(&log.msg), line);
            }
        }
    }

    fn text(&mut self, text: &str, line: &mut (dyn FnMut(String) + Send)) {
        self.open.push_str(text);
        while let Some(end) = self.open.find('\n') {
            let whole: String = self.open.drain(..=end).collect();
            // A carriage return redraws a progress bar: only what stands at the end is worth keeping.
            let shown = whole.trim_end().rsplit('\r').next().unwrap_or_default();
            if !shown.trim().is_empty() {
                line(shown.to_owned());
            }
        }
        if self.open.len() > 64 * 1024 {
            line(std::mem::take(&mut self.open));
        }
    }

    fn finish(mut self, line: &mut (dyn FnMut(String) + Send)) {
        if !self.open.trim().is_empty() {
            line(std::mem::take(&mut self.open));
        }
    }
}

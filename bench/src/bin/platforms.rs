//! What a build of each platform's example takes, cold and after a change of source alone, and how large
//! images are. The floor is Docker alone: the source copied, and the application's own build step.

use std::{fs, path::Path, process::Command, time::Instant};

use anyhow::{Context, ensure};
use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{
    World, bundle,
    world::{docker, options},
};
use clap::Parser;
use serde_json::json;

#[derive(Parser)]
#[command(about = "Build times and image sizes of every platform")]
struct Arguments {
    /// Rounds of warm builds; medians are printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only these platforms
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    #[arg(long)]
    json: bool,
}

/// One platform's example.
struct Example {
    platform: &'static str,
    /// Dependencies are installed by it; a comment in it makes a build a cold one.
    manifest: &'static str,
    source: &'static str,
    /// How a line of either is turned into a comment.
    comment: (&'static str, &'static str),
    /// The application's own build step, in the platform's builder image.
    step: Option<&'static str>,
}

const fn example(
    platform: &'static str,
    manifest: &'static str,
    source: &'static str,
    comment: (&'static str, &'static str),
    step: Option<&'static str>,
) -> Example {
    Example {
        platform,
        manifest,
        source,
        comment,
        step,
    }
}

const XML: (&str, &str) = ("<!-- ", " -->");
const HASH: (&str, &str) = ("# ", "");
const SLASHES: (&str, &str) = ("// ", "");

#[rustfmt::skip]
const EXAMPLES: [Example; 8] = [
    example("dotnet", "dotnet-hello.csproj", "Program.cs", SLASHES, Some("dotnet publish -c Release -o /out")),
    example("go", "go.mod", "application.go", SLASHES, Some("go build -o bin/application .")),
    example("java", "pom.xml", "src/main/java/hello/Application.java", SLASHES, Some("/opt/beanpole/build-maven")),
    example("nodejs", "package.json", "server.js", SLASHES, None),
    example("php", "index.php", "index.php", SLASHES, None),
    example("python", "requirements.txt", "application.py", HASH, None),
    example("ruby", "Gemfile", "config.ru", HASH, None),
    example("tomcat", "WEB-INF/web.xml", "index.jsp", ("<%-- ", " --%>"), None),
];

type Files = Vec<(String, String)>;

fn read(platform: &str) -> anyhow::Result<Files> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(format!("{platform}-hello"));
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(&root)?.to_string_lossy().into_owned();
                files.push((inside, fs::read_to_string(&path)?));
            }
        }
    }
    Ok(files)
}

/// The files with another comment at the end of one of them; JSON has none, so that gets a space more.
fn touched(files: &Files, path: &str, comment: (&str, &str), mark: &str) -> Files {
    let mut files = files.clone();
    for (name, text) in &mut files {
        if name == path {
            let (open, close) = match name.rsplit('.').next() {
                Some("xml" | "csproj") => XML,
                _ => comment,
            };
            match name.ends_with(".json") {
                true => *text = text.replacen('{', &format!("{{ \"x-{mark}\": 1,"), 1),
                false => text.push_str(&format!("\n{open}{mark}{close}\n")),
            }
        }
    }
    files
}

fn zip(files: &Files) -> Vec<u8> {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    bundle::zip(&files)
}

fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds that Docker alone takes for the source and the application's own step.
fn floor(example: &Example, files: &Files, images: (&str, &str)) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    for (path, text) in files {
        let path = folder.path().join("source").join(path);
        fs::create_dir_all(path.parent().context("a parent")?)?;
        fs::write(path, text)?;
    }
    let dockerfile = match example.step {
        Some(step) => format!(
            "FROM {} AS build\nWORKDIR /var/app/current\nCOPY source/ ./\nRUN {step}\nFROM {}\nCOPY --from=build /var/app/current /var/app/current\n",
            images.1, images.0
        ),
        None => format!("FROM {}\nCOPY source/ ./\n", images.0),
    };
    fs::write(folder.path().join("Dockerfile"), dockerfile)?;
    let began = Instant::now();
    let built = Command::new("docker")
        .args(["build", "-q", "-t", "beanpole-bench-floor"])
        .arg(folder.path())
        .env("DOCKER_BUILDKIT", "0")
        .output()?;
    ensure!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(u64::try_from(began.elapsed().as_millis())?)
}

fn megabytes(image: &str) -> u64 {
    let size = docker(&["image", "inspect", "--format", "{{.Size}}", image]);
    size.trim().parse::<u64>().unwrap_or(0) / 1_000_000
}

/// The newest image of a repository of ours.
fn newest(repository: &str) -> Option<String> {
    let named = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}", repository]);
    named.lines().next().map(str::to_owned)
}

/// Milliseconds of the version's build, and its image's name.
async fn built(world: &World, name: &str, label: &str) -> anyhow::Result<(u64, String)> {
    let version = world.client.version(name, label).await?;
    let build = version.builds.first().context("a build")?;
    Ok((
        build.duration_ms.unwrap_or(0),
        format!("beanpole/app:{}", version.id),
    ))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let world = World::start("bench-platforms").await;
    let run = std::process::id();
    let mut rows = Vec::new();
    for example in &EXAMPLES {
        let name = example.platform;
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| only == name) {
            continue;
        }
        let files = touched(
            &read(name)?,
            example.manifest,
            example.comment,
            &format!("cold{run}"),
        );
        let environment = &format!("bench-{name}");
        let launched = world
            .launch(environment, zip(&files), options(1, DeploymentPolicy::AllAtOnce))
            .await;
        ensure!(
            launched.status == DeploymentStatus::Succeeded,
            "{name}: {:?}",
            launched.reason
        );
        let (cold, image) = built(&world, environment, "v1").await?;
        let platform = newest(&format!("beanpole/{name}")).unwrap_or_default();
        let builder = newest(&format!("beanpole/{name}-builder")).unwrap_or_else(|| platform.clone());
        let (mut warm, mut bare) = (Vec::new(), Vec::new());
        for round in 0..arguments.rounds {
            let mark = format!("warm{run}n{round}");
            let changed = touched(&files, example.source, example.comment, &mark);
            let label = format!("w{round}");
            world.upload(environment, &label, zip(&changed)).await;
            let deployment = world.deploy(environment, &label, None).await;
            let deployed = world.result(&deployment).await;
            ensure!(
                deployed.status == DeploymentStatus::Succeeded,
                "{name}: {:?}",
                deployed.reason
            );
            warm.push(built(&world, environment, &label).await?.0);
            let again = touched(&files, example.source, example.comment, &format!("{mark}bare"));
            bare.push(floor(example, &again, (&platform, &builder))?);
        }
        let (warm, bare) = (median(warm), median(bare));
        rows.push((name, cold, warm, bare, megabytes(&platform), megabytes(&image)));
        world.client.terminate_environment(environment).await?;
    }
    docker(&["rmi", "beanpole-bench-floor"]);
    if arguments.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, cold, warm, bare, platform, image)| {
                json!({"platform": name, "cold_ms": cold, "warm_ms": warm, "floor_ms": bare,
                    "platform_image_mb": platform, "image_mb": image})
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    println!(
        "| platform | cold build s | warm build s | Docker alone s | warm / Docker | platform image MB | application image MB |"
    );
    println!("|---|---|---|---|---|---|---|");
    let seconds = |millis: u64| millis as f64 / 1000.0;
    for (name, cold, warm, bare, platform, image) in rows {
        println!(
            "| {name} | {:.1} | {:.2} | {:.2} | {:.2} | {platform} | {image} |",
            seconds(cold),
            seconds(warm),
            seconds(bare),
            warm as f64 / bare.max(1) as f64
        );
    }
    Ok(())
}

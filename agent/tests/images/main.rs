//! Where Beanpole's own images come from on real Docker, and when they go.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod registry;

use std::path::Path;

use beanpole_agent::{
    docker::{Engine, build::BuildBounds},
    images::{Images, mirror},
    ledger::Ledger,
};
use beanpole_platforms::images::Sources;
use futures_util::TryStreamExt;
use registry::Registry;

const DOCKER: &str = "/var/run/docker.sock";

/// This host's sources, as the agent finds them, starting from another image.
fn sources(base_image: Option<String>) -> Sources {
    let host = mirror::of_host(Path::new("/etc/apt"));
    Sources {
        base_image,
        mirror: host.main,
        security_mirror: host.security,
        authorities: beanpole_agent::images::read_authorities(Path::new("/usr/local/share/ca-certificates"))
            .unwrap(),
    }
}

/// An installation's own part of a host.
struct Host {
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Host {
    async fn new() -> Self {
        Self {
            engine: Engine::connect(Path::new(DOCKER)).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(self.folder.path()).unwrap()
    }

    fn images(&self, sources: Sources) -> Images {
        let bounds = BuildBounds::for_host(2, 4 << 30);
        Images::new(
            self.engine.clone(),
            sources,
            b"no instance is started here".as_slice().into(),
            bounds,
            self.folder.path(),
            self.ledger(),
        )
    }

    async fn id(&self, tag: &str) -> Option<String> {
        Some(self.engine.layers(tag).await.unwrap()?.id)
    }
}

/// An image as `docker save` writes it.
async fn saved(tag: &str) -> Vec<u8> {
    let docker = bollard::Docker::connect_with_unix(DOCKER, 120, bollard::API_DEFAULT_VERSION).unwrap();
    let pieces: Vec<_> = docker.export_image(tag).try_collect().await.unwrap();
    pieces.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_base_image_is_pulled_from_the_registry_that_an_option_names_and_collected_with_it() {
    let host = Host::new().await;
    let silent = &mut |_| {};
    let plain = host.images(sources(None));
    let debian = plain.seed(silent).await.unwrap();
    plain.base(silent).await.unwrap();
    let registry = Registry::start(&saved(&debian).await, "debian:bookworm-slim").await;

    // It is pulled, and what ours stand on is what the registry has.
    let mut other = sources(Some(registry.image.clone()));
    // Said differently, the same place makes another image: the one there is cannot be found again.
    let mirror = other.mirror.unwrap_or("http://deb.debian.org/debian".to_owned());
    other.mirror = Some(format!("{mirror}/"));
    let named = host.images(other);
    let base = named.base(silent).await.unwrap();
    let seed = named.seed(silent).await.unwrap();
    assert_ne!(seed, debian);
    assert_eq!(host.id(&seed).await, host.id(&debian).await);
    let asked = registry.asked();
    assert!(
        asked
            .iter()
            .any(|path| path == "/v2/debian/manifests/bookworm-slim"),
        "{asked:?}"
    );
    let (seeded, based) = (
        host.engine.layers(&seed).await.unwrap().unwrap(),
        host.engine.layers(&base).await.unwrap().unwrap(),
    );
    assert!(based.holds(&seeded));

    // While somebody's image stands on it, it stays, whoever has another configuration by now.
    let child = format!("beanpole/app:{}", beanpole_protocol::VersionId::random());
    child_of(&host, &base, &child).await;
    assert_eq!(
        plain.collect().await.unwrap(),
        std::slice::from_ref(&seed),
        "a second name of {debian}"
    );
    assert!(host.id(&base).await.is_some());
    assert!(host.engine.remove_image(&child).await.unwrap());
    assert_eq!(plain.collect().await.unwrap(), std::slice::from_ref(&base));
    assert_eq!(host.id(&base).await, None);
    assert!(host.id(&debian).await.is_some(), "what is in use stays");
    assert!(host.engine.remove_image(&registry.image).await.unwrap());
}

/// An image of somebody's application.
async fn child_of(host: &Host, base: &str, name: &str) {
    use beanpole_agent::docker::build::{BuildRequest, Builder};
    let context = host.folder.path().join("context.tar");
    let dockerfile = format!("FROM {base}\nCMD [\"true\"]\n");
    let mut tar = tar::Builder::new(std::fs::File::create(&context).unwrap());
    let mut header = tar::Header::new_ustar();
    header.set_size(dockerfile.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append_data(&mut header, "Dockerfile", dockerfile.as_bytes())
        .unwrap();
    tar.finish().unwrap();
    let request = BuildRequest {
        context,
        dockerfile: "Dockerfile".to_owned(),
        target: None,
        tag: name.to_owned(),
        labels: Default::default(),
        arguments: Default::default(),
        bounds: BuildBounds::for_host(2, 4 << 30),
        builder: Builder::Classic,
    };
    host.engine
        .build(&request, &mut |_| {}, &mut Vec::new())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_image_that_cannot_be_pulled_is_an_error_that_names_the_option() {
    let host = Host::new().await;
    let images = host.images(sources(Some("127.0.0.1:1/nobody/debian:12".to_owned())));
    let error = images.base(&mut |_| {}).await.unwrap_err().to_string();
    assert!(
        error.contains("127.0.0.1:1/nobody/debian:12") && error.contains("--base-image"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn images_that_another_installation_stands_on_are_never_collected() {
    let (one, other) = (Host::new().await, Host::new().await);
    let foreign = format!("beanpole/python:{:012x}", rand::random::<u64>() >> 16);
    let base = one.images(sources(None)).base(&mut |_| {}).await.unwrap();
    one.engine.tag(&base, &foreign).await.unwrap();
    let mut known = other.ledger().own_images().unwrap();
    known.insert(foreign.clone());
    other.ledger().keep_own_images(&known).unwrap();
    // It is not in this one's ledger.
    assert!(one.images(sources(None)).collect().await.unwrap().is_empty());
    assert!(one.id(&foreign).await.is_some());
    assert!(one.engine.remove_image(&foreign).await.unwrap());
}

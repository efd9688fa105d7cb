//! The images of a version whose instances have several containers.

use std::collections::HashMap;

use beanpole_platforms::{
    images::ContextFile,
    pod::{ContainerImage, ImageSource, PodBuild},
};
use beanpole_pod::image_of;
use beanpole_protocol::agent::DesiredImage;

use super::{
    context::{Bundle, write_files},
    dockerignore::Ignore,
    version::{DOCKERFILE, SOURCE, VersionError, Workshop, blocking},
};
use crate::{
    docker::build::{BuildRequest, Builder},
    images::Progress,
    labels,
};

impl Workshop {
    /// Builds the image of each container, and last the version's own, which says what they are: when that is
    /// there, all are.
    pub(super) async fn build_pod(
        &self,
        image: &DesiredImage,
        mut bundle: Bundle,
        build: &PodBuild,
        port: Option<u16>,
        line: Progress<'_>,
        stages: &mut Vec<String>,
    ) -> Result<(), VersionError> {
        for part in &build.images {
            line(format!("the image of the container {}", part.container));
            bundle = self.build_part(image, bundle, part, &mut *line, stages).await?;
        }
        let base = self.images.base(&mut *line).await?;
        let dockerfile = format!("FROM {base}\nUSER nobody\nENTRYPOINT []\nCMD [\"sleep\", \"infinity\"]\n");
        let context = tempfile::Builder::new()
            .prefix("context-")
            .tempfile_in(&self.folder)?;
        write_files(&[context_file("Dockerfile", dockerfile)], context.as_file())?;
        let pod = serde_json::to_string(&build.pod).unwrap_or_default();
        let mut wanted = vec![(labels::POD.to_owned(), pod)];
        wanted.extend(port.map(|port| (labels::PORT.to_owned(), port.to_string())));
        let request = BuildRequest {
            labels: wanted.into_iter().collect(),
            ..self.plain_request(image.image.clone(), context.path())
        };
        self.engine.build(&request, line, stages).await?;
        Ok(())
    }

    async fn build_part(
        &self,
        image: &DesiredImage,
        bundle: Bundle,
        part: &ContainerImage,
        line: Progress<'_>,
        stages: &mut Vec<String>,
    ) -> Result<Bundle, VersionError> {
        let tag = image_of(&image.image, &part.container);
        let (bundle, base) = match &part.from {
            ImageSource::Named(name) => (bundle, name.clone()),
            ImageSource::Folder { .. } => {
                let bundle = self
                    .build_folder(bundle, &part.from, &tag, &mut *line, stages)
                    .await?;
                (bundle, tag.clone())
            }
        };
        if part.copies.is_empty() {
            if base != tag {
                self.engine
                    .tag(&base, &tag)
                    .await
                    .map_err(crate::images::ImagesError::from)?;
            }
            return Ok(bundle);
        }
        let dockerfile = part.dockerfile(&base);
        let folder = self.folder.clone();
        let mut bundle = bundle;
        let (bundle, context) = blocking(move || {
            let mut file = tempfile::Builder::new().prefix("context-").tempfile_in(&folder)?;
            let extra = [context_file(DOCKERFILE, dockerfile)];
            bundle.write_tar(&extra, &Ignore::default(), "", SOURCE, file.as_file_mut())?;
            Ok((bundle, file))
        })
        .await?;
        let request = BuildRequest {
            dockerfile: DOCKERFILE.to_owned(),
            ..self.plain_request(tag, context.path())
        };
        self.engine.build(&request, line, stages).await?;
        Ok(bundle)
    }

    /// From a folder of the bundle with a Dockerfile of its own.
    async fn build_folder(
        &self,
        mut bundle: Bundle,
        from: &ImageSource,
        tag: &str,
        line: Progress<'_>,
        stages: &mut Vec<String>,
    ) -> Result<Bundle, VersionError> {
        let ImageSource::Folder {
            folder,
            dockerfile,
            arguments,
            target,
            needs_buildkit,
            ..
        } = from
        else {
            return Ok(bundle);
        };
        let (within, name) = (folder.clone(), dockerfile.clone());
        let temporary = self.folder.clone();
        let (bundle, context) = blocking(move || {
            let mut file = tempfile::Builder::new()
                .prefix("context-")
                .tempfile_in(&temporary)?;
            let path = |name: &str| match within.as_str() {
                "" => name.to_owned(),
                within => format!("{within}/{name}"),
            };
            let rules = bundle
                .source
                .text(&path(".dockerignore"))
                .map(Ignore::parse)
                .unwrap_or_default();
            // Always in the context, ignored or not.
            let own = [name.as_str(), ".dockerignore"].into_iter().filter_map(|name| {
                let text = bundle.source.text(&path(name))?;
                Some(context_file(name, text.to_owned()))
            });
            let own: Vec<ContextFile> = own.collect();
            bundle.write_tar(&own, &rules, &within, "", file.as_file_mut())?;
            Ok((bundle, file))
        })
        .await?;
        let mut request = BuildRequest {
            dockerfile: dockerfile.clone(),
            target: target.clone(),
            ..self.plain_request(tag.to_owned(), context.path())
        };
        request.arguments.extend(arguments.clone());
        if needs_buildkit.is_some() {
            request.builder = Builder::BuildKit;
        }
        self.engine.build(&request, line, stages).await?;
        Ok(bundle)
    }

    fn plain_request(&self, tag: String, context: &std::path::Path) -> BuildRequest {
        BuildRequest {
            context: context.to_owned(),
            dockerfile: "Dockerfile".to_owned(),
            target: None,
            tag,
            labels: HashMap::new(),
            arguments: self.images.arguments().clone(),
            bounds: self.images.bounds(),
            builder: Builder::Classic,
        }
    }
}

fn context_file(path: &str, text: String) -> ContextFile {
    ContextFile {
        path: path.to_owned(),
        mode: 0o644,
        content: text.into_bytes(),
    }
}

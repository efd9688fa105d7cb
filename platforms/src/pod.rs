//! How the images of a pod's containers are built.

use std::collections::BTreeMap;

use beanpole_pod::Pod;

/// A version whose instances have several containers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodBuild {
    pub pod: Pod,
    /// One for each container of the pod, in its order.
    pub images: Vec<ContainerImage>,
}

/// The image of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// The container's name.
    pub container: String,
    pub from: ImageSource,
    /// What of the bundle is put into it.
    pub copies: Vec<Copy>,
}

/// What an image is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// One that is on the host or in a registry.
    Named(String),
    /// A folder of the bundle with a Dockerfile.
    Folder {
        /// Without a slash at its end; the bundle's root is empty.
        folder: String,
        /// In that folder.
        dockerfile: String,
        arguments: BTreeMap<String, String>,
        /// The stage that is built; none: the last.
        target: Option<String>,
        /// Images that it stands on.
        base_images: Vec<String>,
        needs_buildkit: Option<&'static str>,
    },
}

/// A file or folder of the bundle that takes the place of a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// In the bundle; the root is empty.
    pub from: String,
    /// In the container.
    pub to: String,
    pub is_folder: bool,
}

impl ContainerImage {
    /// The Dockerfile that puts the copies on the image `base`, where the bundle is in the folder `source` of
    /// the context.
    pub fn dockerfile(&self, base: &str) -> String {
        let mut text = format!("FROM {base}\n");
        for copy in &self.copies {
            let slash = if copy.is_folder { "/" } else { "" };
            let from = match copy.from.as_str() {
                "" => "source/".to_owned(),
                from => format!("source/{from}{slash}"),
            };
            let to = format!("{}{slash}", copy.to.trim_end_matches('/'));
            text.push_str(&format!("COPY {}\n", crate::layers::json_list(&[from, to])));
        }
        text
    }
}

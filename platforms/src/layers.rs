//! The Dockerfile of an application: what changes seldom below, its source on top.
//!
//! In the build context the bundle lies in `source/`, and what we add in `beanpole/`.

use std::collections::BTreeMap;

use beanpole_instance::{ConfigHooks, Hooks, Instance, Process, Upstream};

use crate::{
    buildfile,
    extensions::Extensions,
    images::ContextFile,
    plan::{AppBuild, PlanError},
    platform::Images,
    source::Source,
};

/// What a platform says of the build of one application; the rest is the same for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// A line of shell that gets the version of the language that the application asks for.
    pub toolchain: Option<String>,
    /// What must be there before dependencies are installed.
    pub manifest: Manifest,
    /// A line of shell that installs dependencies, as root, in the application's root.
    pub install: Option<String>,
    /// A line of shell that makes the application out of its source, after the dependencies.
    pub compile: Option<String>,
    /// Where it is built when not where it runs.
    pub apart: Option<Apart>,
    /// `web` first.
    pub processes: Vec<Process>,
    pub upstream: Upstream,
    /// The platform's own, below those of options.
    pub static_files: BTreeMap<String, String>,
}

/// A build in the platform's builder image, whose application root goes to where it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// Further folders that go along, such as the one of installed dependencies.
    pub folders: Vec<String>,
}

/// What must be in the image before dependencies are installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Manifest {
    #[default]
    None,
    Files(Vec<String>),
    WholeSource,
}

const ROOT: &str = "/var/app/current";
const SOURCE: &str = "COPY --chown=webapp:webapp source/ ./\n";
const SPEC: &str = "beanpole/instance.json";
/// Said by a line of shell for the one after it.
const FAILED: &str = "code=$?; echo \"beanpole: $hook failed with exit code $code\" >&2; exit $code";

impl Layers {
    /// The whole build of `source`.
    pub fn build(
        self,
        platform: &str,
        source: &Source,
        images: &Images,
        extensions: &Extensions,
    ) -> Result<AppBuild, PlanError> {
        let own_steps = self.own_steps(source)?;
        let mut text = String::new();
        match &self.apart {
            None => {
                text.push_str(&format!("FROM {}\n", images.runtime));
                extensions.write(&mut text, |_| true);
                text.push_str(&own_steps.before_source);
                text.push_str(&format!("COPY {SPEC} {}\n", beanpole_instance::PATH));
                text.push_str(&own_steps.from_source);
            }
            Some(apart) => {
                text.push_str(&format!("FROM {} AS build\nWORKDIR {ROOT}\n", images.builder));
                extensions.write(&mut text, |key| key == "packages");
                text.push_str(&own_steps.before_source);
                // What nothing is made of need not go through the builder.
                let source_is_all = own_steps.from_source == SOURCE;
                if !source_is_all {
                    text.push_str(&own_steps.from_source);
                }
                text.push_str(&format!("FROM {}\n", images.runtime));
                extensions.write(&mut text, |_| true);
                text.push_str(&format!("COPY {SPEC} {}\n", beanpole_instance::PATH));
                for folder in &apart.folders {
                    text.push_str(&format!("COPY --from=build {folder} {folder}\n"));
                }
                text.push_str(&format!(
                    "COPY --from=build --chown=webapp:webapp {ROOT} {ROOT}\n"
                ));
                if source_is_all {
                    text.push_str(SOURCE);
                }
            }
        }
        let mut files = extensions.files.clone();
        files.push(ContextFile {
            path: SPEC.to_owned(),
            mode: 0o644,
            content: spec(self, platform, source, extensions),
        });
        Ok(AppBuild {
            dockerfile: Some(text),
            files,
            base_images: vec![images.runtime.clone()],
            ..AppBuild::default()
        })
    }

    /// Dependencies first when they can be, so that a change of source alone rebuilds only what needs it.
    fn own_steps(&self, source: &Source) -> Result<OwnSteps, PlanError> {
        let prebuild = hooks(source, HOOKS, "prebuild");
        let install = self
            .install
            .as_ref()
            .map(|line| format!("RUN {line}\n"))
            .unwrap_or_default();
        let mut steps = OwnSteps::default();
        if let Some(line) = &self.toolchain {
            steps.before_source.push_str(&format!("RUN {line}\n"));
        }
        let has_early_install = matches!(&self.manifest, Manifest::Files(_)) && prebuild.is_empty();
        match &self.manifest {
            Manifest::Files(files) if has_early_install => {
                for file in files {
                    let words = [format!("source/{file}"), format!("./{file}")];
                    steps
                        .before_source
                        .push_str(&format!("COPY {}\n", json_list(&words)));
                }
                steps.before_source.push_str(&install);
                steps.from_source.push_str(SOURCE);
            }
            _ => {
                steps.from_source.push_str(SOURCE);
            }
        }
        let after = &mut steps.from_source;
        let folders = [HOOKS, CONFIG_HOOKS]
            .into_iter()
            .filter(|folder| source.has_folder(folder));
        let folders: Vec<&str> = folders.collect();
        if !folders.is_empty() {
            let folders = folders.join(" ");
            after.push_str(&format!("RUN find {folders} -type f -exec chmod +x {{}} +\n"));
        }
        for hook in prebuild {
            after.push_str(&format!(
                "RUN hook={}; \"./$hook\" || {{ {FAILED}; }}\n",
                quoted(&hook)
            ));
        }
        if !has_early_install {
            after.push_str(&install);
        }
        if let Some(compile) = &self.compile {
            after.push_str(&format!("RUN {compile}\n"));
        }
        if let Some(text) = source.text("Buildfile") {
            for command in buildfile::commands(text)? {
                after.push_str(&format!(
                    "RUN {}\n",
                    json_list(&["/bin/sh".to_owned(), "-c".to_owned(), command])
                ));
            }
            after.push_str("RUN chown -R webapp:webapp .\n");
        }
        Ok(steps)
    }
}

#[derive(Default)]
struct OwnSteps {
    before_source: String,
    from_source: String,
}

const HOOKS: &str = ".platform/hooks";
const CONFIG_HOOKS: &str = ".platform/confighooks";

/// The programs of a folder of hooks, in working order.
fn hooks(source: &Source, folder: &str, stage: &str) -> Vec<String> {
    let folder = format!("{folder}/{stage}/");
    source
        .paths()
        .filter(|path| path.strip_prefix(&folder).is_some_and(|name| !name.contains('/')))
        .map(str::to_owned)
        .collect()
}

fn spec(layers: Layers, platform: &str, source: &Source, extensions: &Extensions) -> Vec<u8> {
    let with = |stage, more: &[String]| {
        let mut all = hooks(source, HOOKS, stage);
        all.extend_from_slice(more);
        all.sort();
        all.dedup();
        all
    };
    let instance = Instance {
        platform: platform.to_owned(),
        processes: layers.processes,
        upstream: layers.upstream,
        static_files: layers.static_files,
        services: extensions.services.clone(),
        late_steps: extensions.late_steps.clone(),
        container_commands: extensions.container_commands.clone(),
        hooks: Hooks {
            predeploy: with("predeploy", &extensions.hooks.predeploy),
            postdeploy: with("postdeploy", &extensions.hooks.postdeploy),
        },
        config_hooks: ConfigHooks {
            prebuild: hooks(source, CONFIG_HOOKS, "prebuild"),
            predeploy: hooks(source, CONFIG_HOOKS, "predeploy"),
            postdeploy: hooks(source, CONFIG_HOOKS, "postdeploy"),
        },
    };
    serde_json::to_vec_pretty(&instance).unwrap_or_default()
}

/// One word for a shell in a Dockerfile, in which `$` is the shell's, too.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(crate) fn json_list(items: &[String]) -> String {
    serde_json::Value::from(items.to_vec()).to_string()
}

#[cfg(test)]
mod tests {
    use beanpole_ebextensions::Unknown;
    use beanpole_protocol::Platform;

    use beanpole_instance::ContainerCommand;

    use super::*;
    use crate::plan;

    fn built(files: &[(&str, &str)]) -> AppBuild {
        let mut source = Source::default();
        for (path, text) in files {
            source.add_text(*path, *text);
        }
        let images = Images {
            runtime: "beanpole/python:x".to_owned(),
            builder: "beanpole/python-builder:x".to_owned(),
        };
        plan(Platform::Python, &source, &images, &Unknown).unwrap()
    }

    fn spec(build: &AppBuild) -> Instance {
        let file = build.files.iter().find(|file| file.path == SPEC).unwrap();
        serde_json::from_slice(&file.content).unwrap()
    }

    #[test]
    fn the_source_layer_comes_last() {
        let build = built(&[("application.py", ""), ("requirements.txt", "flask")]);
        assert_eq!(
            build.dockerfile.unwrap(),
            "FROM beanpole/python:x\n\
             COPY [\"source/requirements.txt\",\"./requirements.txt\"]\n\
             RUN pip install --no-cache-dir -r requirements.txt\n\
             COPY beanpole/instance.json /opt/beanpole/instance.json\n\
             COPY --chown=webapp:webapp source/ ./\n"
        );
    }

    #[test]
    fn prebuild_hooks_see_the_source_and_come_before_dependencies() {
        let build = built(&[
            ("application.py", ""),
            ("requirements.txt", "flask"),
            ("Buildfile", "make: ./build.sh $HOME"),
            (".platform/hooks/prebuild/01 it's.sh", ""),
            (".platform/hooks/predeploy/02.sh", ""),
            (".platform/hooks/predeploy/01.sh", ""),
        ]);
        assert_eq!(
            spec(&build).hooks.predeploy,
            [
                ".platform/hooks/predeploy/01.sh",
                ".platform/hooks/predeploy/02.sh"
            ]
        );
        let text = build.dockerfile.unwrap();
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
        let order = [
            "COPY --chown=webapp:webapp source/",
            "chmod +x",
            r"RUN hook='.platform/hooks/prebuild/01 it'\''s.sh'",
            "RUN pip install",
            r#"RUN ["/bin/sh","-c","./build.sh $HOME"]"#,
        ];
        assert!(order.map(at).is_sorted(), "{text}");
    }

    #[test]
    fn configuration_files_are_laid_below_the_source_and_told_to_the_init() {
        let build = built(&[
            ("application.py", ""),
            (
                ".ebextensions/a.config",
                "packages: {yum: {git: []}}\ncommands: {one: {command: 'true'}}\n\
                 container_commands: {two: {command: x, leader_only: true}}\n",
            ),
            (".ebextensions/b.config", "files: {/etc/x: {content: y}}\n"),
        ]);
        let instance = spec(&build);
        let ContainerCommand::Known(command) = &instance.container_commands[0] else {
            panic!("{instance:#?}");
        };
        assert_eq!(command.name, "two");
        let text = build.dockerfile.unwrap();
        for line in [
            "RUN sh /opt/beanpole/steps/packages.sh && sh /opt/beanpole/steps/commands.sh && rm -rf /opt/beanpole/steps/",
            "COPY beanpole/steps/1/files.sh /opt/beanpole/steps/",
        ] {
            let at = text.find(line).unwrap_or_else(|| panic!("{line}: {text}"));
            assert!(at < text.find("source/").unwrap(), "{text}");
        }
    }
}

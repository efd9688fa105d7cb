//! `bp create`: a new environment, launched with this folder, an existing version or a sample.

use std::path::Path;

use beanpole_ebextensions::{ENV_YAML, environment_manifest};
use beanpole_protocol::{
    Platform,
    api::{CreateEnvironment, EnvironmentStatus, OptionSetting},
    client::Client,
};
use clap::Args;

use super::{ask, deploy, init::ensure_application};
use crate::{
    args::Waiting,
    changes::{self, idempotency_key, patiently},
    context::Context,
    exit::Exit,
    failure::Failure,
    options::{self, CAPACITY, ENVIRONMENT, setting},
    source::sample,
    upload::{SourceArgs, upload},
};

#[derive(Args)]
pub struct CreateArgs {
    /// Its name; that of env.yaml, else <application>-dev when absent and nobody can be asked
    name: Option<String>,
    /// First part of its host name; its own name when absent
    #[arg(short, long, value_name = "PREFIX")]
    cname: Option<String>,
    /// Such as python or nodejs; found out from the files when absent
    #[arg(short, long)]
    platform: Option<Platform>,
    /// One instance, no balancing
    #[arg(short, long, conflicts_with_all = ["scale", "min_instances", "max_instances"])]
    single: bool,
    /// Launch a small sample application instead of this folder
    #[arg(long, conflicts_with = "version")]
    sample: bool,
    /// Launch this existing version instead of the folder
    #[arg(long, value_name = "LABEL")]
    version: Option<String>,
    /// Number of instances
    #[arg(long, value_name = "N", conflicts_with_all = ["min_instances", "max_instances"])]
    scale: Option<u32>,
    /// Least instances (short: -im)
    #[arg(long, value_name = "N")]
    min_instances: Option<u32>,
    /// Most instances (short: -ix)
    #[arg(long, value_name = "N")]
    max_instances: Option<u32>,
    /// Environment properties: NAME=VALUE,NAME=VALUE
    #[arg(long, value_name = "PAIRS")]
    envvars: Option<String>,
    /// An option, as namespace:name=value; can be given again
    #[arg(short, long = "option", value_name = "OPTION")]
    options: Vec<String>,
    /// Make it the default of this git branch
    #[arg(short = 'd', long, alias = "branch_default")]
    branch_default: bool,
    #[command(flatten)]
    waiting: Waiting,
}

pub async fn run(context: &Context, args: CreateArgs) -> Result<(), Failure> {
    let application = context.application(None)?;
    let settings = settings(&args)?;
    let client = context.client()?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let root = context
                .project
                .as_ref()
                .map_or(&context.folder, |project| &project.root);
            let default = manifest_name(root).unwrap_or_else(|| default_name(&application));
            if context.out.can_ask() {
                ask::text(context, "Environment", Some(&default))?
            } else {
                default
            }
        }
    };
    if ensure_application(&client, &application).await? {
        context
            .out
            .progress(format!("Created the application {application}."));
    }
    refuse_taken(&client, &name).await?;
    let version_label = match &args.version {
        Some(label) => label.clone(),
        None => {
            let mut source = SourceArgs::default();
            let sample = args.sample.then(|| sample::write(args.platform)).transpose()?;
            if let Some(sample) = &sample {
                source.archive = Some(sample.path().to_owned());
                source.message = Some("Sample application".to_owned());
            }
            upload(context, &client, &application, &source, args.platform)
                .await?
                .label
        }
    };
    let request = CreateEnvironment {
        application,
        name: name.clone(),
        cname_prefix: args.cname,
        platform: args.platform,
        version_label,
        options: settings,
    };
    let key = idempotency_key();
    let change = patiently(|| client.create_environment(&key, &request)).await?;
    remember(context, &name, args.branch_default)?;
    let done = changes::finish(context, &client, change, Some(0), &args.waiting).await?;
    deploy::print(context, &done);
    Ok(())
}

/// Said before anything is uploaded, so that no version is left over. The server decides in the end.
async fn refuse_taken(client: &Client, name: &str) -> Result<(), Failure> {
    match client.environment(name).await {
        Ok(environment) if environment.status != EnvironmentStatus::Terminated => Err(Failure::new(
            Exit::Failed,
            "environment_exists",
            format!("There is an environment named {name} already."),
        )
        .hint(format!(
            "Deploy to it with `bp deploy {name}`, or choose another name."
        ))),
        Err(error) if error.status() != Some(404) => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The first environment of a folder is its default; later ones where asked for.
fn remember(context: &Context, name: &str, branch_default: bool) -> Result<(), Failure> {
    let Some(mut project) = context.project.clone() else {
        return Ok(());
    };
    if branch_default {
        project.settings.set_default(context.branch().as_deref(), name);
    } else if project.settings.environment.is_none() {
        project.settings.set_default(None, name);
    } else {
        return Ok(());
    }
    project.save()?;
    Ok(())
}

/// The name that the folder's env.yaml gives; not one of a group, which ends with a plus sign.
fn manifest_name(root: &Path) -> Option<String> {
    let bytes = std::fs::read(root.join(ENV_YAML)).ok()?;
    let name = environment_manifest(&bytes).0.environment_name?;
    (!name.ends_with('+')).then_some(name)
}

/// `<application>-dev`, made of what an environment's name may hold.
fn default_name(application: &str) -> String {
    let stem: String = application
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .take(36)
        .collect();
    let stem = stem.trim_matches('-');
    if stem.is_empty() {
        "app-dev".to_owned()
    } else {
        format!("{stem}-dev")
    }
}

/// The option settings that the flags stand for.
fn settings(args: &CreateArgs) -> Result<Vec<OptionSetting>, Failure> {
    let mut settings = Vec::new();
    if args.single {
        settings.push(setting(ENVIRONMENT, "EnvironmentType", "SingleInstance"));
    }
    let least = args.min_instances.or(args.scale);
    let most = args.max_instances.or(args.scale);
    if let Some(least) = least {
        settings.push(setting(CAPACITY, "MinSize", least));
    }
    if let Some(most) = most {
        settings.push(setting(CAPACITY, "MaxSize", most));
    }
    if let Some(pairs) = &args.envvars {
        let (set, removed) = options::properties(&options::comma_separated(pairs))?;
        if let Some(empty) = removed.first() {
            return Err(Failure::usage(format!(
                "The property {} has no value.",
                empty.name
            )));
        }
        settings.extend(set);
    }
    for text in &args.options {
        let (name, value) = options::assignment(text)?;
        let option = options::split(name).ok_or_else(|| {
            Failure::usage(format!(
                "{text:?} is not an option: write it as namespace:name=value."
            ))
        })?;
        settings.push(setting(&option.namespace, &option.name, value));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CreateArgs,
    }

    fn pairs(line: &str) -> Result<Vec<String>, String> {
        let line = Line::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
        let settings = settings(&line.args).map_err(|failure| failure.message)?;
        Ok(settings
            .iter()
            .map(|option| format!("{}:{}={}", option.namespace, option.name, option.value))
            .collect())
    }

    #[test]
    fn flags_become_options() {
        assert_eq!(
            pairs("create web -s").unwrap(),
            ["aws:elasticbeanstalk:environment:EnvironmentType=SingleInstance"]
        );
        assert_eq!(
            pairs("create web --scale 3").unwrap(),
            ["aws:autoscaling:asg:MinSize=3", "aws:autoscaling:asg:MaxSize=3"]
        );
        assert_eq!(
            pairs("create web --min-instances 2 --envvars A=1,B=x,y -o a:b:C=d=e").unwrap(),
            [
                "aws:autoscaling:asg:MinSize=2",
                "aws:elasticbeanstalk:application:environment:A=1",
                "aws:elasticbeanstalk:application:environment:B=x,y",
                "a:b:C=d=e",
            ]
        );
        assert!(pairs("create web -s --scale 2").is_err());
        assert!(pairs("create web -o bare=1").is_err());
    }

    #[test]
    fn a_name_of_the_folders_own_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(manifest_name(folder.path()), None);
        for (text, expected) in [
            ("EnvironmentName: front\n", Some("front")),
            ("EnvironmentName: front+\n", None),
        ] {
            std::fs::write(folder.path().join("env.yaml"), text).unwrap();
            assert_eq!(manifest_name(folder.path()).as_deref(), expected);
        }
    }

    #[test]
    fn default_names_are_allowed_ones() {
        assert_eq!(default_name("Guest Book"), "Guest-Book-dev");
        assert_eq!(default_name("___"), "app-dev");
        assert!(default_name(&"x".repeat(100)).len() <= 40);
    }
}

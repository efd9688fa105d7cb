//! `bp config`: the options of an environment, shown and changed.

use beanpole_protocol::{
    api::{Configuration, OptionName, OptionSetting, UpdateEnvironment},
    client::Client,
};
use clap::{Args, Subcommand};

use crate::{
    args::Waiting,
    changes,
    context::Context,
    failure::Failure,
    options,
    output::{Hue, plain},
};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ConfigArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(Subcommand)]
enum Action {
    /// Show options (the same as no word at all)
    Show(ShowArgs),
    /// Set options: namespace:name=value, or name=value where the name is clear
    Set(SetArgs),
    /// Put options back to their defaults
    Unset(UnsetArgs),
}

#[derive(Args)]
struct ShowArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
    /// Also options that have their default value
    #[arg(short, long)]
    all: bool,
    /// Only options whose namespace or name holds this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

#[derive(Args)]
struct SetArgs {
    /// For example aws:elasticbeanstalk:command:DeploymentPolicy=Rolling
    #[arg(required = true, value_name = "OPTION=VALUE")]
    options: Vec<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args)]
struct UnsetArgs {
    /// For example aws:elasticbeanstalk:command:DeploymentPolicy
    #[arg(required = true, value_name = "OPTION")]
    options: Vec<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args)]
struct ChangeArgs {
    /// The environment; the default one when absent
    #[arg(short, long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
}

pub async fn run(context: &Context, args: ConfigArgs) -> Result<(), Failure> {
    match args.action {
        None => show(context, args.show).await,
        Some(Action::Show(args)) => show(context, args).await,
        Some(Action::Set(args)) => {
            let (name, client, known) = start(context, &args.change).await?;
            let mut body = UpdateEnvironment::default();
            for text in &args.options {
                let (option, value) = options::assignment(text)?;
                let OptionName { namespace, name } = options::resolve(option, &known)?;
                body.set.push(OptionSetting {
                    namespace,
                    name,
                    value: value.to_owned(),
                });
            }
            change(context, &client, &name, &body, &args.change).await
        }
        Some(Action::Unset(args)) => {
            let (name, client, known) = start(context, &args.change).await?;
            let mut body = UpdateEnvironment::default();
            for text in &args.options {
                body.remove.push(options::resolve(text, &known)?);
            }
            change(context, &client, &name, &body, &args.change).await
        }
    }
}

async fn start(context: &Context, args: &ChangeArgs) -> Result<(String, Client, Configuration), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let known = client.configuration(&name).await?;
    Ok((name, client, known))
}

async fn change(
    context: &Context,
    client: &Client,
    name: &str,
    body: &UpdateEnvironment,
    args: &ChangeArgs,
) -> Result<(), Failure> {
    let done = changes::update(context, client, name, body, &args.waiting).await?;
    done.print(&context.out);
    Ok(())
}

async fn show(context: &Context, args: ShowArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let mut configuration = context.client()?.configuration(&name).await?;
    let wanted = args.filter.as_deref().map(str::to_ascii_lowercase);
    configuration.options.retain(|option| {
        (args.all || option.set || option.from_version || wanted.is_some())
            && wanted.as_ref().is_none_or(|text| {
                format!("{}:{}", option.namespace, option.name)
                    .to_ascii_lowercase()
                    .contains(text)
            })
    });
    let out = &context.out;
    out.document(&configuration);
    out.line(format!(
        "{} {}",
        out.paint.bold(Hue::Plain, &name),
        out.paint
            .dim(&format!("configuration {}", configuration.revision))
    ));
    let mut namespace = "";
    for option in &configuration.options {
        if option.namespace != namespace {
            namespace = &option.namespace;
            out.line(out.paint.text(Hue::Cyan, namespace));
        }
        let value = plain(&option.value);
        let line = format!("  {}={value}", option.name);
        out.line(match (option.set, option.from_version) {
            (true, _) => line,
            (false, true) => format!("{line}{}", out.paint.dim("  (.ebextensions)")),
            (false, false) => out.paint.dim(&line),
        });
    }
    if configuration.options.is_empty() {
        out.line(
            out.paint
                .dim("  Nothing is set; `bp config --all` shows the defaults."),
        );
    }
    Ok(())
}

//! `bp scale`: so many instances, and waits until they serve.

use std::time::Duration;

use beanpole_protocol::{
    api::{Environment, Instance, InstanceCondition, InstanceIntent, UpdateEnvironment},
    client::{Client, ClientError},
};
use clap::Args;
use tokio::time::Instant;

use crate::{
    args::Waiting,
    changes::{self, Done},
    context::Context,
    exit::Exit,
    failure::Failure,
    follow::{
        event_line,
        watch::{Subject, Update, Watch},
    },
    options::{CAPACITY, ENVIRONMENT, setting},
    output::clock,
};

const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct ScaleArgs {
    /// Number of instances
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    number: u32,
    /// The environment; the default one when absent
    environment: Option<String>,
    /// Also turn an environment of a single instance into a balanced one
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    waiting: Waiting,
}

pub async fn run(context: &Context, args: ScaleArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let mut body = UpdateEnvironment {
        set: vec![
            setting(CAPACITY, "MinSize", args.number),
            setting(CAPACITY, "MaxSize", args.number),
        ],
        remove: Vec::new(),
    };
    if is_single(&client, &name).await? {
        if !args.force {
            return Err(
                Failure::failed(format!("{name} is an environment of a single instance."))
                    .hint("`bp scale --force` turns it into a balanced one first."),
            );
        }
        body.set
            .push(setting(ENVIRONMENT, "EnvironmentType", "LoadBalanced"));
    }
    let after = changes::newest_event(&client, &name).await?;
    let done = changes::update(context, &client, &name, &body, &args.waiting).await?;
    let done = if args.waiting.nohang || done.deployment.is_some() {
        done
    } else {
        await_capacity(context, &client, &name, args.number, after, args.waiting.timeout).await?
    };
    done.print(&context.out);
    Ok(())
}

async fn is_single(client: &Client, name: &str) -> Result<bool, Failure> {
    let configuration = client.configuration(name).await?;
    Ok(configuration.options.iter().any(|option| {
        option.namespace == ENVIRONMENT
            && option.name == "EnvironmentType"
            && option.value == "SingleInstance"
    }))
}

/// Capacity is no deployment: its end is that so many instances serve, and no other one is left.
async fn await_capacity(
    context: &Context,
    client: &Client,
    name: &str,
    number: u32,
    after: Option<i64>,
    timeout: Duration,
) -> Result<Done, Failure> {
    let out = &context.out;
    let deadline = Instant::now() + timeout;
    let bar = out.spinner(format!("Scaling {name} to {number}"));
    let mut watch = Watch::events(Subject {
        client: client.clone(),
        environment: name.to_owned(),
        after,
    });
    let mut clock_tick = tokio::time::interval(LOOK_EVERY);
    let mut serving = 0;
    loop {
        tokio::select! {
            update = watch.next() => {
                match update {
                    Some(Update::Event(event)) if event.severity < out.least_severity() => {}
                    Some(Update::Event(event)) => bar.suspend(|| {
                        out.progress(event_line(out.progress_paint(), &event, &clock::clock(event.at)));
                    }),
                    Some(Update::Refused(error)) => return Err(error.into()),
                    _ => {}
                }
            }
            _ = clock_tick.tick() => {
                match look(client, name).await {
                    Ok((environment, instances)) => {
                        serving = in_service(&instances);
                        bar.set_message(format!("Scaling {name}: {serving} of {number} in service"));
                        if is_settled(&instances, number) {
                            bar.finish_and_clear();
                            let message = format!(
                                "{name} runs {number} {}.",
                                if number == 1 { "instance" } else { "instances" }
                            );
                            return Ok(Done { environment, deployment: None, message });
                        }
                    }
                    Err(ClientError::Unreachable { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            () = tokio::time::sleep_until(deadline) => {
                return Err(Failure::new(
                    Exit::TimedOut,
                    "timeout",
                    format!("{serving} of {number} instances are in service after {}.", clock::span(timeout)),
                )
                .hint(format!("See why with `bp health {name}`.")));
            }
            _ = tokio::signal::ctrl_c() => {
                return Err(Failure::new(
                    Exit::Interrupted,
                    "interrupted",
                    "You stopped watching; the scaling goes on.",
                ));
            }
        }
    }
}

async fn look(client: &Client, name: &str) -> Result<(Environment, Vec<Instance>), ClientError> {
    let environment = client.environment(name).await?;
    Ok((environment, client.instances(name).await?.items))
}

fn in_service(instances: &[Instance]) -> usize {
    instances
        .iter()
        .filter(|instance| {
            instance.intent == InstanceIntent::InService && instance.state == InstanceCondition::Healthy
        })
        .count()
}

fn is_settled(instances: &[Instance], number: u32) -> bool {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    in_service(instances) == number && instances.len() == number
}

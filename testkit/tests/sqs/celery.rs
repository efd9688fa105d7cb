//! Celery with SQS as its broker.

use std::{fs, process::Command};

use aws_sdk_sqs::types::QueueAttributeName;
use beanpole_testkit::{
    Queues, packages,
    program::{Program, output},
    queues::{ACCOUNT, Server},
};

use crate::clients::{attribute, client, drained};

const PACKAGES: &str = include_str!("python/celery.txt");
const TASKS: &str = include_str!("python/tasks.py");

/// A program that finds the tasks, their broker, and where results go.
fn told(queues: &Queues, server: &Server, program: std::path::PathBuf) -> Command {
    let mut command = queues.client(program);
    command
        .env("BROKER", format!("{ACCOUNT}:any@{}", server.address))
        .env("RESULTS", queues.logs.join("results"))
        .current_dir(&queues.logs);
    command
}

#[tokio::test]
async fn celery_does_every_task_and_a_retried_one() {
    let bin = packages::python(PACKAGES).await;
    let queues = Queues::new("celery").await;
    let server = queues.serve().await;
    fs::write(queues.logs.join("tasks.py"), TASKS).unwrap();
    let results = queues.logs.join("results");
    let _ = fs::remove_dir_all(&results);
    fs::create_dir(&results).unwrap();

    let mut worker = told(&queues, &server, bin.join("celery"));
    worker.args([
        "-A",
        "tasks",
        "worker",
        "--concurrency",
        "2",
        "--loglevel",
        "info",
    ]);
    let mut worker = Program::start(worker, &queues.logs.join("worker.log"));
    let mut sender = told(&queues, &server, bin.join("python"));
    sender.args(["tasks.py", "40"]);
    let said = output(sender).await;
    worker.assert_running();

    let squares: Vec<u32> = (0..40).map(|number| number * number).collect();
    assert_eq!(said, format!("{squares:?}\n1\n"), "{}", worker.said());
    // Celery acknowledges after the work: nothing stays behind to be done twice.
    let client = client(&server);
    let found = client
        .get_queue_url()
        .queue_name("celery-jobs")
        .send()
        .await
        .unwrap();
    let queue = found.queue_url.unwrap();
    drained(&client, &queue).await;
    let timeout = attribute(&client, &queue, QueueAttributeName::VisibilityTimeout).await;
    assert_eq!(timeout, "30");
}

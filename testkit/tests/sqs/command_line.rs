//! AWS's command line.

use beanpole_testkit::{
    Queues, packages,
    program::output,
    queues::{ACCOUNT, Server},
};
use serde_json::{Value, json};

use crate::clients::TODAY;

struct Aws<'a> {
    queues: &'a Queues,
    server: &'a Server,
    bin: std::path::PathBuf,
}

impl Aws<'_> {
    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut aws = self.queues.client(self.bin.join("aws"));
        aws.args(["--endpoint-url", &self.server.url(), "--output", "json", "sqs"])
            .args(words);
        aws
    }

    /// What it prints; null where that is nothing.
    async fn sqs(&self, words: &[&str]) -> Value {
        let said = output(self.command(words)).await;
        if said.trim().is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&said).unwrap()
    }
}

#[tokio::test]
async fn the_command_line_sends_receives_and_deletes() {
    let bin = packages::python(TODAY).await;
    let queues = Queues::new("command_line").await;
    let server = queues.serve().await;
    let aws = Aws {
        queues: &queues,
        server: &server,
        bin,
    };

    let created = aws
        .sqs(&[
            "create-queue",
            "--queue-name",
            "jobs",
            "--attributes",
            "VisibilityTimeout=45",
        ])
        .await;
    let url = format!("{}/{ACCOUNT}/jobs", server.url());
    assert_eq!(created, json!({ "QueueUrl": url }));
    let queue = ["--queue-url", url.as_str()];
    let attribute = r#"{"kind":{"DataType":"String","StringValue":"greeting"}}"#;
    let send = [
        "send-message",
        "--message-body",
        "hello, world",
        "--message-attributes",
        attribute,
    ];
    let sent = aws.sqs(&[&send[..], &queue].concat()).await;
    assert_eq!(sent["MD5OfMessageBody"], "e4d7f1b4ed2e42d15898f4b27b019da4");

    let receive = [
        "receive-message",
        "--message-attribute-names",
        "All",
        "--wait-time-seconds",
        "2",
    ];
    let received = aws.sqs(&[&receive[..], &queue].concat()).await;
    let message = &received["Messages"][0];
    assert_eq!(message["Body"], "hello, world");
    assert_eq!(message["MessageId"], sent["MessageId"]);
    assert_eq!(message["MessageAttributes"]["kind"]["StringValue"], "greeting");

    let names = ["VisibilityTimeout", "ApproximateNumberOfMessagesNotVisible"];
    let attributes = ["get-queue-attributes", "--attribute-names", names[0], names[1]];
    let attributes = aws.sqs(&[&attributes[..], &queue].concat()).await;
    assert_eq!(
        attributes,
        json!({ "Attributes": { names[0]: "45", names[1]: "1" } })
    );

    let handle = message["ReceiptHandle"].as_str().unwrap();
    let deleted = aws
        .sqs(&[&["delete-message", "--receipt-handle", handle], &queue[..]].concat())
        .await;
    assert_eq!(deleted, Value::Null);
    let attributes = ["get-queue-attributes", "--attribute-names", names[1]];
    let attributes = aws.sqs(&[&attributes[..], &queue].concat()).await;
    assert_eq!(attributes, json!({ "Attributes": { names[1]: "0" } }));
    assert_eq!(aws.sqs(&["list-queues"]).await, json!({ "QueueUrls": [url] }));

    let failed = aws
        .command(&["get-queue-url", "--queue-name", "nope"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(
        said.contains("(AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation"),
        "{said}"
    );
}

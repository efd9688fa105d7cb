//! A small SQS client over the JSON protocol, for tests that need to see every answer and every error
//! of every call. Tests of what clients see use the real ones.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};

/// A client of one server, as account 000000000000 of development mode.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
}

/// A message as it was received.
#[derive(Clone, Debug)]
pub struct Received {
    pub body: String,
    pub receipt: String,
    /// How often it was received, this time included.
    pub receives: u32,
}

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=tester/20260101/us-east-1/sqs/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=00";

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        beanpole_protocol::client::install_tls_provider();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(15));
        Self {
            http: http.build().expect("a client"),
            address,
        }
    }

    /// One call. An error of the service is an error here, with its code.
    pub async fn call(&self, operation: &str, body: &Value) -> anyhow::Result<Value> {
        let response = self
            .http
            .post(format!("http://{}/", self.address))
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", SIGNED)
            .body(body.to_string())
            .send()
            .await?;
        let status = response.status();
        let text = response.text().await?;
        anyhow::ensure!(status.is_success(), "{operation}: {status} {text}");
        Ok(if text.is_empty() {
            json!({})
        } else {
            serde_json::from_str(&text)?
        })
    }

    /// Makes a queue; its URL.
    pub async fn create_queue(&self, name: &str, attributes: Value) -> anyhow::Result<String> {
        let body = json!({ "QueueName": name, "Attributes": attributes });
        let answer = self.call("CreateQueue", &body).await?;
        Ok(answer["QueueUrl"].as_str().unwrap_or_default().to_owned())
    }

    pub async fn receive(&self, queue: &str, max: u32, wait: u32) -> anyhow::Result<Vec<Received>> {
        let body = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": max, "WaitTimeSeconds": wait,
            "AttributeNames": ["ApproximateReceiveCount"],
        });
        let answer = self.call("ReceiveMessage", &body).await?;
        let text = |message: &Value, member: &str| message[member].as_str().unwrap_or_default().to_owned();
        let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
        Ok(messages
            .iter()
            .map(|message| Received {
                body: text(message, "Body"),
                receipt: text(message, "ReceiptHandle"),
                receives: text(&message["Attributes"], "ApproximateReceiveCount")
                    .parse()
                    .unwrap_or_default(),
            })
            .collect())
    }

    /// Deletes messages; which of them, by index, were acknowledged.
    pub async fn delete(&self, queue: &str, receipts: &[&str]) -> anyhow::Result<Vec<usize>> {
        let entries: Vec<Value> = receipts
            .iter()
            .enumerate()
            .map(|(index, receipt)| json!({ "Id": index.to_string(), "ReceiptHandle": receipt }))
            .collect();
        let body = json!({ "QueueUrl": queue, "Entries": entries });
        let answer = self.call("DeleteMessageBatch", &body).await?;
        let done = answer["Successful"].as_array().cloned().unwrap_or_default();
        Ok(done
            .iter()
            .filter_map(|entry| entry["Id"].as_str()?.parse().ok())
            .collect())
    }
}

//! Every action through boto3, by JSON and by the Query protocol.

use std::path::Path;

use beanpole_testkit::{Queues, packages, program::output};

use crate::clients::TODAY;

/// The last version of before JSON.
const BEFORE: &str = include_str!("python/query.txt");

/// What the script saw, in lines, less the server's address.
async fn seen(test: &str, requirements: &'static str, protocol: &str) -> Vec<String> {
    let python = packages::python(requirements).await.join("python");
    let queues = Queues::new(test).await;
    let server = queues.serve().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sqs/python/every_action.py");
    let mut run = queues.client(python);
    run.env("PYTHONDONTWRITEBYTECODE", "1");
    run.arg(script).arg(server.url()).arg(protocol);
    let said = output(run).await.replace(&server.url(), "");
    let lines: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
    lines.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_action_works_the_same_by_json_and_by_query() {
    let (json, query) = tokio::join!(
        seen("every_action_by_json", TODAY, "json"),
        seen("every_action_by_query", BEFORE, "query"),
    );
    assert!(json.len() > 200, "{json:#?}");
    for (by_json, by_query) in json.iter().zip(&query) {
        assert_eq!(by_json, by_query);
    }
    assert_eq!(json.len(), query.len());
}

//! Requests in both protocols mean the same, and answers have AWS's members in both.

use beanpole_wire::{Call, Operation, Protocol, codec};
use serde_json::{Value, json};

use super::*;
use crate::examples;

fn json_call<O: Operation>(body: &Value) -> Call {
    Call {
        operation: O::NAME.to_owned(),
        body: body.to_string().into(),
        ..examples::call()
    }
}

fn query_call<O: Operation>(members: &str) -> Call {
    Call {
        operation: O::NAME.to_owned(),
        protocol: Protocol::Query,
        body: format!("Action={}&Version=2012-11-05&{members}", O::NAME).into(),
        ..examples::call()
    }
}

/// Both bodies are read as the same request.
fn same<O: Operation + std::fmt::Debug>(query: &str, json: Value) {
    let by_query: O = codec::decode(&query_call::<O>(query)).unwrap();
    let by_json: O = codec::decode(&json_call::<O>(&json)).unwrap();
    assert_eq!(format!("{by_query:?}"), format!("{by_json:?}"), "{}", O::NAME);
    let none: O = codec::decode(&query_call::<O>("")).unwrap();
    assert_ne!(
        format!("{by_query:?}"),
        format!("{none:?}"),
        "{} reads nothing",
        O::NAME
    );
}

const URL: &str = "QueueUrl=http%3A%2F%2Fh%2F000000000000%2Fq";

fn with_url(mut members: Value) -> Value {
    members["QueueUrl"] = "http://h/000000000000/q".into();
    members
}

#[test]
fn requests_about_queues_are_read_alike() {
    same::<CreateQueue>(
        "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=team&Tag.1.Value=blue",
        json!({ "QueueName": "q", "Attributes": { "DelaySeconds": "5" }, "tags": { "team": "blue" } }),
    );
    same::<DeleteQueue>(URL, with_url(json!({})));
    same::<PurgeQueue>(URL, with_url(json!({})));
    same::<GetQueueUrl>(
        "QueueName=q&QueueOwnerAWSAccountId=111111111111",
        json!({ "QueueName": "q", "QueueOwnerAWSAccountId": "111111111111" }),
    );
    same::<GetQueueAttributes>(
        &format!("{URL}&AttributeName.1=All&AttributeName.2=QueueArn"),
        with_url(json!({ "AttributeNames": ["All", "QueueArn"] })),
    );
    same::<SetQueueAttributes>(
        &format!("{URL}&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5"),
        with_url(json!({ "Attributes": { "DelaySeconds": "5" } })),
    );
    same::<ListQueues>(
        "QueueNamePrefix=q&MaxResults=5&NextToken=t",
        json!({ "QueueNamePrefix": "q", "MaxResults": 5, "NextToken": "t" }),
    );
    same::<ListDeadLetterSourceQueues>(
        &format!("{URL}&MaxResults=5&NextToken=t"),
        with_url(json!({ "MaxResults": 5, "NextToken": "t" })),
    );
}

#[test]
fn requests_about_tags_and_permissions_are_read_alike() {
    same::<TagQueue>(
        &format!("{URL}&Tag.1.Key=team&Tag.1.Value=blue&Tag.2.Key=x&Tag.2.Value="),
        with_url(json!({ "Tags": { "team": "blue", "x": "" } })),
    );
    same::<UntagQueue>(
        &format!("{URL}&TagKey.1=a&TagKey.2=b"),
        with_url(json!({ "TagKeys": ["a", "b"] })),
    );
    same::<ListQueueTags>(URL, with_url(json!({})));
    same::<AddPermission>(
        &format!(
            "{URL}&Label=l&AWSAccountId.1=111111111111&ActionName.1=SendMessage&ActionName.2=GetQueueUrl"
        ),
        with_url(json!({
            "Label": "l", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage", "GetQueueUrl"],
        })),
    );
    same::<RemovePermission>(&format!("{URL}&Label=l"), with_url(json!({ "Label": "l" })));
}

#[test]
fn messages_to_be_sent_are_read_alike() {
    same::<SendMessage>(
        &format!(
            "{URL}&MessageBody=a%20b&DelaySeconds=5&MessageGroupId=g&MessageDeduplicationId=d\
             &MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number&MessageAttribute.1.Value.StringValue=7\
             &MessageAttribute.2.Name=b&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=AAE%3D\
             &MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.DataType=String\
             &MessageSystemAttribute.1.Value.StringValue=Root"
        ),
        with_url(json!({
            "MessageBody": "a b", "DelaySeconds": 5, "MessageGroupId": "g", "MessageDeduplicationId": "d",
            "MessageAttributes": {
                "n": { "DataType": "Number", "StringValue": "7" },
                "b": { "DataType": "Binary", "BinaryValue": "AAE=" },
            },
            "MessageSystemAttributes": { "AWSTraceHeader": { "DataType": "String", "StringValue": "Root" } },
        })),
    );
    same::<SendMessageBatch>(
        &format!(
            "{URL}&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x\
             &SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=y\
             &SendMessageBatchRequestEntry.2.MessageAttribute.1.Name=n\
             &SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.DataType=String\
             &SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.StringValue=v"
        ),
        with_url(json!({ "Entries": [
            { "Id": "a", "MessageBody": "x" },
            { "Id": "b", "MessageBody": "y", "MessageAttributes": { "n": { "DataType": "String", "StringValue": "v" } } },
        ] })),
    );
}

#[test]
fn requests_about_received_messages_are_read_alike() {
    same::<ReceiveMessage>(
        &format!(
            "{URL}&AttributeName.1=All&MessageSystemAttributeName.1=SenderId&MessageAttributeName.1=a.*\
             &MaxNumberOfMessages=10&VisibilityTimeout=0&WaitTimeSeconds=20&ReceiveRequestAttemptId=r"
        ),
        with_url(json!({
            "AttributeNames": ["All"], "MessageSystemAttributeNames": ["SenderId"],
            "MessageAttributeNames": ["a.*"], "MaxNumberOfMessages": 10, "VisibilityTimeout": 0,
            "WaitTimeSeconds": 20, "ReceiveRequestAttemptId": "r",
        })),
    );
    same::<DeleteMessage>(
        &format!("{URL}&ReceiptHandle=h"),
        with_url(json!({ "ReceiptHandle": "h" })),
    );
    same::<DeleteMessageBatch>(
        &format!(
            "{URL}&DeleteMessageBatchRequestEntry.1.Id=a&DeleteMessageBatchRequestEntry.1.ReceiptHandle=h"
        ),
        with_url(json!({ "Entries": [{ "Id": "a", "ReceiptHandle": "h" }] })),
    );
    same::<ChangeMessageVisibility>(
        &format!("{URL}&ReceiptHandle=h&VisibilityTimeout=5"),
        with_url(json!({ "ReceiptHandle": "h", "VisibilityTimeout": 5 })),
    );
    same::<ChangeMessageVisibilityBatch>(
        &format!(
            "{URL}&ChangeMessageVisibilityBatchRequestEntry.1.Id=a\
             &ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=h\
             &ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=5"
        ),
        with_url(json!({ "Entries": [{ "Id": "a", "ReceiptHandle": "h", "VisibilityTimeout": 5 }] })),
    );
}

#[test]
fn requests_about_move_tasks_are_read_alike() {
    same::<StartMessageMoveTask>(
        "SourceArn=s&DestinationArn=d&MaxNumberOfMessagesPerSecond=5",
        json!({ "SourceArn": "s", "DestinationArn": "d", "MaxNumberOfMessagesPerSecond": 5 }),
    );
    same::<CancelMessageMoveTask>("TaskHandle=t", json!({ "TaskHandle": "t" }));
    same::<ListMessageMoveTasks>(
        "SourceArn=s&MaxResults=5",
        json!({ "SourceArn": "s", "MaxResults": 5 }),
    );
}

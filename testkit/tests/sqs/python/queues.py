"""Queues themselves, and who may use them."""

import json
import time

from asking import (
    ACCOUNT, ENDPOINT, OTHER, attributes, create, expect, other, receive, refused, saw, sqs,
)


def queues_are_made_found_changed_and_deleted():
    queue = create("life", tags={"team": "blue"}, VisibilityTimeout="7")
    expect("a queue's URL", queue, f"{ENDPOINT}/{ACCOUNT}/life")
    expect("the same queue again", create("life", VisibilityTimeout="7"), queue)
    refused("the name with another value", "QueueAlreadyExists", create, name="life", VisibilityTimeout="8")
    expect("found by name", sqs.get_queue_url(QueueName="life")["QueueUrl"], queue)
    try:
        sqs.get_queue_url(QueueName="nope")
        raise AssertionError("a queue that nobody made")
    except sqs.exceptions.QueueDoesNotExist as error:
        expect("no queue", error.response["Error"]["Code"], "AWS.SimpleQueueService.NonExistentQueue")
    refused("a bad name", "InvalidParameterValue", create, name="no spaces")
    refused("an unknown attribute", "InvalidAttributeName", create, name="odd", Colour="red")
    refused("a value too large", "InvalidAttributeValue", create, name="odd", VisibilityTimeout="43201")

    known = attributes(queue, "All")
    for changing in ["CreatedTimestamp", "LastModifiedTimestamp"]:
        assert abs(int(known.pop(changing)) - time.time()) < 60, changing
    expect(
        "all attributes",
        known,
        {
            "ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
            "ApproximateNumberOfMessagesNotVisible": "0",
            "DelaySeconds": "0",
            "MaximumMessageSize": "1048576",
            "MessageRetentionPeriod": "345600",
            "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:life",
            "ReceiveMessageWaitTimeSeconds": "0",
            "SqsManagedSseEnabled": "true",
            "VisibilityTimeout": "7",
        },
    )
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "9", "DelaySeconds": "2"})
    wanted = {"VisibilityTimeout": "9", "DelaySeconds": "2"}
    expect("changed attributes", attributes(queue, "VisibilityTimeout", "DelaySeconds"), wanted)
    refused(
        "a read-only attribute",
        "InvalidAttributeName",
        sqs.set_queue_attributes,
        QueueUrl=queue,
        Attributes={"QueueArn": "arn:aws:sqs:us-east-1:1:x"},
    )

    sqs.tag_queue(QueueUrl=queue, Tags={"owner": "Ann + Bob: ä=é", "empty": ""})
    tags = {"team": "blue", "owner": "Ann + Bob: ä=é", "empty": ""}
    expect("tags", sqs.list_queue_tags(QueueUrl=queue)["Tags"], tags)
    sqs.untag_queue(QueueUrl=queue, TagKeys=["team", "empty", "never"])
    expect("tags left", sqs.list_queue_tags(QueueUrl=queue)["Tags"], {"owner": "Ann + Bob: ä=é"})

    sqs.delete_queue(QueueUrl=queue)
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    refused("a deleted queue", missing, sqs.send_message, QueueUrl=queue, MessageBody="late")


def queues_are_listed_in_pages():
    expect("no queues", sqs.list_queues(QueueNamePrefix="page-").get("QueueUrls"), None)
    queues = [create(f"page-{number}") for number in range(5)]
    create("other")
    expect("queues of a prefix", sqs.list_queues(QueueNamePrefix="page-")["QueueUrls"], queues)
    pages = sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix="page-", PaginationConfig={"PageSize": 2}
    )
    expect("queues by pages", [page["QueueUrls"] for page in pages], [queues[:2], queues[2:4], queues[4:]])


def other_accounts_do_what_they_may():
    queue = create("shared")
    try_it = lambda what, call, **more: refused(what, "AccessDenied", call, QueueUrl=queue, **more)
    try_it("a stranger's send", other.send_message, MessageBody="x")
    sqs.add_permission(
        QueueUrl=queue, Label="share", AWSAccountIds=[OTHER], Actions=["SendMessage", "GetQueueUrl"]
    )
    policy = json.loads(attributes(queue, "Policy")["Policy"])
    expect("the statement", [one["Sid"] for one in policy["Statement"]], ["share"])
    other.send_message(QueueUrl=queue, MessageBody="from abroad")
    found = other.get_queue_url(QueueName="shared", QueueOwnerAWSAccountId=ACCOUNT)["QueueUrl"]
    expect("found from abroad", found, queue)
    try_it("a stranger's receive", other.receive_message)
    (message,) = receive(queue, AttributeNames=["SenderId"], WaitTimeSeconds=2)
    expect("received from abroad", (message["Body"], message["Attributes"]), ("from abroad", {"SenderId": OTHER}))
    sqs.remove_permission(QueueUrl=queue, Label="share")
    try_it("a send no longer allowed", other.send_message, MessageBody="x")
    expect("its policy is gone", attributes(queue, "Policy"), {})
    refused("a label of nothing", "InvalidParameterValue", sqs.remove_permission, QueueUrl=queue, Label="share")
    expect("each account's own names", create("shared", account=other), f"{ENDPOINT}/{OTHER}/shared")

"""Dead-letter queues, and the tasks that move their messages."""

import json
import time

from asking import arn, attributes, create, drain, expect, receive, refused, sqs


def dead_letters_go_and_come_back():
    dead = create("dead")
    refused(
        "no such dead-letter queue", "InvalidParameterValue", create, name="lost",
        RedrivePolicy=json.dumps({"deadLetterTargetArn": arn(dead) + "-not", "maxReceiveCount": 2}),
    )
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
    source = create("source", VisibilityTimeout="0", RedrivePolicy=policy)
    expect("the policy", json.loads(attributes(source, "RedrivePolicy")["RedrivePolicy"]), json.loads(policy))
    expect("sources", sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [source])
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    for attempt in ["1", "2"]:
        (message,) = receive(source, AttributeNames=["ApproximateReceiveCount"], WaitTimeSeconds=2)
        expect("attempt", message["Attributes"]["ApproximateReceiveCount"], attempt)
    expect("no third attempt", receive(source, WaitTimeSeconds=1), [])
    (letter,) = receive(dead, AttributeNames=["All"], VisibilityTimeout=0, WaitTimeSeconds=5)
    expect("a dead letter", letter["Body"], "poison")
    expect("its id is kept", letter["MessageId"] == message["MessageId"], True)
    expect("where it is from", letter["Attributes"]["DeadLetterQueueSourceArn"], arn(source))

    handle = sqs.start_message_move_task(SourceArn=arn(dead))["TaskHandle"]
    assert handle
    task = finished_move(arn(dead))
    expect("moved", (task["Status"], task["ApproximateNumberOfMessagesMoved"]), ("COMPLETED", 1))
    expect("back at its source", drain(source, 1), ["poison"])


def finished_move(source):
    end = time.monotonic() + 20
    while True:
        (task,) = sqs.list_message_move_tasks(SourceArn=source)["Results"]
        if task["Status"] not in ("RUNNING", "CANCELLING"):
            return task
        assert time.monotonic() < end, task
        time.sleep(0.05)


def a_move_is_slow_when_asked_and_cancelled():
    dead, target = create("slow-dead"), create("slow-target")
    create("slow-source", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1}))
    for number in range(10):
        sqs.send_message(QueueUrl=dead, MessageBody=str(number))
    handle = sqs.start_message_move_task(
        SourceArn=arn(dead), DestinationArn=arn(target), MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    (task,) = sqs.list_message_move_tasks(SourceArn=arn(dead), MaxResults=10)["Results"]
    expect(
        "a move under way",
        [task[key] for key in ["Status", "SourceArn", "DestinationArn", "MaxNumberOfMessagesPerSecond"]],
        ["RUNNING", arn(dead), arn(target), 1],
    )
    expect("its handle", task["TaskHandle"] == handle, True)
    refused("two at a time", "AWS.SimpleQueueService.UnsupportedOperation",
            sqs.start_message_move_task, SourceArn=arn(dead))
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    assert moved < 10, moved
    expect("cancelled", finished_move(arn(dead))["Status"], "CANCELLED")
    refused("no dead-letter queue", "InvalidParameterValue",
            sqs.start_message_move_task, SourceArn=arn(target))
    refused("a handle of nothing", "InvalidParameterValue", sqs.cancel_message_move_task, TaskHandle="abc")

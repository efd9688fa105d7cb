"""Calls every action of SQS and asserts what a user would notice.

Runs unchanged on a boto3 that speaks JSON and on one that speaks the Query protocol. What it saw, less
ids, times and handles, goes to standard output: it has to be the same in both.
"""

import hashlib
import json
import struct
import sys
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
ACCOUNT, OTHER = "123456789012", "111111111111"
seen, called = [], set()


def client(account):
    made = boto3.client(
        "sqs",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="any",
        config=Config(retries={"max_attempts": 0}),
    )
    made.meta.events.register("before-call.sqs", lambda model, **_: called.add(model.name))
    return made


sqs, other = client(ACCOUNT), client(OTHER)


def saw(what, value):
    seen.append([what, value])


def expect(what, value, wanted):
    saw(what, value)
    assert value == wanted, f"{what}: {value!r}, not {wanted!r}"


def refused(what, code, call, **arguments):
    """The error's code, status and fault have to be these; its text is compared between protocols."""
    try:
        call(**arguments)
    except ClientError as error:
        answer = error.response
        text = answer["Error"]["Message"].replace(arguments.get("ReceiptHandle", "\0"), "<handle>")
        saw(f"{what}: the error's text", text)
        expect(what, answer["Error"]["Code"], code)
        saw(f"{what}: status", answer["ResponseMetadata"]["HTTPStatusCode"])
        saw(f"{what}: fault", answer["Error"].get("Type"))
        return
    raise AssertionError(f"{what}: no error")


def create(name, account=sqs, tags=None, **attributes):
    arguments = {"QueueName": name, "Attributes": attributes}
    if tags:
        arguments["tags"] = tags
    return account.create_queue(**arguments)["QueueUrl"]


def attributes(queue, *names):
    return sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names)).get("Attributes", {})


def arn(queue):
    return attributes(queue, "QueueArn")["QueueArn"]


def receive(queue, most=1, **arguments):
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=most, **arguments)
    return answer.get("Messages", [])


def bodies(messages):
    return [message["Body"] for message in messages]


def drain(queue, count):
    """Receives and deletes until it has `count` messages."""
    got, end = [], time.monotonic() + 10
    while len(got) < count and time.monotonic() < end:
        for message in receive(queue, 10, WaitTimeSeconds=1):
            got.append(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return got


def digest_of_attributes(given):
    """The MD5 of message attributes as the developer guide defines it."""
    total = hashlib.md5()
    part = lambda value: total.update(struct.pack("!I", len(value)) + value)
    for name in sorted(given):
        part(name.encode())
        part(given[name]["DataType"].encode())
        if "BinaryValue" in given[name]:
            total.update(b"\x02")
            part(given[name]["BinaryValue"])
        else:
            total.update(b"\x01")
            part(given[name]["StringValue"].encode())
    return total.hexdigest()


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


def messages_arrive_as_they_were_sent():
    queue = create("messages")
    body = 'Grüße <a href="x">&amp;</a> €😀\ttab\nline\rreturn'
    given = {
        "text": {"DataType": "String", "StringValue": "ä <&> \n x"},
        "number": {"DataType": "Number.int", "StringValue": "-5"},
        "bytes": {"DataType": "Binary.png", "BinaryValue": bytes(range(256))},
    }
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    sent = sqs.send_message(
        QueueUrl=queue, MessageBody=body, MessageAttributes=given, MessageSystemAttributes=system
    )
    expect("MD5 of a body", sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
    expect("MD5 of attributes", sent["MD5OfMessageAttributes"], digest_of_attributes(given))
    expect("MD5 of system attributes", sent["MD5OfMessageSystemAttributes"], digest_of_attributes(system))
    assert "SequenceNumber" not in sent

    # botocore checks MD5OfBody by itself.
    (message,) = receive(
        queue, AttributeNames=["All"], MessageAttributeNames=["All"], VisibilityTimeout=0, WaitTimeSeconds=2
    )
    expect("the body", message["Body"], body)
    expect("the id", message["MessageId"] == sent["MessageId"], True)
    expect("what MD5 a receive tells", message["MD5OfMessageAttributes"], digest_of_attributes(given))
    got = {
        name: {key: value for key, value in values.items() if not key.endswith("ListValues")}
        for name, values in message["MessageAttributes"].items()
    }
    assert got == given, got
    told = message["Attributes"]
    for moment in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"]:
        assert abs(int(told.pop(moment)) / 1000 - time.time()) < 60, moment
    saw("sender", told.pop("SenderId"))
    expect("system attributes", told, {"ApproximateReceiveCount": "1", "AWSTraceHeader": trace})

    (message,) = receive(queue, MessageAttributeNames=["te.*", "bytes"], VisibilityTimeout=0)
    expect("attributes by name and prefix", sorted(message["MessageAttributes"]), ["bytes", "text"])
    assert "Attributes" not in message
    (message,) = receive(queue, AttributeNames=["ApproximateReceiveCount"])
    expect("what was not asked for", "MessageAttributes" in message, False)
    expect("receives", message["Attributes"], {"ApproximateReceiveCount": "3"})
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    expect("nothing left", receive(queue, WaitTimeSeconds=1), [])

    largest = "x" * 1_048_576
    sqs.send_message(QueueUrl=queue, MessageBody=largest)
    (message,) = receive(queue, WaitTimeSeconds=2)
    expect("the largest message", message["Body"] == largest, True)


def bad_messages_are_refused():
    queue = create("refusals")
    say = lambda what, code, **arguments: refused(what, code, sqs.send_message, QueueUrl=queue, **arguments)
    say("an empty body", "MissingParameter", MessageBody="")
    say("a control character", "InvalidMessageContents", MessageBody="bell \x07")
    say("a body too large", "InvalidParameterValue", MessageBody="x" * 1_048_577)
    say("too long a delay", "InvalidParameterValue", MessageBody="x", DelaySeconds=901)
    attribute = {"bad type": {"DataType": "String", "StringValue": "x"}}
    say("an attribute's bad name", "InvalidParameterValue", MessageBody="x", MessageAttributes=attribute)
    attribute = {"a": {"DataType": "Date", "StringValue": "x"}}
    say("an attribute's bad type", "InvalidParameterValue", MessageBody="x", MessageAttributes=attribute)
    say("deduplication here", "InvalidParameterValue", MessageBody="x", MessageDeduplicationId="d")
    refused("eleven", "InvalidParameterValue", sqs.receive_message, QueueUrl=queue, MaxNumberOfMessages=11)
    refused("waiting long", "InvalidParameterValue", sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=21)
    invalid = "ReceiptHandleIsInvalid"
    refused("a handle of nothing", invalid, sqs.delete_message, QueueUrl=queue, ReceiptHandle="abc")
    refused(
        "a URL of nothing",
        "AWS.SimpleQueueService.NonExistentQueue",
        sqs.receive_message,
        QueueUrl=f"{ENDPOINT}/{ACCOUNT}/nothing",
    )


def batches_tell_each_outcome():
    queue = create("batches", VisibilityTimeout="60")
    entries = [{"Id": f"e{number}", "MessageBody": f"m{number}"} for number in range(9)]
    entries.insert(4, {"Id": "bad", "MessageBody": "\x01"})
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    expect("sent", [one["Id"] for one in answer["Successful"]], [f"e{number}" for number in range(9)])
    expect(
        "not sent",
        [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]],
        [("bad", "InvalidMessageContents", True)],
    )
    got = []
    while len(got) < 9:
        got += receive(queue, 10, WaitTimeSeconds=2)
    expect("received", sorted(bodies(got)), [f"m{number}" for number in range(9)])

    handles = [{"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]} for number, one in enumerate(got)]
    shown = [dict(handle, VisibilityTimeout=0) for handle in handles[:3]]
    shown.append({"Id": "bad", "ReceiptHandle": "abc", "VisibilityTimeout": 0})
    answer = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=shown)
    expect("made visible", [one["Id"] for one in answer["Successful"]], ["0", "1", "2"])
    failed = [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]]
    expect("not made visible", failed, [("bad", "ReceiptHandleIsInvalid", True)])
    expect("counted", attributes(queue, "ApproximateNumberOfMessagesNotVisible"),
           {"ApproximateNumberOfMessagesNotVisible": "6"})

    answer = sqs.delete_message_batch(
        QueueUrl=queue, Entries=handles[3:] + [{"Id": "bad", "ReceiptHandle": "abc"}]
    )
    expect("deleted", [one["Id"] for one in answer["Successful"]], ["3", "4", "5", "6", "7", "8"])
    failed = [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]]
    expect("not deleted", failed, [("bad", "ReceiptHandleIsInvalid", True)])
    expect("left", sorted(drain(queue, 3)), sorted(bodies(got[:3])))

    send = lambda what, code, entries: refused(
        what, f"AWS.SimpleQueueService.{code}", sqs.send_message_batch, QueueUrl=queue, Entries=entries
    )
    entry = lambda name, body="x": {"Id": name, "MessageBody": body}
    send("an empty batch", "EmptyBatchRequest", [])
    send("eleven entries", "TooManyEntriesInBatchRequest", [entry(str(number)) for number in range(11)])
    send("two of an id", "BatchEntryIdsNotDistinct", [entry("a"), entry("a")])
    send("an id with a blank", "InvalidBatchEntryId", [entry("a b")])
    half = "x" * 600_000
    send("too much in all", "BatchRequestTooLong", [entry("a", half), entry("b", half)])


def visibility_hides_and_shows():
    queue = create("visibility", VisibilityTimeout="1")
    sqs.send_message(QueueUrl=queue, MessageBody="once")
    (first,) = receive(queue, WaitTimeSeconds=2)
    expect("hidden", receive(queue), [])
    (second,) = receive(queue, WaitTimeSeconds=5)
    expect("the same message", second["MessageId"] == first["MessageId"], True)
    expect("a new handle", second["ReceiptHandle"] == first["ReceiptHandle"], False)
    hide = lambda seconds: sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=seconds
    )
    hide(30)
    expect("hidden for longer", receive(queue, WaitTimeSeconds=2), [])
    hide(0)
    (third,) = receive(queue, VisibilityTimeout=30, WaitTimeSeconds=2)
    expect("shown at once", third["MessageId"] == first["MessageId"], True)
    handle = {"QueueUrl": queue, "ReceiptHandle": third["ReceiptHandle"]}
    change = lambda what, seconds: refused(
        what, "InvalidParameterValue", sqs.change_message_visibility, VisibilityTimeout=seconds, **handle
    )
    change("hidden too long", 43201)
    sqs.delete_message(**handle)
    change("hiding what is gone", 5)


def delays_hold_messages_back():
    queue = create("delays", DelaySeconds="1")
    started = time.monotonic()
    sqs.send_message(QueueUrl=queue, MessageBody="by the queue")
    sqs.send_message(QueueUrl=queue, MessageBody="at once", DelaySeconds=0)
    expect("not delayed", drain(queue, 1), ["at once"])
    expect("delayed", drain(queue, 1), ["by the queue"])
    took = time.monotonic() - started
    assert took >= 0.9, f"a message with a delay of 1 s came after {took:.2f} s"


def a_long_poll_wakes():
    queue = create("waking")
    late = client(ACCOUNT)
    sender = threading.Timer(1, lambda: late.send_message(QueueUrl=queue, MessageBody="wake up"))
    sender.start()
    started = time.monotonic()
    expect("woken", bodies(receive(queue, WaitTimeSeconds=20)), ["wake up"])
    took = time.monotonic() - started
    sender.join()
    assert 0.5 < took < 10, f"the message was sent after 1 s and came after {took:.2f} s"
    empty = create("patient", ReceiveMessageWaitTimeSeconds="1")
    started = time.monotonic()
    expect("nobody sent", receive(empty), [])
    took = time.monotonic() - started
    assert 0.9 < took < 6, f"a queue that waits 1 s answered after {took:.2f} s"


def a_purge_empties():
    queue = create("purged")
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    receive(queue)
    sqs.purge_queue(QueueUrl=queue)
    expect("purged", receive(queue, WaitTimeSeconds=1), [])
    expect(
        "counts",
        attributes(queue, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"),
        {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"},
    )


def fifo_keeps_order_and_drops_repetitions():
    refused("a name without .fifo", "InvalidParameterValue", create, name="fifo", FifoQueue="true")
    queue = create("order.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="60")
    expect(
        "FIFO attributes",
        attributes(queue, "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"),
        {
            "FifoQueue": "true",
            "ContentBasedDeduplication": "true",
            "DeduplicationScope": "queue",
            "FifoThroughputLimit": "perQueue",
        },
    )
    send = lambda body, group, **more: sqs.send_message(
        QueueUrl=queue, MessageBody=body, MessageGroupId=group, **more
    )
    numbers = [int(send(f"a{number}", "a")["SequenceNumber"]) for number in range(4)]
    assert numbers == sorted(numbers) and len(set(numbers)) == 4, numbers
    assert int(send("a0", "a")["SequenceNumber"]) == numbers[0], "a repetition by its body"
    first = send("by id", "b", MessageDeduplicationId="d1")
    repeated = send("not by body", "b", MessageDeduplicationId="d1")
    expect("a repetition has its first id", repeated["MessageId"] == first["MessageId"], True)

    got = receive(queue, 2, AttributeNames=["All"])
    expect("the first two", bodies(got), ["a0", "a1"])
    told = got[0]["Attributes"]
    assert int(told["SequenceNumber"]) == numbers[0]
    expect("its group", told["MessageGroupId"], "a")
    expect("its deduplication id", told["MessageDeduplicationId"], hashlib.sha256(b"a0").hexdigest())
    expect("the group is held, others go on", bodies(receive(queue, 10)), ["by id"])
    for message in reversed(got):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    expect("then the next", bodies(receive(queue, 10)), ["a2", "a3"])

    refused("no group", "MissingParameter", sqs.send_message, QueueUrl=queue, MessageBody="x")
    plain = create("plain.fifo", FifoQueue="true")
    refused(
        "no deduplication id", "InvalidParameterValue",
        sqs.send_message, QueueUrl=plain, MessageBody="x", MessageGroupId="g",
    )
    delayed = {"QueueUrl": queue, "MessageBody": "x", "MessageGroupId": "g", "DelaySeconds": 1}
    refused("a delay of one message", "InvalidParameterValue", sqs.send_message, **delayed)


def a_receive_of_fifo_is_repeatable():
    queue = create("attempts.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="60")
    entries = [{"Id": str(n), "MessageBody": f"m{n}", "MessageGroupId": "g"} for n in range(3)]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    numbers = [int(one["SequenceNumber"]) for one in answer["Successful"]]
    assert numbers == sorted(numbers), numbers
    first = receive(queue, 3, ReceiveRequestAttemptId="try")
    again = receive(queue, 3, ReceiveRequestAttemptId="try")
    expect("received", bodies(first), ["m0", "m1", "m2"])
    expect("the same attempt again", bodies(again), ["m0", "m1", "m2"])
    expect("another attempt", receive(queue, 3, ReceiveRequestAttemptId="other"), [])


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


for fact in [
    queues_are_made_found_changed_and_deleted,
    queues_are_listed_in_pages,
    messages_arrive_as_they_were_sent,
    bad_messages_are_refused,
    batches_tell_each_outcome,
    visibility_hides_and_shows,
    delays_hold_messages_back,
    a_long_poll_wakes,
    a_purge_empties,
    fifo_keeps_order_and_drops_repetitions,
    a_receive_of_fifo_is_repeatable,
    dead_letters_go_and_come_back,
    a_move_is_slow_when_asked_and_cancelled,
    other_accounts_do_what_they_may,
]:
    saw("fact", fact.__name__)
    started = time.monotonic()
    fact()
    print(f"{fact.__name__}: {time.monotonic() - started:.1f} s", file=sys.stderr)

every = set(sqs.meta.service_model.operation_names)
assert called == every, f"never called: {sorted(every - called)}"
saw("actions", sorted(called))
protocol = sqs.meta.service_model.metadata["protocol"]
assert protocol == sys.argv[2], f"this boto3 speaks {protocol}, not {sys.argv[2]}"
print(json.dumps(seen, ensure_ascii=False))

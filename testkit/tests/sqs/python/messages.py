"""Messages of standard queues."""

import hashlib
import struct
import threading
import time

from asking import (
    ACCOUNT, ENDPOINT, attributes, bodies, client, create, drain, expect, receive, refused, saw, sqs,
)


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

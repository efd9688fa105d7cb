"""FIFO queues."""

import hashlib

from asking import attributes, bodies, create, expect, receive, refused, sqs


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

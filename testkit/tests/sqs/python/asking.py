"""What every test asks SQS with, and what was seen: ids, times and handles are left out of that."""

import sys
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

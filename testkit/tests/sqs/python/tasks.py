"""Tasks whose broker is SQS; `python tasks.py COUNT` sends that many and prints their results."""

import os
import sys

from celery import Celery

app = Celery("tasks")
app.conf.update(
    broker_url="sqs://" + os.environ["BROKER"],
    broker_transport_options={
        "region": os.environ["AWS_REGION"],
        "is_secure": False,
        "visibility_timeout": 30,
        "wait_time_seconds": 5,
        "polling_interval": 0.1,
    },
    broker_connection_retry_on_startup=True,
    result_backend="file://" + os.environ["RESULTS"],
    task_default_queue="celery-jobs",
    task_acks_late=True,
)


@app.task
def square(number):
    return number * number


@app.task(bind=True)
def second_time(self):
    """Fails once."""
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    return self.request.retries


if __name__ == "__main__":
    results = [square.delay(number) for number in range(int(sys.argv[1]))]
    retried = second_time.delay()
    print([result.get(timeout=60) for result in results])
    print(retried.get(timeout=60))

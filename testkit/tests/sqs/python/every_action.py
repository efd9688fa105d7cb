"""Calls every action of SQS and asserts what a user would notice: `every_action.py ENDPOINT PROTOCOL`.

Runs unchanged on a boto3 that speaks JSON and on one that speaks the Query protocol. What it saw, less
ids, times and handles, goes to standard output: it has to be the same in both.
"""

import json
import sys
import time

import dead_letters
import fifo
import messages
import queues
from asking import called, saw, seen, sqs

for fact in [
    queues.queues_are_made_found_changed_and_deleted,
    queues.queues_are_listed_in_pages,
    queues.other_accounts_do_what_they_may,
    messages.messages_arrive_as_they_were_sent,
    messages.bad_messages_are_refused,
    messages.batches_tell_each_outcome,
    messages.visibility_hides_and_shows,
    messages.delays_hold_messages_back,
    messages.a_long_poll_wakes,
    messages.a_purge_empties,
    fifo.fifo_keeps_order_and_drops_repetitions,
    fifo.a_receive_of_fifo_is_repeatable,
    dead_letters.dead_letters_go_and_come_back,
    dead_letters.a_move_is_slow_when_asked_and_cancelled,
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

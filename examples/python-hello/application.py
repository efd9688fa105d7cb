"""The smallest useful application: says which instance and which version answers."""

import html
import os
import socket
import time

STARTED = time.time()
PAGE = """<!doctype html>
<meta charset="utf-8"><title>Hello from Beanpole</title>
<style>
 body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1rem;
        color: #1c2b22; background: #f4f8f5 }}
 h1 {{ color: #1f7a46 }} code {{ background: #e0ebe4; padding: .1em .4em; border-radius: .3em }}
</style>
<h1>{greeting}</h1>
<p>Instance <code>{instance}</code> answered this request. It has run for {age:.0f} s.</p>
<p>{note}</p>
<p>Reload the page: the balancer chooses among the instances of this environment.</p>
"""


def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3)
    # Written by .ebextensions/01-hello.config.
    try:
        with open("/etc/hello.txt") as file:
            note = file.read()
    except FileNotFoundError:
        note = ""
    page = PAGE.format(
        note=html.escape(note),
        greeting=html.escape(os.environ.get("GREETING", "It runs.")),
        instance=html.escape(socket.gethostname()),
        age=time.time() - STARTED,
    )
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [page.encode()]

//! Sample applications, good and broken, as bundles.

use crate::bundle::zip;

/// Answers its version at `/`, its host name at `/who`, and `/slow` after three seconds.
pub fn web(version: &str) -> Vec<u8> {
    python(&format!(
        r#"import os, socket, time
VERSION = {version:?}
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(3)
    if path.startswith("/env/"):
        body = os.environ.get(path[5:], "(unset)")
    elif path == "/who":
        body = socket.gethostname()
    else:
        body = VERSION
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
"#
    ))
}

/// Uses SQS by AWS's SDK as it comes, without a word of configuration.
pub fn uses_sqs() -> Vec<u8> {
    uses_sqs_with(&[])
}

/// The same, with more files.
pub fn uses_sqs_with(more: &[(&str, &str)]) -> Vec<u8> {
    let application = r#"import os, socket, urllib.parse
import boto3
from botocore.exceptions import ClientError

def queue(sqs, query):
    return sqs.get_queue_url(QueueName=query or "jobs")["QueueUrl"]

def answer(path, query):
    sqs = boto3.client("sqs")
    if path.startswith("/env/"):
        return os.environ.get(path[5:], "(unset)")
    if path.startswith("/file/"):
        with open(path[5:]) as file: return file.read()
    if path.startswith("/through/"):
        url = os.environ[path[9:]]
        sqs.send_message(QueueUrl=url, MessageBody=query)
        got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
        return ",".join(one["Body"] for one in got)
    if path == "/credentials":
        own = boto3.Session().get_credentials()
        return own.method + " " + own.access_key
    if path.startswith("/create/"):
        return sqs.create_queue(QueueName=path[8:])["QueueUrl"]
    if path.startswith("/url/"):
        return sqs.get_queue_url(QueueName=path[5:])["QueueUrl"]
    if path.startswith("/send/"):
        sqs.send_message(QueueUrl=queue(sqs, query), MessageBody=path[6:])
        return "sent"
    if path == "/receive":
        url = queue(sqs, query)
        got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
        for one in got:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return ",".join(one["Body"] for one in got)
    if path == "/steal":
        try:
            sqs.receive_message(QueueUrl=query)
            return "stolen"
        except ClientError as error:
            return error.response["Error"]["Code"]
    if path == "/reach":
        return ",".join(reach(one) for one in query.split(","))
    return "here"

def reach(address):
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), 2).close()
        return "open"
    except OSError as error:
        return type(error).__name__

def application(environ, start_response):
    try:
        status, body = "200 OK", answer(environ["PATH_INFO"], environ["QUERY_STRING"])
    except Exception as error:
        status, body = "500 Internal Server Error", repr(error)
    start_response(status, [("Content-Type", "text/plain")])
    return [body.encode()]
"#;
    let mut files = vec![("application.py", application), ("requirements.txt", "boto3\n")];
    files.extend(more);
    zip(&files)
}

/// Listens and answers every request with 500.
pub fn answers_500() -> Vec<u8> {
    python(
        r#"import sys
print("the database is on fire", file=sys.stderr, flush=True)
def application(environ, start_response):
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
    return [b"broken"]
"#,
    )
}

/// Exits as soon as it starts, with a line on stderr.
pub fn exits() -> Vec<u8> {
    procfile(
        "web: python3 -c \"import sys; sys.exit('missing setting FOO')\"",
        "",
    )
}

/// Runs for ever without listening.
pub fn never_listens() -> Vec<u8> {
    procfile(
        "web: python3 sleeper.py",
        "import time\nprint('thinking', flush=True)\nwhile True: time.sleep(1)\n",
    )
}

/// Listens, and has to be killed.
pub fn ignores_sigterm(version: &str) -> Vec<u8> {
    procfile(
        "web: python3 sleeper.py",
        &format!(
            r#"import http.server, os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {version:?}.encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"#
        ),
    )
}

/// Its build fails: pip cannot read what it asks for.
pub fn does_not_build() -> Vec<u8> {
    zip(&[
        ("application.py", ""),
        ("requirements.txt", "no such requirement, sorry\n"),
    ])
}

fn python(application: &str) -> Vec<u8> {
    zip(&[("application.py", application), ("requirements.txt", "")])
}

fn procfile(line: &str, sleeper: &str) -> Vec<u8> {
    zip(&[
        ("Procfile", line),
        ("sleeper.py", sleeper),
        ("requirements.txt", ""),
    ])
}

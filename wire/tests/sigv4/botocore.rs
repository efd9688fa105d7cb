//! Requests as botocore 1.43 signed them, at 2015-08-30 12:36:00 UTC, kept as they were.

use http::Request;

use crate::sign::{NOW, check};

struct Case {
    name: &'static str,
    method: &'static str,
    url: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const SIGNED: &[Case] = &[
    Case {
        name: "a JSON call",
        method: "POST",
        url: "http://queue.example:9324/",
        headers: &[
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "AmazonSQS.SendMessage"),
            ("x-amz-date", "20150830T123600Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/sqs/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
                 Signature=9a50c437b2aaa957ce9bbeba84edd1b3adb4eb6c21826ebc9898d653ad2efe2b",
            ),
        ],
        body: "{\"MessageBody\":\"hällo\"}",
    },
    Case {
        name: "a form under a session",
        method: "POST",
        url: "http://localhost:8080/",
        headers: &[
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("x-amz-date", "20150830T123600Z"),
            ("x-amz-security-token", "c2Vzc2lvbg==/+token"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20150830/eu-central-1/sns/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
                 Signature=11b92947dde432d1b0fda82820ec3ca0905e3300f22bf539c0c7e0873498f4cb",
            ),
        ],
        body: "Action=Publish&Message=%26%2B+%3D%25",
    },
    Case {
        name: "a path that is not in its normal form",
        method: "GET",
        url: "http://localhost/a//b/../c%20d/%C3%BC/?b=2&a=%2F1&a=0&empty=",
        headers: &[
            ("x-spaces", "  a   b  c "),
            ("x-amz-date", "20150830T123600Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/execute-api/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-spaces, \
                 Signature=8769f4b65c32d2c7be70d4217612748d1b0633c591bbd347ae2c78465ab0b192",
            ),
        ],
        body: "",
    },
    Case {
        name: "an object whose key looks like a path",
        method: "PUT",
        url: "http://bucket.localhost/dir//a%20b/../%C3%BC%2B%28x%29?partNumber=1&uploadId=a%2Bb",
        headers: &[
            ("content-type", "text/plain"),
            ("x-amz-date", "20150830T123600Z"),
            (
                "x-amz-content-sha256",
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            ),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/s3/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, \
                 Signature=04b61a40da27ff8fcd1faaa05a993f9c44bc7307a4183c88716f5cabcbb422af",
            ),
        ],
        body: "hello",
    },
    Case {
        name: "a presigned call under a session",
        method: "GET",
        url: "http://localhost:9324/123/queue?Action=ReceiveMessage&Version=2012-11-05&\
              X-Amz-Algorithm=AWS4-HMAC-SHA256&\
              X-Amz-Credential=ASIAEXAMPLE%2F20150830%2Feu-central-1%2Fsqs%2Faws4_request&\
              X-Amz-Date=20150830T123600Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&\
              X-Amz-Security-Token=c2Vzc2lvbg%3D%3D%2F%2Btoken&\
              X-Amz-Signature=3c44c39f418326c62698695cae8c575c9d2123f36d2128e6f400afd66039c9e5",
        headers: &[],
        body: "",
    },
    Case {
        name: "a token for a cluster",
        method: "GET",
        url: "http://localhost/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
              X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-central-1%2Fsts%2Faws4_request&\
              X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-cluster-id&\
              X-Amz-Signature=6cd8c53c9d8feb5d9d219f40608dc59209c42638c18238b77f8dbd280f97094e",
        headers: &[("x-k8s-cluster-id", "dev")],
        body: "",
    },
    Case {
        name: "a presigned object",
        method: "GET",
        url: "http://localhost/bucket/a%20b//%C3%BC?versionId=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
              X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-central-1%2Fs3%2Faws4_request&\
              X-Amz-Date=20150830T123600Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&\
              X-Amz-Signature=6166080fd2b05db7eaa08d504fae6e54638e91a5afcce2ecfa01bc56fcd6f092",
        headers: &[],
        body: "",
    },
];

#[test]
fn what_botocore_signs_is_accepted() {
    for case in SIGNED {
        let mut request = Request::builder().method(case.method).uri(case.url);
        // What goes over the wire has a host header; `http` keeps the authority apart.
        let host = case.url.split('/').nth(2).expect("an authority");
        request = request.header("host", host);
        for (name, value) in case.headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        check(&parts, case.body.as_bytes(), NOW).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
}

#[test]
fn the_host_may_be_the_authority_of_http_2() {
    for case in SIGNED {
        let mut request = Request::builder().method(case.method).uri(case.url);
        for (name, value) in case.headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        check(&parts, case.body.as_bytes(), NOW).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
}

//! What is fetched with credentials, by the script as it is, from a server that looks at them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use beanpole_ebextensions::{Target, build_steps, late_steps, parse};
use common::{Here, Sweden, run};
use time::{PrimitiveDateTime, macros::format_description};

/// A request, headers by their names in lower case.
struct Asked {
    path: String,
    headers: BTreeMap<String, String>,
}

/// Answers everything with its path, and tells what it was asked.
fn server() -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                let mut piece = [0; 4096];
                let read = stream.read(&mut piece).unwrap();
                request.push_str(&String::from_utf8_lossy(&piece[..read]));
            }
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let headers = request.lines().skip(1).filter_map(|line| line.split_once(": "));
            let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
            let length = path.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{path}"
            )
            .unwrap();
            let headers = headers.collect();
            tell.send(Asked { path, headers }).unwrap();
        }
    });
    (format!("http://{address}"), asked)
}

/// The header that AWS's own library makes for the same request.
fn authorization(asked: &Asked, (id, secret): (&str, &str), region: &str) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = PrimitiveDateTime::parse(&asked.headers["x-amz-date"], format).unwrap();
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let identity = Credentials::new(id, secret, None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("s3")
        .time(time.assume_utc().into())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("http://{}{}", asked.headers["host"], asked.path);
    let request =
        SignableRequest::new("GET", url, std::iter::empty(), SignableBody::UnsignedPayload).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let header = instructions.headers().find(|(name, _)| *name == "authorization");
    header.unwrap().1.to_owned()
}

fn asked(from: &Receiver<Asked>) -> Asked {
    from.recv_timeout(Duration::from_secs(10)).unwrap()
}

#[test]
fn what_is_not_for_everybody_is_fetched_with_credentials() {
    let (url, requests) = server();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let text = format!(
        r#"Resources:
  AWSEBAutoScalingGroup:
    Metadata:
      AWS::CloudFormation::Authentication:
        Store: {{type: S3, buckets: [shop], accessKeyId: AKIDEXAMPLE, secretKey: 'a"b\c/+'}}
        Web:
          type: basic
          username: 'user:`{{"Ref": "AWS::Region"}}`'
          password: '`{{"Fn::GetOptionSetting": {{"OptionName": "STAGE"}}}}`'
          uris: "{url}/private"
files:
  {at}/1: {{source: "{url}/shop/a%20b/%C3%A9?versionId=1&x=2"}}
  {at}/2: {{source: "{url}/other/c", authentication: Store, mode: "000600"}}
  {at}/3: {{source: "{url}/privates"}}
  {at}/4: {{source: "{url}/private/d"}}
"#
    );
    let parsed = parse(&[(".ebextensions/a.config", &text)]);
    assert_eq!(parsed.findings, []);
    let build = build_steps(&parsed.config, &Target { lookup: &Sweden }).unwrap();
    let late = late_steps(&parsed.config, &Sweden, &Here).unwrap();
    assert_eq!((build.len(), late.len()), (1, 1));
    for step in build.iter().chain(&late) {
        let output = run(&step.script, None);
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("a\"b") && !said.contains("live"), "{said}");
    }
    let secret = ("AKIDEXAMPLE", "a\"b\\c/+");
    for _ in 0..2 {
        let request = asked(&requests);
        assert_eq!(
            request.headers["authorization"],
            authorization(&request, secret, "eu-north-1")
        );
    }
    assert_eq!(
        asked(&requests).headers.get("authorization"),
        None,
        "nothing is for it"
    );
    let basic = asked(&requests).headers["authorization"].clone();
    let expected = BASE64_STANDARD.encode("user:eu-north-1:live");
    assert_eq!(basic, format!("Basic {expected}"));
    assert_eq!(fs::read_to_string(format!("{at}/4")).unwrap(), "/private/d");
    // Whoever looks at a plan sees no secret.
    let plan = serde_json::to_string(&parsed.config.files[0]).unwrap();
    assert!(
        plan.contains("AKIDEXAMPLE") && !plan.contains("c/+") && !plan.contains("STAGE"),
        "{plan}"
    );
}

//! Calls of the AWS services over HTTP, signed by AWS's own signer.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use beanpole_protocol::api::NewAccessKey;
use serde_json::Value;

use super::World;

/// What a client signs with.
pub fn of_key(made: &NewAccessKey) -> Credentials {
    Credentials::new(made.key.id.as_str(), &made.secret, None, None, "test")
}

impl World {
    /// A call of SQS with a JSON body: status and answer.
    pub async fn sqs(&self, who: &Credentials, action: &str, body: Value) -> (u16, Value) {
        let headers = [
            ("content-type", "application/x-amz-json-1.0".to_owned()),
            ("x-amz-target", format!("AmazonSQS.{action}")),
        ];
        let (status, text) = self.signed(who, "sqs", &headers, body.to_string()).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A call of STS with a form: status and XML.
    pub async fn sts(&self, who: &Credentials, form: &str) -> (u16, String) {
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        let form = format!("Version=2011-06-15&{form}");
        self.signed(who, "sts", &headers, form).await
    }

    async fn signed(
        &self,
        who: &Credentials,
        service: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> (u16, String) {
        let url = format!("{}/", self.url);
        let authority = self.url.strip_prefix("http://").unwrap();
        let mut request = http::Request::post(&url).header("host", authority);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(body).unwrap();
        let identity = who.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-central-1")
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let fields = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let content = SignableBody::Bytes(request.body().as_bytes());
        let signable = SignableRequest::new("POST", url, fields, content).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.execute(request.try_into().unwrap()).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// The text of an element of XML.
pub fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap();
    rest.split_once("</").unwrap().0
}

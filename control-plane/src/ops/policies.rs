//! Policy documents of requests: checked as they come, kept as text.

use beanpole_access::{Policy, PolicyError};
use serde_json::Value;

use crate::ApiError;

/// The text of a document that says what somebody may. `field` is where the request has it.
pub fn identity(field: &str, document: &Value) -> Result<String, ApiError> {
    checked(field, document, Policy::identity)
}

/// The text of a document that says who may become a role.
pub fn trust(field: &str, document: &Value) -> Result<String, ApiError> {
    checked(field, document, Policy::resource)
}

fn checked(
    field: &str,
    document: &Value,
    parse: impl FnOnce(&str) -> Result<Policy, PolicyError>,
) -> Result<String, ApiError> {
    let text = document.to_string();
    match parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let place = match error.place.as_str() {
                "the document" => field.to_owned(),
                place => format!("{field}.{place}"),
            };
            let message = format!("the policy document will not do: {error}");
            Err(ApiError::unprocessable("invalid_policy", message).with_field(place))
        }
    }
}

/// A kept document as JSON.
pub fn read(text: &str) -> Result<Value, ApiError> {
    serde_json::from_str(text).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_that_will_not_do_is_refused_with_its_place() {
        let allow = json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"});
        let text = identity("policy", &json!({ "Statement": allow })).unwrap();
        assert!(Policy::identity(&text).is_ok());
        let many = json!([allow, {"Effect": "Allow", "Action": "SendMessage", "Resource": "*"}]);
        for (document, place) in [
            (json!("*"), "policy"),
            (json!({}), "policy"),
            (json!({"Version": "2020", "Statement": allow}), "policy.Version"),
            (json!({ "Statement": many }), "policy.Statement[1].Action"),
        ] {
            let error = identity("policy", &document).unwrap_err();
            assert_eq!(
                (error.kind, error.field.as_deref()),
                ("invalid_policy", Some(place)),
                "{error}"
            );
        }
        let error = trust("trust", &json!({ "Statement": allow })).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("trust.Statement[0]"), "{error}");
    }
}

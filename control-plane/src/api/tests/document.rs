//! The OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;

pub fn document() -> Value {
    serde_json::to_value(crate::api::openapi()).unwrap()
}

/// Each operation as (method, path, operation).
pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                found.push((method.to_owned(), path.clone(), operation.clone()));
            }
        }
    }
    found
}

#[test]
fn every_operation_has_a_summary_a_tag_an_id_of_its_own_and_says_what_errors_look_like() {
    let document = document();
    let mut ids = BTreeSet::new();
    let operations = operations(&document);
    assert!(operations.len() > 10);
    for (method, path, operation) in operations {
        let at = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{at} has no summary");
        assert!(operation["tags"][0].is_string(), "{at} has no tag");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{at}: id is not its own"
        );
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.contains_key("default"),
            "{at} does not say what errors look like"
        );
        for (status, response) in responses {
            if status == "default" || status.starts_with(['4', '5']) {
                let content = &response["content"]["application/problem+json"]["schema"];
                assert_eq!(content["$ref"], "#/components/schemas/Problem", "{at} {status}");
            }
        }
        for name in path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            let listed = operation["parameters"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["name"] == name && one["in"] == "path"));
            assert!(listed, "{at} does not list its path variable {name}");
        }
    }
}

#[test]
fn only_signing_in_and_the_health_check_are_open_to_all() {
    let document = document();
    assert_eq!(document["security"], serde_json::json!([{"bearer": []}]));
    let open: Vec<String> = operations(&document)
        .into_iter()
        .filter(|(_, _, operation)| operation.get("security").is_some())
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(open, ["post /api/v1/session", "get /healthz"]);
}

#[test]
fn every_reference_leads_to_a_schema() {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    found.insert(target.clone());
                }
                map.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    walk(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

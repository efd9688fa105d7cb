//! `Resources` of type `AWS::SQS::QueuePolicy`: who may use queues of the files.

use super::{
    queue::{OF_RESOURCES, given},
    reader::Reader,
};
use crate::{
    queue::{QueuePolicy, Value as Given},
    yaml::Entry,
};

pub(super) fn read(reader: &mut Reader<'_>, resource: &Entry, key: &str) -> Option<QueuePolicy> {
    let fields = reader.fields(&resource.value, key, OF_RESOURCES)?;
    let key = format!("{key}.Properties");
    let Some(properties) = fields.get("Properties") else {
        reader.error(
            resource.at,
            &key,
            "the policy has no Properties: add PolicyDocument and Queues",
        );
        return None;
    };
    let fields = reader.fields(properties, &key, &["PolicyDocument", "Queues"])?;
    let (Some(document), Some(queues)) = (fields.get("PolicyDocument"), fields.get("Queues")) else {
        reader.error(
            properties.at,
            &key,
            format!("'{key}' takes PolicyDocument and Queues"),
        );
        return None;
    };
    let document_key = format!("{key}.PolicyDocument");
    let document = given(reader, document, &document_key)?;
    if matches!(document, Given::List(_)) {
        reader.expected(fields.get("PolicyDocument")?, &document_key, "a map");
        return None;
    }
    let queues_key = format!("{key}.Queues");
    let items = reader.list(queues, &queues_key, "a list of queues, such as [!Ref Jobs]");
    let queues: Vec<_> = items
        .iter()
        .filter_map(|item| reader.text(item, &queues_key))
        .collect();
    if queues.is_empty() {
        reader.error(resource.at, &queues_key, format!("'{queues_key}' names no queue"));
        return None;
    }
    Some(QueuePolicy { document, queues })
}

//! `GetQueueAttributes`: those of a queue's attributes that are asked for.

use std::collections::BTreeMap;

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{ATTRIBUTES, Action};
use crate::{
    Sqs,
    attributes::{self, Name},
    model::queue::Counts,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetQueueAttributes {
    queue_url: Option<String>,
    attribute_names: Option<Vec<String>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Told {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
}

impl Operation for GetQueueAttributes {
    const NAME: &'static str = "GetQueueAttributes";
    const INPUT: Names = &[Member::list("AttributeNames", "AttributeName")];
    const OUTPUT: Names = &[ATTRIBUTES];
    type Output = Told;
}

impl Action for GetQueueAttributes {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Told, AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let wanted = attributes::wanted(&self.attribute_names.unwrap_or_default())?;
        let counts = if wanted.iter().copied().any(Name::is_count) {
            sqs.backend.counts(&queue).await?
        } else {
            Counts::default()
        };
        let attributes = attributes::render(&wanted, &queue, counts);
        Ok(Told { attributes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{answer, queue};

    #[test]
    fn attributes_are_a_map_in_both_protocols_and_absent_when_none_was_asked_for() {
        let told = |wanted: &[Name]| Told {
            attributes: attributes::render(wanted, &queue("jobs"), Counts::default()),
        };
        let (xml, json) = answer::<GetQueueAttributes>(&told(&[Name::DelaySeconds, Name::VisibilityTimeout]));
        let part = "<GetQueueAttributesResult><Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute>\
                    <Attribute><Name>VisibilityTimeout</Name><Value>30</Value></Attribute>";
        assert!(xml.contains(part), "{xml}");
        let expected =
            serde_json::json!({ "Attributes": { "DelaySeconds": "0", "VisibilityTimeout": "30" } });
        assert_eq!(json, expected);
        assert_eq!(answer::<GetQueueAttributes>(&told(&[])).1, serde_json::json!({}));
    }
}

//! Queues of applications, as their instances find them. Pure.

use std::collections::BTreeMap;

use beanpole_sqs::model::Queue;

const PREFIX: &str = "BEANPOLE_QUEUE_URL_";

/// The environment property that holds a queue's URL: `BEANPOLE_QUEUE_URL_JOBS_FIFO` for `jobs.fifo`.
pub fn property(name: &str) -> String {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => c.to_ascii_uppercase(),
        _ => '_',
    };
    PREFIX.chars().chain(name.chars().map(plain)).collect()
}

/// For each property the path of its queue's URL. Where names of several queues make the same property, it
/// is the oldest one's.
pub fn paths<'a>(queues: impl IntoIterator<Item = &'a Queue>) -> BTreeMap<String, String> {
    let mut by_property: BTreeMap<String, &Queue> = BTreeMap::new();
    for queue in queues {
        let first = by_property.entry(property(&queue.key.name)).or_insert(queue);
        if (queue.created_at, queue.id) < (first.created_at, first.id) {
            *first = queue;
        }
    }
    by_property
        .into_iter()
        .map(|(property, queue)| (property, queue.key.path()))
        .collect()
}

#[cfg(test)]
mod tests {
    use beanpole_sqs::model::{Attributes, Kind, QueueKey};

    use super::*;

    fn queue(name: &str, created_at: i64) -> Queue {
        Queue {
            id: created_at,
            store: "main".to_owned(),
            key: QueueKey {
                account: "000000000000".parse().unwrap(),
                region: "us-east-1".to_owned(),
                name: name.to_owned(),
            },
            kind: Kind::Standard,
            attributes: Attributes::default(),
            tags: BTreeMap::new(),
            application: Some("app".to_owned()),
            created_at,
            modified_at: created_at,
        }
    }

    #[test]
    fn a_property_is_the_name_in_capitals() {
        for (name, expected) in [
            ("jobs", "BEANPOLE_QUEUE_URL_JOBS"),
            ("image-Jobs_2.fifo", "BEANPOLE_QUEUE_URL_IMAGE_JOBS_2_FIFO"),
        ] {
            assert_eq!(property(name), expected);
        }
    }

    #[test]
    fn two_queues_of_one_property_leave_it_to_the_older() {
        for queues in [
            [queue("a-b", 2), queue("a_b", 1)],
            [queue("a_b", 1), queue("a-b", 2)],
        ] {
            let expected = [("BEANPOLE_QUEUE_URL_A_B", "/000000000000/a_b")];
            let expected = expected.map(|(name, path)| (name.to_owned(), path.to_owned()));
            assert_eq!(paths(&queues), expected.into());
        }
    }
}

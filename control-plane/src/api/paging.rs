//! Cursor pagination: one row more than asked for tells whether there is a next page.

use beanpole_protocol::api::{Page, PageQuery};

use crate::ApiError;

/// Items of a page when the request does not say.
const USUAL: u32 = 100;
/// Items of a page at most.
const MOST: u32 = 1000;

/// How many rows to ask the store for: one more than the page has.
pub fn rows(query: &PageQuery) -> Result<i64, ApiError> {
    limit(query.limit).map(|limit| i64::from(limit) + 1)
}

/// The page's size.
pub fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked {
        None => Ok(USUAL),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(limit) => Err(ApiError::invalid(
            "limit",
            format!("limit is {limit}; it must be 1 to {MOST}"),
        )),
    }
}

/// The page made of `rows` rows asked for with [`rows`]; `cursor` names an item for `after`.
pub fn page<T>(mut items: Vec<T>, rows: i64, cursor: impl Fn(&T) -> String) -> Page<T> {
    let limit = usize::try_from(rows - 1).unwrap_or(0);
    let more = items.len() > limit;
    items.truncate(limit);
    Page {
        next: items.last().filter(|_| more).map(cursor),
        items,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_page_with_more_behind_it_has_a_next() {
        let query = PageQuery {
            after: None,
            limit: Some(2),
        };
        let asked = rows(&query).unwrap();
        assert_eq!(asked, 3);
        assert_eq!(
            page(vec![1, 2, 3], asked, ToString::to_string).next.as_deref(),
            Some("2")
        );
        assert_eq!(page(vec![1, 2], asked, ToString::to_string).next, None);
        assert_eq!(page(Vec::<i32>::new(), asked, ToString::to_string).next, None);
    }

    #[test]
    fn a_page_has_1_to_1000_items() {
        for bad in [0, 1001] {
            assert_eq!(limit(Some(bad)).unwrap_err().field.as_deref(), Some("limit"));
        }
        assert_eq!(limit(None).unwrap(), 100);
    }
}

//! Whole lists from paged answers.

use beanpole_protocol::{
    api::{Page, PageQuery},
    client::ClientError,
};

/// More than anyone reads: a server that never ends a list must not hold `bp` for ever.
const MOST_PAGES: usize = 1000;

/// Asks for page after page until the last one.
pub async fn all<T, F>(mut fetch: impl FnMut(PageQuery) -> F) -> Result<Vec<T>, ClientError>
where
    F: Future<Output = Result<Page<T>, ClientError>>,
{
    let mut items = Vec::new();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let page = fetch(PageQuery {
            after: after.take(),
            limit: Some(1000),
        })
        .await?;
        items.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(items)
}

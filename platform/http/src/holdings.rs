//! What a service keeps of films, told page by page to whoever looks whether all services agree.

use serde::{Deserialize, Serialize};

use crate::Problem;

/// Where every service that keeps something of films tells of it, as a page of [`Holdings`].
pub const HOLDINGS_PATH: &str = "/internal/holdings";

/// Rows on a page, and films that can be asked for by name.
pub const HOLDINGS_PAGE: usize = 500;

/// Which rows are asked for: those behind a place, or those of some films.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct HoldingsQuery {
    /// [`Holdings::next`] of the page before.
    #[serde(default)]
    after: String,
    /// Ids of films with commas between them. Everything of them is one page.
    of: Option<String>,
}

/// Rows that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Some rows behind this place; all from the beginning when it is empty.
    After(String),
    /// All rows of these films.
    Of(Vec<String>),
}

impl HoldingsQuery {
    /// What is asked for.
    pub fn wanted(self) -> Result<Wanted, Problem> {
        let Some(of) = self.of else {
            return Ok(Wanted::After(self.after));
        };
        let films: Vec<String> = of.split(',').map(str::to_owned).collect();
        if films.len() > HOLDINGS_PAGE {
            return Err(Problem::bad_request(format!(
                "Ask for {HOLDINGS_PAGE} films at a time."
            )));
        }
        Ok(Wanted::Of(films))
    }
}

/// A page of rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Holdings<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Gives the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Holdings<T> {
    /// The page that answers `wanted`; `place` tells where a row stands.
    pub fn page(wanted: &Wanted, items: Vec<T>, place: impl Fn(&T) -> String) -> Self {
        let full = matches!(wanted, Wanted::After(_)) && items.len() >= HOLDINGS_PAGE;
        let next = items.last().filter(|_| full).map(place);
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_says_where_the_next_begins() {
        let after = Wanted::After(String::new());
        let place = |n: &usize| n.to_string();
        let full: Vec<usize> = (0..HOLDINGS_PAGE).collect();
        let page = Holdings::page(&after, full.clone(), place);
        assert_eq!(page.next, Some((HOLDINGS_PAGE - 1).to_string()));
        assert_eq!(Holdings::page(&after, vec![1], place).next, None);
        // By name there is one page, however many rows the films have.
        let named = Wanted::Of(vec!["a".to_owned()]);
        assert_eq!(Holdings::page(&named, full, place).next, None);
    }

    #[test]
    fn films_are_named_with_commas_and_not_too_many() {
        let of = |of: String| HoldingsQuery {
            of: Some(of),
            ..HoldingsQuery::default()
        };
        let two = Wanted::Of(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(of("a,b".to_owned()).wanted().unwrap(), two);
        assert!(of("a,".repeat(HOLDINGS_PAGE)).wanted().is_err());
    }
}

//! What is looked for in which field, and what it is worth.
//!
//! Every way in which a word can be found has a fixed worth, and a word counts once, by its best.
//! A text's worth is then a small whole number that depends on nothing but the text and the
//! query: equally good texts are exactly equal, so that freshness decides, and pages stay in
//! order while films come and go.

use ::tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use ::tantivy::schema::{Field, IndexRecordOption};
use ::tantivy::{Score, Term as FieldTerm};

use super::schema::Fields;
use crate::search::terms::{Term, Terms};

/// What it is worth to find a word in a field.
struct Worth {
    exact: Score,
    beginning: Score,
    typo: Score,
    beginning_with_typo: Score,
}

const IN_TITLE: Worth = Worth {
    exact: 12.0,
    beginning: 8.0,
    typo: 4.0,
    beginning_with_typo: 2.0,
};
const IN_DESCRIPTION: Worth = Worth {
    exact: 5.0,
    beginning: 3.0,
    typo: 2.0,
    beginning_with_typo: 1.0,
};
/// The words stand in the title side by side.
const PHRASE: Score = 6.0;
/// The words are the title.
const WHOLE_TITLE: Score = 20.0;

/// The query for `terms`, of which there is at least one.
pub(super) fn build(fields: &Fields, terms: &Terms) -> BooleanQuery {
    let words = terms.iter().map(|term| word(fields, term)).collect();
    let words = BooleanQuery::union_with_minimum_required_clauses(words, terms.required());
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, Box::new(words))];
    let text: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
    let whole = FieldTerm::from_field_text(fields.whole_title, &text.join(" "));
    clauses.push((Occur::Should, worth(exactly(whole), WHOLE_TITLE)));
    if terms.len() > 1 {
        let words = text
            .iter()
            .map(|text| FieldTerm::from_field_text(fields.title, text))
            .collect();
        clauses.push((Occur::Should, worth(PhraseQuery::new(words), PHRASE)));
    }
    BooleanQuery::new(clauses)
}

fn word(fields: &Fields, term: &Term) -> Box<dyn Query> {
    let mut ways = Vec::new();
    for (field, worth) in [
        (fields.title, IN_TITLE),
        (fields.description, IN_DESCRIPTION),
    ] {
        add_ways(&mut ways, field, term, &worth);
    }
    Box::new(DisjunctionMaxQuery::new(ways))
}

fn add_ways(ways: &mut Vec<Box<dyn Query>>, field: Field, term: &Term, by: &Worth) {
    let wanted = FieldTerm::from_field_text(field, &term.text);
    let typos = term.typos;
    ways.push(worth(exactly(wanted.clone()), by.exact));
    if term.unfinished {
        let beginning = FuzzyTermQuery::new_prefix(wanted.clone(), 0, true);
        ways.push(worth(beginning, by.beginning));
    }
    if typos > 0 {
        let typo = FuzzyTermQuery::new(wanted.clone(), typos, true);
        ways.push(worth(typo, by.typo));
    }
    if typos > 0 && term.unfinished {
        let both = FuzzyTermQuery::new_prefix(wanted, typos, true);
        ways.push(worth(both, by.beginning_with_typo));
    }
}

fn exactly(term: FieldTerm) -> TermQuery {
    TermQuery::new(term, IndexRecordOption::Basic)
}

fn worth(query: impl Query, worth: Score) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(query), worth))
}

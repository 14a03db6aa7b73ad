//! What is looked for in which field.

use ::tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use ::tantivy::schema::{Field, IndexRecordOption};
use ::tantivy::{Score, Term as FieldTerm};

use super::schema::Fields;
use crate::search::Audience;
use crate::search::terms::{Term, Terms};
use crate::search::worth::{IN_DESCRIPTION, IN_TITLE, PHRASE, WHOLE_TITLE, Worth};

/// The query for `terms`, of which there is at least one, among the videos of `audience`.
pub(super) fn build(fields: &Fields, terms: &Terms, audience: &Audience) -> BooleanQuery {
    let words = terms.iter().map(|term| word(fields, term)).collect();
    let words = BooleanQuery::union_with_minimum_required_clauses(words, terms.required());
    let theirs = FieldTerm::from_field_text(fields.audience, &audience.name());
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![
        (Occur::Must, Box::new(words)),
        (Occur::Must, worth(exactly(theirs), 0.0)),
    ];
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

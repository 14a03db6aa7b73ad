//! The document of the HTTP API is one: printed, served, and what the frontend is made from.

use serde_json::Value;
use system_tests::{Marquee, marquee::command_plain};

#[tokio::test]
async fn the_frontend_is_made_from_the_document_of_this_version() {
    let printed = command_plain(["openapi"]).output().await.unwrap();
    assert!(printed.status.success());
    let printed = String::from_utf8(printed.stdout).unwrap();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../frontend/openapi.json");
    let kept = std::fs::read_to_string(kept).unwrap();
    assert!(
        printed == kept,
        "frontend/openapi.json is stale: run `marquee openapi > frontend/openapi.json` and \
         `npm run generate` in frontend"
    );

    let marquee = Marquee::up().await;
    let served = marquee.get("/api/openapi.json").await.unwrap();
    assert_eq!(served, serde_json::from_str::<Value>(&printed).unwrap());
}

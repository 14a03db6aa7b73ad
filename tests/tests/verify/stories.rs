//! Things are planted, and looked for.

use std::collections::BTreeMap;

use serde_json::Value;
use system_tests::{Marquee, Objects, film, marquee::command_plain};
use testkit::stage::eventually;

use crate::planted::{self, Rows};

/// What `marquee admin verify` tells: the exit code, and what it printed.
async fn verify(marquee: &Marquee, arguments: &[&str]) -> (i32, Value) {
    let output = command_plain(["admin", "verify", "--json", "--server", marquee.url()])
        .args(arguments)
        .output()
        .await
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = serde_json::from_slice(&output.stdout);
    let told = told.unwrap_or_else(|error| panic!("{error}: {complaint}"));
    (output.status.code().unwrap(), told)
}

/// Findings by film and kind, with what becomes of them.
fn findings(told: &Value) -> BTreeMap<(String, String), String> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
    let findings = told["findings"].as_array().unwrap().iter();
    let entry = |it: &Value| ((text(it, "video_id"), text(it, "kind")), text(it, "repair"));
    findings.map(entry).collect()
}

/// Until nothing is wrong any more.
async fn all_is_well(marquee: &Marquee) {
    eventually("nothing is left over, missing or stuck", async || {
        let (code, told) = verify(marquee, &[]).await;
        if code == 0 { Ok(()) } else { Err(told) }
    })
    .await;
}

fn expected(findings: &[(&str, &str, &str)]) -> BTreeMap<(String, String), String> {
    let entry = |(film, kind, repair): &(&str, &str, &str)| {
        (
            ((*film).to_owned(), (*kind).to_owned()),
            (*repair).to_owned(),
        )
    };
    findings.iter().map(entry).collect()
}

/// Two films that can be watched, of which the second was deleted.
async fn kept_and_deleted(marquee: &Marquee) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for (name, rate) in [("kept.mp4", "25"), ("deleted.mp4", "24")] {
        let clip = film::lavfi(folder.path(), name, 4, rate, "160x120");
        let told = marquee.upload(&clip, &["--wait", "complete"]).await;
        ids.push(told.unwrap()["video_id"].as_str().unwrap().to_owned());
    }
    all_is_well(marquee).await;
    let (code, told) = verify(marquee, &[]).await;
    assert_eq!(code, 0);
    let compared = &told["compared"];
    for (what, count) in [
        ("films", 2),
        ("uploads", 2),
        ("revisions", 2),
        ("seeded", 2),
        ("edges", 1),
        ("edge_copies", 2),
        ("documents", 2),
    ] {
        assert_eq!(compared[what], count, "{what}: {compared}");
    }
    assert!(compared["objects"].as_u64().unwrap() > 10, "{compared}");
    let url = format!("{}/api/videos/{}", marquee.url(), ids[1]);
    let deleted = reqwest::Client::new().delete(url).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    eventually("the deletion has begun and is over", async || {
        let (code, told) = verify(marquee, &[]).await;
        (code == 0 && told["compared"]["removing"] == 0).then_some(())
    })
    .await;
    let deleted = ids.pop().unwrap();
    (ids.pop().unwrap(), deleted)
}

#[tokio::test]
async fn what_is_left_over_anywhere_is_found_and_removed() {
    let marquee = Marquee::up().await;
    let (kept, deleted) = kept_and_deleted(&marquee).await;
    let objects = Objects::of(marquee.data());
    let before = objects.list("").await;
    let rows = Rows::of(marquee.data()).await;

    // Of the film that is gone: an index entry, objects, a copy on the edge, a row, parts.
    rows.index_for_good(&deleted, &marquee).await;
    objects.put(&format!("raw/{deleted}/source"), b"left").await;
    objects
        .put(&format!("media/{deleted}/3/plan.json"), b"left")
        .await;
    let copy = planted::edge_copy(marquee.data(), &deleted);
    rows.run(&format!(
        "UPDATE transcoder_video SET state = 'planned' WHERE video_id = '{deleted}'"
    ))
    .await;
    objects
        .begin_multipart(&format!("raw/{deleted}/source"))
        .await;
    // Of films that never were, and of none.
    let unknown = "unknown".repeat(4).get(..26).unwrap().to_owned();
    objects
        .put(&format!("media/{unknown}/1/plan.json"), b"left")
        .await;
    objects.put("media/odd.txt", b"left").await;

    let mut wanted = vec![
        ("-", "orphan_objects", "possible"),
        (&unknown, "orphan_objects", "possible"),
        (&deleted, "orphan_objects", "possible"),
        (&deleted, "orphan_edge_copy", "possible"),
        (&deleted, "orphan_document", "possible"),
        (&deleted, "orphan_row", "possible"),
    ];
    wanted.push((&deleted, "orphan_multipart", "possible"));
    let (code, told) = verify(&marquee, &[]).await;
    assert_eq!((code, findings(&told)), (1, expected(&wanted)), "{told}");
    // Looking has changed nothing.
    let (_, again) = verify(&marquee, &[]).await;
    assert_eq!(findings(&again), expected(&wanted));

    let (code, told) = verify(&marquee, &["--repair"]).await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(objects.list("").await, before);
    assert_eq!(objects.multiparts().await, Vec::<String>::new());
    assert!(!copy.try_exists().unwrap());
    marquee.video_in(&kept, "live").await;
    let last = marquee.get("/api/admin/verify").await.unwrap();
    assert_eq!(last["report"]["found"], 0, "{last}");
}

#[tokio::test]
async fn what_is_lost_anywhere_is_found_and_brought_back_where_it_can_be() {
    let marquee = Marquee::up().await;
    let (kept, deleted) = kept_and_deleted(&marquee).await;
    let objects = Objects::of(marquee.data());
    let rows = Rows::of(marquee.data()).await;

    let everything = objects.of_video(&kept).await;
    let segment = everything
        .iter()
        .find(|key| key.ends_with("/0.m4s"))
        .unwrap();
    let lost = [format!("raw/{kept}/source"), segment.clone()];
    let mut contents = Vec::new();
    for key in &lost {
        contents.push((key, objects.get(key).await));
        objects.lose(key).await;
    }
    planted::lose_edge_copy(marquee.data(), &kept);
    rows.forget_in_index(&kept, &marquee).await;
    // A deletion that nobody goes on with.
    rows.run(&format!(
        "UPDATE metadata_video SET facts = '{{\"deleted_at_ms\": 1}}' WHERE video_id = '{deleted}'"
    ))
    .await;

    let wanted = [
        (kept.as_str(), "missing_source", "impossible"),
        (&kept, "missing_media", "impossible"),
        (&kept, "missing_edge_copy", "possible"),
        (&kept, "missing_document", "possible"),
        (&deleted, "stuck_deletion", "possible"),
    ];
    let (code, told) = verify(&marquee, &[]).await;
    assert_eq!((code, findings(&told)), (1, expected(&wanted)), "{told}");
    let first = told["findings"].as_array().unwrap().iter();
    let mut hopeless = first.filter(|it| it["repair"] == "impossible");
    assert!(hopeless.all(|it| it["advice"].is_string()), "{told}");

    let (code, told) = verify(&marquee, &["--repair"]).await;
    assert_eq!(
        (code, findings(&told)),
        (1, expected(&wanted[..2])),
        "{told}"
    );
    // Somebody restores what no program can.
    for (key, content) in contents {
        objects.put_back(key, content).await;
    }
    all_is_well(&marquee).await;
    assert!(planted::has_edge_copy(marquee.data(), &kept));
    let found = marquee.get("/api/search?q=kept").await.unwrap();
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
}

#[tokio::test]
async fn who_is_no_admin_is_told_and_what_is_away_is_no_proof() {
    let marquee = Marquee::up_with(&[("MARQUEE__GATEWAY__OPEN", "false")]).await;
    let verify = |url: &str| {
        let mut command = command_plain(["admin", "verify", "--json", "--server", url]);
        command.env("MARQUEE_TOKEN", "none");
        command
    };
    let refused = verify(marquee.url()).output().await.unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("MARQUEE_TOKEN"), "{told}");
    let nobody = verify("http://127.0.0.1:1").output().await.unwrap();
    assert_eq!(nobody.status.code(), Some(2));
}

/// What a command of an admin prints, line by line.
async fn printed(marquee: &Marquee, arguments: &[&str]) -> Vec<Value> {
    let mut command = command_plain(["admin"]);
    command.args(arguments).args(["--server", marquee.url()]);
    let output = command.output().await.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| line.into());
    text.lines().map(line).collect()
}

#[tokio::test]
async fn what_failed_and_what_nobody_could_read_is_listed_and_tried_again() {
    let marquee = Marquee::up().await;
    let rows = Rows::of(marquee.data()).await;
    rows.plant_failed_task("f".repeat(26).as_str()).await;
    let jobs = printed(&marquee, &["jobs", "--state", "failed", "--json"]).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0]["last_error"], "it broke");
    let task = jobs[0]["task_id"].as_str().unwrap();
    printed(&marquee, &["jobs", "--retry", task]).await;
    eventually("it is tried again", async || {
        let failed = printed(&marquee, &["jobs", "--state", "failed", "--json"]).await;
        failed.iter().all(|it| it["last_error"] != "it broke")
    })
    .await;

    if system_tests::stack::is_real() {
        // Dead letters lie on Kafka there.
        return;
    }
    for n in 0..2 {
        rows.plant_dead_letter(n).await;
    }
    let letters = printed(&marquee, &["dlq", "--json"]).await;
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0]["topic"], "videos");
    let id = |n: usize| letters[n]["id"].as_str().unwrap();
    printed(&marquee, &["dlq", "--drop", id(0)]).await;
    // Sent again, it is nonsense again, for each who reads it.
    printed(&marquee, &["dlq", "--replay", id(1)]).await;
    eventually("it is a dead letter again, of others", async || {
        let letters = printed(&marquee, &["dlq", "--json"]).await;
        let nonsense = letters.iter().filter(|it| it["group"] == "metadata");
        nonsense.count() == 1 && letters.iter().all(|it| it["id"] != id(0))
    })
    .await;
}

//! What is refused, in words that help.

use std::path::{Path, PathBuf};

use system_tests::{Marquee, marquee};

use crate::story::admin;

/// What the command complains of; it must fail.
async fn refused(data: &Path, arguments: [&str; 2]) -> String {
    let output = marquee::command(data, ["admin"].iter().chain(&arguments))
        .output()
        .await
        .unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The largest object in the backup.
fn largest(backup: &Path) -> PathBuf {
    let shelf = std::fs::read_dir(backup.join("objects/0000")).unwrap();
    let objects = shelf.map(|entry| entry.unwrap().path());
    let size = |path: &PathBuf| path.metadata().unwrap().len();
    objects.max_by_key(size).unwrap()
}

#[tokio::test]
async fn half_a_backup_a_damaged_one_and_a_full_target_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [data, target, place] = ["data", "target", "backup"].map(|name| folder.path().join(name));
    let backup = place.to_str().unwrap();
    let said = refused(&data, ["backup", backup]).await;
    assert!(said.contains("there are no rows at"), "{said}");

    // Nobody looks into the file, which is no film.
    let services = ["--services", "objects,ingress,metadata,gateway"];
    let mut marquee = Marquee::up_on_with(&data, &services).await;
    // Large enough to be put back in parts.
    let content: Vec<u8> = (0..9_u32 << 20).map(|n| n.to_le_bytes()[2]).collect();
    marquee.send(&content, "playable").await;
    let said = admin(&data, &[], ["backup", backup]).await;
    assert!(said.contains("the backup is whole"), "{said}");
    let said = refused(&data, ["backup", backup]).await;
    assert!(said.contains("is not empty"), "{said}");
    let said = refused(&data, ["restore", backup]).await;
    assert!(said.contains("has rows already"), "{said}");
    assert_eq!(marquee.terminate().await, Some(0));
    // Of one that does not run, too.
    let second = folder.path().join("second");
    admin(&data, &[], ["backup", second.to_str().unwrap()]).await;

    let damaged = largest(&place);
    let sound = std::fs::read(&damaged).unwrap();
    let mut bytes = sound.clone();
    bytes[4_000_000] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let said = refused(&target, ["restore", backup]).await;
    assert!(said.contains("the backup is damaged"), "{said}");
    assert!(!target.join("marquee.db").is_file(), "it has no rows");
    std::fs::write(&damaged, sound).unwrap();
    let said = refused(
        &target.join("other"),
        ["restore", folder.path().to_str().unwrap()],
    )
    .await;
    assert!(said.contains("is no backup"), "{said}");

    let again = folder.path().join("again");
    admin(&again, &[], ["restore", backup]).await;
    let said = refused(&again, ["restore", backup]).await;
    assert!(said.contains("has rows already"), "{said}");
    let rows = place.join("rows");
    let mut bytes = std::fs::read(&rows).unwrap();
    bytes[5_000] ^= 1;
    std::fs::write(rows, bytes).unwrap();
    let said = refused(&target, ["restore", backup]).await;
    assert!(said.contains("the backup is damaged"), "{said}");
    std::fs::remove_file(place.join("manifest.json")).unwrap();
    let said = refused(&target, ["restore", backup]).await;
    assert!(said.contains("was not finished"), "{said}");
}

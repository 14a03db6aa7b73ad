//! What earlier versions wrote, and the schema that they wrote it by.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet};
use schemas::v1::Event;

use crate::compatible::{breaks, messages};
use crate::values::{name_of, values};
use crate::wire;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(name)
}

/// The schema of this build.
fn current() -> FileDescriptorSet {
    let proto = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let mut set = protox::compile([format!("{proto}/marquee/v1/events.proto")], [proto]).unwrap();
    for file in &mut set.file {
        // Comments may change.
        file.source_code_info = None;
    }
    set
}

/// The schema that was committed last.
fn committed() -> FileDescriptorSet {
    let bytes = std::fs::read(golden("schema.binpb")).unwrap();
    FileDescriptorSet::decode(bytes.as_slice()).unwrap()
}

/// Names of the payloads of the schema.
fn payloads(set: &FileDescriptorSet) -> BTreeSet<String> {
    let mut all = messages(set);
    let event = all.remove(".marquee.v1.Event").unwrap();
    let fields = event.field.iter();
    let payloads = fields.filter(|field| field.oneof_index.is_some());
    payloads.map(|field| field.name().to_owned()).collect()
}

#[test]
fn what_was_written_is_read_as_it_was_meant() {
    for (file, event) in values() {
        let bytes = std::fs::read(golden("events").join(file)).unwrap();
        assert_eq!(schemas::decode(&bytes).unwrap(), event, "{file}");
    }
}

#[test]
fn what_is_written_now_is_read_alike() {
    for (file, event) in values() {
        let bytes = schemas::encode(&event);
        assert_eq!(schemas::decode(&bytes).unwrap(), event, "{file}");
        let then = std::fs::read(golden("events").join(file)).unwrap();
        assert_eq!(wire::sorted(&bytes), wire::sorted(&then), "{file}");
    }
}

/// Notes which fields of `message`, and of those within, `bytes` have.
fn note(
    bytes: &[u8],
    message: &str,
    all: &BTreeMap<String, &DescriptorProto>,
    seen: &mut BTreeSet<(String, i32)>,
) {
    for written in wire::fields(bytes) {
        let number = i32::try_from(written.number).unwrap();
        let fields = &all.get(message).unwrap().field;
        let field = fields.iter().find(|field| field.number() == number);
        seen.insert((message.to_owned(), number));
        let inner = field.unwrap().type_name();
        if all.contains_key(inner) {
            note(&written.content, inner, all, seen);
        }
    }
}

#[test]
fn every_field_of_every_message_was_written_once() {
    let set = current();
    let all = messages(&set);
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(golden("events")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        note(&bytes, ".marquee.v1.Event", &all, &mut seen);
    }
    for (name, message) in &all {
        for field in &message.field {
            let written = seen.contains(&(name.clone(), field.number()));
            assert!(written, "{name}.{} has no golden bytes", field.name());
        }
    }
}

#[test]
fn every_payload_has_values() {
    let named: BTreeSet<_> = values()
        .iter()
        .map(|(_, event)| name_of(event.payload.as_ref().unwrap()).to_owned())
        .collect();
    assert_eq!(named, payloads(&current()));
}

#[test]
fn the_schema_is_compatible_with_the_committed_one() {
    assert_eq!(breaks(&committed(), &current()), Vec::<String>::new());
}

#[test]
fn the_committed_schema_is_up_to_date() {
    assert!(
        committed() == current(),
        "the schema has grown: run cargo test -p schemas --test golden -- --ignored and commit \
         what it wrote"
    );
}

#[test]
#[ignore = "writes the golden files that are missing, for them to be committed"]
fn write_what_is_missing() {
    let schema = golden("schema.binpb");
    if schema.is_file() {
        assert_eq!(breaks(&committed(), &current()), Vec::<String>::new());
    }
    std::fs::create_dir_all(golden("events")).unwrap();
    std::fs::write(schema, current().encode_to_vec()).unwrap();
    for (file, event) in values() {
        let path = golden("events").join(file);
        if !path.is_file() {
            std::fs::write(path, Event::encode_to_vec(&event)).unwrap();
        }
    }
}

//! Whether a schema has only grown.

use std::collections::BTreeMap;
use std::ops::Range;

use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// All messages by their full names.
pub(crate) fn messages(set: &FileDescriptorSet) -> BTreeMap<String, &DescriptorProto> {
    let files = set.file.iter();
    let all = files.flat_map(|file| {
        let inner = file.message_type.iter();
        inner.map(|message| (format!(".{}.{}", file.package(), message.name()), message))
    });
    all.collect()
}

fn enums(set: &FileDescriptorSet) -> BTreeMap<String, &EnumDescriptorProto> {
    let files = set.file.iter();
    let all = files.flat_map(|file| {
        let inner = file.enum_type.iter();
        inner.map(|one| (format!(".{}.{}", file.package(), one.name()), one))
    });
    all.collect()
}

/// Why what `old` wrote is not what `new` reads, or the other way round; nothing if all is well.
pub(crate) fn breaks(old: &FileDescriptorSet, new: &FileDescriptorSet) -> Vec<String> {
    let mut found = Vec::new();
    let now = messages(new);
    for (name, before) in messages(old) {
        match now.get(&name) {
            None => found.push(format!("the message {name} is gone")),
            Some(after) => of_message(&name, before, after, &mut found),
        }
    }
    let now = enums(new);
    for (name, before) in enums(old) {
        match now.get(&name) {
            None => found.push(format!("the enum {name} is gone")),
            Some(after) => of_enum(&name, before, after, &mut found),
        }
    }
    found
}

fn of_message(
    name: &str,
    before: &DescriptorProto,
    after: &DescriptorProto,
    found: &mut Vec<String>,
) {
    let reserved: Vec<_> = after
        .reserved_range
        .iter()
        .map(|range| range.start()..range.end())
        .collect();
    for field in &before.field {
        let number = field.number();
        let place = format!("{name}.{}", field.name());
        let Some(now) = after.field.iter().find(|now| now.number() == number) else {
            if !is_reserved(&reserved, number) {
                found.push(format!(
                    "{place} is gone and its number {number} not reserved"
                ));
            }
            continue;
        };
        if now.name() != field.name() {
            found.push(format!("number {number} of {place} is {} now", now.name()));
        } else if shape(now, after) != shape(field, before) {
            found.push(format!("{place} has another type, or is in another oneof"));
        }
    }
    for range in &before.reserved_range {
        for field in &after.field {
            if (range.start()..range.end()).contains(&field.number()) {
                let (number, field) = (field.number(), field.name());
                found.push(format!("{name}.{field} has the reserved number {number}"));
            }
        }
    }
}

/// What must stay as it is.
fn shape(field: &FieldDescriptorProto, of: &DescriptorProto) -> impl PartialEq {
    let oneof = field.oneof_index.and_then(|index| {
        let index = usize::try_from(index).unwrap();
        of.oneof_decl
            .get(index)
            .map(|oneof| oneof.name().to_owned())
    });
    let type_name = field.type_name().to_owned();
    (field.r#type(), field.label(), type_name, oneof)
}

fn of_enum(
    name: &str,
    before: &EnumDescriptorProto,
    after: &EnumDescriptorProto,
    found: &mut Vec<String>,
) {
    // Unlike those of messages, these ranges include their ends.
    let reserved: Vec<_> = after
        .reserved_range
        .iter()
        .map(|range| range.start()..range.end() + 1)
        .collect();
    for value in &before.value {
        let (number, place) = (value.number(), value.name());
        match after.value.iter().find(|now| now.number() == number) {
            None if is_reserved(&reserved, number) => {}
            None => found.push(format!(
                "{place} is gone and its number {number} not reserved"
            )),
            Some(now) if now.name() != place => {
                found.push(format!("number {number} of {name} is {} now", now.name()));
            }
            Some(_) => {}
        }
    }
}

fn is_reserved(ranges: &[Range<i32>], number: i32) -> bool {
    ranges.iter().any(|range| range.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "
        message Film {
          reserved 9;
          string id = 1;
          uint32 width = 2;
          oneof what { string a = 3; string b = 4; }
          repeated Kind kinds = 5;
        }
        enum Kind { KIND_UNSPECIFIED = 0; KIND_LONG = 1; }";

    fn compiled(text: &str) -> FileDescriptorSet {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.proto");
        std::fs::write(&file, format!("syntax = \"proto3\"; package p; {text}")).unwrap();
        protox::compile([&file], [folder.path()]).unwrap()
    }

    fn after(from: &str, to: &str) -> Vec<String> {
        assert!(BEFORE.contains(from), "{from}");
        breaks(&compiled(BEFORE), &compiled(&BEFORE.replace(from, to)))
    }

    #[test]
    fn a_schema_that_grows_is_compatible() {
        let none = Vec::<String>::new();
        assert_eq!(after("repeated", "string new = 6; repeated"), none);
        assert_eq!(after("string b = 4;", "string b = 4; bytes c = 7;"), none);
        assert_eq!(
            after("KIND_LONG = 1;", "KIND_LONG = 1; KIND_SHORT = 2;"),
            none
        );
        assert_eq!(after("enum", "message More { string id = 1; } enum"), none);
        assert_eq!(after("uint32 width = 2;", "reserved 2;"), none);
    }

    #[test]
    fn everything_else_is_told() {
        for (from, to, told) in [
            ("uint32 width = 2;", "", "p.Film.width is gone"),
            ("uint32 width = 2;", "uint64 width = 2;", "another type"),
            (
                "uint32 width = 2;",
                "repeated uint32 width = 2;",
                "another type",
            ),
            ("uint32 width = 2;", "uint32 height = 2;", "is height now"),
            ("uint32 width = 2;", "uint32 width = 6;", "not reserved"),
            ("reserved 9;", "string new = 9;", "reserved number 9"),
            ("string id = 1;", "", "id is gone"),
            ("KIND_LONG = 1;", "", "KIND_LONG is gone"),
            ("KIND_LONG = 1;", "KIND_SHORT = 1;", "is KIND_SHORT now"),
            ("string b = 4; }", "} string b = 4;", "another oneof"),
        ] {
            let found = after(from, to);
            assert!(found.len() == 1, "{to}: {found:?}");
            assert!(found.first().unwrap().contains(told), "{to}: {found:?}");
        }
        let gone = breaks(
            &compiled(BEFORE),
            &compiled("message Other { string id = 1; }"),
        );
        assert_eq!(
            gone,
            ["the message .p.Film is gone", "the enum .p.Kind is gone"]
        );
    }
}

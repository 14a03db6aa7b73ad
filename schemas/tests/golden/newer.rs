//! What a newer version adds is passed over: it takes nothing from what is known.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use schemas::v1::event::Payload;
use schemas::v1::{Event, PublishPolicy, VideoUploaded};

use crate::values::values;

/// Fields that no version knows yet, one of each kind.
fn unknown_fields(into: &mut Vec<u8>) {
    encode_key(1001, WireType::Varint, into);
    encode_varint(7, into);
    encode_key(1002, WireType::LengthDelimited, into);
    encode_varint(3, into);
    into.extend_from_slice(b"new");
    encode_key(1003, WireType::ThirtyTwoBit, into);
    into.extend_from_slice(&[1, 2, 3, 4]);
    encode_key(1004, WireType::SixtyFourBit, into);
    into.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn fields_of_a_newer_version_are_passed_over() {
    for (file, event) in values() {
        let mut bytes = event.encode_to_vec();
        unknown_fields(&mut bytes);
        assert_eq!(schemas::decode(&bytes).unwrap(), event, "{file}");
    }
}

#[test]
fn fields_of_a_newer_payload_are_passed_over() {
    for (file, event) in values() {
        let bytes = event.encode_to_vec();
        let fields = crate::wire::fields(&bytes);
        let mut newer = Vec::new();
        for mut field in fields {
            if field.number >= 16 {
                unknown_fields(&mut field.content);
            }
            let kind = WireType::try_from(u64::from(field.kind)).unwrap();
            encode_key(field.number, kind, &mut newer);
            if kind == WireType::LengthDelimited {
                encode_varint(field.content.len() as u64, &mut newer);
            }
            newer.extend(field.content);
        }
        assert!(newer.len() > bytes.len());
        assert_eq!(schemas::decode(&newer).unwrap(), event, "{file}");
    }
}

#[test]
fn a_payload_of_a_newer_version_is_empty() {
    let mut bytes = Event {
        event_id: "e".to_owned(),
        schema_version: 99,
        ..Event::default()
    }
    .encode_to_vec();
    encode_key(500, WireType::LengthDelimited, &mut bytes);
    encode_varint(4, &mut bytes);
    bytes.extend_from_slice(&[0x0a, 0x02, b'h', b'i']);
    let event = schemas::decode(&bytes).unwrap();
    assert_eq!((event.event_id.as_str(), event.payload), ("e", None));
}

#[test]
fn a_choice_of_a_newer_version_is_none_of_ours() {
    let uploaded = VideoUploaded {
        video_id: "v".to_owned(),
        publish_policy: 99,
        ..VideoUploaded::default()
    };
    let event = Event {
        payload: Some(Payload::VideoUploaded(uploaded)),
        ..Event::default()
    };
    let event = schemas::decode(&event.encode_to_vec()).unwrap();
    let Some(Payload::VideoUploaded(read)) = event.payload else {
        panic!("{event:?}");
    };
    assert_eq!(read.video_id, "v");
    assert_eq!(read.publish_policy(), PublishPolicy::Unspecified);
}

#[test]
fn a_payload_of_an_older_version_has_defaults() {
    // A message of which only the first field was known once.
    let mut bytes = Vec::new();
    encode_key(26, WireType::LengthDelimited, &mut bytes);
    encode_varint(3, &mut bytes);
    bytes.extend_from_slice(&[0x0a, 0x01, b'v']);
    let event = schemas::decode(&bytes).unwrap();
    let Some(Payload::VideoChanged(changed)) = event.payload else {
        panic!("{event:?}");
    };
    assert_eq!(
        (changed.video_id.as_str(), changed.title.as_str()),
        ("v", "")
    );
}

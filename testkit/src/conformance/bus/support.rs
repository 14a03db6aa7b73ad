//! Steps that the cases share.

use std::collections::BTreeMap;
use std::time::Duration;

use platform_bus::{Delivery, Outgoing, Subscription};
use schemas::v1::{Event, VideoChanged, event::Payload};

pub(super) use crate::stage::eventually;

use crate::stage::PATIENCE;

pub(super) fn topics(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

pub(super) fn message(topic: &str, key: &str, payload: &str) -> Outgoing {
    Outgoing {
        topic: topic.to_owned(),
        key: key.to_owned(),
        payload: payload.to_owned().into(),
        headers: Vec::new(),
    }
}

/// An event that a consumer can decode, with `title` to recognise it by.
pub(super) fn event(title: &str) -> Event {
    Event {
        payload: Some(Payload::VideoChanged(VideoChanged {
            title: title.to_owned(),
            ..VideoChanged::default()
        })),
        ..Event::default()
    }
}

pub(super) fn title(event: &Event) -> String {
    match &event.payload {
        Some(Payload::VideoChanged(changed)) => changed.title.clone(),
        _ => String::new(),
    }
}

pub(super) fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.payload).into_owned()
}

/// At least `count` messages.
pub(super) async fn receive(subscription: &mut dyn Subscription, count: usize) -> Vec<Delivery> {
    let mut got = Vec::new();
    let all = async {
        while got.len() < count {
            got.extend(subscription.next(100).await.expect("the bus delivers"));
        }
    };
    let ended = tokio::time::timeout(PATIENCE, all).await;
    assert!(ended.is_ok(), "{} of {count} messages came", got.len());
    got
}

/// That nothing more comes, as far as one can tell in a moment.
pub(super) async fn nothing_comes(subscription: &mut dyn Subscription) {
    let more = tokio::time::timeout(Duration::from_millis(300), subscription.next(100)).await;
    assert!(more.is_err(), "unexpected: {more:?}");
}

/// Payloads by key, in order of delivery.
pub(super) fn by_key(deliveries: &[Delivery]) -> BTreeMap<String, Vec<String>> {
    let mut keys = BTreeMap::<_, Vec<_>>::new();
    for delivery in deliveries {
        let payloads = keys.entry(delivery.key.clone()).or_default();
        payloads.push(text(delivery));
    }
    keys
}

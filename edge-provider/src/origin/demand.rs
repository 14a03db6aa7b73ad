//! Who waits for which object.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use media::plan::{ObjectRef, SegmentRef};
use schemas::VideoId;
use tokio::sync::watch;

use crate::address::Address;

#[derive(Debug)]
struct Wish {
    news: watch::Sender<()>,
    asked: tokio::sync::Mutex<bool>,
}

type Wishes = HashMap<Address, Arc<Wish>>;

/// All objects that somebody waits for. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Demand(Arc<Mutex<Wishes>>);

fn locked(wishes: &Mutex<Wishes>) -> MutexGuard<'_, Wishes> {
    wishes.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Demand {
    /// Joins those who wait for the object at `address`.
    pub(super) fn wait_for(&self, address: &Address) -> Waiter {
        let wish = Arc::clone(locked(&self.0).entry(address.clone()).or_insert_with(|| {
            Arc::new(Wish {
                news: watch::Sender::new(()),
                asked: tokio::sync::Mutex::new(false),
            })
        }));
        Waiter {
            news: wish.news.subscribe(),
            wish,
            address: address.clone(),
            all: self.clone(),
        }
    }

    /// These objects of a film exist now, and with a segment its track's init segment.
    pub(super) fn made(&self, video: &VideoId, revision: u32, objects: &[ObjectRef]) {
        let wishes = locked(&self.0);
        if wishes.is_empty() {
            return;
        }
        for object in objects {
            let init = match object {
                ObjectRef::Segment(SegmentRef::Video { rung, .. }) => {
                    Some(ObjectRef::VideoInit(rung.clone()))
                }
                ObjectRef::Segment(SegmentRef::Audio { track, .. }) => {
                    Some(ObjectRef::AudioInit(*track))
                }
                _ => None,
            };
            for object in [Some(object.clone()), init].into_iter().flatten() {
                let address = Address {
                    video: video.clone(),
                    revision,
                    object,
                };
                if let Some(wish) = wishes.get(&address) {
                    wish.news.send_replace(());
                }
            }
        }
    }
}

/// Somebody who waits for an object.
#[derive(Debug)]
pub(super) struct Waiter {
    wish: Arc<Wish>,
    news: watch::Receiver<()>,
    address: Address,
    all: Demand,
}

impl Waiter {
    /// Completes when there is news of the object.
    pub(super) async fn news(&mut self) {
        if self.news.changed().await.is_err() {
            // The wish, which this holds, has the other end.
            std::future::pending::<()>().await;
        }
    }

    /// Whether the encoders were told of this wish; whoever sees that they were not tells them.
    pub(super) async fn asked(&self) -> tokio::sync::MutexGuard<'_, bool> {
        self.wish.asked.lock().await
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut wishes = locked(&self.all.0);
        // The map's and this one: nobody else waits.
        if Arc::strong_count(&self.wish) <= 2 {
            wishes.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(path: &str) -> Address {
        let video: VideoId = "abcdefghijklmnopqrstuvwxyz".parse().unwrap();
        Address {
            video,
            revision: 1,
            object: path.parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn a_segment_is_news_of_itself_and_its_init_segment() {
        let demand = Demand::default();
        let (segment, init, other) = (
            address("v/360p/3.m4s"),
            address("v/360p/init.mp4"),
            address("v/360p/4.m4s"),
        );
        let mut waiters = [&segment, &init, &other].map(|one| demand.wait_for(one));
        demand.made(&segment.video, 1, std::slice::from_ref(&segment.object));
        let told = waiters
            .each_mut()
            .map(|waiter| waiter.news.has_changed().unwrap());
        assert_eq!(told, [true, true, false]);
    }

    #[tokio::test]
    async fn the_last_who_goes_takes_the_wish_along() {
        let demand = Demand::default();
        let wanted = address("v/360p/3.m4s");
        let first = demand.wait_for(&wanted);
        let second = demand.wait_for(&wanted);
        *first.asked().await = true;
        drop(first);
        assert!(*second.asked().await);
        drop(second);
        assert!(locked(&demand.0).is_empty());
        assert!(!*demand.wait_for(&wanted).asked().await);
    }
}

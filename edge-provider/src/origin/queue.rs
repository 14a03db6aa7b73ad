//! How many may wait for encoders. Waiting costs a connection each, here and at the edge, and a
//! film that everybody skips through must not take the places of the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::VideoId;

/// Those who wait, by film. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    per_film: usize,
    in_all: usize,
    waiting: Arc<Mutex<HashMap<VideoId, usize>>>,
}

impl Queue {
    pub(super) fn new(per_film: usize, in_all: usize) -> Self {
        Self {
            per_film,
            in_all,
            waiting: Arc::default(),
        }
    }

    /// A place in the queue for an object of `video`, unless there are too many.
    pub(super) fn enter(&self, video: &VideoId) -> Option<Place> {
        let mut waiting = self.waiting();
        let all: usize = waiting.values().sum();
        let of_film = waiting.get(video).copied().unwrap_or_default();
        if all >= self.in_all || of_film >= self.per_film {
            return None;
        }
        waiting.insert(video.clone(), of_film + 1);
        drop(waiting);
        Some(Place {
            queue: self.clone(),
            video: video.clone(),
        })
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<VideoId, usize>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, free again when this goes away.
#[derive(Debug)]
pub(super) struct Place {
    queue: Queue,
    video: VideoId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.queue.waiting();
        if let Some(of_film) = waiting.get_mut(&self.video) {
            *of_film -= 1;
            if *of_film == 0 {
                waiting.remove(&self.video);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_takes_its_places_only_and_all_films_together_theirs() {
        let [a, b, c] = ["a", "b", "c"].map(|x| x.repeat(26).parse::<VideoId>().unwrap());
        let queue = Queue::new(2, 3);
        let first = queue.enter(&a).unwrap();
        let _second = queue.enter(&a).unwrap();
        assert!(queue.enter(&a).is_none(), "the film has two places");
        let third = queue.enter(&b).unwrap();
        assert!(queue.enter(&c).is_none(), "there are three places");
        drop(third);
        let _third = queue.enter(&c).unwrap();
        drop(first);
        let _again = queue.enter(&a).unwrap();
        assert_eq!(queue.waiting().len(), 2);
    }
}

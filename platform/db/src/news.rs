//! News of commits: who waits for what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};

/// What stands for a commit that may be about anything.
const ANYTHING: &str = "*";

/// What tells of commits about one subject, or about all. Clones tell each other.
#[derive(Debug, Clone)]
pub(crate) struct News {
    subject: Option<&'static str>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    all: watch::Sender<u64>,
    about: Mutex<BTreeMap<&'static str, watch::Sender<u64>>>,
    /// Subjects of commits that other processes have not been told of.
    untold: Mutex<BTreeSet<&'static str>>,
    committed: Notify,
}

impl News {
    /// Of everything.
    pub(crate) fn new() -> Self {
        Self {
            subject: None,
            shared: Arc::new(Shared {
                all: watch::Sender::new(0),
                about: Mutex::default(),
                untold: Mutex::default(),
                committed: Notify::new(),
            }),
        }
    }

    /// Of `subject`.
    pub(crate) fn about(&self, subject: &'static str) -> Self {
        Self {
            subject: Some(subject),
            shared: Arc::clone(&self.shared),
        }
    }

    /// A number that changes with each piece of news.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        match self.subject {
            None => self.shared.all.subscribe(),
            Some(subject) => lock(&self.shared.about)
                .entry(subject)
                .or_default()
                .subscribe(),
        }
    }

    /// Something was committed here: whom it concerns is woken.
    pub(crate) fn committed(&self) {
        let subject = self.subject.unwrap_or(ANYTHING);
        lock(&self.shared.untold).insert(subject);
        self.wake(&[subject]);
        self.shared.committed.notify_one();
    }

    /// Waits for commits of this process; their subjects, as [`hear`](Self::hear) takes them.
    pub(crate) async fn untold(&self) -> String {
        self.shared.committed.notified().await;
        let subjects = std::mem::take(&mut *lock(&self.shared.untold));
        subjects.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// Another process committed about `subjects`, which may be about anything if there are none.
    pub(crate) fn hear(&self, subjects: &str) {
        if subjects.is_empty() {
            self.wake(&[ANYTHING]);
        } else {
            self.wake(&subjects.split(' ').collect::<Vec<_>>());
        }
    }

    /// There may be something new to see, whatever it is about.
    pub(crate) fn wake_all(&self) {
        self.wake(&[ANYTHING]);
    }

    fn wake(&self, subjects: &[&str]) {
        let next = |number: &mut u64| *number = number.wrapping_add(1);
        self.shared.all.send_modify(next);
        let about = lock(&self.shared.about);
        for subject in subjects {
            if *subject == ANYTHING {
                about.values().for_each(|one| one.send_modify(next));
            } else if let Some(one) = about.get(*subject) {
                one.send_modify(next);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each has news.
    fn woken(listeners: &mut [watch::Receiver<u64>; 3]) -> [bool; 3] {
        listeners.each_mut().map(|one| {
            let news = one.has_changed().unwrap();
            one.mark_unchanged();
            news
        })
    }

    #[tokio::test]
    async fn commits_wake_those_whom_they_concern() {
        let news = News::new();
        let (films, tasks) = (news.about("films"), news.about("tasks"));
        let mut listeners = [&news, &films, &tasks].map(News::subscribe);
        films.committed();
        assert_eq!(woken(&mut listeners), [true, true, false]);
        tasks.committed();
        assert_eq!(woken(&mut listeners), [true, false, true]);
        assert_eq!(news.untold().await, "films tasks");
        news.committed();
        assert_eq!(woken(&mut listeners), [true, true, true]);
        assert_eq!(news.untold().await, "*");
        news.wake_all();
        assert_eq!(woken(&mut listeners), [true, true, true]);
    }

    #[test]
    fn what_others_tell_wakes_those_whom_it_concerns() {
        let news = News::new();
        let mut listeners =
            [news.clone(), news.about("films"), news.about("tasks")].map(|news| news.subscribe());
        for (told, expected) in [
            ("films", [true, true, false]),
            ("tasks films", [true, true, true]),
            ("unheard of", [true, false, false]),
            ("films *", [true, true, true]),
            ("", [true, true, true]),
        ] {
            news.hear(told);
            assert_eq!(woken(&mut listeners), expected, "{told}");
        }
    }
}

//! The keys that sign access tokens: replaced now and then, the same ones in all replicas.

use std::sync::{Arc, Mutex, PoisonError};

use platform_auth::{AccessKey, AccessKeys, SealKey};
use platform_core::Clock;
use platform_db::Tx;
use tracing::warn;

use crate::error::AccountError;
use crate::store::Store;
use crate::store::keys::{self, DatedKey, Known};

/// How long replicas go on with the keys they know: a fresh one is used a little later by some.
const CACHED_MS: i64 = 60_000;

/// How long a key is published after another has taken its place: longer than replicas go on with
/// it and its last tokens live.
const PUBLISHED_MS: i64 = 60 * 60 * 1000;

/// The keys of all replicas. Clones share what they know.
#[derive(Clone)]
pub(crate) struct Keys {
    store: Store,
    seal: SealKey,
    clock: Arc<dyn Clock>,
    rotation_ms: i64,
    known: Arc<Mutex<Option<(i64, AccessKeys)>>>,
}

impl Keys {
    /// Keys that are replaced every `rotation_days`, and whose seeds are under `seal`.
    pub(crate) fn new(
        store: Store,
        seal: SealKey,
        clock: Arc<dyn Clock>,
        rotation_days: u32,
    ) -> Self {
        Self {
            store,
            seal,
            clock,
            rotation_ms: i64::from(rotation_days.max(1)) * 24 * 60 * 60 * 1000,
            known: Arc::default(),
        }
    }

    /// The keys to sign with.
    pub(crate) async fn current(&self) -> Result<AccessKeys, AccountError> {
        let now = self.clock.now_ms();
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match known {
            Some((since, keys)) if (since..since + CACHED_MS).contains(&now) => Ok(keys),
            _ => self.look().await,
        }
    }

    /// The keys as they are in the rows now, where one that is due is replaced. Of replicas that
    /// find this at the same moment one sees what the other has done.
    pub(crate) async fn look(&self) -> Result<AccessKeys, AccountError> {
        let now = self.clock.now_ms();
        let keys = self
            .store
            .write(|mut tx| async move {
                let known = keys::all(tx.conn(), &self.seal).await?;
                self.look_after(&mut tx, &known, now).await?;
                let mut all = known.keys;
                let newest = all.first().map(|key| key.created_at_ms);
                if newest.is_none_or(|since| now >= since.saturating_add(self.rotation_ms)) {
                    let key = DatedKey {
                        key: AccessKey::random(&mut rand::rng())?,
                        created_at_ms: now,
                    };
                    keys::put(tx.conn(), &key, &self.seal).await?;
                    all.insert(0, key);
                }
                let (kept, gone) = split(all, now);
                for key in &gone {
                    keys::remove(tx.conn(), key.key.id()).await?;
                }
                tx.commit().await?;
                Ok::<_, AccountError>(kept)
            })
            .await?;
        let mut keys = keys.into_iter().map(|key| key.key);
        let newest = keys.next().ok_or(platform_auth::TokenError::Invalid)?;
        let keys = AccessKeys::new(newest, keys.collect());
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, keys.clone()));
        Ok(keys)
    }
}

impl Keys {
    /// Seals anew what is plain or under a key that is on its way out. What cannot be opened is of
    /// another secret, perhaps one that some process still has: it goes when it would have been
    /// replaced.
    async fn look_after(&self, tx: &mut Tx, known: &Known, now: i64) -> Result<(), AccountError> {
        for key in &known.stale {
            keys::put(tx.conn(), key, &self.seal).await?;
        }
        for (id, since) in &known.unreadable {
            let over = since.saturating_add(self.rotation_ms + PUBLISHED_MS);
            if now >= over {
                keys::remove(tx.conn(), id).await?;
            } else {
                warn!(
                    id,
                    "a key of access tokens was sealed with another service key: keep the old line \
                     in service_key_file until all processes have the new one"
                );
            }
        }
        Ok(())
    }
}

/// Those of `all`, the newest first, that are still of use at `now_ms`, and those that are not.
fn split(all: Vec<DatedKey>, now_ms: i64) -> (Vec<DatedKey>, Vec<DatedKey>) {
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    let mut replaced_at_ms = None;
    for key in all {
        let since = key.created_at_ms;
        let is_of_use =
            replaced_at_ms.is_none_or(|at: i64| now_ms < at.saturating_add(PUBLISHED_MS));
        if is_of_use {
            kept.push(key);
        } else {
            gone.push(key);
        }
        replaced_at_ms = Some(since);
    }
    (kept, gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_published_until_its_tokens_are_over() {
        let key = |id: &str, created_at_ms| DatedKey {
            key: AccessKey::new(id, [1; 32]).unwrap(),
            created_at_ms,
        };
        let all = vec![key("c", 200), key("b", 100), key("a", 0)];
        let ids = |keys: &[DatedKey]| -> Vec<String> {
            keys.iter().map(|key| key.key.id().to_owned()).collect()
        };
        let (kept, gone) = split(all.clone(), 100 + PUBLISHED_MS);
        assert_eq!(
            (ids(&kept), ids(&gone)),
            (vec!["c".into(), "b".into()], vec!["a".into()])
        );
        let (kept, _) = split(all, i64::MAX);
        assert_eq!(ids(&kept), ["c"]);
    }
}

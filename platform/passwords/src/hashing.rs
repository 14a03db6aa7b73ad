//! Hashes of passwords: Argon2id (RFC 9106), as PHC strings, never more at a time than fit into a
//! budget of memory.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use platform_core::Redacted;
use rand::RngCore;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long somebody waits for memory before they are asked to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one hash costs: what the OWASP Password Storage Cheat Sheet asks for at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB.
    pub memory: u32,
    /// Times that the memory is gone over.
    pub passes: u32,
    /// Of which each could be computed at the same time.
    pub lanes: u32,
}

impl Cost {
    /// What fresh hashes cost.
    pub const CURRENT: Self = Self {
        memory: 19_456,
        passes: 2,
        lanes: 1,
    };
}

/// A password that cannot be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Others' passwords are being hashed.
    #[error("no memory for another hash")]
    Busy,
    /// What is stored is no hash of a password.
    #[error("the stored hash cannot be read")]
    Unreadable(#[source] argon2::password_hash::phc::Error),
    /// The stored hash was made by another function.
    #[error("the stored hash is not of Argon2id")]
    Foreign,
    /// The parameters of the stored hash are out of bounds.
    #[error("the parameters of the stored hash are not valid")]
    Parameters(#[source] argon2::password_hash::Error),
    /// The hash function failed.
    #[error("the password cannot be hashed")]
    Failed(#[source] argon2::Error),
    /// The thread that hashed has gone.
    #[error("hashing was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// What a look at a stored hash brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// It is the password.
    pub matches: bool,
    /// The hash was made with other parameters than a fresh one would be.
    pub is_outdated: bool,
}

/// Hashes passwords. Clones share the budget.
#[derive(Debug, Clone)]
pub struct Hasher {
    cost: Cost,
    /// A permit is a KiB.
    memory: Arc<Semaphore>,
    budget: u32,
    /// What was used and will be again: allocators give blocks of this size back so late that a
    /// crowd would take many times the budget.
    spare: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Hasher {
    /// Hashes at `cost` with at most `memory_mib` at a time, at least one.
    pub fn new(cost: Cost, memory_mib: u32) -> Self {
        let budget = memory_mib.saturating_mul(1024).max(cost.memory);
        let permits = usize::try_from(budget).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            cost,
            memory: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            budget,
            spare: Arc::default(),
        }
    }

    /// The hash of `password`, with salt from `rng`.
    pub async fn hash(
        &self,
        password: &Redacted,
        rng: &mut (dyn RngCore + Send),
    ) -> Result<Redacted, HashError> {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let (cost, password) = (self.cost, password.clone());
        let params = Params::new(cost.memory, cost.passes, cost.lanes, None);
        let params = params.map_err(HashError::Failed)?;
        self.run(params, move |argon2, blocks| {
            let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
            let password = password.expose().as_bytes();
            argon2.hash_password_into_with_memory(password, &salt, &mut out, blocks)?;
            let Cost {
                memory,
                passes,
                lanes,
            } = cost;
            let (salt, out) = (BASE64_NOPAD.encode(&salt), BASE64_NOPAD.encode(&out));
            Ok(Redacted::new(format!(
                "$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${out}"
            )))
        })
        .await
    }

    /// Whether `hash` is one of `password`. The parameters are those of the hash.
    pub async fn verify(&self, password: &Redacted, hash: &Redacted) -> Result<Verdict, HashError> {
        let hash = PasswordHash::new(hash.expose()).map_err(HashError::Unreadable)?;
        let params = Params::try_from(&hash).map_err(HashError::Parameters)?;
        let is_ours = hash.algorithm.as_str() == "argon2id" && hash.version == Some(19);
        let (Some(salt), Some(expected), true) = (hash.salt, hash.hash, is_ours) else {
            return Err(HashError::Foreign);
        };
        let cost = Cost {
            memory: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        };
        let (password, is_outdated) = (password.clone(), cost != self.cost);
        self.run(params, move |argon2, blocks| {
            let mut out = vec![0; expected.as_bytes().len()];
            let password = password.expose().as_bytes();
            argon2.hash_password_into_with_memory(password, &salt, &mut out, blocks)?;
            // Outputs are compared in constant time.
            let matches = Output::new(&out).is_ok_and(|out| out == expected);
            Ok(Verdict {
                matches,
                is_outdated,
            })
        })
        .await
    }

    /// Runs `work` where it blocks nobody, with the memory that `params` ask for.
    async fn run<T: Send + 'static>(
        &self,
        params: Params,
        work: impl FnOnce(&Argon2<'_>, &mut [Block]) -> Result<T, argon2::Error> + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = self.reserve(params.m_cost()).await?;
        let spare = Arc::clone(&self.spare);
        let is_usual = params.m_cost() == self.cost.memory;
        // The permit goes along: the memory is in use even if nobody waits for the hash any more.
        let task = tokio::task::spawn_blocking(move || {
            let lock = || spare.lock().unwrap_or_else(PoisonError::into_inner);
            let mut blocks = if is_usual { lock().pop() } else { None }.unwrap_or_default();
            blocks.resize(params.block_count(), Block::default());
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let done = work(&argon2, &mut blocks);
            if is_usual {
                lock().push(blocks);
            }
            drop(permit);
            done
        });
        let done = task.await.map_err(HashError::Interrupted)?;
        done.map_err(HashError::Failed)
    }

    async fn reserve(&self, memory: u32) -> Result<OwnedSemaphorePermit, HashError> {
        let permits = memory.min(self.budget);
        let turn = Arc::clone(&self.memory).acquire_many_owned(permits);
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(HashError::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    const CHEAP: Cost = Cost {
        memory: 64,
        passes: 1,
        lanes: 1,
    };

    #[tokio::test]
    async fn a_hash_says_how_it_was_made_and_outlives_a_change_of_parameters() {
        let rng = &mut StdRng::seed_from_u64(7);
        let old = Hasher::new(CHEAP, 1);
        let password = Redacted::new("correct horse");
        let hash = old.hash(&password, rng).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert_ne!(old.hash(&password, rng).await.unwrap(), hash);
        let verdict = old.verify(&password, &hash).await.unwrap();
        assert!(verdict.matches && !verdict.is_outdated);
        let new = Hasher::new(Cost { passes: 2, ..CHEAP }, 1);
        let verdict = new.verify(&password, &hash).await.unwrap();
        assert!(verdict.matches && verdict.is_outdated);
        let other = new.verify(&Redacted::new("other"), &hash).await.unwrap();
        assert!(!other.matches);
        assert!(new.verify(&password, &Redacted::new("")).await.is_err());
    }

    #[tokio::test]
    async fn hashes_wait_for_memory() {
        let hasher = Hasher::new(
            Cost {
                memory: 600,
                ..CHEAP
            },
            1,
        );
        let first = hasher.reserve(600).await.unwrap();
        assert!(
            tokio::time::timeout(Duration::ZERO, hasher.reserve(600))
                .await
                .is_err()
        );
        drop(first);
        // One of a time when more was allowed still finds room.
        drop(hasher.reserve(1 << 20).await.unwrap());
    }
}

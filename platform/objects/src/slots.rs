//! Which parts of an upload may be written straight to their places in the final object.
//!
//! The first part to arrive sets the size of a slot, and part `n` goes to offset `(n - 1) × size`
//! of one file per upload. When all parts lie in their slots, which is how every client uploads,
//! completing takes no copying, however large the object is. Anything else (a part that is larger
//! than a slot, or that is sent again) gets a file of its own, and completing copies.
//!
//! A slot is written only while nobody relies on it: not when a verified part lies there, not
//! twice at once, and not once completing began.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

/// The slots of all uploads that this process has seen parts of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    uploads: Arc<Mutex<HashMap<String, Upload>>>,
}

#[derive(Debug, Default)]
struct Upload {
    slot_size: Option<u64>,
    busy: HashSet<i32>,
    completing: usize,
}

impl Slots {
    /// Claims the slot of a part, if it may go there.
    pub(crate) fn claim(
        &self,
        upload: &str,
        known_size: Option<u64>,
        number: i32,
        size: u64,
    ) -> Option<SlotClaim> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let state = uploads.entry(upload.to_owned()).or_default();
        let slot_size = *state.slot_size.get_or_insert(known_size.unwrap_or(size));
        let offset = u64::try_from(number - 1).ok()?.checked_mul(slot_size)?;
        if size == 0 || size > slot_size || state.completing > 0 || !state.busy.insert(number) {
            return None;
        }
        Some(SlotClaim {
            slots: self.clone(),
            upload: upload.to_owned(),
            number,
            slot_size,
            offset,
        })
    }

    /// From here on no slot is written. Says whether none is being written already.
    pub(crate) fn complete(&self, upload: &str) -> Completing {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let state = uploads.entry(upload.to_owned()).or_default();
        state.completing += 1;
        Completing {
            slots: self.clone(),
            upload: upload.to_owned(),
            quiet: state.busy.is_empty(),
        }
    }

    /// The upload is over.
    pub(crate) fn forget(&self, upload: &str) {
        self.uploads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(upload);
    }

    fn change(&self, upload: &str, change: impl FnOnce(&mut Upload)) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = uploads.get_mut(upload) {
            change(state);
        }
    }
}

/// Nobody else writes this slot while this lives.
#[derive(Debug)]
pub(crate) struct SlotClaim {
    slots: Slots,
    upload: String,
    number: i32,
    pub(crate) slot_size: u64,
    pub(crate) offset: u64,
}

impl Drop for SlotClaim {
    fn drop(&mut self) {
        self.slots.change(&self.upload, |upload| {
            upload.busy.remove(&self.number);
        });
    }
}

/// No slot is claimed while this lives.
#[derive(Debug)]
pub(crate) struct Completing {
    slots: Slots,
    upload: String,
    pub(crate) quiet: bool,
}

impl Drop for Completing {
    fn drop(&mut self) {
        self.slots.change(&self.upload, |upload| {
            upload.completing = upload.completing.saturating_sub(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_side_by_side() {
        let slots = Slots::default();
        let first = slots.claim("u", None, 1, 8).unwrap();
        let third = slots.claim("u", None, 3, 8).unwrap();
        let last = slots.claim("u", None, 4, 3).unwrap();
        assert_eq!([first.offset, third.offset, last.offset], [0, 16, 24]);
    }

    #[test]
    fn a_slot_has_one_writer() {
        let slots = Slots::default();
        let claim = slots.claim("u", None, 1, 8).unwrap();
        assert!(slots.claim("u", None, 1, 8).is_none());
        drop(claim);
        assert!(slots.claim("u", None, 1, 8).is_some());
    }

    #[test]
    fn what_is_larger_than_a_slot_goes_elsewhere() {
        let slots = Slots::default();
        assert!(slots.claim("u", Some(8), 1, 9).is_none());
        assert!(slots.claim("u", None, 1, 8).is_some());
    }

    #[test]
    fn completing_ends_writing_until_it_fails() {
        let slots = Slots::default();
        let writing = slots.claim("u", None, 1, 8).unwrap();
        assert!(!slots.complete("u").quiet);
        drop(writing);
        let completing = slots.complete("u");
        assert!(completing.quiet);
        assert!(slots.claim("u", None, 2, 8).is_none());
        drop(completing);
        assert!(slots.claim("u", None, 2, 8).is_some());
    }
}

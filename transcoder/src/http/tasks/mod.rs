//! Tasks, for operators.

pub(super) mod list;
pub(super) mod retry;

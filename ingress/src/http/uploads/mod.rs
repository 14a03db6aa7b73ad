//! `/api/uploads`

pub(super) mod complete;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod sign_parts;

//! `/api/accounts/me`

pub(super) mod delete_me;
pub(super) mod get_me;

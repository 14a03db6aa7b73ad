//! `/api/accounts/password`

pub(super) mod change;
pub(super) mod forgotten;
pub(super) mod reset;

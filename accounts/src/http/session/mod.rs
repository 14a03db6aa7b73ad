//! `/api/accounts/sign-up`, `claim`, `sign-in`, `refresh`, `sign-out`: how sessions begin, go on and
//! end.

pub(super) mod claim;
pub(super) mod refresh;
pub(super) mod sign_in;
pub(super) mod sign_out;
pub(super) mod sign_up;

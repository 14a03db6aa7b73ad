//! `/api/admin/users` and `/api/admin/invitations`

pub(super) mod edit;
pub(super) mod invite;
pub(super) mod list;

//! What somebody must be to ask.

use platform_auth::{Identity, Role, Scope};
use platform_http::{Principal, Problem};

use super::failure;

/// What [`Principal`]s may ask of accounts.
pub(super) trait Asks {
    /// Who it is, if they may decide about their account: API tokens may not.
    fn holder(self) -> Result<Identity, Problem>;

    /// Who it is, if they are an admin.
    fn admin(self) -> Result<Identity, Problem>;
}

impl Asks for Principal {
    fn holder(self) -> Result<Identity, Problem> {
        let may = self.identity.may(Role::Viewer, Scope::Account);
        may.then_some(self.identity)
            .ok_or_else(failure::not_by_token)
    }

    fn admin(self) -> Result<Identity, Problem> {
        let may = self.identity.may(Role::Admin, Scope::Admin);
        may.then_some(self.identity)
            .ok_or_else(failure::admins_only)
    }
}

//! What an API token may be made for.

use platform_auth::{Role, Scope};

/// Whether somebody with `role` may give a token `scope`: not what they may not do themselves, and
/// never the account itself, or a leaked token could make itself others.
pub(crate) fn allows(role: Role, scope: Scope) -> bool {
    match scope {
        Scope::Read => true,
        Scope::Upload | Scope::Edit => role >= Role::Uploader,
        Scope::Admin => role >= Role::Moderator,
        Scope::Account => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_made_for_more_than_its_maker_may() {
        for role in Role::ALL {
            assert!(allows(role, Scope::Read) && !allows(role, Scope::Account));
        }
        assert!(!allows(Role::Viewer, Scope::Upload));
        assert!(allows(Role::Uploader, Scope::Edit) && !allows(Role::Uploader, Scope::Admin));
        assert!(allows(Role::Moderator, Scope::Admin));
    }
}

//! What people are told when something cannot be done.

use actix_web::http::StatusCode;
use platform_http::Problem;
use platform_passwords::HashError;

use crate::error::AccountError;

/// 401: nobody is signed in.
pub(super) fn signed_out() -> Problem {
    Problem::signed_out("Sign in first, then try again.")
}

/// 403: an API token asks.
pub(super) fn not_by_token() -> Problem {
    forbidden("An API token cannot be used for this: sign in with a password.")
}

/// 403: somebody asks who is no admin.
pub(super) fn admins_only() -> Problem {
    forbidden("Only admins may do this. Ask one of them.")
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "You may not do this",
        detail,
    )
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invalid(sentence) => Self::bad_request(sentence),
            AccountError::NotFound(sentence) => Self::not_found(sentence),
            AccountError::Forbidden(sentence) => forbidden(sentence),
            AccountError::SignedOut => signed_out(),
            AccountError::Throttled(seconds) => Self::too_many_tries(seconds),
            AccountError::Db(cause) if cause.retryable() => Self::unavailable(2, cause),
            AccountError::Oidc(cause) => Self::unavailable(30, cause),
            AccountError::Hash(cause @ HashError::Busy) => Self::unavailable(5, cause),
            error @ (AccountError::Db(_)
            | AccountError::Hash(_)
            | AccountError::Token(_)
            | AccountError::Seal(_)) => Self::internal(error),
            refusal => refused(&refusal),
        }
    }
}

/// Refusals that are the same every time.
fn refused(error: &AccountError) -> Problem {
    let (status, slug, title, detail) = match error {
        AccountError::NameTaken => (
            StatusCode::CONFLICT,
            "name-taken",
            "The name is taken",
            "Somebody else has this name: choose another.",
        ),
        AccountError::WrongCredentials => (
            StatusCode::UNAUTHORIZED,
            "wrong-credentials",
            "The name or the password is wrong",
            "The name or the password is wrong. Check both, or ask for a new password.",
        ),
        AccountError::WrongPassword => (
            StatusCode::FORBIDDEN,
            "wrong-password",
            "The password is wrong",
            "This is not your password. Check it and try again.",
        ),
        AccountError::Suspended => (
            StatusCode::FORBIDDEN,
            "suspended",
            "The account is suspended",
            "Your account is suspended. Ask whoever runs this site.",
        ),
        AccountError::RegistrationClosed(sentence) => (
            StatusCode::FORBIDDEN,
            "registration-closed",
            "You cannot sign up here",
            *sentence,
        ),
        AccountError::LinkInvalid => (
            StatusCode::BAD_REQUEST,
            "link-not-valid",
            "The link is not valid",
            "The link was used before, or it is too old. Ask for another.",
        ),
        AccountError::IdentityTaken => (
            StatusCode::CONFLICT,
            "identity-taken",
            "It is linked already",
            "Another account is linked with this. Sign in with it, and unlink it there first.",
        ),
        AccountError::Claimed => (
            StatusCode::CONFLICT,
            "claimed",
            "There is an admin already",
            "This site has an admin already. Ask them for an invitation.",
        ),
        _ => (
            StatusCode::CONFLICT,
            "last-admin",
            "There has to be an admin",
            "This is the last admin. Make somebody else an admin first.",
        ),
    };
    Problem::new(status, slug, title, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_to_wait_is_told_how_long() {
        let problem = Problem::from(AccountError::Throttled(1));
        assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(problem.to_string().ends_with("in 1 second."));
    }

    #[test]
    fn the_last_admin_is_not_lost() {
        let problem = Problem::from(AccountError::LastAdmin);
        assert_eq!(problem.document("").kind, "/problems/last-admin");
    }
}

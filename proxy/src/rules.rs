//! Who may do what: one rule for each operation of the API. Services decide the rest, such as whose
//! film it is.

use actix_web::http::Method;
use platform_auth::{Identity, Role, Scope};
use platform_http::Problem;

/// Who may ask for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// Strangers, too.
    Anyone,
    /// Whoever has at least this role, by a credential that may be used for it.
    May(Role, Scope),
}

/// Who may ask for one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its method, in capitals.
    pub method: &'static str,
    /// Its path, as in the OpenAPI document.
    pub path: &'static str,
    /// Who may ask for it.
    pub(crate) asker: Asker,
}

const fn rule(method: &'static str, path: &'static str, asker: Asker) -> Rule {
    Rule {
        method,
        path,
        asker,
    }
}

const OWN: Asker = Asker::May(Role::Viewer, Scope::Account);
const ADMINS: Asker = Asker::May(Role::Admin, Scope::Admin);
const UPLOADS: Asker = Asker::May(Role::Uploader, Scope::Upload);
const EDITS: Asker = Asker::May(Role::Uploader, Scope::Edit);

/// All rules; each operation of the OpenAPI document has one. Services look again: what matters
/// there may have changed since, and they know whose film it is.
pub const RULES: [Rule; 51] = [
    rule("GET", "/api/accounts/me", Asker::Anyone),
    rule("DELETE", "/api/accounts/me", OWN),
    rule("POST", "/api/accounts/sign-up", Asker::Anyone),
    rule("POST", "/api/accounts/claim", Asker::Anyone),
    rule("POST", "/api/accounts/sign-in", Asker::Anyone),
    rule("POST", "/api/accounts/refresh", Asker::Anyone),
    rule("POST", "/api/accounts/sign-out", Asker::Anyone),
    rule("POST", "/api/accounts/password", OWN),
    rule("POST", "/api/accounts/password/forgotten", Asker::Anyone),
    rule("POST", "/api/accounts/password/reset", Asker::Anyone),
    rule("GET", "/api/accounts/sessions", OWN),
    rule("DELETE", "/api/accounts/sessions", OWN),
    rule("DELETE", "/api/accounts/sessions/{id}", OWN),
    rule("GET", "/api/accounts/tokens", OWN),
    rule("POST", "/api/accounts/tokens", OWN),
    rule("DELETE", "/api/accounts/tokens/{id}", OWN),
    rule("GET", "/api/accounts/oidc", Asker::Anyone),
    rule("GET", "/api/accounts/oidc/{id}/start", Asker::Anyone),
    rule("GET", "/api/accounts/oidc/{id}/callback", Asker::Anyone),
    rule("POST", "/api/accounts/oidc/{id}/link", OWN),
    rule("DELETE", "/api/accounts/oidc/{id}/link", OWN),
    rule("GET", "/api/admin/users", ADMINS),
    rule("PATCH", "/api/admin/users/{id}", ADMINS),
    rule("DELETE", "/api/admin/users/{id}/sessions", ADMINS),
    rule("POST", "/api/admin/invitations", ADMINS),
    rule("GET", "/api/admin/audit", ADMINS),
    rule("GET", "/api/admin/verify", ADMINS),
    rule("POST", "/api/admin/verify", ADMINS),
    rule("GET", "/api/admin/jobs", ADMINS),
    rule("POST", "/api/admin/jobs/{id}/retry", ADMINS),
    rule("GET", "/api/admin/dead-letters", ADMINS),
    rule("POST", "/api/admin/dead-letters/{id}/replay", ADMINS),
    rule("DELETE", "/api/admin/dead-letters/{id}", ADMINS),
    rule("GET", "/api/admin/quotas/{user}", ADMINS),
    rule("PUT", "/api/admin/quotas/{user}", ADMINS),
    rule("DELETE", "/api/admin/quotas/{user}", ADMINS),
    rule("GET", "/api/quota", UPLOADS),
    rule("POST", "/api/uploads", UPLOADS),
    rule("GET", "/api/uploads", UPLOADS),
    rule("GET", "/api/uploads/{id}", UPLOADS),
    rule("DELETE", "/api/uploads/{id}", UPLOADS),
    rule("POST", "/api/uploads/{id}/parts", UPLOADS),
    rule("POST", "/api/uploads/{id}/complete", UPLOADS),
    rule("GET", "/api/videos", Asker::Anyone),
    rule("GET", "/api/videos/{id}", Asker::Anyone),
    rule("PATCH", "/api/videos/{id}", EDITS),
    rule("DELETE", "/api/videos/{id}", EDITS),
    rule("POST", "/api/videos/{id}/restore", EDITS),
    rule("POST", "/api/videos/{id}/unlock", Asker::Anyone),
    rule("GET", "/api/search", Asker::Anyone),
    rule("GET", "/api/watch/{id}", Asker::Anyone),
];

/// Whether `identity` may ask for `method` of `path`, as it was sent. What has no rule is not there.
pub(crate) fn check(
    method: &Method,
    path: &str,
    identity: Option<&Identity>,
) -> Result<(), Problem> {
    // What answers GET answers HEAD (RFC 9110, section 9.3.2).
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let found = RULES
        .iter()
        .find(|rule| rule.method == method.as_str() && fits(rule.path, path));
    let Some(found) = found else {
        return Err(Problem::not_found(format!(
            "There is no operation {method} {path}: /api/openapi.json lists all."
        )));
    };
    let Asker::May(role, scope) = found.asker else {
        return Ok(());
    };
    match identity {
        None => Err(Problem::signed_out("Sign in first, then try again.")),
        Some(identity) if identity.may(role, scope) => Ok(()),
        Some(identity) if identity.role < role => Err(Problem::forbidden(format!(
            "This takes the role {role}, and yours is {}. Ask an admin for it.",
            identity.role
        ))),
        Some(_) => Err(Problem::forbidden(
            "This token may not be used for that. Make one that may, or sign in.",
        )),
    }
}

/// Whether `path` is one of those that `template` stands for.
fn fits(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let all = template.split('/').all(|expected| {
        let part = parts.next();
        part.is_some_and(|part| part == expected || (expected.starts_with('{') && !part.is_empty()))
    });
    all && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_and_scope_open_an_operation_and_what_has_no_rule_is_not_there() {
        let of = |role, scopes: &[Scope]| {
            let scopes = scopes.iter().copied().collect();
            Some(Identity {
                role,
                scopes,
                ..Identity::local()
            })
        };
        let viewer = of(Role::Viewer, &Scope::ALL);
        let uploader = of(Role::Uploader, &Scope::ALL);
        let reader = of(Role::Admin, &[Scope::Read]);
        for (method, path, identity, status) in [
            ("GET", "/api/videos", &None, 200),
            ("HEAD", "/api/videos/x", &None, 200),
            ("GET", "/api/uploads", &None, 401),
            ("POST", "/api/uploads", &viewer, 403),
            ("POST", "/api/uploads", &reader, 403),
            ("POST", "/api/uploads", &uploader, 200),
            ("POST", "/api/uploads/x/parts", &uploader, 200),
            ("POST", "/api/uploads//parts", &uploader, 404),
            ("POST", "/api/uploads/x/parts/", &uploader, 404),
            ("POST", "/api/uploads/x", &uploader, 404),
            ("PATCH", "/api/videos/x", &None, 401),
            ("PUT", "/api/videos/x", &uploader, 404),
            ("GET", "/api/v%69deos", &uploader, 404),
            ("POST", "/api/accounts/sign-in", &None, 200),
            ("POST", "/api/accounts/sessions", &uploader, 404),
            ("GET", "/api/accounts/tokens", &reader, 403),
            ("GET", "/api/admin/users", &uploader, 403),
            ("GET", "/api/admin/users", &reader, 403),
            ("GET", "/api/admin/usersx", &viewer, 404),
            ("GET", "/api/admin", &uploader, 404),
        ] {
            let method: Method = method.parse().unwrap();
            let told = check(&method, path, identity.as_ref());
            let told = told.map_or_else(|problem| problem.status().as_u16(), |()| 200);
            assert_eq!(told, status, "{method} {path}");
        }
    }
}

//! Signing in by way of a provider, and linking it with an account.

use data_encoding::BASE64URL_NOPAD;
use platform_auth::{Identity, Role};
use platform_core::Redacted;
use platform_db::Tx;
use serde::{Deserialize, Serialize};
use tracing::warn;
use url::Url;

use super::{Accounts, Origin, SignedIn};
use crate::domain::{Email, User, UserName, display_name, random_id, random_secret};
use crate::error::AccountError;
use crate::oidc::{Answer, Begun, OidcError, Person, Provider};
use crate::store::{identities, sessions, users};

/// How long somebody may take at the provider, milliseconds.
pub(crate) const FLOW_MS: i64 = 10 * 60 * 1000;
/// What the cookie is sealed as.
const FLOW: &str = "flow";
/// How many names are tried for somebody whose own is taken.
const NAMES: usize = 5;

/// What a browser keeps, sealed, while somebody is at the provider.
#[derive(Serialize, Deserialize)]
struct Flow {
    provider: String,
    begun: Begun,
    return_to: String,
    /// The session whose user wants to be recognised by the provider later on.
    link: Option<String>,
    expires_at_ms: i64,
}

/// A visit to a provider that begins.
pub(crate) struct Departure {
    pub(crate) to: Url,
    /// What the same browser has to bring back.
    pub(crate) sealed: Redacted,
}

/// A visit to a provider that went well.
pub(crate) struct Arrival {
    /// `None`: somebody who was signed in has linked it.
    pub(crate) signed_in: Option<SignedIn>,
    /// Where they came from: a path of this site.
    pub(crate) return_to: String,
}

impl Accounts {
    /// The provider called `id`.
    fn provider(&self, id: &str) -> Result<&Provider, AccountError> {
        let found = self.providers.iter().find(|it| it.config.id == id);
        found.ok_or(AccountError::NotFound(
            "There is no such provider. Go back to the sign-in page.",
        ))
    }

    /// Sends somebody to the provider: to sign in, or to link it with the account of `link`.
    pub(crate) async fn depart(
        &self,
        id: &str,
        return_to: Option<&str>,
        link: Option<&Identity>,
    ) -> Result<Departure, AccountError> {
        let now = self.clock.now_ms();
        let (to, begun) = self.provider(id)?.begin(now, &mut super::fresh()).await?;
        let flow = Flow {
            provider: id.to_owned(),
            begun,
            return_to: safe_path(return_to.unwrap_or_default()),
            link: link.map(|identity| identity.credential.clone()),
            expires_at_ms: now.saturating_add(FLOW_MS),
        };
        let text = serde_json::to_vec(&flow).map_err(|_error| OidcError::Stray)?;
        let sealed = BASE64URL_NOPAD.encode(&self.flows.seal(&text, FLOW)?);
        Ok(Departure {
            to,
            sealed: Redacted::new(sealed),
        })
    }

    /// Takes somebody in who comes back from the provider with `answer`, in the browser that has
    /// `sealed`.
    pub(crate) async fn arrive(
        &self,
        id: &str,
        sealed: Option<&Redacted>,
        answer: &Answer,
        from: &Origin,
    ) -> Result<Arrival, AccountError> {
        let now = self.clock.now_ms();
        let provider = self.provider(id)?;
        let flow = sealed.and_then(|sealed| self.unseal(sealed));
        let flow = flow.filter(|flow| flow.provider == id && now < flow.expires_at_ms);
        let flow = flow.ok_or(OidcError::Stray)?;
        let person = provider.end(answer, &flow.begun, now).await?;
        let signed_in = match &flow.link {
            Some(session) => {
                self.link(provider, &person, session, from).await?;
                None
            }
            None => Some(self.enter(provider, &person, from).await?),
        };
        Ok(Arrival {
            signed_in,
            return_to: flow.return_to,
        })
    }

    fn unseal(&self, sealed: &Redacted) -> Option<Flow> {
        let sealed = BASE64URL_NOPAD.decode(sealed.expose().as_bytes()).ok()?;
        let opened = self.flows.open(&sealed, FLOW).ok()?;
        serde_json::from_slice(&opened.plain).ok()
    }

    /// Links `person` with the account of `session`, which must not have ended meanwhile.
    async fn link(
        &self,
        provider: &Provider,
        person: &Person,
        session: &str,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let now = self.clock.now_ms();
        let issuer = &provider.config.issuer;
        self.store
            .write(|mut tx| async move {
                let session = sessions::get(tx.conn(), session).await?;
                let session = session.filter(|session| session.is_alive(now));
                let user = session.ok_or(AccountError::SignedOut)?.user;
                match identities::user(tx.conn(), issuer, &person.subject).await? {
                    Some(owner) if owner == user => return Ok(()),
                    Some(_) => return Err(AccountError::IdentityTaken),
                    None => {}
                }
                identities::insert(tx.conn(), issuer, &person.subject, &user, now).await?;
                self.note(&mut tx, from, &user, "identity linked", &provider.config.id)
                    .await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Makes nobody's what links the caller with the provider. Whoever has no other way in gets a
    /// password by the link for those who forgot theirs.
    pub(crate) async fn unlink(
        &self,
        identity: &Identity,
        id: &str,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let provider = self.provider(id)?;
        let issuer = &provider.config.issuer;
        self.store
            .write(|mut tx| async move {
                let user = identity.user.as_str();
                if !identities::remove(tx.conn(), issuer, user).await? {
                    return Err(AccountError::NotFound(
                        "Your account is not linked with this provider.",
                    ));
                }
                self.note(&mut tx, from, user, "identity unlinked", id)
                    .await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Signs `person` in, who may get an account by it.
    async fn enter(
        &self,
        provider: &Provider,
        person: &Person,
        from: &Origin,
    ) -> Result<SignedIn, AccountError> {
        let now = self.clock.now_ms();
        let issuer = &provider.config.issuer;
        let fresh = self.newcomer(provider, person).await?;
        let (session, refresh) = self.new_session(&fresh.id, from);
        let (session, fresh) = (&session, &fresh);
        let (user, session) = self
            .store
            .write(|mut tx| async move {
                let known = identities::user(tx.conn(), issuer, &person.subject).await?;
                let user = match known {
                    Some(id) => users::get(tx.conn(), &id).await?,
                    None if provider.config.allow_sign_up => {
                        let user = self.join_by(&mut tx, fresh, person, from).await?;
                        identities::insert(tx.conn(), issuer, &person.subject, &user.id, now)
                            .await?;
                        Some(user)
                    }
                    None => None,
                };
                let user = user.ok_or(AccountError::RegistrationClosed(
                    "No account is linked with this. Sign in with your password, and link it on \
                     the page of your account.",
                ))?;
                if user.suspended {
                    return Err(AccountError::Suspended);
                }
                let mut session = session.clone();
                session.user.clone_from(&user.id);
                users::know_place(tx.conn(), &user.id, &from.place, now).await?;
                self.open(&mut tx, &session, from).await?;
                tx.commit().await?;
                Ok((user, session))
            })
            .await?;
        self.signed_in(user, &session, refresh).await
    }

    /// Whom `person` becomes, if they are new. The password is one that nobody knows.
    async fn newcomer(&self, provider: &Provider, person: &Person) -> Result<User, AccountError> {
        let config = &provider.config;
        let unknown = random_secret(&mut rand::rng());
        let is_admin = config.admins.contains(&person.subject);
        let email = person.email.as_deref().and_then(|it| Email::new(it).ok());
        Ok(User {
            id: random_id(&mut rand::rng()),
            name: String::new(),
            email: email.map(|email| email.as_str().to_owned()),
            display_name: String::new(),
            password_hash: if config.allow_sign_up {
                self.hasher.hash(&unknown, &mut super::fresh()).await?
            } else {
                self.dummy.clone()
            },
            role: if is_admin {
                Role::Admin
            } else {
                config.new_user_role
            },
            suspended: false,
            created_at_ms: self.clock.now_ms(),
        })
    }

    /// Adds `fresh` by a name that is free, as near as may be to what the provider calls them.
    async fn join_by(
        &self,
        tx: &mut Tx,
        fresh: &User,
        person: &Person,
        from: &Origin,
    ) -> Result<User, AccountError> {
        let wish = person.name.as_deref().unwrap_or_default();
        for attempt in 0..NAMES {
            let Some(name) = name_like(wish, attempt) else {
                continue;
            };
            if users::is_taken(tx.conn(), &name).await? {
                continue;
            }
            let shown = display_name(person.display_name.as_deref(), name.as_str());
            let user = User {
                name: name.as_str().to_owned(),
                display_name: shown.unwrap_or_else(|_| name.as_str().to_owned()),
                ..fresh.clone()
            };
            let email = user.email.as_deref().and_then(|it| Email::new(it).ok());
            self.admit(tx, &user, &name, email.as_ref(), from).await?;
            return Ok(user);
        }
        Err(AccountError::NameTaken)
    }
}

/// A name like `wish`; from the second attempt on with an ending that nobody else has.
fn name_like(wish: &str, attempt: usize) -> Option<UserName> {
    let local = wish.split('@').next().unwrap_or_default();
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let plain: String = local.chars().filter(fits).take(23).collect();
    if attempt == 0 {
        return UserName::new(&plain).ok();
    }
    let base = if plain.is_empty() { "user" } else { &plain };
    let ending: String = random_id(&mut rand::rng()).chars().take(6).collect();
    UserName::new(&format!("{base}-{ending}")).ok()
}

/// `path` if it is a path of this site as browsers read it, and the front page otherwise: they take
/// `//host`, `/\host` and the like for other machines.
fn safe_path(path: &str) -> String {
    let front = || "/".to_owned();
    let here = Url::parse("http://here.invalid");
    let Some((here, true)) = here.ok().map(|here| (here, path.starts_with('/'))) else {
        return front();
    };
    match here.join(path) {
        Ok(url) if url.origin() == here.origin() && !url.path().starts_with("//") => url
            .as_str()
            .strip_prefix("http://here.invalid")
            .map_or_else(front, str::to_owned),
        _ => front(),
    }
}

/// Tells the operator why somebody did not get in, without what the browser brought.
pub(crate) fn tell(provider: &str, error: &AccountError) {
    if let AccountError::Oidc(error) = error {
        let error: &dyn std::error::Error = error;
        warn!(provider, error, "somebody could not sign in by a provider");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_returns_to_this_site_only() {
        for (path, safe) in [
            ("/watch/x?t=1#c", "/watch/x?t=1#c"),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/.//evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("watch", "/"),
        ] {
            assert_eq!(safe_path(path), safe, "{path}");
        }
    }

    #[test]
    fn names_are_made_to_fit() {
        assert_eq!(name_like("ada@example.org", 0).unwrap().as_str(), "ada");
        assert!(name_like("ä", 0).is_none() && name_like("admin", 0).is_none());
        assert!(name_like("", 1).unwrap().as_str().starts_with("user-"));
        assert!(name_like(&"x".repeat(99), 1).is_some());
    }
}

//! Becoming a user.

use platform_auth::Role;
use platform_bus::{Topic, outbox};
use platform_core::Redacted;
use platform_db::Tx;
use schemas::v1::AccountChanged;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId};

use super::{Accounts, Origin, SignedIn};
use crate::Registration;
use crate::domain::{
    Email, User, UserName, check_password, display_name, random_id, random_secret,
};
use crate::error::AccountError;
use crate::store::links::{self, Kind, NewLink};
use crate::store::users;

/// How long the first admin's link can be used: each start of the service makes another.
const CLAIM_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What somebody says who wants to become a user.
#[derive(Debug)]
pub(crate) struct NewUser {
    pub(crate) name: String,
    pub(crate) password: Redacted,
    pub(crate) email: Option<String>,
    pub(crate) display_name: Option<String>,
}

/// By what right somebody becomes a user.
#[derive(Debug)]
enum Right<'a> {
    Anybody,
    Link(Kind, &'a Redacted),
}

impl Accounts {
    /// Makes somebody a user and signs them in.
    pub(crate) async fn sign_up(
        &self,
        new: NewUser,
        invitation: Option<&Redacted>,
        from: &Origin,
    ) -> Result<SignedIn, AccountError> {
        let right = match (self.config.registration, invitation) {
            (Registration::Closed, _) => {
                return Err(AccountError::RegistrationClosed(
                    "Nobody can sign up here at the moment. Ask whoever runs this site.",
                ));
            }
            (Registration::Invitation, None) => {
                return Err(AccountError::RegistrationClosed(
                    "Signing up takes an invitation. Ask whoever runs this site for one.",
                ));
            }
            (_, Some(secret)) => Right::Link(Kind::Invitation, secret),
            (Registration::Open, None) => Right::Anybody,
        };
        self.join(new, right, from).await
    }

    /// Makes somebody the first admin and signs them in.
    pub(crate) async fn claim(
        &self,
        new: NewUser,
        secret: &Redacted,
        from: &Origin,
    ) -> Result<SignedIn, AccountError> {
        self.join(new, Right::Link(Kind::Claim, secret), from).await
    }

    async fn join(
        &self,
        new: NewUser,
        right: Right<'_>,
        from: &Origin,
    ) -> Result<SignedIn, AccountError> {
        let name = UserName::new(&new.name).map_err(AccountError::Invalid)?;
        check_password(new.password.expose(), name.as_str()).map_err(AccountError::Invalid)?;
        let email = new.email.as_deref().filter(|text| !text.trim().is_empty());
        let email = email
            .map(Email::new)
            .transpose()
            .map_err(AccountError::Invalid)?;
        let shown = display_name(new.display_name.as_deref(), name.as_str());
        self.try_from_place("sign-up", from).await?;
        let now = self.clock.now_ms();
        let user = User {
            id: random_id(&mut rand::rng()),
            name: name.as_str().to_owned(),
            email: email.as_ref().map(|email| email.as_str().to_owned()),
            display_name: shown.map_err(AccountError::Invalid)?,
            password_hash: self.hasher.hash(&new.password, &mut super::fresh()).await?,
            role: self.config.new_user_role,
            suspended: false,
            created_at_ms: now,
        };
        let (session, refresh) = self.new_session(&user.id, from);
        let (name, email, user, right) = (&name, email.as_ref(), &user, &right);
        let session = &session;
        let user = self
            .store
            .write(|mut tx| async move {
                let mut user = user.clone();
                if let Right::Link(kind, secret) = right {
                    let link = links::consume(tx.conn(), *kind, secret, now).await?;
                    let link = link.ok_or(AccountError::LinkInvalid)?;
                    user.role = link.role.unwrap_or(user.role);
                    if *kind == Kind::Claim && users::admins(tx.conn()).await? > 0 {
                        return Err(AccountError::Claimed);
                    }
                }
                if users::is_taken(tx.conn(), name).await? {
                    return Err(AccountError::NameTaken);
                }
                self.admit(&mut tx, &user, name, email, from).await?;
                users::know_place(tx.conn(), &user.id, &from.place, now).await?;
                self.open(&mut tx, session, from).await?;
                tx.commit().await?;
                Ok(user)
            })
            .await?;
        self.signed_in(user, session, refresh).await
    }

    /// Writes a new user down, and tells others what they are called.
    pub(super) async fn admit(
        &self,
        tx: &mut Tx,
        user: &User,
        name: &UserName,
        email: Option<&Email>,
        from: &Origin,
    ) -> Result<(), AccountError> {
        users::insert(tx.conn(), user, name, email).await?;
        let changed = AccountChanged {
            user: user.id.clone(),
            name: name.as_str().to_owned(),
        };
        let told = NewEvent::new(OwnerId::new(&user.id), Payload::AccountChanged(changed))
            .stamp(self.clock.now_ms(), &mut rand::rng());
        outbox::append(tx, Topic::Accounts, &user.id, &told).await?;
        self.note(tx, from, &user.id, "signed up", user.role.name())
            .await
    }

    /// A token by which somebody becomes the first admin, while there is none.
    pub(crate) async fn offer_claim(&self) -> Result<Option<Redacted>, AccountError> {
        if self.store.has_admin().await? {
            return Ok(None);
        }
        let secret = random_secret(&mut rand::rng());
        let now = self.clock.now_ms();
        let link = NewLink {
            kind: Kind::Claim,
            secret: &secret,
            user: None,
            role: Some(Role::Admin),
            created_at_ms: now,
            expires_at_ms: now.saturating_add(CLAIM_MS),
        };
        let link = &link;
        self.store
            .write(|mut tx| async move {
                links::insert(tx.conn(), link).await?;
                tx.commit().await?;
                Ok::<_, AccountError>(())
            })
            .await?;
        Ok(Some(secret))
    }
}

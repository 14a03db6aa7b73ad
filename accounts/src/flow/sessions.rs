//! Sessions: begun, gone on with, ended.

use platform_auth::Identity;
use platform_db::Tx;

use super::{ACCESS_S, Accounts, Origin};
use crate::domain::{
    RefreshToken, Session, Turn, User, digest, expiry_ms, random_id, random_secret, successor,
};
use crate::error::AccountError;
use crate::store::{sessions, tokens, users};

/// Somebody who is signed in, with what says so.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) access: String,
    pub(crate) refresh: RefreshToken,
    /// How long the refresh token can be used, seconds.
    pub(crate) refresh_s: i64,
}

/// What became of a refresh.
enum Refreshed {
    On(Box<(User, Session, RefreshToken)>),
    Over,
}

impl Accounts {
    /// A session of `user` that begins now.
    pub(super) fn new_session(&self, user: &str, from: &Origin) -> (Session, RefreshToken) {
        let now = self.clock.now_ms();
        let rng = &mut rand::rng();
        let refresh = RefreshToken {
            session: random_id(rng),
            secret: random_secret(rng),
        };
        let session = Session {
            id: refresh.session.clone(),
            user: user.to_owned(),
            created_at_ms: now,
            seen_at_ms: now,
            user_agent: from.user_agent.clone(),
            address: from.address.clone(),
            refresh_hash: digest(&refresh.secret),
            previous_hash: String::new(),
            salt: String::new(),
            rotated_at_ms: now,
            expires_at_ms: expiry_ms(now, now),
            revoked_at_ms: None,
        };
        (session, refresh)
    }

    /// Adds a session.
    pub(super) async fn open(
        &self,
        tx: &mut Tx,
        session: &Session,
        from: &Origin,
    ) -> Result<(), AccountError> {
        sessions::insert(tx.conn(), session).await?;
        self.note(tx, from, &session.user, "signed in", &session.id)
            .await
    }

    /// What `user` gets who is in `session`.
    pub(super) async fn signed_in(
        &self,
        user: User,
        session: &Session,
        refresh: RefreshToken,
    ) -> Result<SignedIn, AccountError> {
        let now = self.clock.now_ms();
        let identity = user.in_session(&session.id);
        let access = self.keys.current().await?.sign(&identity, now, ACCESS_S)?;
        let refresh_s = session.expires_at_ms.saturating_sub(now) / 1000;
        Ok(SignedIn {
            user,
            access,
            refresh,
            refresh_s,
        })
    }

    /// Goes on with the session of `token`, which is replaced.
    pub(crate) async fn refresh(
        &self,
        token: &RefreshToken,
        from: &Origin,
    ) -> Result<SignedIn, AccountError> {
        let refreshed = self
            .store
            .write(|tx| async move { self.take_turn(tx, token, from).await })
            .await?;
        match refreshed {
            Refreshed::On(on) => {
                let (user, session, refresh) = *on;
                self.signed_in(user, &session, refresh).await
            }
            Refreshed::Over => Err(AccountError::SignedOut),
        }
    }

    async fn take_turn(
        &self,
        mut tx: Tx,
        token: &RefreshToken,
        from: &Origin,
    ) -> Result<Refreshed, AccountError> {
        let now = self.clock.now_ms();
        let Some(mut session) = sessions::get(tx.conn(), &token.session).await? else {
            return Ok(Refreshed::Over);
        };
        let user = users::get(tx.conn(), &session.user).await?;
        let Some(user) = user.filter(|user| !user.suspended) else {
            return Ok(Refreshed::Over);
        };
        match session.turn(&token.secret, now) {
            Turn::Next => {
                session.salt = random_id(&mut rand::rng());
                let secret = successor(&token.secret, &session.salt);
                session.previous_hash = digest(&token.secret);
                session.refresh_hash = digest(&secret);
                session.rotated_at_ms = now;
                session.seen_at_ms = now;
                session.expires_at_ms = expiry_ms(session.created_at_ms, now);
                session.user_agent.clone_from(&from.user_agent);
                session.address.clone_from(&from.address);
                sessions::rotate(tx.conn(), &session).await?;
                tx.commit().await?;
            }
            Turn::Again => {}
            Turn::Reused => {
                sessions::revoke(tx.conn(), &session.user, &session.id, now).await?;
                self.note(&mut tx, from, "", "refresh token reused", &session.id)
                    .await?;
                tx.commit().await?;
                return Ok(Refreshed::Over);
            }
            Turn::Over => return Ok(Refreshed::Over),
        }
        let refresh = RefreshToken {
            session: session.id.clone(),
            secret: successor(&token.secret, &session.salt),
        };
        Ok(Refreshed::On(Box::new((user, session, refresh))))
    }

    /// Ends the session that `token` could go on with.
    pub(super) async fn end_by_token(
        &self,
        tx: &mut Tx,
        token: &RefreshToken,
    ) -> Result<(), AccountError> {
        let now = self.clock.now_ms();
        let session = sessions::get(tx.conn(), &token.session).await?;
        let is_theirs = |session: &Session| {
            let hash = digest(&token.secret);
            hash == session.refresh_hash || hash == session.previous_hash
        };
        if let Some(session) = session.filter(is_theirs) {
            sessions::revoke(tx.conn(), &session.user, &session.id, now).await?;
        }
        Ok(())
    }

    /// Ends the session, or the API token, of whoever asks, by what they bring along.
    pub(crate) async fn sign_out(
        &self,
        identity: Option<&Identity>,
        token: Option<&RefreshToken>,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                if let Some(token) = token {
                    self.end_by_token(&mut tx, token).await?;
                }
                if let Some(identity) = identity {
                    let user = identity.user.as_str();
                    let own = &identity.credential;
                    if !sessions::revoke(tx.conn(), user, own, now).await? {
                        tokens::revoke(tx.conn(), user, Some(own), now).await?;
                    }
                    self.note(&mut tx, from, user, "signed out", own).await?;
                }
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Ends one of the caller's sessions.
    pub(crate) async fn end_session(
        &self,
        identity: &Identity,
        id: &str,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let user = identity.user.as_str();
                if !sessions::revoke(tx.conn(), user, id, now).await? {
                    return Err(AccountError::NotFound(
                        "There is no session with this id. It may be over already.",
                    ));
                }
                self.note(&mut tx, from, user, "session ended", id).await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Ends the caller's sessions but the one they ask in.
    pub(crate) async fn end_other_sessions(
        &self,
        identity: &Identity,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let (user, own) = (identity.user.as_str(), identity.credential.as_str());
                sessions::revoke_all(tx.conn(), user, Some(own), now).await?;
                self.note(&mut tx, from, user, "other sessions ended", user)
                    .await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }
}

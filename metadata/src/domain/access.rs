//! Who may see a video, and who may change it.

use std::collections::BTreeSet;

use platform_auth::{Identity, Role, Scope};
use platform_core::Redacted;
use schemas::{OwnerId, v1};

/// For whom a video is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Everybody, who also finds it.
    Public,
    /// Everybody who has its address.
    Unlisted,
    /// Everybody who has its address and its password.
    Password,
    /// Its owner and those whom the owner named.
    Shared,
    /// Its owner alone.
    Private,
}

impl Visibility {
    const ALL: [Self; 5] = [
        Self::Public,
        Self::Unlisted,
        Self::Password,
        Self::Shared,
        Self::Private,
    ];

    /// Its name in rows and answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Password => "password",
            Self::Shared => "shared",
            Self::Private => "private",
        }
    }

    /// The visibility called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Whether its address is enough to see it.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::Unlisted)
    }
}

impl From<v1::Visibility> for Visibility {
    fn from(told: v1::Visibility) -> Self {
        match told {
            // Older services knew nothing else.
            v1::Visibility::Unspecified | v1::Visibility::Public => Self::Public,
            v1::Visibility::Unlisted => Self::Unlisted,
            v1::Visibility::Shared => Self::Shared,
            // Nobody can know a password that nobody has chosen.
            v1::Visibility::Private | v1::Visibility::Password => Self::Private,
        }
    }
}

impl From<Visibility> for v1::Visibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Unlisted => Self::Unlisted,
            Visibility::Password => Self::Password,
            Visibility::Shared => Self::Shared,
            Visibility::Private => Self::Private,
        }
    }
}

/// What an owner decided about who may see a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) visibility: Visibility,
    /// With whom it is shared; counts while it is [`Visibility::Shared`].
    pub(crate) shared_with: BTreeSet<OwnerId>,
    /// The hash of its password; there exactly while it is [`Visibility::Password`].
    pub(crate) password: Option<Redacted>,
    /// Rises whenever somebody who could see the video no longer may, so that playback tokens
    /// of before are of no use.
    pub(crate) generation: u32,
}

/// What an owner changes of who may see a video; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccessChange {
    pub(crate) visibility: Option<Visibility>,
    pub(crate) shared_with: Option<BTreeSet<OwnerId>>,
    /// The hash of a password.
    pub(crate) password: Option<Redacted>,
}

/// A password without the visibility that it is for, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PasswordMisfit;

impl Access {
    /// As long as nobody has said more, nobody sees anything.
    pub(crate) fn nobody() -> Self {
        Self {
            visibility: Visibility::Private,
            shared_with: BTreeSet::new(),
            password: None,
            generation: 0,
        }
    }

    /// What it is after `change`: what was handed out before is useless if it takes the video from
    /// anybody.
    pub(crate) fn after(&self, change: &AccessChange) -> Result<Self, PasswordMisfit> {
        let visibility = change.visibility.unwrap_or(self.visibility);
        let password = change.password.as_ref().or(self.password.as_ref());
        let next = Self {
            visibility,
            shared_with: change
                .shared_with
                .as_ref()
                .unwrap_or(&self.shared_with)
                .clone(),
            password: password
                .filter(|_| visibility == Visibility::Password)
                .cloned(),
            generation: self.generation,
        };
        let missing = visibility == Visibility::Password && next.password.is_none();
        let useless = visibility != Visibility::Password && change.password.is_some();
        if missing || useless {
            return Err(PasswordMisfit);
        }
        let narrower = match (self.visibility.is_open(), next.visibility.is_open()) {
            (_, true) => false,
            (true, false) => true,
            (false, false) => {
                self.named().any(|user| !next.names(user))
                    || (self.password.is_some() && self.password != next.password)
            }
        };
        let generation = self.generation + u32::from(narrower);
        Ok(Self { generation, ..next })
    }

    /// Whom the owner named, where that counts.
    pub(crate) fn named(&self) -> impl Iterator<Item = &OwnerId> {
        let counts = self.visibility == Visibility::Shared;
        self.shared_with.iter().filter(move |_| counts)
    }

    /// Whether `user` is one of those whom the owner named.
    fn names(&self, user: &OwnerId) -> bool {
        self.visibility == Visibility::Shared && self.shared_with.contains(user)
    }

    /// Whether `who` may see a video of `owner`.
    pub(crate) fn admits(&self, owner: Option<&OwnerId>, who: Option<&Identity>) -> bool {
        if self.visibility.is_open() {
            return true;
        }
        who.is_some_and(|who| {
            let reads = who.scopes.contains(&Scope::Read);
            let theirs = owner == Some(&who.user) || self.names(&who.user);
            (reads && theirs) || may_take_down(who)
        })
    }
}

/// Whether `who` may look at what others uploaded, and remove it.
pub(crate) fn may_take_down(who: &Identity) -> bool {
    who.may(Role::Moderator, Scope::Admin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user(name: &str) -> Identity {
        Identity {
            user: OwnerId::new(name),
            role: Role::Uploader,
            scopes: [Scope::Read].into(),
            credential: name.to_owned(),
        }
    }

    fn access(visibility: Visibility, shared_with: &[&str]) -> Access {
        Access {
            visibility,
            shared_with: shared_with.iter().copied().map(OwnerId::new).collect(),
            password: None,
            generation: 0,
        }
    }

    #[test]
    fn each_sees_what_is_for_them() {
        use Visibility::{Password, Private, Public, Shared, Unlisted};
        let moderator = Identity {
            role: Role::Moderator,
            scopes: Scope::ALL.into(),
            ..user("mo")
        };
        let blind = Identity {
            scopes: [Scope::Upload].into(),
            ..user("ada")
        };
        let idle_moderator = Identity {
            scopes: [Scope::Read].into(),
            ..moderator.clone()
        };
        let who = [
            None,
            Some(user("ada")),
            Some(user("bob")),
            Some(user("eve")),
            Some(moderator),
            Some(idle_moderator),
            Some(blind),
        ];
        let ada = OwnerId::new("ada");
        for (visibility, seen) in [
            (Public, [true, true, true, true, true, true, true]),
            (Unlisted, [true, true, true, true, true, true, true]),
            (Shared, [false, true, true, false, true, false, false]),
            // Without it.
            (Password, [false, true, false, false, true, false, false]),
            (Private, [false, true, false, false, true, false, false]),
        ] {
            let access = access(visibility, &["bob"]);
            let admitted = who
                .each_ref()
                .map(|who| access.admits(Some(&ada), who.as_ref()));
            assert_eq!(admitted, seen, "{visibility:?}");
        }
        assert!(!Access::nobody().admits(None, Some(&user("ada"))));
    }

    #[test]
    fn names_lead_back() {
        for visibility in Visibility::ALL {
            assert_eq!(Visibility::named(visibility.name()), Some(visibility));
            let told = match visibility {
                Visibility::Password => Visibility::Private,
                told => told,
            };
            assert_eq!(Visibility::from(v1::Visibility::from(visibility)), told);
        }
    }

    #[test]
    fn a_password_goes_with_its_visibility() {
        let secret = || Some(Redacted::new("hash"));
        let private = access(Visibility::Private, &[]);
        let change = |visibility, password| AccessChange {
            visibility,
            password,
            ..AccessChange::default()
        };
        let locks = Some(Visibility::Password);
        for misfit in [
            change(locks, None),
            change(None, secret()),
            change(Some(Visibility::Public), secret()),
        ] {
            assert_eq!(private.after(&misfit), Err(PasswordMisfit));
        }
        let locked = private.after(&change(locks, secret())).unwrap();
        assert_eq!(locked.password, secret());
        // Nothing but the password is missing.
        assert_eq!(locked.after(&change(locks, None)).unwrap(), locked);
        let open = locked.after(&change(Some(Visibility::Unlisted), None));
        assert_eq!(open.unwrap().password, None);
    }

    /// A change to any visibility; passwords are their own hashes.
    fn any_change() -> impl Strategy<Value = AccessChange> {
        let names = prop::collection::btree_set("[abc]", 0..3);
        let visibility = prop::sample::select(Visibility::ALL.to_vec());
        (visibility, names, "[pq]").prop_map(|(visibility, names, password)| AccessChange {
            visibility: Some(visibility),
            shared_with: Some(names.into_iter().map(OwnerId::new).collect()),
            password: (visibility == Visibility::Password).then(|| Redacted::new(password)),
        })
    }

    /// Whether `who`, or somebody who knows the password `who`, sees it.
    fn sees(access: &Access, who: &str) -> bool {
        match who {
            "" => access.admits(None, None),
            "p" | "q" => {
                let known = Redacted::new(who);
                access.admits(None, None) || access.password.as_ref() == Some(&known)
            }
            who => access.admits(None, Some(&user(who))),
        }
    }

    proptest! {
        #[test]
        fn the_generation_rises_exactly_when_somebody_loses_the_video(
            before in any_change(),
            change in any_change(),
            by_parts in any::<bool>(),
        ) {
            let before = Access::nobody().after(&before).unwrap();
            let after = if by_parts {
                let first = AccessChange { shared_with: change.shared_with.clone(), ..AccessChange::default() };
                let then = AccessChange { shared_with: None, ..change.clone() };
                before.after(&first).unwrap().after(&then).unwrap()
            } else {
                before.after(&change).unwrap()
            };
            let everybody = ["", "a", "b", "c", "p", "q"];
            let lost = everybody.iter().any(|who| sees(&before, who) && !sees(&after, who));
            let raised = after.generation > before.generation;
            // In two steps somebody may lose it in between.
            let right = if by_parts { !lost || raised } else { lost == raised };
            prop_assert!(right);
            prop_assert_eq!(Some(after.visibility), change.visibility);
            prop_assert_eq!(Some(after.shared_with), change.shared_with);
            prop_assert_eq!(after.password, change.password);
        }
    }
}

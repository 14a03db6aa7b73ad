//! Who may see a video, and who may change it.

use std::collections::BTreeSet;

use platform_auth::{Identity, Role, Scope};
use schemas::{OwnerId, v1};

/// For whom a video is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Everybody, who also finds it.
    Public,
    /// Everybody who has its address.
    Unlisted,
    /// Its owner and those whom the owner named.
    Shared,
    /// Its owner alone.
    Private,
}

impl Visibility {
    const ALL: [Self; 4] = [Self::Public, Self::Unlisted, Self::Shared, Self::Private];

    /// Its name in rows and answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
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
            // Nobody chooses a password before there is one.
            v1::Visibility::Private | v1::Visibility::Password => Self::Private,
        }
    }
}

impl From<Visibility> for v1::Visibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Unlisted => Self::Unlisted,
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
    /// Rises whenever somebody who could see the video no longer may, so that playback tokens
    /// of before are of no use.
    pub(crate) generation: u32,
}

impl Access {
    /// As long as nobody has said more, nobody sees anything.
    pub(crate) fn nobody() -> Self {
        Self {
            visibility: Visibility::Private,
            shared_with: BTreeSet::new(),
            generation: 0,
        }
    }

    /// Makes the change, and what was handed out before useless if it takes the video from anybody.
    pub(crate) fn change(
        &mut self,
        visibility: Option<Visibility>,
        shared_with: Option<BTreeSet<OwnerId>>,
    ) {
        let next = Self {
            visibility: visibility.unwrap_or(self.visibility),
            shared_with: shared_with.unwrap_or_else(|| self.shared_with.clone()),
            generation: self.generation,
        };
        let narrower = match (self.visibility.is_open(), next.visibility.is_open()) {
            (_, true) => false,
            (true, false) => true,
            (false, false) => self.named().any(|user| !next.names(user)),
        };
        let generation = self.generation + u32::from(narrower);
        *self = Self { generation, ..next };
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
            generation: 0,
        }
    }

    #[test]
    fn each_sees_what_is_for_them() {
        use Visibility::{Private, Public, Shared, Unlisted};
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
            assert_eq!(
                Visibility::from(v1::Visibility::from(visibility)),
                visibility
            );
        }
    }

    fn any_access() -> impl Strategy<Value = Access> {
        let names = prop::collection::btree_set("[abc]", 0..3);
        let visibility = prop::sample::select(Visibility::ALL.to_vec());
        (visibility, names).prop_map(|(visibility, names)| Access {
            visibility,
            shared_with: names.into_iter().map(OwnerId::new).collect(),
            generation: 0,
        })
    }

    proptest! {
        #[test]
        fn the_generation_rises_exactly_when_somebody_loses_the_video(
            before in any_access(),
            after in any_access(),
            by_parts in any::<bool>(),
        ) {
            let mut changed = before.clone();
            if by_parts {
                changed.change(None, Some(after.shared_with.clone()));
                changed.change(Some(after.visibility), None);
            } else {
                changed.change(Some(after.visibility), Some(after.shared_with.clone()));
            }
            let sees = |access: &Access, who: &str| match who {
                "" => access.admits(None, None),
                who => access.admits(None, Some(&user(who))),
            };
            let lost = ["", "a", "b", "c"].iter().any(|who| sees(&before, who) && !sees(&after, who));
            let raised = changed.generation > 0;
            // In two steps somebody may lose it in between.
            let right = if by_parts { !lost || raised } else { lost == raised };
            prop_assert!(right);
            prop_assert_eq!(Access { generation: 0, ..changed }, after);
        }
    }
}

//! What people may do with a video, and what becomes of it.

use platform_auth::Identity;
use schemas::v1::event::Payload;
use schemas::v1::{VideoChanged, VideoDeleted, Visibility};

use super::{Edit, PasswordMisfit, State, Video};

/// Why something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such video, as far as they may know.
    NotFound,
    /// It is somebody else's.
    NotYours,
    /// Somebody else, or another window, changed it meanwhile.
    Changed,
    /// It was not thrown away.
    NotTrashed,
    /// A password goes with its visibility.
    Password,
    /// It has no such picture.
    NoPicture,
}

/// The video after `edit` by `who`, who has seen it after `seen` edits, if they say so.
pub(crate) fn edit(
    video: &Video,
    who: &Identity,
    seen: Option<i64>,
    edit: &Edit,
) -> Result<Video, Refused> {
    found(video, who)?;
    if video.owner.as_ref() != Some(&who.user) {
        return Err(Refused::NotYours);
    }
    if seen.is_some_and(|seen| seen != video.edits) {
        return Err(Refused::Changed);
    }
    if !edit.fits(video) {
        return Err(Refused::NoPicture);
    }
    let mut after = video.clone();
    edit.apply(&mut after)
        .map_err(|PasswordMisfit| Refused::Password)?;
    if after != *video {
        after.edits += 1;
    }
    Ok(after)
}

/// How a video is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Removal {
    pub(crate) now_ms: i64,
    /// It can be taken back for a while, unless that is over already.
    pub(crate) with_grace: bool,
}

/// The video after `who` removed it.
pub(crate) fn remove(video: &Video, who: &Identity, removal: Removal) -> Result<Video, Refused> {
    found(video, who)?;
    if !video.is_deleted_by(who) {
        return Err(Refused::NotYours);
    }
    if !removal.with_grace {
        return Ok(video.deleted(removal.now_ms));
    }
    if video.trashed_at_ms.is_some() {
        return Ok(video.clone());
    }
    let mut after = video.clone();
    after.trashed_at_ms = Some(removal.now_ms);
    // What players were given is of no use any more.
    after.access.generation += 1;
    after.edits += 1;
    Ok(after)
}

/// The video after `who` took it back.
pub(crate) fn restore(video: &Video, who: &Identity) -> Result<Video, Refused> {
    found(video, who)?;
    if !video.is_deleted_by(who) {
        return Err(Refused::NotYours);
    }
    if video.trashed_at_ms.is_none() {
        return Err(Refused::NotTrashed);
    }
    Ok(Video {
        trashed_at_ms: None,
        edits: video.edits + 1,
        ..video.clone()
    })
}

fn found(video: &Video, who: &Identity) -> Result<(), Refused> {
    if video.is_seen_by(Some(who)) {
        Ok(())
    } else {
        Err(Refused::NotFound)
    }
}

/// What others are told of a video that was changed.
pub(crate) fn news(video: &Video) -> Payload {
    let video_id = video.id.to_string();
    let access_generation = video.access.generation;
    if video.state == State::Deleted {
        return Payload::VideoDeleted(VideoDeleted {
            video_id,
            access_generation,
        });
    }
    Payload::VideoChanged(VideoChanged {
        video_id,
        title: video.title.clone(),
        description: video.description.clone(),
        visibility: Visibility::from(video.access.visibility).into(),
        access_generation,
        tags: video.about.tags.iter().cloned().collect(),
        category: video.about.category.clone().unwrap_or_default(),
        language: video.about.language.clone().unwrap_or_default(),
        trashed: video.trashed_at_ms.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use platform_auth::{Role, Scope};
    use schemas::OwnerId;

    use super::*;

    fn somebody(name: &str, role: Role) -> Identity {
        Identity {
            user: OwnerId::new(name),
            role,
            scopes: Scope::ALL.into(),
            credential: name.to_owned(),
        }
    }

    fn film(visibility: super::super::Visibility) -> Video {
        let mut video = Video::unknown("a".repeat(26).parse().unwrap(), 1);
        video.owner = Some(OwnerId::new("ada"));
        video.state = State::Live;
        video.access.visibility = visibility;
        video
    }

    const SOON: Removal = Removal {
        now_ms: 9,
        with_grace: true,
    };
    const NOW: Removal = Removal {
        now_ms: 9,
        with_grace: false,
    };

    #[test]
    fn a_film_is_removed_by_its_owner_and_by_moderators() {
        use super::super::Visibility::{Private, Public};
        let ada = somebody("ada", Role::Uploader);
        let eve = somebody("eve", Role::Uploader);
        let mo = somebody("mo", Role::Moderator);
        let demoted = somebody("ada", Role::Viewer);
        for (visibility, who, refused) in [
            (Public, &ada, None),
            (Public, &mo, None),
            (Public, &eve, Some(Refused::NotYours)),
            (Public, &demoted, Some(Refused::NotYours)),
            (Private, &ada, None),
            (Private, &mo, None),
            (Private, &eve, Some(Refused::NotFound)),
        ] {
            for removal in [SOON, NOW] {
                let removed = remove(&film(visibility), who, removal);
                assert_eq!(removed.err(), refused, "{visibility:?} {who:?}");
            }
        }
    }

    #[test]
    fn what_was_thrown_away_is_gone_for_all_but_its_owner_and_can_be_taken_back() {
        let (ada, eve) = (
            somebody("ada", Role::Uploader),
            somebody("eve", Role::Viewer),
        );
        let video = film(super::super::Visibility::Public);
        let trashed = remove(&video, &ada, SOON).unwrap();
        assert!(trashed.is_seen_by(Some(&ada)));
        assert!(!trashed.is_seen_by(Some(&eve)) && !trashed.is_seen_by(None));
        assert!(trashed.shelves().is_empty() && trashed.searched().is_none());
        assert_eq!(trashed.access.generation, video.access.generation + 1);
        // Twice is once.
        assert_eq!(remove(&trashed, &ada, SOON).unwrap(), trashed);
        let back = restore(&trashed, &ada).unwrap();
        assert_eq!(back.shelves(), video.shelves());
        assert_eq!(restore(&back, &ada), Err(Refused::NotTrashed));
        assert_eq!(restore(&trashed, &eve), Err(Refused::NotFound));
    }

    #[test]
    fn nothing_but_its_id_is_left_of_a_deleted_film() {
        let ada = somebody("ada", Role::Uploader);
        let mut video = film(super::super::Visibility::Public);
        video.title = "Secret".to_owned();
        video.access.generation = 4;
        let left = remove(&video, &ada, NOW).unwrap();
        assert!(!format!("{left:?}").contains("Secret"));
        assert!(!left.is_seen_by(Some(&ada)));
        let Payload::VideoDeleted(told) = news(&left) else {
            panic!("it is deleted");
        };
        assert_eq!(told.access_generation, 4);
        assert_eq!(remove(&left, &ada, NOW), Err(Refused::NotFound));
    }

    #[test]
    fn a_poster_is_one_of_the_pictures_that_the_film_has() {
        use super::super::{Poster, Wish};
        let ada = somebody("ada", Role::Uploader);
        let mut video = film(super::super::Visibility::Public);
        video.facts.hover_images = 3;
        let choose = |video: &Video, poster| {
            let wish = Wish {
                poster: Some(poster),
                ..Wish::default()
            };
            edit(video, &ada, None, &Edit::new(wish).unwrap())
        };
        let chosen = choose(&video, Poster::Hover(2)).unwrap();
        assert_eq!(chosen.facts.poster, Some(2));
        assert_eq!(chosen.edits, video.edits + 1);
        assert_eq!(choose(&video, Poster::Hover(3)), Err(Refused::NoPicture));
        assert_eq!(choose(&chosen, Poster::Made).unwrap().facts.poster, None);
    }
}

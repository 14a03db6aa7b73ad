//! When a film goes live.

use schemas::v1::PublishPolicy;

/// The uploader's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// As soon as its beginning can be played.
    Playable,
    /// When the lowest rung is complete.
    LowestRung,
    /// When everything is.
    Complete,
}

impl Policy {
    /// What an event says. A policy that this build does not know is the default.
    pub(crate) fn from_event(policy: PublishPolicy) -> Self {
        match policy {
            PublishPolicy::LowestRung => Self::LowestRung,
            PublishPolicy::Complete => Self::Complete,
            PublishPolicy::Playable | PublishPolicy::Unspecified => Self::Playable,
        }
    }

    /// As kept in rows; 0 stands for a wish that has not arrived yet.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Playable => 1,
            Self::LowestRung => 2,
            Self::Complete => 3,
        }
    }

    /// Reads what [`Policy::number`] wrote.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::Playable, Self::LowestRung, Self::Complete]
            .into_iter()
            .find(|policy| policy.number() == number)
    }
}

/// What keeps a film from going live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Go,
    /// News that will come.
    Wait,
    /// Segments of the lowest rung, which have to be counted.
    Count,
}

/// Whether a film goes live whose beginning plays from an edge.
pub(crate) fn verdict(policy: Option<Policy>, transcoded: bool) -> Verdict {
    match policy {
        Some(Policy::Playable) => Verdict::Go,
        Some(_) if transcoded => Verdict::Go,
        Some(Policy::LowestRung) => Verdict::Count,
        // A wish that is not known yet is on its way: until then the film may not be seen.
        None | Some(Policy::Complete) => Verdict::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_waits_for_what_its_uploader_wished() {
        assert_eq!(verdict(None, true), Verdict::Wait);
        assert_eq!(verdict(Some(Policy::Playable), false), Verdict::Go);
        assert_eq!(verdict(Some(Policy::LowestRung), false), Verdict::Count);
        assert_eq!(verdict(Some(Policy::Complete), false), Verdict::Wait);
        assert_eq!(verdict(Some(Policy::Complete), true), Verdict::Go);
    }
}

//! From the encoder's file to stored segments, each checked against the plan.

use bytes::Bytes;
use media::Plan;
use media::fmp4::{FragmentInfo, InitInfo, Part, Splitter, cmaf_init, restamp};
use media::ladder::Rung;
use media::validate::{self, ValidateError};
use std::ops::Range;

use super::{RungOutput, SegmentBytes};

/// More than any segment of any rung has.
const BOX_LIMIT: usize = 512 * 1024 * 1024;

/// Takes a rung's file apart: one fragment is one segment.
pub(super) fn rung(
    plan: &Plan,
    rung: &Rung,
    segments: &Range<u32>,
    file: &[u8],
) -> Result<RungOutput, ValidateError> {
    let mut splitter = Splitter::new(BOX_LIMIT);
    splitter.push(file);
    let mut init = None;
    let mut fragments = Vec::new();
    while let Some(part) = splitter.next_part()? {
        match part {
            Part::Init(bytes) => init = Some(bytes),
            Part::Fragment(bytes) => fragments.push(bytes),
        }
    }
    splitter.finish()?;
    let init = init.ok_or(media::fmp4::BoxError::Missing("moov"))?;
    let init = cmaf_init(&init, &plan.grid)?;
    let info = InitInfo::parse(&init)?;
    validate::video_init(&plan.grid, rung, &info)?;
    let planned = segments.len();
    if fragments.len() != planned {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        return Err(ValidateError::FrameCount {
            found: count(fragments.len()),
            planned: count(planned),
        });
    }
    let stored: Result<Vec<_>, ValidateError> = segments
        .clone()
        .zip(&fragments)
        .map(|(index, fragment)| segment(plan, &info, index, fragment))
        .collect();
    Ok(RungOutput {
        rung: rung.name.clone(),
        init: init.into(),
        segments: stored?,
    })
}

fn segment(
    plan: &Plan,
    init: &InitInfo,
    index: u32,
    fragment: &[u8],
) -> Result<SegmentBytes, ValidateError> {
    let planned = plan.grid.segment(index).ok_or(ValidateError::FrameCount {
        found: 0,
        planned: 0,
    })?;
    let number = index.saturating_add(1);
    let bytes = restamp(fragment, init, number, plan.grid.boundary_ticks(index))?;
    validate::video_segment(&plan.grid, planned, &FragmentInfo::parse(&bytes, init)?)?;
    Ok(SegmentBytes {
        index,
        bytes: Bytes::from(bytes),
    })
}

//! Which frames become the poster and the hover pictures.

use crate::grid::Grid;
use crate::time::Micros;

/// How far into the film the poster is taken: past a black first frame, within the first segment.
const POSTER_AT: Micros = Micros(2_000_000);

/// One picture for hovering over the seek bar, made by the bulk task that decodes its chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoverImage {
    /// Its number: that of the bulk chunk.
    pub index: u32,
    /// The frame it shows.
    pub frame: u64,
    /// When that frame is shown.
    pub time: Micros,
}

/// The hover picture of bulk chunk `index`: its middle frame.
pub fn hover_image(grid: &Grid, index: u32) -> Option<HoverImage> {
    let segments = grid.chunk(index);
    if segments.is_empty() {
        return None;
    }
    let first = grid.boundary_frame(segments.start);
    let frame = first + (grid.boundary_frame(segments.end) - first) / 2;
    Some(HoverImage {
        index,
        frame,
        time: grid.frame_time(frame),
    })
}

/// All hover pictures in order.
pub fn hover_images(grid: &Grid) -> impl Iterator<Item = HoverImage> + '_ {
    (0..grid.chunk_count()).filter_map(|index| hover_image(grid, index))
}

/// The frame that becomes the poster: two seconds in, or the middle of a shorter film. It lies in
/// segment 0, which is encoded first anyway.
pub fn poster_frame(grid: &Grid) -> u64 {
    let wished = grid.frame_rate.micros_to_frames_round(POSTER_AT);
    let segment_end = grid.boundary_frame(1).saturating_sub(1);
    wished.min(grid.total_frames / 2).min(segment_end)
}

#[cfg(test)]
mod tests {
    use super::{hover_images, poster_frame};
    use crate::testing::any_grid;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_bulk_chunk_has_a_picture_of_its_own(grid in any_grid()) {
            let images: Vec<_> = hover_images(&grid).collect();
            prop_assert_eq!(images.len(), grid.chunk_count() as usize);
            for image in images {
                let segment = u32::try_from(image.frame / u64::from(grid.segment_frames)).unwrap();
                let segment = segment.min(grid.segment_count - 1);
                prop_assert_eq!(grid.chunk_of(segment), image.index);
                prop_assert!(image.frame < grid.total_frames);
            }
        }

        #[test]
        fn the_poster_is_in_the_first_segment(grid in any_grid()) {
            prop_assert!(poster_frame(&grid) < grid.boundary_frame(1));
        }
    }
}

//! What the index has, in the order of ids: each segment's dictionary has its own.

use ::tantivy::schema::{Field, IndexRecordOption};
use ::tantivy::{DocSet as _, Searcher, SegmentReader, TERMINATED, TantivyError};

use super::schema;
use crate::search::Listed;

/// Up to `limit` videos behind `after`.
pub(super) fn list(
    searcher: &Searcher,
    id: Field,
    after: &str,
    limit: usize,
) -> Result<Vec<Listed>, TantivyError> {
    let mut all = Vec::new();
    for segment in searcher.segment_readers() {
        // Any of the first may be in this segment alone.
        all.extend(of_segment(segment, id, after, limit)?);
    }
    all.sort_by(|a, b| a.video_id.cmp(&b.video_id));
    all.truncate(limit);
    Ok(all)
}

fn of_segment(
    segment: &SegmentReader,
    id: Field,
    after: &str,
    limit: usize,
) -> Result<Vec<Listed>, TantivyError> {
    let ids = segment.inverted_index(id)?;
    let versions = segment.fast_fields().u64(schema::VERSION)?;
    let published = segment.fast_fields().i64(schema::PUBLISHED)?;
    let mut terms = ids.terms().range().gt(after.as_bytes()).into_stream()?;
    let mut listed = Vec::new();
    while listed.len() < limit && terms.advance() {
        let video_id = String::from_utf8_lossy(terms.key()).into_owned();
        let mut found = ids.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
        // Older versions of it are there until segments are merged.
        while found.doc() != TERMINATED {
            let document = found.doc();
            if !segment.is_deleted(document) {
                listed.push(Listed {
                    video_id: video_id.clone(),
                    version: versions.first(document).unwrap_or_default(),
                    removed: published.first(document).is_none(),
                });
            }
            found.advance();
        }
    }
    Ok(listed)
}

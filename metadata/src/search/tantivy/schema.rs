//! The fields of the index.

use ::tantivy::TantivyDocument;
use ::tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::search::Document;
use crate::search::rank::tie;
use crate::search::words::{ANALYZER, joined};

/// Rises when what is below changes: an index of another version is built anew.
pub(super) const SCHEMA_VERSION: u32 = 2;

pub(super) const VERSION: &str = "version";
pub(super) const PUBLISHED: &str = "published";
pub(super) const TIE: &str = "tie";

/// The fields of the index.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    pub(super) video_id: Field,
    /// Who finds it: [`crate::search::Audience`].
    pub(super) audience: Field,
    version: Field,
    published: Field,
    tie: Field,
    pub(super) title: Field,
    /// All words of the title as one term.
    pub(super) whole_title: Field,
    pub(super) description: Field,
}

impl Fields {
    pub(super) fn new() -> Self {
        let text = |record| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(ANALYZER)
                .set_index_option(record)
                .set_fieldnorms(false);
            TextOptions::default()
                .set_indexing_options(indexing)
                .set_stored()
        };
        let mut schema = Schema::builder();
        let video_id = schema.add_text_field("video_id", STRING | STORED);
        let audience = schema.add_text_field("audience", STRING);
        let version = schema.add_u64_field(VERSION, FAST);
        let published = schema.add_i64_field(PUBLISHED, FAST);
        let tie = schema.add_u64_field(TIE, FAST);
        let title = schema.add_text_field("title", text(IndexRecordOption::WithFreqsAndPositions));
        let whole_title = schema.add_text_field("whole_title", STRING);
        let description = schema.add_text_field("description", text(IndexRecordOption::Basic));
        Self {
            schema: schema.build(),
            video_id,
            audience,
            version,
            published,
            tie,
            title,
            whole_title,
            description,
        }
    }

    pub(super) fn document(&self, document: &Document) -> TantivyDocument {
        let mut made = self.tombstone(&document.video_id, document.version);
        for audience in document.audiences() {
            made.add_text(self.audience, audience);
        }
        made.add_i64(self.published, document.published_at_ms);
        made.add_u64(self.tie, tie(&document.video_id));
        made.add_text(self.title, &document.title);
        made.add_text(self.whole_title, joined(&document.title));
        made.add_text(self.description, &document.description);
        made
    }

    pub(super) fn tombstone(&self, video_id: &str, version: u64) -> TantivyDocument {
        let mut made = TantivyDocument::default();
        made.add_text(self.video_id, video_id);
        made.add_u64(self.version, version);
        made
    }
}

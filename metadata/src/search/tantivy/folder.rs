//! The index's folder: opened, checked, made.

use std::path::{Path, PathBuf};

use ::tantivy::directory::MmapDirectory;
use ::tantivy::tokenizer::TokenizerManager;
use ::tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError};
use tracing::warn;

use super::broken;
use super::schema::{Fields, SCHEMA_VERSION};
use crate::search::words::{ANALYZER, analyzer};
use crate::search::{SearchError, SearchErrorKind};

/// The least that Tantivy takes, and plenty for titles.
const WRITER_BYTES: usize = 15_000_000;

/// An index that is open for reading and writing.
pub(super) struct Opened {
    /// Its name: the version of its schema, and what was rolled when it began.
    pub(super) id: String,
    pub(super) reader: IndexReader,
    pub(super) writer: IndexWriter,
}

impl Opened {
    /// Makes what was written durable. The name goes with every commit.
    pub(super) fn commit(&mut self) -> Result<(), TantivyError> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&self.id);
        commit.commit().map(drop)
    }
}

/// Opens the index in `folder`, or begins it anew when it is missing, damaged or of another
/// version.
pub(super) fn open_or_create(folder: &Path) -> Result<Opened, SearchError> {
    std::fs::create_dir_all(folder).map_err(|error| unusable(folder, error))?;
    match open(folder) {
        Ok(Some(opened)) => return Ok(opened),
        Ok(None) => {}
        // Somebody else's index is not ours to throw away.
        Err(error @ TantivyError::LockFailure(..)) => {
            return Err(SearchError::new(
                SearchErrorKind::Unavailable,
                format!(
                    "another process writes the search index in {}; stop it first",
                    folder.display()
                ),
            )
            .with_source(error));
        }
        Err(error) => warn!(%error, "the search index is damaged: it is built anew"),
    }
    create(folder)
}

/// Throws away what is in `folder` and begins anew. `old` is the index that was open there.
pub(super) fn recreate(folder: &Path, old: &mut Opened) -> Result<(), SearchError> {
    *old = stand_in()?;
    *old = create(folder)?;
    Ok(())
}

/// Begins an index beside the one in `folder`, in the place of another that was left there.
pub(super) fn create_beside(folder: &Path) -> Result<Opened, SearchError> {
    create(&beside(folder, "next"))
}

/// Puts `next`, which is beside `folder`, into the place of the index that is there.
pub(super) fn replace(folder: &Path, old: &mut Opened, next: Opened) -> Result<(), SearchError> {
    // Lets go of its files.
    drop(next);
    let moved = stand_in().and_then(|stand_in| {
        *old = stand_in;
        let gone = beside(folder, "old");
        std::fs::rename(folder, &gone)
            .and_then(|()| std::fs::rename(beside(folder, "next"), folder))
            .and_then(|()| std::fs::remove_dir_all(gone))
            .map_err(|error| unusable(folder, error))
    });
    *old = open_or_create(folder)?;
    moved
}

/// Removes what a rebuild left that was cut off.
pub(super) fn tidy(folder: &Path) -> Result<(), SearchError> {
    for name in ["next", "old"] {
        match std::fs::remove_dir_all(beside(folder, name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unusable(folder, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn beside(folder: &Path, name: &str) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(".");
    path.push(name);
    path.into()
}

/// An index in memory takes the place of another, so that that one lets go of its lock.
fn stand_in() -> Result<Opened, SearchError> {
    let stand_in = Index::create_in_ram(Fields::new().schema);
    opened(stand_in, String::new()).map_err(broken)
}

fn open(folder: &Path) -> Result<Option<Opened>, TantivyError> {
    let directory = MmapDirectory::open(folder)?;
    if !Index::exists(&directory)? {
        return Ok(None);
    }
    let index = Index::open(directory)?;
    let id = index.load_metas()?.payload.unwrap_or_default();
    if !id.starts_with(&prefix()) || index.schema() != Fields::new().schema {
        return Ok(None);
    }
    let damaged = index.validate_checksum()?;
    if let Some(file) = damaged.iter().next() {
        let comment = "its checksum is wrong".to_owned();
        let corruption = ::tantivy::error::DataCorruption::new(file.clone(), comment);
        return Err(TantivyError::DataCorruption(corruption));
    }
    opened(index, id).map(Some)
}

fn create(folder: &Path) -> Result<Opened, SearchError> {
    empty(folder).map_err(|error| unusable(folder, error))?;
    let directory = MmapDirectory::open(folder).map_err(|error| broken(error.into()))?;
    let schema = Fields::new().schema;
    let index = Index::create(directory, schema, IndexSettings::default()).map_err(broken)?;
    let id = format!("{}{:032x}", prefix(), rand::random::<u128>());
    let mut opened = opened(index, id).map_err(broken)?;
    opened.commit().map_err(broken)?;
    Ok(opened)
}

fn opened(mut index: Index, id: String) -> Result<Opened, TantivyError> {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(ANALYZER, analyzer());
    index.set_tokenizers(tokenizers);
    let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .doc_store_cache_num_blocks(8)
        .try_into()?;
    Ok(Opened { id, reader, writer })
}

fn empty(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn prefix() -> String {
    format!("{SCHEMA_VERSION}-")
}

fn unusable(folder: &Path, error: std::io::Error) -> SearchError {
    let sentence = format!(
        "the folder {} of the search index cannot be used: check that it is writable",
        folder.display()
    );
    SearchError::new(SearchErrorKind::Unavailable, sentence).with_source(error)
}

//! The folder of a backup, and what says that it is whole.
//!
//! ```text
//! FOLDER/rows            the rows, in the form of their engine
//! FOLDER/objects.jsonl   a line for each object: key, size, media type, SHA-256, number
//! FOLDER/objects/0000/0  the object of that number
//! FOLDER/manifest.json   written last: counts and checksums
//! ```
//!
//! Without a manifest it is no backup, so half a one is never taken for a whole one.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use platform_db::Engine;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::cli::Failure;

use super::tell::Counter;

/// The form that is described above.
pub(super) const FORMAT: u32 = 1;

/// Objects that are read at a time.
pub(super) const AT_ONCE: usize = 16;

const MANIFEST: &str = "manifest.json";

/// Objects of one folder.
const SHELF: u64 = 1000;

/// Bytes that are read at a time.
const BLOCK: usize = 1 << 20;

/// What a whole backup says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// Version of the program that wrote it.
    pub(super) marquee: String,
    /// What was acknowledged before is in it: milliseconds since the Unix epoch.
    pub(super) rows_at_ms: i64,
    /// What the rows are of.
    pub(super) engine: Engine,
    pub(super) rows: Piece,
    pub(super) list: Piece,
    pub(super) objects: u64,
    /// Of all objects.
    pub(super) bytes: u64,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    #[serde(flatten)]
    pub(super) content: Piece,
    /// Names its file.
    pub(super) number: u64,
}

/// A backup's folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder, for nobody else to read.
    pub(super) async fn create(path: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(path).await.map_err(at(path))?;
        let mut there = fs::read_dir(path).await.map_err(at(path))?;
        if there.next_entry().await.map_err(at(path))?.is_some() {
            return Err(format!(
                "{} is not empty: name a folder of its own for each backup",
                path.display()
            )
            .into());
        }
        let own = Permissions::from_mode(0o700);
        fs::set_permissions(path, own).await.map_err(at(path))?;
        Ok(Self(path.to_owned()))
    }

    /// Opens a whole backup, whose rows and list are as they were written.
    pub(super) async fn open(path: &Path) -> Result<(Self, Manifest), Failure> {
        let folder = Self(path.to_owned());
        let text = match fs::read(path.join(MANIFEST)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(format!(
                    "{} is no backup, or one that was not finished: it has no {MANIFEST}",
                    path.display()
                )
                .into());
            }
            text => text.map_err(at(path))?,
        };
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| format!("{MANIFEST} cannot be understood: {error}"))?;
        if manifest.format != FORMAT {
            return Err(format!(
                "the backup was written by version {} of Marquee: read it with that version",
                manifest.marquee
            )
            .into());
        }
        for (file, expected) in [
            (folder.rows(), &manifest.rows),
            (folder.list(), &manifest.list),
        ] {
            if piece(&file).await? != *expected {
                return Err(damaged(&file));
            }
        }
        Ok((folder, manifest))
    }

    /// Says that the backup is whole.
    pub(super) async fn finish(&self, manifest: &Manifest) -> Result<(), Failure> {
        let (file, fresh) = (self.0.join(MANIFEST), self.0.join("manifest.new"));
        let mut writer = File::create(&fresh).await.map_err(at(&fresh))?;
        let text = serde_json::to_vec_pretty(manifest)?;
        writer.write_all(&text).await.map_err(at(&fresh))?;
        writer.sync_all().await.map_err(at(&fresh))?;
        fs::rename(&fresh, &file).await.map_err(at(&file))?;
        let folder = File::open(&self.0).await.map_err(at(&self.0))?;
        folder.sync_all().await.map_err(at(&self.0))
    }

    /// The file of the rows.
    pub(super) fn rows(&self) -> PathBuf {
        self.0.join("rows")
    }

    /// The file that lists the objects.
    pub(super) fn list(&self) -> PathBuf {
        self.0.join("objects.jsonl")
    }

    /// The file of an object.
    pub(super) fn object(&self, number: u64) -> PathBuf {
        let folder = format!("objects/{:04}", number / SHELF);
        self.0.join(folder).join(number.to_string())
    }

    /// The objects of the backup.
    pub(super) async fn entries(
        &self,
    ) -> Result<impl Stream<Item = Result<Entry, Failure>> + use<>, Failure> {
        let list = self.list();
        let file = File::open(&list).await.map_err(at(&list))?;
        let lines = BufReader::new(file).lines();
        Ok(stream::try_unfold(lines, |mut lines| async move {
            let Some(line) = lines.next_line().await? else {
                return Ok(None);
            };
            let entry: Entry = serde_json::from_str(&line)?;
            Ok(Some((entry, lines)))
        }))
    }

    /// Reads all objects and compares them with what is said of them.
    pub(super) async fn check_objects(&self, manifest: &Manifest) -> Result<(), Failure> {
        let mut counter = Counter::new("checked");
        let read = self
            .entries()
            .await?
            .map_ok(|entry| async move {
                let file = self.object(entry.number);
                if piece(&file).await? != entry.content {
                    return Err(damaged(&file));
                }
                Ok(entry.content.size)
            })
            .try_buffer_unordered(AT_ONCE);
        let mut read = std::pin::pin!(read);
        while let Some(size) = read.next().await {
            counter.add(size?)?;
        }
        counted(&counter, manifest)
    }
}

/// Makes sure that all objects were met.
pub(super) fn counted(counter: &Counter, manifest: &Manifest) -> Result<(), Failure> {
    let met = (counter.objects, counter.bytes);
    if met == (manifest.objects, manifest.bytes) {
        Ok(())
    } else {
        Err("the list of objects is not that of the manifest".into())
    }
}

/// Size and checksum of a file.
pub(super) async fn piece(path: &Path) -> Result<Piece, Failure> {
    let mut file = File::open(path).await.map_err(at(path))?;
    let (mut digest, mut size) = (Sha256::new(), 0);
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        block.clear();
        let mut piece = (&mut file).take(BLOCK as u64);
        let length = piece.read_to_end(&mut block).await.map_err(at(path))?;
        if length == 0 {
            break;
        }
        digest.update(&block);
        size += length as u64;
    }
    let sha256 = HEXLOWER.encode(&digest.finalize());
    Ok(Piece { size, sha256 })
}

pub(super) fn damaged(file: &Path) -> Failure {
    format!(
        "{} is not what was written: the backup is damaged, use another one",
        file.display()
    )
    .into()
}

/// Tells which file an error is about.
pub(super) fn at(path: &Path) -> impl Fn(std::io::Error) -> Failure + use<> {
    let path = path.display().to_string();
    move |error| format!("{path} cannot be read or written: {error}").into()
}

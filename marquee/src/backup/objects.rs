//! Objects are copied out of the store.

use data_encoding::HEXLOWER;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use platform_blob::{BlobError, BlobErrorKind, Blobs};
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use crate::cli::Failure;

use super::folder::{AT_ONCE, Entry, Folder, Piece, at};
use super::tell::Counter;

/// How often an object is begun that breaks off.
const ATTEMPTS: u32 = 5;

/// What was copied.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) objects: u64,
    pub(super) bytes: u64,
    /// Objects that were removed between listing and reading them.
    pub(super) gone: u64,
}

/// An object that could not be copied.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the object {0:?} cannot be read")]
    Blob(String, #[source] BlobError),
    #[error("{0}")]
    File(Failure),
}

/// Copies all objects into `folder` and lists them there.
pub(super) async fn copy_out(blobs: &dyn Blobs, folder: &Folder) -> Result<Copied, Failure> {
    let path = folder.list();
    let mut list = File::create_new(&path).await.map_err(at(&path))?;
    let mut counter = Counter::new("copied");
    let (mut gone, mut number, mut cursor) = (0, 0, None);
    loop {
        let page = blobs.list("", cursor.as_deref()).await?;
        let count = page.objects.len() as u64;
        let keys = page.objects.into_iter().map(|object| object.key);
        let mut copies = stream::iter(keys.zip(number..))
            .map(|(key, number)| copy(blobs, folder, key, number))
            .buffer_unordered(AT_ONCE);
        let mut lines = Vec::new();
        while let Some(entry) = copies.try_next().await? {
            let Some(entry) = entry else {
                gone += 1;
                continue;
            };
            serde_json::to_writer(&mut lines, &entry)?;
            lines.push(b'\n');
            counter.add(entry.content.size)?;
        }
        list.write_all(&lines).await.map_err(at(&path))?;
        number += count;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    list.sync_all().await.map_err(at(&path))?;
    Ok(Copied {
        objects: counter.objects,
        bytes: counter.bytes,
        gone,
    })
}

/// Copies an object, unless it is gone.
async fn copy(
    blobs: &dyn Blobs,
    folder: &Folder,
    key: String,
    number: u64,
) -> Result<Option<Entry>, Failure> {
    let mut attempt = 1;
    loop {
        match try_copy(blobs, folder, &key, number).await {
            Ok((content_type, content)) => {
                return Ok(Some(Entry {
                    key,
                    content_type,
                    content,
                    number,
                }));
            }
            Err(Broken::Blob(_, error)) if error.is_not_found() => return Ok(None),
            Err(Broken::Blob(_, error)) if error.retryable() && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

async fn try_copy(
    blobs: &dyn Blobs,
    folder: &Folder,
    key: &str,
    number: u64,
) -> Result<(Option<String>, Piece), Broken> {
    let unreadable = |error| Broken::Blob(key.to_owned(), error);
    let path = folder.object(number);
    let failed = |error| Broken::File(at(&path)(error));
    let mut object = blobs.get_stream(key).await.map_err(unreadable)?;
    if let Some(shelf) = path.parent() {
        fs::create_dir_all(shelf).await.map_err(failed)?;
    }
    let mut file = File::create(&path).await.map_err(failed)?;
    let (mut digest, mut size) = (Sha256::new(), 0);
    while let Some(bytes) = object.bytes.try_next().await.map_err(unreadable)? {
        digest.update(&bytes);
        size += bytes.len() as u64;
        file.write_all(&bytes).await.map_err(failed)?;
    }
    if size != object.head.size {
        let short = BlobError::new(BlobErrorKind::Unavailable, "it broke off");
        return Err(unreadable(short));
    }
    file.sync_all().await.map_err(failed)?;
    let sha256 = HEXLOWER.encode(&digest.finalize());
    Ok((object.head.content_type, Piece { size, sha256 }))
}

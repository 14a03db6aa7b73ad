//! Reads a file for a response: the next piece is read while the last one is sent.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::task::{JoinHandle, spawn_blocking};

const PIECE: u64 = 1 << 20;

struct Reading {
    file: Arc<File>,
    left: Range<u64>,
    ahead: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Reading {
    fn read_ahead(&mut self) {
        let end = self.left.end.min(self.left.start.saturating_add(PIECE));
        let piece = self.left.start..end;
        if piece.is_empty() {
            return;
        }
        self.left.start = end;
        let file = Arc::clone(&self.file);
        self.ahead = Some(spawn_blocking(move || read(&file, piece)));
    }
}

fn read(file: &File, piece: Range<u64>) -> io::Result<Bytes> {
    let size = usize::try_from(piece.end - piece.start).map_err(io::Error::other)?;
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, piece.start)?;
    Ok(bytes.into())
}

/// These bytes of the file, in order.
pub(crate) fn stream(
    file: File,
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
    let mut reading = Reading {
        file: Arc::new(file),
        left: range,
        ahead: None,
    };
    reading.read_ahead();
    stream::unfold(reading, |mut reading| async move {
        let piece = reading
            .ahead
            .take()?
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)));
        match &piece {
            Ok(_) => reading.read_ahead(),
            // The length is promised already, so all that is left is to break off.
            Err(error) => tracing::error!(%error, "a stored file could not be read"),
        }
        Some((piece, reading))
    })
}

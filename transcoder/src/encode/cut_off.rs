//! Where a file ends before its own index says so. ffmpeg does not tell: it shows the last picture
//! until the end.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use media::mp4_index::{Finder, Mp4Index, Search};
use media::sniff::Demuxer;
use media::time::Micros;

use crate::staging::StagedSource;

/// The streams that lack their end, by index, and from when on. `source` is staged for
/// [`crate::staging::Need::Probe`].
pub(super) async fn find(source: &StagedSource) -> io::Result<Vec<(u32, Micros)>> {
    if source.demuxer != Demuxer::Mov {
        return Ok(Vec::new());
    }
    let (path, size) = (source.path.clone(), source.size);
    let look = move || {
        let index = index(&File::open(path)?, size)?;
        Ok(index.map_or_else(Vec::new, |index| index.cut_offs()))
    };
    tokio::task::spawn_blocking(look)
        .await
        .map_err(io::Error::other)?
}

fn index(file: &File, size: u64) -> io::Result<Option<Mp4Index>> {
    let mut finder = Finder::new(size);
    let mut wanted = finder.wanted();
    loop {
        match finder.next(&read(file, &wanted)?) {
            Search::Fetch(range) => wanted = range,
            Search::Moov(range) => return Ok(finder.index(&read(file, &range)?).ok()),
            Search::Unusable => return Ok(None),
        }
    }
}

fn read(file: &File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let size = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes)
}

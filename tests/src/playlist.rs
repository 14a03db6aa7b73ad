//! Reads HLS playlists as a strict player would.

use std::collections::HashMap;

/// One variant of a master playlist.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The attributes of its `EXT-X-STREAM-INF`.
    pub attributes: HashMap<String, String>,
    /// Its playlist, relative to the master.
    pub uri: String,
}

/// The variants of a master playlist.
pub fn variants(master: &str) -> Vec<Variant> {
    assert!(
        master.starts_with("#EXTM3U\n"),
        "a playlist begins with #EXTM3U"
    );
    let mut lines = master.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(list) = line.strip_prefix("#EXT-X-STREAM-INF:") {
            let uri = lines.next().unwrap_or_default().to_owned();
            found.push(Variant {
                attributes: attributes(list),
                uri,
            });
        }
    }
    found
}

/// An attribute list (RFC 8216, section 4.2); quotes are taken off.
pub fn attributes(list: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut rest = list;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after
                .split_once(',')
                .map_or((after, ""), |(value, next)| (value, next)),
        };
        found.insert(name.trim_start_matches(',').to_owned(), value.to_owned());
        rest = next;
    }
    found
}

/// The segments of a media playlist: duration in seconds and address.
pub fn segments(playlist: &str) -> Vec<(f64, String)> {
    assert!(
        playlist.contains("#EXT-X-ENDLIST"),
        "a VOD playlist has an end"
    );
    let mut duration = None;
    let mut found = Vec::new();
    for line in playlist.lines() {
        if let Some(info) = line.strip_prefix("#EXTINF:") {
            duration = info
                .split(',')
                .next()
                .and_then(|seconds| seconds.parse().ok());
        } else if !line.starts_with('#')
            && let Some(seconds) = duration.take()
        {
            found.push((seconds, line.to_owned()));
        }
    }
    found
}

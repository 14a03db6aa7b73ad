//! As much of HLS as it takes to begin playing: what any player reads first.

/// What a master playlist leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Playlist of the variant with the lowest bit rate.
    pub(crate) variant: String,
    /// Playlist of the sound that is played with it, if that is separate.
    pub(crate) sound: Option<String>,
}

/// What a media playlist begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// The init segment.
    pub(crate) init: String,
    /// The first segment.
    pub(crate) first: String,
}

/// A playlist that a player could not begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the playlist has no {0}")]
pub(crate) struct PlaylistError(&'static str);

/// Chooses from a master playlist as a player on a slow line does.
pub(crate) fn choose(master: &str) -> Result<Choice, PlaylistError> {
    header(master)?;
    let mut lines = master.lines();
    let mut lowest: Option<(u64, &str, &str)> = None;
    while let Some(line) = lines.next() {
        let Some(attributes) = line.strip_prefix("#EXT-X-STREAM-INF:") else {
            continue;
        };
        let bandwidth = attribute(attributes, "BANDWIDTH").and_then(|text| text.parse().ok());
        let bandwidth = bandwidth.ok_or(PlaylistError("bit rate of a variant"))?;
        let uri = lines.next().filter(|uri| !uri.starts_with('#'));
        let uri = uri.ok_or(PlaylistError("address of a variant"))?;
        if lowest.is_none_or(|(least, ..)| bandwidth < least) {
            lowest = Some((bandwidth, attributes, uri));
        }
    }
    let (_, attributes, variant) = lowest.ok_or(PlaylistError("variant"))?;
    let sound = match attribute(attributes, "AUDIO") {
        Some(group) => sound(master, group)?,
        None => None,
    };
    Ok(Choice {
        variant: variant.to_owned(),
        sound,
    })
}

/// The sound of `group` that is played unless another is chosen.
fn sound(master: &str, group: &str) -> Result<Option<String>, PlaylistError> {
    let of_group = |attributes: &&str| {
        attribute(attributes, "TYPE") == Some("AUDIO")
            && attribute(attributes, "GROUP-ID") == Some(group)
    };
    let tracks: Vec<_> = master
        .lines()
        .filter_map(|line| line.strip_prefix("#EXT-X-MEDIA:"))
        .filter(of_group)
        .collect();
    let chosen = tracks
        .iter()
        .find(|track| attribute(track, "DEFAULT") == Some("YES"))
        .or(tracks.first())
        .ok_or(PlaylistError("sound of its variant's group"))?;
    Ok(attribute(chosen, "URI").map(ToOwned::to_owned))
}

/// Reads the beginning of a media playlist.
pub(crate) fn begin(playlist: &str) -> Result<Beginning, PlaylistError> {
    header(playlist)?;
    let map = playlist
        .lines()
        .find_map(|line| line.strip_prefix("#EXT-X-MAP:"));
    let init = map.and_then(|attributes| attribute(attributes, "URI"));
    let init = init.ok_or(PlaylistError("init segment"))?;
    let mut lines = playlist.lines();
    lines.find(|line| line.starts_with("#EXTINF:"));
    let first = lines.find(|line| !line.starts_with('#') && !line.is_empty());
    let first = first.ok_or(PlaylistError("segment"))?;
    Ok(Beginning {
        init: init.to_owned(),
        first: first.to_owned(),
    })
}

fn header(playlist: &str) -> Result<(), PlaylistError> {
    let is_playlist = playlist.lines().next() == Some("#EXTM3U");
    is_playlist.then_some(()).ok_or(PlaylistError("header"))
}

/// The value of `name` in an attribute list, whose quoted values may contain commas.
fn attribute<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = list;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if key == name {
            return Some(value);
        }
        rest = next.strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "#EXTM3U\n#EXT-X-VERSION:7\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"a, b=c\",DEFAULT=NO,URI=\"a/1/playlist.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"x\",DEFAULT=YES,URI=\"a/0/playlist.m3u8\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=900,CODECS=\"avc1,mp4a\",AUDIO=\"audio\"\nv/720p/playlist.m3u8\n\
        #EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=10,BANDWIDTH=500,AUDIO=\"audio\"\nv/360p/playlist.m3u8\n";

    #[test]
    fn a_player_on_a_slow_line_takes_the_lowest_variant_and_the_default_sound() {
        let choice = choose(MASTER).unwrap();
        assert_eq!(choice.variant, "v/360p/playlist.m3u8");
        assert_eq!(choice.sound.as_deref(), Some("a/0/playlist.m3u8"));
    }

    #[test]
    fn a_media_playlist_begins_with_its_init_segment() {
        let playlist =
            "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4.0,\n0.m4s\n#EXTINF:4.0,\n1.m4s\n";
        let expected = Beginning {
            init: "init.mp4".to_owned(),
            first: "0.m4s".to_owned(),
        };
        assert_eq!(begin(playlist), Ok(expected));
    }

    #[test]
    fn what_leads_nowhere_is_no_playlist() {
        for text in [
            "",
            "<html>",
            "#EXTM3U\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
        ] {
            assert!(choose(text).is_err(), "{text}");
            assert!(begin(text).is_err(), "{text}");
        }
    }
}

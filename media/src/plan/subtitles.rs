//! Subtitle tracks: text becomes WebVTT, pictures are only told of.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::probe::SubtitleStream;

/// Subtitle tracks kept of one source.
const MOST: usize = 32;

/// One subtitle track of the film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtitleTrack {
    /// Its stream in the source.
    pub stream_index: u32,
    /// ISO 639 language.
    pub language: Option<String>,
    /// What the track is called.
    pub title: String,
    /// What its files are called, `en` for `s/en.vtt`; `None` for subtitles made of pictures,
    /// which are not supported.
    pub name: Option<String>,
}

impl Plan {
    /// The subtitles that are made, by the name of their files.
    pub fn text_subtitles(&self) -> impl Iterator<Item = (&str, &SubtitleTrack)> {
        let named = self.subtitles.iter();
        named.filter_map(|track| Some((track.name.as_deref()?, track)))
    }
}

/// The tracks of a source. Names and titles are unique.
pub(super) fn tracks(streams: &[SubtitleStream]) -> Vec<SubtitleTrack> {
    let mut tracks: Vec<SubtitleTrack> = Vec::new();
    for stream in streams.iter().take(MOST) {
        let tag = stream.language.as_deref().and_then(crate::language::tag);
        let base = tag.map_or_else(|| "und".to_owned(), |tag| tag.to_ascii_lowercase());
        let wished = stream
            .title
            .clone()
            .filter(|title| !title.trim().is_empty());
        let wished = wished
            .or_else(|| stream.language.clone())
            .unwrap_or_else(|| format!("Subtitles {}", tracks.len() + 1));
        let name = unique(&base, '-', |name| {
            tracks
                .iter()
                .all(|track| track.name.as_deref() != Some(name))
        });
        let title = unique(&wished, ' ', |title| {
            tracks.iter().all(|track| track.title != title)
        });
        tracks.push(SubtitleTrack {
            stream_index: stream.index,
            language: stream.language.clone(),
            title,
            name: stream.text.then_some(name),
        });
    }
    tracks
}

/// `wished`, or with the first number that is free.
fn unique(wished: &str, joint: char, is_free: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u32| format!("{wished}{joint}{number}"));
    let mut names = std::iter::once(wished.to_owned()).chain(numbered);
    names
        .find(|name| is_free(name))
        .unwrap_or_else(|| wished.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{SubtitleStream, tracks};

    #[test]
    fn text_has_files_of_its_own_and_pictures_have_none() {
        let stream = |index, language: Option<&str>, text| SubtitleStream {
            index,
            codec: "subrip".to_owned(),
            text,
            language: language.map(str::to_owned),
            title: None,
        };
        let streams = [
            stream(2, Some("eng"), true),
            stream(3, Some("eng"), true),
            stream(4, Some("deu"), false),
            stream(5, None, true),
        ];
        let made = tracks(&streams);
        let names: Vec<_> = made.iter().map(|track| track.name.as_deref()).collect();
        assert_eq!(names, [Some("en"), Some("en-2"), None, Some("und")]);
        let titles: Vec<_> = made.iter().map(|track| track.title.as_str()).collect();
        assert_eq!(titles, ["eng", "eng 2", "deu", "Subtitles 4"]);
    }
}

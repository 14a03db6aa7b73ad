//! The shape of `ffprobe`'s JSON. Versions differ in which fields are numbers and which are
//! there at all, so every scalar is optional and may come as text.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};

use super::ProbeError;

#[derive(Debug, Deserialize)]
pub(super) struct Probe {
    #[serde(default)]
    pub(super) streams: Vec<Stream>,
    #[serde(default)]
    pub(super) chapters: Vec<RawChapter>,
    pub(super) format: Option<Format>,
}

impl Probe {
    pub(super) fn parse(json: &[u8]) -> Result<Self, ProbeError> {
        serde_json::from_slice(json).map_err(ProbeError::Report)
    }
}

/// A number or text, as text.
#[derive(Debug, Default, Clone)]
pub(super) struct Scalar(Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        }))
    }
}

impl Scalar {
    pub(super) fn text(&self) -> Option<&str> {
        self.0
            .as_deref()
            .filter(|text| !matches!(*text, "" | "N/A" | "unknown" | "none"))
    }

    pub(super) fn parse<T: std::str::FromStr>(&self) -> Option<T> {
        self.text()?.trim().parse().ok()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Format {
    #[serde(rename = "format_name")]
    pub(super) name: Scalar,
    pub(super) start_time: Scalar,
    pub(super) duration: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawChapter {
    pub(super) start_time: Scalar,
    pub(super) end_time: Scalar,
    pub(super) tags: HashMap<String, Scalar>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stream {
    pub(super) index: u32,
    pub(super) codec_type: Scalar,
    pub(super) codec_name: Scalar,
    pub(super) codec_tag_string: Scalar,
    pub(super) width: Scalar,
    pub(super) height: Scalar,
    pub(super) sample_aspect_ratio: Scalar,
    pub(super) pix_fmt: Scalar,
    pub(super) field_order: Scalar,
    pub(super) color_range: Scalar,
    pub(super) color_space: Scalar,
    pub(super) color_primaries: Scalar,
    pub(super) color_transfer: Scalar,
    pub(super) r_frame_rate: Scalar,
    pub(super) avg_frame_rate: Scalar,
    pub(super) nb_frames: Scalar,
    pub(super) start_time: Scalar,
    pub(super) duration: Scalar,
    pub(super) sample_fmt: Scalar,
    pub(super) sample_rate: Scalar,
    pub(super) channels: Scalar,
    pub(super) disposition: HashMap<String, Scalar>,
    pub(super) tags: HashMap<String, Scalar>,
    pub(super) side_data_list: Vec<SideData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SideData {
    pub(super) rotation: Scalar,
    pub(super) dv_profile: Scalar,
    pub(super) dv_bl_signal_compatibility_id: Scalar,
}

impl Stream {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.codec_type.text() == Some(kind)
    }

    pub(super) fn disposition(&self, name: &str) -> bool {
        self.disposition
            .get(name)
            .and_then(Scalar::text)
            .is_some_and(|flag| flag == "1")
    }

    /// A tag, whatever the case of its key.
    pub(super) fn tag(&self, key: &str) -> Option<&str> {
        find_tag(&self.tags, key)
    }
}

/// A tag, whatever the case of its key.
pub(super) fn find_tag<'a>(tags: &'a HashMap<String, Scalar>, key: &str) -> Option<&'a str> {
    tags.iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .and_then(|(_, value)| value.text())
}

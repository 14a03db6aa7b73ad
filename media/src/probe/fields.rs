//! What the picture itself says about its fields, where the file's own word cannot be relied on.

use super::{Scan, VideoStream};
use crate::rate::Rational;

/// Pictures that must have told something before they count.
const ENOUGH: u32 = 24;
/// Codecs of broadcast, discs and tape.
const FIELD_CODECS: [&str; 6] = [
    "mpeg2video",
    "dvvideo",
    "vc1",
    "prores",
    "dnxhd",
    "mpeg1video",
];
/// Picture heights of standard definition, with and without its hidden lines.
const SD_LINES: [u32; 6] = [480, 486, 512, 576, 578, 608];

/// How many pictures looked how, as FFmpeg's `idet` filter counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldCounts {
    /// Two moments in one picture, the top field's first.
    pub top_first: u32,
    /// Two moments in one picture, the bottom field's first.
    pub bottom_first: u32,
    /// One moment.
    pub progressive: u32,
    /// Pictures one of whose fields is that of the picture before.
    pub repeated: u32,
    /// All pictures.
    pub total: u32,
}

impl FieldCounts {
    /// Reads what `metadata=print` writes behind `idet`: the last of each count holds.
    pub fn parse(text: &str) -> Self {
        let last = |name: &str| {
            let values = text.lines().rev();
            let mut found = values.filter_map(|line| line.trim().strip_prefix(name));
            let value = found.next().and_then(|rest| rest.strip_prefix('='));
            let whole = value.and_then(|value| value.split('.').next()?.parse::<u32>().ok());
            whole.unwrap_or(0)
        };
        let repeated = last("lavfi.idet.repeated.top") + last("lavfi.idet.repeated.bottom");
        Self {
            top_first: last("lavfi.idet.multiple.tff"),
            bottom_first: last("lavfi.idet.multiple.bff"),
            progressive: last("lavfi.idet.multiple.progressive"),
            repeated,
            total: repeated + last("lavfi.idet.repeated.neither"),
        }
    }

    /// How the pictures were scanned; `None` when they do not say it clearly.
    fn scan(self, may_be_telecine: bool) -> Option<Scan> {
        let Self {
            top_first: top,
            bottom_first: bottom,
            ..
        } = self;
        let (most, least) = (top.max(bottom), top.min(bottom));
        let told = most + least + self.progressive;
        if told < ENOUGH {
            return None;
        }
        // 3:2 pulldown repeats a field in two of five pictures.
        let share = self.repeated * 100 / self.total.max(1);
        let in_step = least * 5 <= most;
        if may_be_telecine && in_step && most * 4 >= told && (32..=48).contains(&share) {
            return Some(if top >= bottom {
                Scan::TelecineTopFirst
            } else {
                Scan::TelecineBottomFirst
            });
        }
        if in_step && most * 10 >= told * 6 {
            return Some(if top >= bottom {
                Scan::TopFieldFirst
            } else {
                Scan::BottomFieldFirst
            });
        }
        (self.progressive * 100 >= told * 95).then_some(Scan::Progressive)
    }
}

impl VideoStream {
    /// Whether it is worth looking at pictures to know about fields: the file says that there are
    /// some, or is of a kind that often says nothing or the wrong thing.
    pub fn fields_are_doubtful(&self, container: &str) -> bool {
        let slow = self.base_rate.is_some_and(|rate| {
            let rate = rate.as_f64();
            (24.5..=30.5).contains(&rate)
        });
        let lines = self.coded.height;
        let standard = SD_LINES.contains(&lines);
        let full_hd = (1080..=1088).contains(&lines);
        let broadcast = FIELD_CODECS.contains(&self.codec.as_str())
            || ["mpegts", "mpeg", "mxf", "mxf_opatom"].contains(&container);
        match self.scan {
            _ if !slow || self.hdr.is_some() => false,
            Scan::Progressive => standard || (full_hd && broadcast),
            Scan::Unknown => standard || full_hd || broadcast,
            _ => true,
        }
    }

    /// Believes the pictures where they are clear, else the file.
    pub fn settle_scan(&mut self, counts: FieldCounts) {
        let ntsc = Rational::new(30_000, 1001);
        let may_be_telecine = self.constant_rate && self.base_rate == ntsc;
        if let Some(scan) = counts.scan(may_be_telecine) {
            self.scan = scan;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldCounts, Scan};

    fn scan(top: u32, bottom: u32, progressive: u32, repeated: u32) -> Option<Scan> {
        let counts = FieldCounts {
            top_first: top,
            bottom_first: bottom,
            progressive,
            repeated,
            total: 150,
        };
        counts.scan(true)
    }

    #[test]
    fn clear_pictures_are_believed_and_others_are_not() {
        assert_eq!(scan(140, 2, 8, 0), Some(Scan::TopFieldFirst));
        assert_eq!(scan(0, 150, 0, 0), Some(Scan::BottomFieldFirst));
        assert_eq!(scan(1, 1, 148, 0), Some(Scan::Progressive));
        assert_eq!(scan(60, 0, 90, 60), Some(Scan::TelecineTopFirst));
        assert_eq!(scan(0, 150, 0, 59), Some(Scan::TelecineBottomFirst));
        // A still picture, noise, a change of programme.
        assert_eq!(scan(0, 0, 5, 0), None);
        assert_eq!(scan(50, 48, 52, 0), None);
        assert_eq!(scan(40, 0, 110, 0), None);
    }

    #[test]
    fn the_last_counts_are_read() {
        let text = "frame:0 pts:0\nlavfi.idet.multiple.tff=1.00\nframe:1 pts:1\n\
                    lavfi.idet.repeated.neither=90.00\nlavfi.idet.repeated.top=30.00\n\
                    lavfi.idet.repeated.bottom=31.00\nlavfi.idet.multiple.tff=140.00\n\
                    lavfi.idet.multiple.bff=2.00\nlavfi.idet.multiple.progressive=9.00\n";
        let counts = FieldCounts {
            top_first: 140,
            bottom_first: 2,
            progressive: 9,
            repeated: 61,
            total: 151,
        };
        assert_eq!(FieldCounts::parse(text), counts);
    }
}

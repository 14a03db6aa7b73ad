//! Containers written by hand, for what no honest muxer writes.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a maker of test files"
)]

/// One Matroska element; its size is always written in eight bytes.
fn ebml(id: u32, data: &[u8]) -> Vec<u8> {
    let id = id.to_be_bytes();
    let first = id.iter().position(|byte| *byte != 0).unwrap();
    let mut element = id[first..].to_vec();
    element.extend_from_slice(&(data.len() as u64 | 1 << 56).to_be_bytes());
    element.extend_from_slice(data);
    element
}

fn number(id: u32, value: u64) -> Vec<u8> {
    ebml(id, &value.to_be_bytes())
}

/// A Matroska film of 2 s, track 1 of which has `frames`. Times are in milliseconds.
pub(crate) fn matroska(tracks: &[Vec<u8>], extra: &[u8], frames: &[Vec<u8>]) -> Vec<u8> {
    let head = [
        number(0x4286, 1),
        number(0x42F7, 1),
        number(0x42F2, 4),
        number(0x42F3, 8),
        ebml(0x4282, b"matroska"),
        number(0x4287, 4),
        number(0x4285, 2),
    ];
    let duration = ebml(0x4489, &2000_f64.to_be_bytes());
    let info = [
        number(0x002A_D7B1, 1_000_000),
        duration,
        ebml(0x4D80, b"x"),
        ebml(0x5741, b"x"),
    ];
    let step = 2000 / frames.len().max(1);
    let blocks = frames.iter().enumerate().map(|(index, frame)| {
        let time = (index * step) as u16;
        let mut block = vec![0x81];
        block.extend(time.to_be_bytes());
        block.push(0x80);
        block.extend_from_slice(frame);
        ebml(0xA3, &block)
    });
    let cluster = [number(0xE7, 0), blocks.collect::<Vec<_>>().concat()].concat();
    let segment = [
        ebml(0x1549_A966, &info.concat()),
        ebml(0x1654_AE6B, &tracks.concat()),
        extra.to_vec(),
        ebml(0x1F43_B675, &cluster),
    ];
    let head = ebml(0x1A45_DFA3, &head.concat());
    [head, ebml(0x1853_8067, &segment.concat())].concat()
}

/// A sound track in PCM, 8 kHz, 16 bit.
pub(crate) fn pcm_track(id: u64, extra: &[u8]) -> Vec<u8> {
    let audio = [
        ebml(0xB5, &8000_f64.to_be_bytes()),
        number(0x9F, 1),
        number(0x6264, 16),
    ];
    let audio = ebml(0xE1, &audio.concat());
    track(id, 2, b"A_PCM/INT/LIT", &[audio, extra.to_vec()].concat())
}

/// A picture track of 64×64 by its container, of whatever size by its frames.
pub(crate) fn picture_track(codec: &[u8], extra: &[u8]) -> Vec<u8> {
    let size = [number(0xB0, 64), number(0xBA, 64)].concat();
    track(1, 1, codec, &[ebml(0xE0, &size), extra.to_vec()].concat())
}

fn track(id: u64, kind: u64, codec: &[u8], extra: &[u8]) -> Vec<u8> {
    let entry = [
        number(0xD7, id),
        number(0x73C5, id),
        number(0x83, kind),
        ebml(0x86, codec),
        extra.to_vec(),
    ];
    ebml(0xAE, &entry.concat())
}

/// Says of a track that its frames are packed with zlib.
pub(crate) fn packed() -> Vec<u8> {
    let encoding = [
        number(0x5031, 0),
        number(0x5032, 1),
        number(0x5033, 0),
        ebml(0x5034, &number(0x4254, 0)),
    ];
    ebml(0x6D80, &ebml(0x6240, &encoding.concat()))
}

/// What a picture track of AVI's `codec` has as its private data.
pub(crate) fn vfw(codec: [u8; 4]) -> Vec<u8> {
    let mut header = Vec::new();
    for part in [
        40,
        64,
        64,
        1 | 24 << 16,
        u32::from_le_bytes(codec),
        0,
        0,
        0,
        0,
        0_u32,
    ] {
        header.extend(part.to_le_bytes());
    }
    ebml(0x63A2, &header)
}

/// `count` chapters with long titles.
pub(crate) fn chapters(count: u64) -> Vec<u8> {
    let chapter = |index: u64| {
        let title = format!("Chapter {index} {}", "x".repeat(300));
        let atom = [
            number(0x73C4, index + 1),
            number(0x91, index * 200_000),
            number(0x92, (index + 1) * 200_000),
            ebml(0x80, &ebml(0x85, title.as_bytes())),
        ];
        ebml(0xB6, &atom.concat())
    };
    let chapters: Vec<_> = (0..count).map(chapter).collect();
    ebml(0x1043_A770, &ebml(0x45B9, &chapters.concat()))
}

/// `count` tags of `size` bytes.
pub(crate) fn tags(count: usize, size: usize) -> Vec<u8> {
    let value = ebml(0x4487, &vec![b'x'; size]);
    let tag = |index| {
        let name = ebml(0x45A3, format!("TAG{index}").as_bytes());
        ebml(0x67C8, &[name, value.clone()].concat())
    };
    let tags: Vec<_> = (0..count).map(tag).collect();
    ebml(
        0x1254_C367,
        &ebml(0x7373, &[ebml(0x63C0, &[]), tags.concat()].concat()),
    )
}

/// An attached file of `size` bytes.
pub(crate) fn attachment(size: usize) -> Vec<u8> {
    let file = [
        ebml(0x466E, b"a.ttf"),
        ebml(0x4660, b"font/ttf"),
        number(0x46AE, 1),
        ebml(0x465C, &vec![b'x'; size]),
    ];
    ebml(0x1941_A469, &ebml(0x61A7, &file.concat()))
}

/// A hundred silent frames of MP3 behind one ID3 frame.
pub(crate) fn mp3(id: [u8; 4], data: &[u8]) -> Vec<u8> {
    let syncsafe = |n: usize| [21, 14, 7, 0].map(|shift| (n >> shift) as u8 & 127);
    let mut file = b"ID3\x04\0\0".to_vec();
    file.extend(syncsafe(data.len() + 10));
    file.extend(id);
    file.extend(syncsafe(data.len()));
    file.extend([0, 0]);
    file.extend_from_slice(data);
    let mut silence = vec![0xFF, 0xFB, 0x90, 0x64];
    silence.resize(417, 0);
    file.extend(silence.repeat(100));
    file
}

fn atom(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let size = (data.len() as u32 + 8).to_be_bytes();
    [&size[..], &kind, data].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// A `QuickTime` film whose `moov` has `content`.
pub(crate) fn quicktime(content: &[u8]) -> Vec<u8> {
    let film = [
        atom(*b"ftyp", b"qt  \0\0\0\0qt  "),
        atom(*b"mdat", &vec![0; 32_000]),
        atom(*b"moov", content),
    ];
    film.concat()
}

/// `count` sound tracks, of `samples` samples each by what their tables say.
pub(crate) fn sound_tracks(count: u32, samples: u32) -> Vec<u8> {
    let mut movie = numbers(&[0, 0, 0, 1000, 2000]);
    movie.resize(100, 0);
    let mut tracks = atom(*b"mvhd", &movie);
    for id in 1..=count {
        tracks.extend(sound_track(id, samples));
    }
    tracks
}

fn sound_track(id: u32, samples: u32) -> Vec<u8> {
    let mut header = numbers(&[7, 0, 0, id, 0, 2000]);
    header.resize(84, 0);
    let mut handler = numbers(&[0, 0]);
    handler.extend(b"soun");
    handler.resize(25, 0);
    let format = [0, 0, 0, 1, 0, 0, 0, 0, 1, 16, 0, 0, 8000, 0_u16];
    let format: Vec<u8> = format.iter().flat_map(|n| n.to_be_bytes()).collect();
    let format = atom(*b"sowt", &format);
    let tables = [
        atom(*b"stsd", &[numbers(&[0, 1]), format].concat()),
        atom(*b"stts", &numbers(&[0, 1, samples, 1])),
        atom(*b"stsc", &numbers(&[0, 1, 1, samples, 1])),
        atom(*b"stsz", &numbers(&[0, 2, samples])),
        atom(*b"stco", &numbers(&[0, 1, 40])),
    ];
    let here = atom(*b"url ", &numbers(&[1]));
    let data = atom(*b"dref", &[numbers(&[0, 1]), here].concat());
    let info = [
        atom(*b"smhd", &[0; 8]),
        atom(*b"dinf", &data),
        atom(*b"stbl", &tables.concat()),
    ];
    let media = [
        atom(*b"mdhd", &numbers(&[0, 0, 0, 8000, 16_000, 0x55C4_0000])),
        atom(*b"hdlr", &handler),
        atom(*b"minf", &info.concat()),
    ];
    let track = [atom(*b"tkhd", &header), atom(*b"mdia", &media.concat())];
    atom(*b"trak", &track.concat())
}

/// Long names in a film's user data.
pub(crate) fn user_data(count: usize) -> Vec<u8> {
    let mut name = numbers(&[65_535 << 16]);
    name.resize(4 + 65_535, b'x');
    atom(*b"udta", &atom(*b"\xA9nam", &name).repeat(count))
}

/// A `moov` that is said to unpack to `size` bytes.
pub(crate) fn packed_moov(zlib: &[u8], size: u32) -> Vec<u8> {
    let data = [numbers(&[size]), zlib.to_vec()].concat();
    let parts = [atom(*b"dcom", b"zlib"), atom(*b"cmvd", &data)];
    atom(*b"cmov", &parts.concat())
}

/// The zlib stream in a PNG.
pub(crate) fn zlib_of(png: &[u8]) -> Vec<u8> {
    let (mut zlib, mut rest) = (Vec::new(), &png[8..]);
    while rest.len() > 12 {
        let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        if &rest[4..8] == b"IDAT" {
            zlib.extend_from_slice(&rest[8..8 + size]);
        }
        rest = &rest[12 + size..];
    }
    zlib
}

/// A transport stream of `programs` programs with 200 streams each.
pub(crate) fn transport(programs: u16) -> Vec<u8> {
    let mut list = Vec::new();
    let mut maps = Vec::new();
    let mut packets = Vec::new();
    for program in 0..programs {
        let at = 0x20 + program;
        list.extend((program + 1).to_be_bytes());
        list.extend((0xE000 | at).to_be_bytes());
        let mut streams = vec![0xE1, 0x00, 0xF0, 0x00];
        for stream in 0..200 {
            let pid = 0x100 + (program * 200 + stream) % 0x1E00;
            streams.push(0x03);
            streams.extend((0xE000 | pid).to_be_bytes());
            streams.extend([0xF0, 0]);
        }
        maps.extend(section(at, 2, program + 1, &streams));
    }
    packets.extend(section(0, 0, 1, &list));
    packets.extend(maps);
    packets.repeat(4)
}

/// A table's section in packets of stream `pid`.
fn section(pid: u16, table: u8, id: u16, content: &[u8]) -> Vec<u8> {
    let length = 0xB000 | (content.len() as u16 + 9);
    let mut bytes = vec![table];
    bytes.extend(length.to_be_bytes());
    bytes.extend(id.to_be_bytes());
    bytes.extend([0xC1, 0, 0]);
    bytes.extend_from_slice(content);
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            if crc >> 31 == 1 {
                crc << 1 ^ 0x04C1_1DB7
            } else {
                crc << 1
            }
        })
    });
    bytes.extend(crc.to_be_bytes());
    let mut packets = Vec::new();
    // The first packet says where the section begins.
    let first = [vec![0], bytes].concat();
    for (index, part) in first.chunks(184).enumerate() {
        let start = if index == 0 { 0x4000 } else { 0 };
        packets.push(0x47);
        packets.extend((start | pid).to_be_bytes());
        packets.push(0x10 | (index as u8 & 15));
        packets.extend_from_slice(part);
        packets.resize(packets.len().next_multiple_of(188), 0xFF);
    }
    packets
}

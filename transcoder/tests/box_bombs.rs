//! Small files that want to become large: each is refused with a sentence, or costs what a run may
//! cost, and a film beside it is encoded meanwhile.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed test should panic, and what a bomb cost is worth knowing"
)]

mod bombs;
mod clips;
mod upload;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clips::{counting_film, ffmpeg, tools};
use upload::{End, end_of, left_in_scratch};

/// Processor time that a file may cost before it is refused.
const CPU: Duration = Duration::from_secs(90);
/// Memory that the largest process may hold.
const RESIDENT: u64 = 1_200_000_000;

/// What the processes of one toolbox took. It is known by its scratch folder, which stands on
/// their command lines or on those of their parents.
#[derive(Debug, Default)]
struct Meter {
    /// Ticks of a hundredth second by process.
    ticks: HashMap<u32, u64>,
    resident: u64,
}

impl Meter {
    fn look(&mut self, folder: &Path) {
        let mark = folder.display().to_string();
        let mut parents = HashMap::new();
        let mut ours = HashSet::new();
        for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(process) = name.parse::<u32>() else {
                continue;
            };
            // It may be gone by now.
            let read = |file| std::fs::read_to_string(format!("/proc/{process}/{file}")).ok();
            let Some(stat) = read("stat") else { continue };
            let fields: Vec<&str> = stat
                .rsplit(')')
                .next()
                .unwrap()
                .split_whitespace()
                .collect();
            let field = |index: usize| fields[index].parse::<u64>().unwrap();
            parents.insert(
                process,
                (u32::try_from(field(1)).unwrap(), field(11) + field(12)),
            );
            if read("cmdline").is_some_and(|line| line.contains(&mark)) {
                ours.insert(process);
            }
        }
        for (process, (parent, ticks)) in &parents {
            let ancestors = std::iter::successors(Some((process, parent)), |(_, parent)| {
                Some((*parent, &parents.get(parent)?.0))
            });
            if !ancestors.take(8).any(|(process, _)| ours.contains(process)) {
                continue;
            }
            self.ticks.insert(*process, *ticks);
            let status = std::fs::read_to_string(format!("/proc/{process}/status"));
            let status = status.unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib: Option<u64> =
                peak.and_then(|text| text.split_whitespace().next()?.parse().ok());
            self.resident = self.resident.max(kib.unwrap_or(0) * 1024);
        }
    }

    fn cpu(&self) -> Duration {
        Duration::from_millis(self.ticks.values().sum::<u64>() * 10)
    }

    /// Looks until `work` is done.
    async fn watch<T>(&mut self, folder: &Path, work: impl Future<Output = T>) -> T {
        let mut looks = tokio::time::interval(Duration::from_millis(100));
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = looks.tick() => self.look(folder),
            }
        }
    }
}

/// Uploads each of the files with a good film beside it, and holds what it costs to the limits.
/// Says what became of each.
async fn defuse(bombs: &[PathBuf]) -> Vec<End> {
    let [folder, beside] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (tools, others) = (tools(folder.path()).await, tools(beside.path()).await);
    let good = counting_film(beside.path(), "good.mp4", "25", 2);
    let mut ends = Vec::new();
    for bomb in bombs {
        let name = bomb.file_name().unwrap().to_string_lossy().into_owned();
        let mut meter = Meter::default();
        let upload = meter.watch(folder.path(), end_of(&tools, bomb));
        let (end, other) = tokio::join!(upload, end_of(&others, &good));
        let (cpu, resident) = (meter.cpu(), meter.resident);
        println!("{name}: {cpu:?}, {} MB: {end:.300?}", resident / 1_000_000);
        assert!(matches!(other, End::Made { .. }), "{name} hurt: {other:?}");
        assert!(cpu <= CPU, "{name}: {cpu:?}");
        assert!(resident <= RESIDENT, "{name}: {resident} bytes");
        match &end {
            End::Refused { said, .. } => assert!(said.len() > 20, "{name}: {said}"),
            End::Made { bytes, expected } => assert!(*bytes <= 3 * expected, "{name}: {end:?}"),
        }
        assert_eq!(
            left_in_scratch(folder.path()),
            Vec::<PathBuf>::new(),
            "{name}"
        );
        ends.push(end);
    }
    ends
}

/// Writes the files and says where they are.
fn write(folder: &Path, files: &[(&str, Vec<u8>)]) -> Vec<PathBuf> {
    let write = |(name, bytes): &(&str, Vec<u8>)| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    files.iter().map(write).collect()
}

#[track_caller]
fn says(end: &End, what: &str) {
    assert!(
        matches!(end, End::Refused { said, .. } if said.contains(what)),
        "{end:?}"
    );
}

fn is_made(end: &End) -> bool {
    matches!(end, End::Made { .. })
}

/// 16,000 lines of 16,000 pixels in some kilobytes.
fn png(folder: &Path) -> Vec<u8> {
    let huge = "-f lavfi -i color=s=16000x16000:r=1:d=1 -frames:v 1";
    ffmpeg(folder, &format!("{huge} -pix_fmt rgb24 huge.png"));
    std::fs::read(folder.join("huge.png")).unwrap()
}

fn silence() -> Vec<Vec<u8>> {
    vec![vec![0; 1600]; 20]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let huge = "-f lavfi -i color=s=16000x16000:r=1:d=1 -frames:v 1";
    ffmpeg(folder.path(), &format!("{huge} huge.jpg"));
    ffmpeg(
        folder.path(),
        &format!("{huge} -c:v libx264 -preset ultrafast -pix_fmt yuv420p huge.mp4"),
    );
    let png = png(folder.path());
    let jpeg = std::fs::read(folder.path().join("huge.jpg")).unwrap();
    let cover = |mime: &str, picture: &[u8]| {
        let head = format!("\0{mime}\0\u{3}\0");
        bombs::mp3(*b"APIC", &[head.as_bytes(), picture].concat())
    };
    let film = |codec: &[u8], extra: &[u8], picture: &[u8]| {
        let track = bombs::picture_track(codec, extra);
        bombs::matroska(&[track], &[], &[picture.to_vec(), picture.to_vec()])
    };
    let mut files = write(
        folder.path(),
        &[
            ("cover-png.mp3", cover("image/png", &png)),
            ("cover-jpeg.mp3", cover("image/jpeg", &jpeg)),
            (
                "png.mkv",
                film(b"V_MS/VFW/FOURCC", &bombs::vfw(*b"MPNG"), &png),
            ),
            ("jpeg.mkv", film(b"V_MJPEG", &[], &jpeg)),
        ],
    );
    files.extend(["huge.mp4", "huge.png", "huge.jpg"].map(|name| folder.path().join(name)));
    let ends = defuse(&files).await;
    // Their sound is a film.
    assert!(is_made(&ends[0]) && is_made(&ends[1]), "{ends:?}");
    assert!(!is_made(&ends[2]) && !is_made(&ends[3]), "{ends:?}");
    says(&ends[4], "16000×16000 pixels");
    says(&ends[5], "not a video");
    says(&ends[6], "not a video");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strange_times() {
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(
        folder.path(),
        "-f lavfi -i color=s=64x64:r=1000:d=2 -c:v libx264 -preset ultrafast fast.mkv",
    );
    ffmpeg(
        folder.path(),
        "-f lavfi -i color=s=64x64:r=2:d=1 -vf setpts=N*36000/TB -fps_mode passthrough \
         -c:v libx264 gap.mkv",
    );
    let mut files = ["fast.mkv", "gap.mkv"]
        .map(|name| folder.path().join(name))
        .to_vec();
    // Seven hours of samples by the tables, two seconds by the bytes.
    let many = bombs::quicktime(&bombs::sound_tracks(1, 200_000_000));
    files.extend(write(folder.path(), &[("samples.mov", many)]));
    let ends = defuse(&files).await;
    // Films like any other: a piece of them costs what a piece costs.
    assert!(is_made(&ends[0]) && is_made(&ends[1]), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_tracks_and_chapters() {
    let folder = tempfile::tempdir().unwrap();
    let tracks: Vec<_> = (1..=10_000).map(|id| bombs::pcm_track(id, &[])).collect();
    let one = &[bombs::pcm_track(1, &[])];
    let files = [
        ("tracks.mkv", bombs::matroska(&tracks, &[], &silence())),
        (
            "tracks.mov",
            bombs::quicktime(&bombs::sound_tracks(10_000, 16_000)),
        ),
        ("tracks.ts", bombs::transport(50)),
        (
            "chapters.mkv",
            bombs::matroska(one, &bombs::chapters(10_000), &silence()),
        ),
    ];
    let ends = defuse(&write(folder.path(), &files)).await;
    says(&ends[0], "more than a thousand tracks");
    says(&ends[1], "more than a thousand tracks");
    assert!(!is_made(&ends[2]), "{ends:?}");
    assert!(is_made(&ends[3]), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn much_said_about_little() {
    let folder = tempfile::tempdir().unwrap();
    let one = &[bombs::pcm_track(1, &[])];
    let names = [bombs::sound_tracks(1, 16_000), bombs::user_data(1000)].concat();
    let long = [b"\x03".to_vec(), vec![b'x'; 64 << 20]].concat();
    let film = |extra: Vec<u8>| bombs::matroska(one, &extra, &silence());
    let files = [
        ("title.mp3", bombs::mp3(*b"TIT2", &long)),
        ("tag.mkv", film(bombs::tags(1, 128 << 20))),
        ("tags.mkv", film(bombs::tags(10_000, 2_000))),
        ("attachment.mkv", film(bombs::attachment(128 << 20))),
        ("names.mov", bombs::quicktime(&names)),
    ];
    let ends = defuse(&write(folder.path(), &files)).await;
    says(&ends[0], "titles, tags and chapters");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_a_thousandfold() {
    let folder = tempfile::tempdir().unwrap();
    let zlib = bombs::zlib_of(&png(folder.path()));
    assert!(zlib.len() * 500 < 16_000 * 16_000 * 3, "{}", zlib.len());
    let frames = vec![zlib.clone(); 20];
    let sound = bombs::pcm_track(1, &bombs::packed());
    let picture = bombs::picture_track(b"V_MJPEG", &bombs::packed());
    let files = [
        ("sound.mkv", bombs::matroska(&[sound], &[], &frames)),
        ("picture.mkv", bombs::matroska(&[picture], &[], &frames)),
        (
            "moov.mov",
            bombs::quicktime(&bombs::packed_moov(&zlib, 800 << 20)),
        ),
        (
            "small.mov",
            bombs::quicktime(&bombs::packed_moov(&zlib, 8 << 20)),
        ),
        (
            "all.zip",
            [b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), zlib].concat(),
        ),
    ];
    let ends = defuse(&write(folder.path(), &files)).await;
    assert!(!is_made(&ends[2]) && !is_made(&ends[3]), "{ends:?}");
    says(&ends[4], "not a video");
}

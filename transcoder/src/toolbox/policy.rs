//! What is let into the decoders: the lists that every run gets, whatever the file says.

use media::sniff::Demuxer;

/// Decoders that may run. FFmpeg has hundreds; these are what cameras, phones, editors and
/// recorders write. Not on the list: formats of games, of single old applications, and those whose
/// decoders had holes (`MagicYUV`, VVC, TIFF and the like). Subtitles are only ever listed.
const DECODERS: &[&str] = &[
    // Picture
    "h264",
    "hevc",
    "av1",
    "libdav1d",
    "libaom-av1",
    "vp8",
    "vp9",
    "libvpx",
    "libvpx-vp9",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "msmpeg4v1",
    "msmpeg4v2",
    "msmpeg4",
    "h261",
    "h263",
    "h263i",
    "h263p",
    "flv",
    "vp6",
    "vp6a",
    "vp6f",
    "theora",
    "vc1",
    "wmv1",
    "wmv2",
    "wmv3",
    "mjpeg",
    "mjpegb",
    "prores",
    "dnxhd",
    "cfhd",
    "dvvideo",
    "ffv1",
    "huffyuv",
    "ffvhuff",
    "utvideo",
    "rawvideo",
    "v210",
    "v410",
    "qtrle",
    "rpza",
    "svq1",
    "svq3",
    "cinepak",
    "png",
    "gif",
    "bmp",
    "jpeg2000",
    "libopenjpeg",
    "hap",
    "webp",
    // Sound
    "aac",
    "aac_latm",
    "libfdk_aac",
    "mp1",
    "mp1float",
    "mp2",
    "mp2float",
    "mp3",
    "mp3float",
    "mp3adu",
    "mp3adufloat",
    "ac3",
    "ac3_fixed",
    "eac3",
    "dca",
    "truehd",
    "mlp",
    "opus",
    "libopus",
    "vorbis",
    "libvorbis",
    "flac",
    "alac",
    "wavpack",
    "tta",
    "wmav1",
    "wmav2",
    "wmapro",
    "wmalossless",
    "wmavoice",
    "amrnb",
    "amrwb",
    "libopencore_amrnb",
    "libopencore_amrwb",
    "speex",
    "libspeex",
    "gsm",
    "gsm_ms",
    "libgsm",
    "pcm_alaw",
    "pcm_mulaw",
    "pcm_u8",
    "pcm_s8",
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_s24be",
    "pcm_s32le",
    "pcm_s32be",
    "pcm_f32le",
    "pcm_f32be",
    "pcm_f64le",
    "pcm_f64be",
    "pcm_u16le",
    "pcm_u16be",
    "pcm_s16le_planar",
    "pcm_s16be_planar",
    "pcm_bluray",
    "pcm_dvd",
    "adpcm_ima_wav",
    "adpcm_ima_qt",
    "adpcm_ms",
    "adpcm_swf",
    "adpcm_yamaha",
    "adpcm_g722",
    "g722",
    "g726",
    "nellymoser",
    "mace3",
    "mace6",
    "qdm2",
    "qdmc",
    "qcelp",
    // Subtitles: looked at when a file is examined, never decoded further
    "subrip",
    "srt",
    "ass",
    "ssa",
    "mov_text",
    "webvtt",
    "text",
    "dvdsub",
    "dvbsub",
    "pgssub",
    "xsub",
    "cc_dec",
    "libzvbi_teletextdec",
    "libaribb24",
    "libaribcaption",
];

/// Names and values of the options that stand before the input of every run.
pub(super) fn input_options(demuxer: Demuxer, max_pixels: u64) -> Vec<String> {
    let name = demuxer.ffmpeg_name();
    let mut options = Vec::new();
    let mut option = |key: &str, value: String| options.extend([key.to_owned(), value]);
    // One protocol; the demuxer is ours to say; nothing inside may call for another one.
    option("-protocol_whitelist", "file".to_owned());
    option("-format_whitelist", format_whitelist(demuxer).to_owned());
    option("-codec_whitelist", DECODERS.join(","));
    option("-max_pixels", max_pixels.to_string());
    match demuxer {
        // A reference to another file is no part of a film.
        Demuxer::Mov => {
            option("-enable_drefs", "0".to_owned());
            option("-use_absolute_path", "0".to_owned());
        }
        // The default tells a looping GIF that it never ends.
        Demuxer::Gif => option("-ignore_loop", "1".to_owned()),
        _ => {}
    }
    option("-f", name.to_owned());
    options
}

/// All the names that FFmpeg knows the demuxer by: the whitelist compares the long one.
const fn format_whitelist(demuxer: Demuxer) -> &'static str {
    match demuxer {
        Demuxer::Mov => "mov,mp4,m4a,3gp,3g2,mj2",
        Demuxer::Matroska => "matroska,webm",
        other => other.ffmpeg_name(),
    }
}

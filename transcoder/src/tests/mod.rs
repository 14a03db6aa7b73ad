//! Whole films through the queue, with a studio that needs no ffmpeg.

mod failing;
mod film;
mod sharing;
mod studio;
mod town;

//! Whole films through the queue, with a studio that needs no ffmpeg, or one that is stuck.

mod decoder;
mod failing;
mod film;
mod sharing;
mod studio;
mod town;

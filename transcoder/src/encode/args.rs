//! Growing an argument list: values are ours, never a user's.

use std::fmt::Display;

/// Arguments of one run.
#[derive(Debug, Default)]
pub(crate) struct Args(Vec<String>);

impl Args {
    /// What every run of ffmpeg begins with.
    pub(crate) fn ffmpeg() -> Self {
        let mut args = Self::default();
        // Progress lines feed the watchdog; they come whatever the log level.
        args.words("-nostdin -hide_banner -loglevel level+warning -stats -stats_period 0.5");
        // Times stay the source's own: cuts are counted from the plan's origin.
        args.words("-copyts");
        args
    }

    /// Adds words that are separated by spaces.
    pub(crate) fn words(&mut self, words: &str) -> &mut Self {
        self.0.extend(words.split_whitespace().map(str::to_owned));
        self
    }

    /// Adds one argument.
    pub(crate) fn arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.0.push(arg.into());
        self
    }

    /// Adds an option and its value.
    pub(crate) fn option(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.0.extend([name.to_owned(), value.to_string()]);
        self
    }

    /// Adds several.
    pub(crate) fn extend(&mut self, args: impl IntoIterator<Item = String>) -> &mut Self {
        self.0.extend(args);
        self
    }

    /// The finished list.
    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

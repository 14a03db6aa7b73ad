//! What the uploader sees: progress bars for people, JSON lines for programs.

use std::io::Write as _;
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::UploadError;
use super::api::{ProblemReport, Progress, Video};

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// For programs if `json`, else for people.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A progress bar for a file of `size` bytes. Programs see none.
    pub(crate) fn bar(self, name: &str, size: u64) -> Bar {
        let target = if self.json {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(size), target)
            .with_style(style(
                "{prefix:20!} uploading  {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            ))
            .with_prefix(name.to_owned());
        Bar(bar)
    }

    /// Tells that the wish came true.
    pub(crate) fn done(self, video: &Video) {
        let line = if self.json {
            serde_json::to_string(video).unwrap_or_default()
        } else {
            let as_json = serde_json::to_value(video).unwrap_or_default();
            let text = |key: &str| {
                as_json
                    .get(key)
                    .and_then(|v| v.as_str())
                    .unwrap_or_default()
            };
            format!("{}: {}", text("state"), text("watch_url"))
        };
        // A closed pipe means that nobody wants to know.
        drop(writeln!(std::io::stdout(), "{line}"));
    }

    /// Tells why `file` failed.
    pub(crate) fn failed(self, file: &Path, error: &UploadError) {
        let line = if self.json {
            let report = match error {
                UploadError::Problem(report) => report.clone(),
                other => ProblemReport {
                    kind: "/problems/upload-failed".to_owned(),
                    title: "The upload failed".to_owned(),
                    status: None,
                    detail: other.to_string(),
                    request_id: None,
                },
            };
            serde_json::to_string(&report).unwrap_or_default()
        } else {
            format!("{}: {error}", file.display())
        };
        drop(writeln!(std::io::stderr(), "{line}"));
    }
}

/// The progress of one file.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// `bytes` more are stored.
    pub(crate) fn moved(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Some parts have to be looked at again.
    pub(crate) fn restart(&self) {
        self.0.set_position(0);
    }

    /// Everything is stored and verified.
    pub(crate) fn uploaded(&self) {
        self.0.set_style(style(
            "{prefix:20!} {msg:10} {wide_bar} {pos}/{len} segments",
        ));
        self.0.set_message("processing");
        self.0.set_position(0);
        self.0.set_length(0);
    }

    /// The film is being processed.
    pub(crate) fn processing(&self, state: &str, progress: Option<&Progress>) {
        self.0.set_message(state.to_owned());
        if let Some(progress) = progress {
            self.0.set_length(progress.segments_total);
            self.0.set_position(progress.segments_done);
        }
    }

    /// Nothing more to show.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

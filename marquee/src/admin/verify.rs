//! `marquee admin verify`: the proof that nothing is left of what was deleted, and nothing lost of what
//! was not.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Lines;
use super::api::Api;
use crate::cli::{Failure, VerifyArguments, fail};

const PATH: &str = "/api/admin/verify";

/// How long repairs are waited for, and between two looks.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// When not everything could be looked at.
const UNSEEN: u8 = 2;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Looking { at: String, seen: u64 },
    Done(Report),
    Failed { reason: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct Report {
    at: String,
    took_ms: u64,
    compared: Map<String, Value>,
    findings: Vec<Finding>,
    found: u64,
    unseen: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Finding {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_id: Option<String>,
    what: String,
    repair: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Report {
    fn code(&self) -> u8 {
        match (self.unseen.is_empty(), self.found) {
            (false, _) => UNSEEN,
            (true, 0) => 0,
            (true, _) => 1,
        }
    }

    /// Whether a look some moments later may find less.
    fn is_being_mended(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.repair == "begun")
    }
}

/// Looks, tells, and says by the exit code how it is.
pub(crate) async fn run(arguments: &VerifyArguments) -> ExitCode {
    match prove(arguments).await {
        Ok(report) => ExitCode::from(report.code()),
        Err(error) => {
            fail(error.as_ref());
            ExitCode::from(UNSEEN)
        }
    }
}

async fn prove(arguments: &VerifyArguments) -> Result<Report, Failure> {
    let api = Api::new(&arguments.server)?;
    let began = Instant::now();
    let mut report = look(&api, arguments).await?;
    while arguments.repair && report.is_being_mended() && began.elapsed() < PATIENCE {
        if !arguments.json {
            write!(io::stdout(), "{}", text(&report))?;
            writeln!(io::stdout(), "looking again, now that repairs have begun")?;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        report = look(&api, arguments).await?;
    }
    if arguments.json {
        writeln!(io::stdout(), "{}", serde_json::to_string(&report)?)?;
    } else {
        write!(io::stdout(), "{}", text(&report))?;
    }
    Ok(report)
}

async fn look(api: &Api, arguments: &VerifyArguments) -> Result<Report, Failure> {
    let path = format!("{PATH}?repair={}", arguments.repair);
    let mut answer = api.send(Method::POST, &path).await?;
    let mut lines = Lines::default();
    while let Some(piece) = answer.chunk().await? {
        for line in lines.push(&piece) {
            match serde_json::from_slice(&line)? {
                Line::Looking { at, seen } if !arguments.json => {
                    writeln!(io::stderr(), "{seen} {at} seen")?;
                }
                Line::Looking { .. } => {}
                Line::Done(report) => return Ok(report),
                Line::Failed { reason } => return Err(reason.into()),
            }
        }
    }
    Err("the answer broke off before everything was looked at: try again".into())
}

/// The report for people.
fn text(report: &Report) -> String {
    let mut lines = vec![format!("looked at everything in {} ms:", report.took_ms)];
    for (what, count) in &report.compared {
        lines.push(format!("{count:>12} {}", what.replace('_', " ")));
    }
    for finding in &report.findings {
        let film = finding.video_id.as_deref().unwrap_or("-");
        let (kind, what) = (finding.kind.replace('_', " "), &finding.what);
        lines.push(format!(
            "{kind}: {film}: {what} [repair: {}]",
            finding.repair
        ));
        lines.extend(finding.advice.iter().map(|advice| format!("    {advice}")));
    }
    let told = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    if report.found > told {
        lines.push(format!("… and {} more", report.found - told));
    }
    lines.extend(
        report
            .unseen
            .iter()
            .map(|what| format!("not looked at: {what}")),
    );
    lines.push(match report.code() {
        0 => "nothing is left over, nothing is missing, nothing is stuck".to_owned(),
        1 => format!("{} findings", report.found),
        _ => format!(
            "{} findings, and not everything could be looked at",
            report.found
        ),
    });
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_how_it_is() {
        let mut report = Report {
            at: String::new(),
            took_ms: 1,
            compared: Map::new(),
            findings: Vec::new(),
            found: 0,
            unseen: Vec::new(),
        };
        assert_eq!(report.code(), 0);
        report.found = 3;
        assert_eq!(report.code(), 1);
        assert!(text(&report).contains("… and 3 more"));
        report.unseen.push("edge b: no answer".to_owned());
        assert_eq!(report.code(), 2);
        assert!(text(&report).contains("edge b"));
    }
}

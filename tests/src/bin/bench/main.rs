//! `script/bench`: each figure is a comparison with a peer in the same run, taken in turn, several
//! times; medians and ratios are printed as Markdown for `docs/benchmarks.md`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on has nothing to say"
)]

mod client;
mod first_frame;
mod idle;
mod ladder;
mod objects;
mod peer;
mod pipeline;
mod studio;
mod table;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["first-frame"] => runtime.block_on(first_frame::run()),
        ["ladder"] => runtime.block_on(ladder::run()),
        ["idle"] => runtime.block_on(idle::run()),
        ["objects"] => runtime.block_on(objects::run(None)),
        ["objects", mib] if let Ok(mib) = mib.parse() => {
            runtime.block_on(objects::run(Some(mib)));
        }
        ["pipeline"] => runtime.block_on(pipeline::run(None)),
        ["pipeline", uploads] if let Ok(uploads) = uploads.parse() => {
            runtime.block_on(pipeline::run(Some(uploads)));
        }
        ["studio"] => runtime.block_on(studio::run(None)),
        ["studio", films] if let Ok(films) = films.parse() => {
            runtime.block_on(studio::run(Some(films)));
        }
        _ => {
            table::line(
                "usage: script/bench first-frame | ladder | idle | objects [MIB] | pipeline [UPLOADS] | studio [FILMS]",
            );
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

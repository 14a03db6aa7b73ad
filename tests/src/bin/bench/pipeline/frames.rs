//! From `complete` to the first segments of picture and sound, decodable: the real stack against
//! the embedded one, in turn.

use system_tests::{Cluster, Marquee, film};

use crate::client::Client;
use crate::first_frame::measure;
use crate::table::{line, median, seconds};

/// Clips of 5.3 s that make up 10 s and 1 min.
const SOURCES: [(&str, u32); 2] = [("10 s", 2), ("1 min", 12)];

/// How often each is measured.
const ROUNDS: usize = 5;

/// How many times longer than embedded it may take.
const LIMIT: &str = "1.3×";

pub(super) async fn run() {
    let cluster = Cluster::start(1).await;
    let mut marquee = Marquee::up().await;
    let real = Client::new(cluster.url("").trim_end_matches('/'));
    let embedded = Client::new(marquee.url());
    let folder = cluster.folder();
    line("\n| first frame | embedded | real stack | ratio |");
    line("| --- | --- | --- | --- |");
    for (name, times) in SOURCES {
        let source = film::looped_clip(folder, &format!("{times}.mp4"), times);
        // The first of each finds nothing in memory.
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            for (client, taken) in [(&embedded, &mut ours), (&real, &mut theirs)] {
                let (film, time) = measure(client, &source, folder).await;
                // What is left to be done for one film would slow the next.
                client.settled(&film).await;
                if round > 0 {
                    taken.push(time);
                }
            }
        }
        let (ours, theirs) = (median(&ours), median(&theirs));
        line(&format!(
            "| {name} | {} | {} | {:.2}× (limit {LIMIT}) |",
            seconds(ours),
            seconds(theirs),
            theirs / ours
        ));
    }
    marquee.kill().await;
}

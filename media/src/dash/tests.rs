//! The manifest under a parser of XML, its timeline against the grid.

use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::manifest;
use crate::bandwidth::Measured;
use crate::plan::{ObjectRef, Plan};
use crate::testing::{any_grid, plan};

const NAMESPACE: &str = "urn:mpeg:dash:schema:mpd:2011";

fn all<'a>(node: Node<'a, 'a>, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.descendants()
        .filter(move |child| child.has_tag_name((NAMESPACE, name)))
}

fn attribute<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    node.attribute(name)
        .unwrap_or_else(|| panic!("{:?} has no {name}", node.tag_name()))
}

fn number(node: Node<'_, '_>, name: &str) -> u64 {
    attribute(node, name).parse().unwrap()
}

/// Segment boundaries in ticks.
fn timeline(template: Node<'_, '_>) -> Vec<u64> {
    let mut at = 0;
    let mut boundaries = vec![at];
    for (index, run) in all(template, "S").enumerate() {
        assert_eq!(run.attribute("t").is_some(), index == 0);
        let repeats = run.attribute("r").map_or(0, |r| r.parse::<u64>().unwrap());
        for _ in 0..=repeats {
            at += number(run, "d");
            boundaries.push(at);
        }
    }
    boundaries
}

fn assert_legal(plan: &Plan, text: &str) {
    let document = Document::parse(text).unwrap();
    let mpd = document.root_element();
    assert_eq!(attribute(mpd, "type"), "static");
    assert_eq!(
        attribute(mpd, "mediaPresentationDuration"),
        format!("PT{}S", plan.duration())
    );
    let mut ids = std::collections::BTreeSet::new();
    let grid = &plan.grid;
    let sets: Vec<_> = all(mpd, "AdaptationSet").collect();
    assert_eq!(
        sets.len(),
        plan.audio.len() + usize::from(!plan.rungs.is_empty())
    );
    for set in sets {
        let video = attribute(set, "contentType") == "video";
        assert_eq!(attribute(set, "segmentAlignment"), "true");
        assert_eq!(attribute(set, "startWithSAP"), "1");
        // The schema fixes the order of children.
        let order = ["Label", "Role", "SegmentTemplate", "Representation"];
        let places = set.children().filter(Node::is_element).map(|child| {
            order
                .iter()
                .position(|name| *name == child.tag_name().name())
                .unwrap()
        });
        assert!(places.is_sorted());
        let template = all(set, "SegmentTemplate").next().unwrap();
        assert_eq!(number(template, "startNumber"), 0);
        let boundaries = timeline(template);
        let planned: Vec<u64> = (0..=grid.segment_count)
            .map(|n| {
                if video {
                    grid.boundary_ticks(n)
                } else {
                    grid.audio_boundary(n) * 1024
                }
            })
            .collect();
        assert_eq!(boundaries, planned);
        let timescale = number(template, "timescale");
        assert_eq!(
            timescale,
            u64::from(if video { grid.timescale() } else { 48_000 })
        );
        for representation in all(set, "Representation") {
            let id = attribute(representation, "id");
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(number(representation, "bandwidth") > 0);
            let fill = |name: &str| -> ObjectRef {
                let path = attribute(template, name).replace("$RepresentationID$", id);
                path.replace("$Number$", &(grid.segment_count - 1).to_string())
                    .parse()
                    .unwrap()
            };
            assert!(plan.contains(&fill("media")) && plan.contains(&fill("initialization")));
            if video {
                assert!(number(representation, "width") <= number(set, "maxWidth"));
                assert!(number(representation, "height") <= number(set, "maxHeight"));
                assert_eq!(attribute(representation, "sar"), "1:1");
            } else {
                assert_eq!(number(representation, "audioSamplingRate"), 48_000);
                let channels = all(representation, "AudioChannelConfiguration")
                    .next()
                    .unwrap();
                assert!((1..=2).contains(&number(channels, "value")));
            }
        }
    }
}

#[test]
fn films_of_every_kind_have_a_legal_manifest() {
    for (video, tracks) in [(true, 0), (true, 1), (true, 4), (false, 1), (false, 2)] {
        let plan = plan(video, tracks, 30);
        assert_legal(&plan, &manifest(&plan, &Measured::default()));
    }
}

#[test]
fn languages_titles_and_rates_are_told() {
    let mut plan = plan(true, 2, 30);
    plan.grid.frame_rate = "30000/1001".parse().unwrap();
    let text = manifest(&plan, &Measured::default());
    assert!(text.contains("frameRate=\"30000/1001\"") && text.contains("par=\"16:9\""));
    let document = Document::parse(&text).unwrap();
    let labels: Vec<_> = all(document.root_element(), "Label")
        .filter_map(|l| l.text())
        .collect();
    assert_eq!(labels, ["eng", "Rock & \"Roll\" <1>"]);
    let languages: Vec<_> = all(document.root_element(), "AdaptationSet")
        .filter_map(|set| set.attribute("lang"))
        .collect();
    assert_eq!(languages, ["en", "de"]);
}

proptest! {
    #[test]
    fn the_timeline_of_any_film_is_its_grid(grid in any_grid()) {
        let mut plan = plan(true, 1, 10);
        plan.grid = grid;
        assert_legal(&plan, &manifest(&plan, &Measured::default()));
    }

    #[test]
    fn no_title_breaks_the_manifest(title in any::<String>()) {
        let mut plan = plan(true, 1, 10);
        plan.audio[0].title = title;
        assert_legal(&plan, &manifest(&plan, &Measured::default()));
    }
}

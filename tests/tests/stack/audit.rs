//! What has to be so when all is over: nothing lost, nothing twice, nothing left behind.

use std::collections::{BTreeMap, BTreeSet};

use platform_bus::{Bus as _, KafkaBus, Topic, dead_letter_topic};
use platform_core::Lifecycle;
use schemas::v1::event::Payload;
use serde_json::{Value, json};
use system_tests::stack::Engines;
use system_tests::{Objects, film};
use testkit::stage::{PATIENCE, eventually};

use system_tests::Cluster;

/// Consumer groups, and the topics of each.
const GROUPS: [(&str, &[Topic]); 5] = [
    ("ingress", &[Topic::Videos]),
    (
        "metadata",
        &[
            Topic::Videos,
            Topic::Transcode,
            Topic::TranscodeProgress,
            Topic::PostTranscode,
        ],
    ),
    (
        "post-processor",
        &[Topic::Transcode, Topic::PostTranscode, Topic::Videos],
    ),
    ("transcoder-planner", &[Topic::Transcode, Topic::Videos]),
    ("transcoder-urgent", &[Topic::TranscodeUrgent]),
];

/// Films that are decoded from their first to their last frame.
const SAMPLE: usize = 10;

/// A film that was uploaded, and that its uploader was told is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uploaded {
    pub(crate) title: String,
    pub(crate) content: Vec<u8>,
    /// Frames of its picture.
    pub(crate) frames: u64,
}

/// What there is to be: `films` by their ids, and nothing else.
pub(crate) struct Audit<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) engines: &'a Engines,
    pub(crate) films: &'a BTreeMap<String, Uploaded>,
}

impl Audit<'_> {
    pub(crate) async fn run(&self) {
        self.catalogue().await;
        self.events().await;
        self.index().await;
        self.objects().await;
        self.machines().await;
        self.pictures().await;
    }

    fn ids(&self) -> BTreeSet<String> {
        self.films.keys().cloned().collect()
    }

    /// Every film is live and complete, and listed once.
    async fn catalogue(&self) {
        for state in ["live", "all"] {
            let listed = listed(self.cluster, state).await.unwrap();
            let titles = listed.iter().map(|film| {
                assert_eq!(film["state"], "live", "{film}");
                assert_eq!(film["complete"], true, "{film}");
                (text(film, "video_id"), text(film, "title"))
            });
            let mut titles: Vec<_> = titles.collect();
            titles.sort();
            let films = self.films.iter();
            let expected = films.map(|(id, film)| (id.clone(), film.title.clone()));
            assert_eq!(titles, expected.collect::<Vec<_>>(), "{state}");
        }
    }

    /// Each film was told to be live once, nobody is behind, and no event was given up.
    async fn events(&self) {
        let life = Lifecycle::new();
        let config = self.engines.events(self.cluster.folder());
        let bus = KafkaBus::open(&config, &life).await.unwrap();
        for (group, topics) in GROUPS {
            for topic in topics {
                eventually(&format!("{group} has read {topic}"), async || {
                    match bus.lag(group, topic.name()).await {
                        Ok(0) => Ok(()),
                        behind => Err(format!("{behind:?}")),
                    }
                })
                .await;
            }
        }
        for topic in Topic::ALL {
            // Of a group that never read, all are left.
            let letters = dead_letter_topic(topic.name());
            assert_eq!(bus.lag("audit", &letters).await.unwrap(), 0, "{letters}");
        }
        let lives = lives(&bus).await;
        let told: usize = lives.values().map(|(_, times)| times).sum();
        println!(
            "{told} messages told of {} films that went live",
            lives.len()
        );
        let expected = self.films.keys().map(|id| (id.clone(), 1));
        assert_eq!(
            lives.keys().cloned().collect::<Vec<_>>(),
            expected.collect::<Vec<_>>()
        );
        for (film, (events, _)) in lives {
            assert_eq!(events.len(), 1, "{film:?} went live more than once");
        }
        life.drain();
    }

    /// The search index has the films, and nothing else.
    async fn index(&self) {
        let index = self.engines.search_index(self.cluster.folder());
        let http = reqwest::Client::new();
        eventually("the search index has all films", async || {
            let refreshed = http.post(format!("{index}/_refresh")).send().await;
            refreshed.unwrap().error_for_status().unwrap();
            let all = json!({ "size": 10_000, "_source": false });
            let found = http.post(format!("{index}/_search")).json(&all).send();
            let found: Value = found.await.unwrap().json().await.unwrap();
            let hits = found["hits"]["hits"].as_array().unwrap().iter();
            let mut ids: BTreeSet<_> = hits.map(|hit| text(hit, "_id")).collect();
            // The document that names the index.
            ids.remove("marquee");
            (ids == self.ids()).then_some(()).ok_or(ids.len())
        })
        .await;
    }

    /// Each source is what its uploader sent; nothing is stored of films that nobody knows, and
    /// no parts are left.
    async fn objects(&self) {
        let objects = Objects::on(self.engines, self.cluster.folder());
        for (id, film) in self.films {
            let source = format!("raw/{id}/source");
            assert!(objects.get(&source).await == film.content, "{source}");
            eventually(&format!("no parts of {source} are left"), async || {
                objects.multiparts_of(&source).await == 0
            })
            .await;
        }
        let keys = objects.list("").await.into_keys();
        let owners = keys.map(|key| key.split('/').nth(1).unwrap_or(&key).to_owned());
        assert_eq!(owners.collect::<BTreeSet<_>>(), self.ids());
    }

    /// No machine keeps a film that it has no use for any more.
    async fn machines(&self) {
        for replica in self.cluster.replicas.values().flatten() {
            let data = replica.data();
            eventually(&format!("{} keeps no film", data.display()), async || {
                let kept = staged(&data.join("staging"));
                kept.is_empty().then_some(()).ok_or(format!("{kept:?}"))
            })
            .await;
        }
    }

    /// Some films decode, with every frame.
    async fn pictures(&self) {
        let step = self.films.len().div_ceil(SAMPLE);
        for (id, uploaded) in self.films.iter().step_by(step) {
            let video = self.cluster.get(&format!("/api/videos/{id}")).await;
            let frames = film::frames(&self.cluster.hls(&video.unwrap()));
            assert!(!frames.is_empty(), "{id}");
            let whole = frames.iter().all(|frames| *frames == uploaded.frames);
            assert!(whole, "{id}: {frames:?}");
        }
    }
}

/// All films in `state`, page after page; nothing while the catalogue does not answer.
pub(crate) async fn listed(cluster: &Cluster, state: &str) -> Option<Vec<Value>> {
    let (mut films, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/videos?limit=100&state={state}{cursor}");
        let page = cluster.get(&path).await?;
        films.extend(page["items"].as_array()?.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(films),
        }
    }
}

/// What a reader of its own hears of films that went live: the events of each film's revision, and
/// how many messages brought them.
async fn lives(bus: &KafkaBus) -> BTreeMap<(String, u32), (BTreeSet<String>, usize)> {
    let topic = Topic::Videos.name();
    let mut reader = bus.subscribe("audit", &[topic.to_owned()]).await.unwrap();
    let mut lives: BTreeMap<_, (BTreeSet<_>, usize)> = BTreeMap::new();
    while bus.lag("audit", topic).await.unwrap() > 0 {
        let read = tokio::time::timeout(PATIENCE, reader.next(500)).await;
        let mut last = BTreeMap::new();
        for delivery in read.unwrap().unwrap() {
            let event = schemas::decode(&delivery.payload).unwrap();
            if let Some(Payload::VideoLive(live)) = event.payload {
                let (events, times) = lives.entry((live.video_id, live.revision)).or_default();
                events.insert(event.event_id);
                *times += 1;
            }
            last.insert(delivery.partition, delivery);
        }
        for delivery in last.values() {
            reader.commit(delivery).await.unwrap();
        }
    }
    reader.close().await;
    lives
}

/// Names of the films in a folder of staged films.
fn staged(folder: &std::path::Path) -> Vec<String> {
    let entries = |folder| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let films = entries(folder.to_owned()).flat_map(|process| entries(process.path()));
    let names = films.map(|film| film.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("film-")).collect()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

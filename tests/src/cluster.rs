//! What `docker-compose.yaml` runs, without containers: the same commands and the same configuration
//! file, with the addresses of this machine in the place of containers' names.
#![expect(
    clippy::unwrap_used,
    reason = "a harness that cannot go on is a failed test, and the message says where"
)]

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use testkit::nginx::{NginxEdge, PLAYBACK_KEY};
use testkit::ports;
use testkit::stage::{PATIENCE, eventually};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use url::Url;

use crate::stack::Engines;
use crate::{film, marquee, memory};

const COMPOSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker-compose.yaml");
const CONFIG: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../deploy/compose/marquee.toml"
);
const SERVICE_KEY: &str = "service-key-of-the-cluster";
const SEED_KEY: &str = "seeding-key-of-the-cluster";

/// A service of ours in the compose file.
#[derive(Debug, Clone)]
struct Service {
    name: String,
    command: Vec<String>,
}

/// One process of a service.
#[derive(Debug)]
pub struct Replica {
    program: PathBuf,
    service: Service,
    config: PathBuf,
    data: PathBuf,
    variables: Vec<(String, String)>,
    child: Child,
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Replica {
    async fn start(
        program: PathBuf,
        service: Service,
        config: PathBuf,
        data: PathBuf,
        variables: Vec<(String, String)>,
    ) -> Self {
        let named = |word: &String| match word.as_str() {
            "/etc/marquee.toml" => config.display().to_string(),
            _ => word.clone(),
        };
        let mut command = marquee::command_of(&program, service.command.iter().map(named));
        // The file names the folder of the container.
        command.arg("--data").arg(&data).stdout(Stdio::piped());
        command.envs([marquee::OPEN]);
        command.envs(variables.iter().cloned());
        let mut log = File::options();
        log.create(true).append(true);
        command.stderr(log.open(data.with_extension("log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let ready = ready.unwrap().unwrap();
        let ready = ready.unwrap_or_else(|| panic!("{} did not start", service.name));
        assert!(ready.starts_with("ready"), "{}: {ready}", service.name);
        Self {
            program,
            service,
            config,
            data,
            variables,
            child,
            _stdout: lines,
        }
    }

    /// Memory that it uses, kilobytes.
    pub fn resident(&self) -> u64 {
        memory::resident(self.child.id().unwrap())
    }

    /// Folder of what it keeps on its machine.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Whether it ended without being told to.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it without a word.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it anew, as an orchestrator does.
    pub async fn again(&mut self) {
        let program = self.program.clone();
        self.again_as(&program).await;
    }

    /// Starts another version of it.
    pub async fn again_as(&mut self, program: &Path) {
        let (config, data) = (self.config.clone(), self.data.clone());
        let (program, variables) = (program.to_owned(), self.variables.clone());
        let again = Self::start(program, self.service.clone(), config, data, variables);
        *self = again.await;
    }

    /// Asks it to end; its exit code.
    pub async fn terminate(&mut self) -> Option<i32> {
        film::run("kill", &["-TERM", &self.child.id().unwrap().to_string()]);
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        status.unwrap().unwrap().code()
    }
}

fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.iter().map(owned).collect()
}

/// All services, so many processes of each, and two nginx edges in front.
#[derive(Debug)]
pub struct Cluster {
    folder: tempfile::TempDir,
    /// By the name of the service.
    pub replicas: BTreeMap<String, Vec<Replica>>,
    _edges: Vec<NginxEdge>,
    gateways: Vec<Url>,
    http: reqwest::Client,
}

impl Cluster {
    /// Starts `count` of everything and one gateway, on the servers that the environment names, and
    /// waits until that is ready.
    pub async fn start(count: usize) -> Self {
        Self::start_with(count, &[]).await
    }

    /// The same, with environment variables.
    pub async fn start_with(count: usize, variables: &[(&str, &str)]) -> Self {
        Self::on(&Engines::named(), count, "", variables).await
    }

    /// The same on `engines`, told `settings` besides.
    pub async fn on(
        engines: &Engines,
        count: usize,
        settings: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::new(folder.path(), engines, settings, count, 1);
        Self::begin(&marquee::binary(), folder, plan, owned(variables)).await
    }

    /// Starts `program`, which may be of another version, as everything, and so many gateways.
    pub async fn start_as(
        program: &Path,
        count: usize,
        gateways: usize,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::new(folder.path(), &Engines::named(), "", count, gateways);
        Self::begin(program, folder, plan, owned(variables)).await
    }

    async fn begin(
        program: &Path,
        folder: tempfile::TempDir,
        plan: Plan,
        variables: Vec<(String, String)>,
    ) -> Self {
        let origin = plan.addresses("edge-provider").remove(0);
        let mut edges = Vec::new();
        let mut places = Vec::new();
        for _ in 0..2 {
            let edge = NginxEdge::start(&origin, SEED_KEY, &[]).await;
            places.push(edge.base.clone());
            edges.push(edge);
        }
        let mut replicas = BTreeMap::new();
        for (name, service) in &plan.services {
            let mut running = Vec::new();
            for index in 0..plan.ports[name].len() {
                let config = plan.config(name, index, &places);
                let data = folder.path().join(format!("{name}-{index}"));
                let (program, service) = (program.to_owned(), service.clone());
                let replica = Replica::start(program, service, config, data, variables.clone());
                running.push(replica.await);
            }
            replicas.insert(name.clone(), running);
        }
        let cluster = Self {
            folder,
            replicas,
            _edges: edges,
            gateways: plan.addresses("gateway"),
            http: reqwest::Client::new(),
        };
        eventually("the gateway is ready", async || {
            cluster.get("/health/ready").await.is_some()
        })
        .await;
        cluster
    }

    /// Where files may be put.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the gateways are.
    pub fn gateways(&self) -> &[Url] {
        &self.gateways
    }

    /// The address of `path` at the first gateway.
    pub fn url(&self, path: &str) -> String {
        self.gateways[0].join(path).unwrap().into()
    }

    /// Where a player finds the film.
    pub fn hls(&self, video: &Value) -> String {
        self.url(video["hls_url"].as_str().unwrap())
    }

    /// An answer of the gateway: JSON, or null where it has no body.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let answer = self.http.get(self.url(path)).send().await.ok()?;
        let answer = answer.error_for_status().ok()?;
        let text = answer.text().await.ok()?;
        Some(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Uploads a film by the command line; its id.
    pub async fn upload(&self, file: &Path) -> String {
        upload(&self.url(""), file).await
    }

    /// The film once it is live and complete.
    pub async fn complete(&self, id: &str) -> Value {
        eventually(&format!("{id} is complete"), async || {
            let video = self.get(&format!("/api/videos/{id}")).await;
            let video = video.ok_or("not to be seen")?;
            assert_ne!(video["state"], "failed", "{video}");
            if video["complete"] == true && video["state"] == "live" {
                Ok(video)
            } else {
                Err(video["state"].to_string())
            }
        })
        .await
    }
}

/// Uploads a film to `server` by the command line; its id.
pub async fn upload(server: &str, file: &Path) -> String {
    let output = marquee::command_plain(["upload", "--json", "--wait", "none", "--server"])
        .arg(server)
        .arg(file)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let told = String::from_utf8_lossy(&output.stdout);
    let told: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    told["video_id"].as_str().unwrap().to_owned()
}

impl Drop for Cluster {
    #[expect(clippy::print_stdout, reason = "whoever sees a test fail looks there")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            println!("logs are in {}", self.folder().display());
        }
    }
}

/// Who listens where.
struct Plan {
    folder: PathBuf,
    services: BTreeMap<String, Service>,
    /// Ports of the replicas of each service.
    ports: HashMap<String, Vec<u16>>,
    base: toml::Table,
    engines: Vec<(String, String)>,
}

impl Plan {
    fn new(
        folder: &Path,
        engines: &Engines,
        settings: &str,
        count: usize,
        gateways: usize,
    ) -> Self {
        let compose = std::fs::read_to_string(COMPOSE).unwrap();
        let mut compose: Yaml = serde_yaml_ng::from_str(&compose).unwrap();
        compose.apply_merge().unwrap();
        let mut services = BTreeMap::new();
        for (name, service) in compose["services"].as_mapping().unwrap() {
            if service["image"] != "marquee:local" {
                continue;
            }
            let name = name.as_str().unwrap().to_owned();
            let words = service["command"].as_sequence().unwrap().iter();
            let command = words.map(|word| word.as_str().unwrap().to_owned());
            let command = command.collect();
            services.insert(name.clone(), Service { name, command });
        }
        assert!(services.len() >= 7, "{services:?}");
        let replicas = |name: &str| if name == "gateway" { gateways } else { count };
        // Those of one test are never the same, however few are asked for at a time.
        let mut free = ports::lasting::<32>().into_iter();
        let ports = services.keys().map(|name| {
            let some = free.by_ref().take(replicas(name)).collect::<Vec<_>>();
            assert_eq!(some.len(), replicas(name), "more ports are needed");
            (name.clone(), some)
        });
        let mut base = std::fs::read_to_string(CONFIG).unwrap().parse().unwrap();
        merge(&mut base, settings.parse().unwrap());
        Self {
            folder: folder.to_owned(),
            ports: ports.collect(),
            base,
            engines: engines.variables(folder),
            services,
        }
    }

    fn addresses(&self, service: &str) -> Vec<Url> {
        let address = |port| Url::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        self.ports[service].iter().copied().map(address).collect()
    }

    /// The configuration of one process: the file of the containers, its names replaced.
    fn config(&self, name: &str, index: usize, edges: &[Url]) -> PathBuf {
        let mut config = self.base.clone();
        let own = format!("127.0.0.1:{}", self.ports[name][index]);
        let services = config["services"].as_table_mut().unwrap();
        for (_, addresses) in services.iter_mut() {
            let named = match &*addresses {
                toml::Value::Array(several) => several.clone(),
                one => vec![one.clone()],
            };
            let here = named.iter().flat_map(|address| self.here(address, edges));
            *addresses = toml::Value::Array(here.collect());
        }
        if name == "gateway" {
            config["gateway"]["listen"] = own.into();
            config["gateway"]["public_url"] = self.addresses("gateway")[0].as_str().into();
        } else {
            // A process listens for its own service only.
            let listens = if name == "planner" {
                "transcoder"
            } else {
                name
            };
            assert!(config["listen"].get(listens).is_some(), "{listens}");
            config["listen"] = toml::Table::from_iter([(listens.to_owned(), own.into())]).into();
        }
        let known = config["edge_provider"]["edges"].as_array_mut().unwrap();
        assert_eq!(known.len(), edges.len());
        for (edge, place) in known.iter_mut().zip(edges) {
            edge["url"] = place.as_str().into();
            edge["public_url"] = place.as_str().into();
        }
        self.engines(&mut config);
        let file = self.folder.join(format!("{name}-{index}.toml"));
        std::fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
        file
    }

    /// The addresses on this machine of what `address` names among the containers.
    fn here(&self, address: &toml::Value, edges: &[Url]) -> Vec<toml::Value> {
        let url = Url::parse(address.as_str().unwrap()).unwrap();
        let host = url.host_str().unwrap();
        let number = host
            .strip_prefix("edge-")
            .and_then(|n| n.parse::<usize>().ok());
        let urls = match number {
            Some(number) => vec![edges[number - 1].clone()],
            None => self.addresses(host),
        };
        urls.iter().map(|url| url.as_str().into()).collect()
    }

    /// Real servers in the place of the containers', each with a namespace of its own.
    fn engines(&self, config: &mut toml::Table) {
        let secrets = [
            ("database", "password_file"),
            ("objects", "secret_key_file"),
        ];
        for (section, key) in secrets {
            let removed = config[section].as_table_mut().unwrap().remove(key);
            assert!(removed.is_some(), "{section}.{key}");
        }
        for (variable, value) in &self.engines {
            let path = variable.strip_prefix("MARQUEE__").unwrap().to_lowercase();
            let (section, key) = path.split_once("__").unwrap();
            config[section]
                .as_table_mut()
                .unwrap()
                .insert(key.to_owned(), value.as_str().into());
        }
        let objects = config["objects"].as_table_mut().unwrap();
        objects.remove("public_endpoint");
        let service = self.folder.join("service.key");
        std::fs::write(&service, SERVICE_KEY).unwrap();
        assert!(config.contains_key("service_key_file"));
        config["service_key_file"] = service.to_str().unwrap().into();
        let playback = self.folder.join("playback.key");
        std::fs::write(&playback, PLAYBACK_KEY).unwrap();
        assert!(config.contains_key("playback_key_file"));
        config["playback_key_file"] = playback.to_str().unwrap().into();
        let seeding = self.folder.join("seed.key");
        std::fs::write(&seeding, SEED_KEY).unwrap();
        config["edges"]["credential_files"]["default"] = seeding.to_str().unwrap().into();
    }
}

/// Adds what `more` says to `base`, section by section.
fn merge(base: &mut toml::Table, more: toml::Table) {
    for (key, value) in more {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(more)) => merge(known, more),
            (_, value) => drop(base.insert(key, value)),
        }
    }
}

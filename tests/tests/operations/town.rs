//! A Marquee, and everybody who may come to it.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::marquee::command_plain;
use system_tests::{Marquee, film};
use tempfile::TempDir;
use testkit::stage::eventually;

use crate::document::Document;
use crate::person::{Person, Secrets};

/// What belongs to the owner, as its id.
#[derive(Debug, Clone)]
pub(crate) struct Things {
    /// A private film.
    pub(crate) film: String,
    /// An upload that is not finished.
    pub(crate) upload: String,
    /// Another session of the owner's.
    pub(crate) session: String,
    /// A token for programs.
    pub(crate) token: String,
    /// The owner.
    pub(crate) user: String,
}

/// Words that only the owner's things have.
const OWN: [&str; 5] = [
    "Quince marmalade",
    "how grandmother made it",
    "olivia@films.example",
    "olivia the Owner",
    "kitchen-camera.mp4",
];

/// A Marquee where people sign in.
pub(crate) struct Town {
    pub(crate) marquee: Marquee,
    pub(crate) document: Document,
    pub(crate) secrets: Secrets,
    /// Its log, and what is uploaded.
    pub(crate) folder: TempDir,
    pub(crate) anonymous: Person,
    /// Was an uploader, and is suspended.
    pub(crate) suspended: Person,
    /// A token of the owner's that may only read.
    pub(crate) reader: Person,
    pub(crate) viewer: Person,
    /// An uploader like the owner.
    pub(crate) other: Person,
    pub(crate) moderator: Person,
    pub(crate) admin: Person,
    pub(crate) owner: Person,
    /// Somebody who does not matter.
    pub(crate) spare: Person,
    pub(crate) things: Things,
}

/// What the town's Marquee is configured with besides.
pub(crate) type Variables<'a> = &'a [(&'a str, &'a str)];

/// Whoever is believed from where others ask.
pub(crate) const BELIEVED: (&str, &str) = ("MARQUEE__GATEWAY__TRUSTED_PROXIES", r#"["127.0.0.1"]"#);

/// Told apart by what they are called.
static MADE: AtomicU32 = AtomicU32::new(0);

pub(crate) fn number() -> u32 {
    MADE.fetch_add(1, Ordering::Relaxed)
}

impl Town {
    /// A town on loopback where everybody asks from an address of their own, and the owner's film is live.
    pub(crate) async fn new() -> Self {
        let mut town = Self::quick().await;
        town.things.film = town.live_film().await;
        town
    }

    /// The same while the film is being uploaded.
    pub(crate) async fn quick() -> Self {
        Self::with(&[BELIEVED]).await
    }

    /// The same as `variables` configure it.
    pub(crate) async fn with(variables: Variables<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let always = [
            ("MARQUEE__GATEWAY__OPEN", "false"),
            ("MARQUEE__ACCOUNTS__REGISTRATION", "invitation"),
            ("MARQUEE__RETENTION__GRACE_H", "1"),
            ("MARQUEE__TELEMETRY__LOG", "debug"),
        ];
        let variables = [&always, variables].concat();
        let marquee = Marquee::up_logging(&folder.path().join("log"), &[], &variables).await;
        let secrets = Secrets::default();
        let base = marquee.url();
        let anonymous = Person::stranger(base, "nobody", &secrets);
        eventually("accounts is heard", async || {
            anonymous.get("/api/accounts/me").await.status == 200
        })
        .await;
        let (_, claim) = marquee.claim().unwrap().split_once("token=").unwrap();
        secrets.add(claim);
        let admin = Person::stranger(base, "ada", &secrets);
        let admin = admin
            .by("/api/accounts/claim", json!({ "token": claim }))
            .await;
        let document = Document::new(anonymous.get("/api/openapi.json").await.json());
        let person = async |name: &str, role: &str| invited(&admin, name, role).await;
        let owner = person("olivia", "uploader").await;
        let mut town = Self {
            document,
            suspended: person("sam", "uploader").await,
            reader: anonymous.clone(),
            viewer: person("vera", "viewer").await,
            other: person("otto", "uploader").await,
            moderator: person("mona", "moderator").await,
            spare: person("spencer", "uploader").await,
            things: Things {
                film: String::new(),
                upload: String::new(),
                session: String::new(),
                token: String::new(),
                user: id_of(&owner).await,
            },
            marquee,
            secrets,
            folder,
            anonymous,
            admin,
            owner,
        };
        town.furnish().await;
        town
    }

    /// Gives the owner what others want, and suspends somebody.
    async fn furnish(&mut self) {
        let (secret, token) = self.api_token(&self.owner, &["read"]).await;
        self.reader = self.owner.with_token(&secret);
        self.things.token = token;
        self.things.session = self.session().await;
        let upload = self.upload("kitchen-camera.mp4").await;
        self.things.upload = text(&upload["upload_id"]);
        self.things.film = self.film().await;
        let sam = id_of(&self.suspended).await;
        let path = format!("/api/admin/users/{sam}");
        let wish = json!({ "suspended": true });
        self.admin.ask(Method::PATCH, &path, &wish).await.done();
        eventually("the suspended one is out", async || {
            self.suspended.get("/api/uploads").await.status == 401
        })
        .await;
    }

    /// All of them, in the order of the table.
    pub(crate) fn people(&self) -> [(&'static str, &Person); 8] {
        [
            ("anonymous", &self.anonymous),
            ("suspended", &self.suspended),
            ("reader", &self.reader),
            ("viewer", &self.viewer),
            ("other", &self.other),
            ("moderator", &self.moderator),
            ("admin", &self.admin),
            ("owner", &self.owner),
        ]
    }

    /// A token for programs of `person`, and its id.
    pub(crate) async fn api_token(&self, person: &Person, scopes: &[&str]) -> (String, String) {
        let wish = json!({ "name": "editing desk", "scopes": scopes });
        let path = "/api/accounts/tokens";
        let made = person.ask(Method::POST, path, &wish).await.done().json();
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        self.secrets.add(&text("secret"));
        (text("secret"), text("token_id"))
    }

    /// The id of another session of the owner's.
    pub(crate) async fn session(&self) -> String {
        let listed = self.owner.again().await.get("/api/accounts/sessions").await;
        let listed = listed.done().json();
        let mut items = listed["items"].as_array().unwrap().iter();
        let own = items.find(|one| one["current"] == true).unwrap();
        text(&own["session_id"])
    }

    /// An upload of the owner's that is begun.
    pub(crate) async fn upload(&self, name: &str) -> Value {
        let wish = json!({
            "file_name": name,
            "size_bytes": 12 << 20,
            "fingerprint": format!("{name} {}", number()),
            "title": "Quince marmalade",
            "visibility": "private",
        });
        let begun = self.owner.ask(Method::POST, "/api/uploads", &wish).await;
        begun.done().json()
    }

    /// A private film of the owner's that is being uploaded.
    pub(crate) async fn film(&self) -> String {
        let begun = self.upload("another.mp4").await;
        let id = text(&begun["video_id"]);
        let path = format!("/api/videos/{id}");
        eventually("the film is listed", async || {
            self.owner.get(&path).await.status == 200
        })
        .await;
        id
    }

    /// A private film of the owner's that is live, and everything of it is made.
    async fn live_film(&self) -> String {
        let (token, _) = self.api_token(&self.owner, &["read", "upload"]).await;
        let clip = film::lavfi(self.folder.path(), "clip.mp4", 2, "25", "160x120");
        let output = command_plain(["upload", "--json", "--wait", "complete"])
            .args(["--server", self.marquee.url()])
            .arg(clip)
            .env("MARQUEE_TOKEN", token)
            .output()
            .await
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let told: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        let id = text(&told["video_id"]);
        let about = json!({
            "title": "Quince marmalade",
            "description": "how grandmother made it",
            "tags": ["quince"],
            "visibility": "private",
        });
        let path = format!("/api/videos/{id}");
        self.owner.ask(Method::PATCH, &path, &about).await.done();
        id
    }

    /// All that is the owner's, and who everybody is, as those see it who may.
    pub(crate) async fn state(&self) -> Value {
        let mut all = json!({});
        let film = format!("/api/videos/{}", self.things.film);
        let upload = format!("/api/uploads/{}", self.things.upload);
        for path in [
            "/api/accounts/me",
            "/api/accounts/sessions",
            "/api/accounts/tokens",
            "/api/uploads",
            "/api/videos?state=all",
            "/api/videos?state=thrown_away",
            &film,
            &upload,
        ] {
            all[path] = self.owner.get(path).await.done().json();
        }
        // The story's other films come and go.
        for list in all.as_object_mut().unwrap().values_mut() {
            if let Some(items) = list["items"].as_array_mut() {
                let kept = [&json!(self.things.film), &json!(self.things.upload)];
                items.retain(|one| {
                    one["video_id"].is_null()
                        || kept.contains(&&one["video_id"])
                        || kept.contains(&&one["upload_id"])
                });
            }
        }
        let users = "/api/admin/users?limit=100";
        all[users] = self.admin.get(users).await.done().json();
        forget_times(&mut all);
        all
    }

    /// What of the owner's `text` tells, besides what was `asked`.
    pub(crate) fn told_of_owner(&self, text: &str, asked: &str) -> Vec<String> {
        let Things {
            film,
            upload,
            session,
            token,
            user,
        } = &self.things;
        let ids = [film, upload, session, token, user].map(String::as_str);
        let all = OWN.into_iter().chain(ids);
        all.filter(|one| text.contains(one) && !asked.contains(one))
            .map(ToOwned::to_owned)
            .collect()
    }

    /// Ends it, and looks for everything secret in its log.
    pub(crate) async fn close(mut self) {
        self.marquee.terminate().await;
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        assert!(log.contains("DEBUG"), "the log tells everything");
        let secrets = self.secrets.all();
        for secret in &secrets {
            let line = log.lines().find(|line| line.contains(secret.as_str()));
            assert!(line.is_none(), "a secret is in the log: {line:?}");
        }
        let lines = log.lines().count();
        tell(&format!(
            "none of {} secrets in {lines} lines of log",
            secrets.len()
        ));
    }
}

async fn invited(admin: &Person, name: &str, role: &str) -> Person {
    let invitation = invitation(admin, role).await;
    let display = format!("{name} the Owner");
    let wish = json!({
        "invitation": invitation,
        "display_name": display,
        "email": format!("{name}@films.example"),
    });
    let person = admin.becoming(name);
    person.by("/api/accounts/sign-up", wish).await
}

/// The secret of an invitation to become `role`.
pub(crate) async fn invitation(admin: &Person, role: &str) -> String {
    let wish = json!({ "role": role });
    let made = admin.ask(Method::POST, "/api/admin/invitations", &wish);
    let made = made.await.done().json();
    text(&made["invitation"])
}

/// Who `person` is.
pub(crate) async fn id_of(person: &Person) -> String {
    let me = person.get("/api/accounts/me").await.json();
    me["user"]["user_id"].as_str().unwrap().to_owned()
}

/// Takes out what changes by being looked at.
fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| {
                let changes = [
                    "seen_at",
                    "used_at",
                    "last_used_at",
                    "address",
                    "expires_at",
                ];
                !changes.contains(&key.as_str())
                    && !key.ends_with("_url")
                    && !key.ends_with("_urls")
            });
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

/// Shows a figure to whoever looks at the output of the tests.
#[expect(clippy::print_stdout, reason = "figures are for who runs the tests")]
pub(crate) fn tell(figure: &str) {
    println!("{figure}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

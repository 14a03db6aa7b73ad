//! What every object store keeps, whoever serves it.
//!
//! A store's test makes a [`Target`] and calls [`run`]. A store that is known to differ in a case
//! says so by name, with the reason beside it, so that nothing is left out in silence.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a suite fails by panicking, as any test"
)]

mod basics;
mod checksums;
mod conditions;
mod directions;
mod keys;
mod listing;
mod multipart;
mod presigned;
mod protocol;

use std::{fmt::Write, net::SocketAddr, sync::Arc};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use platform_blob::{Blobs, S3Blobs, S3Config};
use rand::RngCore;
use tokio::task::JoinSet;
use url::Url;

pub use directions::Directions;

/// The smallest part that is not the last.
const PART: usize = 5 << 20;

/// A store to be tested. Its bucket need not exist; what lies in it is left alone.
#[derive(Debug, Clone)]
pub struct Target {
    blobs: Arc<dyn Blobs>,
    config: S3Config,
    client: Client,
    http: reqwest::Client,
    prefix: String,
    /// Where names lead that nobody else knows.
    directions: Option<Directions>,
}

impl Target {
    /// A store that is reached by `blobs`, and, for what that does not offer, by its address.
    pub fn new(blobs: Arc<dyn Blobs>, config: S3Config) -> Self {
        let client = client(&config);
        Self {
            blobs,
            client,
            config,
            http: reqwest::Client::new(),
            prefix: String::new(),
            directions: None,
        }
    }

    /// A store at `address` whose names nobody knows: that in `config` and its bucket's.
    ///
    /// # Panics
    ///
    /// When `config` names no host.
    pub fn by_name(config: S3Config, address: SocketAddr) -> Self {
        let directions = Directions(address);
        let blobs = S3Blobs::new(&config).with_interceptor(directions);
        let host = config.endpoint.host_str().expect("a name").to_owned();
        let http = reqwest::Client::builder()
            .resolve(&format!("{}.{host}", config.bucket), address)
            .resolve(&host, address);
        let sdk = client(&config).config().to_builder();
        Self {
            client: Client::from_conf(sdk.interceptor(directions).build()),
            http: http.build().expect("a client"),
            directions: Some(directions),
            ..Self::new(Arc::new(blobs), config)
        }
    }

    /// The same with keys of its own.
    fn for_case(&self) -> Self {
        Self {
            prefix: format!("t-{:08x}/", rand::random::<u32>()),
            ..self.clone()
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn bucket(&self) -> &str {
        &self.config.bucket
    }

    fn endpoint(&self) -> &Url {
        &self.config.endpoint
    }

    /// The address of an object, unsigned.
    fn address(&self, key: &str) -> Url {
        self.endpoint()
            .join(&format!("{}/{key}", self.bucket()))
            .unwrap()
    }

    /// Somebody who has a key, but not the right one.
    fn stranger(&self) -> S3Blobs {
        let secret_key = platform_core::Redacted::new("not the secret");
        let stranger = S3Blobs::new(&S3Config {
            secret_key,
            ..self.config.clone()
        });
        match self.directions {
            Some(directions) => stranger.with_interceptor(directions),
            None => stranger,
        }
    }

    async fn put(&self, key: &str, body: &[u8]) {
        let body = Bytes::copy_from_slice(body);
        self.blobs
            .put(
                key,
                body,
                "text/plain",
                platform_blob::PutOptions::default(),
            )
            .await
            .unwrap();
    }
}

fn client(config: &S3Config) -> Client {
    let credentials = Credentials::new(
        &config.access_key,
        config.secret_key.expose(),
        None,
        None,
        "test",
    );
    Client::from_conf(
        aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(config.endpoint.as_str())
            .region(Region::new(config.region.clone()))
            .credentials_provider(credentials)
            .force_path_style(config.path_style)
            .build(),
    )
}

fn random_bytes(size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    rand::rng().fill_bytes(&mut bytes);
    bytes.into()
}

fn crc32c(bytes: &[u8]) -> String {
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes).to_be_bytes();
    BASE64_STANDARD.encode(&sum[4..])
}

/// One thing that a store must do.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name, as in a list of exceptions.
    pub name: &'static str,
    run: fn(Target) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($module:ident::$name:ident,)*) => {
        &[$(Case { name: stringify!($name), run: |target| Box::pin($module::$name(target)) },)*]
    };
}

/// All cases.
pub const CASES: &[Case] = cases![
    basics::what_was_put_is_read_back,
    basics::ranges_are_cut_to_the_object,
    basics::what_is_missing_is_not_found,
    basics::deleting_is_repeatable,
    basics::a_reader_sees_one_content_or_the_other,
    basics::many_small_objects_are_put_at_once,
    keys::keys_are_never_paths,
    keys::odd_keys_come_back_as_they_are,
    keys::an_object_may_have_others_below_it,
    keys::a_key_has_up_to_1024_bytes,
    conditions::twenty_racers_have_one_winner,
    conditions::a_change_of_what_was_seen_wins_once,
    conditions::reads_have_conditions,
    listing::pages_follow_the_order_of_bytes,
    listing::a_delimiter_makes_folders,
    listing::batches_are_deleted,
    checksums::wrong_content_is_never_visible,
    checksums::right_checksums_are_kept,
    checksums::checksums_may_follow_the_body,
    multipart::parts_make_an_object,
    multipart::a_part_is_replaced_and_another_left_out,
    multipart::what_is_not_stored_cannot_be_completed,
    multipart::aborting_frees_everything,
    multipart::open_uploads_of_a_key_are_listed,
    multipart::open_uploads_are_listed_by_prefix,
    multipart::checksums_of_parts_make_that_of_the_whole,
    presigned::a_part_is_what_was_signed,
    presigned::an_address_is_for_one_thing,
    presigned::an_address_expires,
    presigned::the_public_address_is_signed,
    presigned::strangers_are_refused,
    protocol::headers_come_back,
    protocol::copies_stand_alone,
    protocol::parts_are_copied,
    protocol::browsers_may_come_from_anywhere,
    protocol::buckets_exist_or_not,
];

/// Runs all cases, except those that are named with a reason.
///
/// # Panics
///
/// With the names of the cases that failed, if any did.
pub async fn run(target: &Target, exceptions: &[(&str, &str)]) {
    target.blobs.ensure_bucket().await.unwrap();
    for (name, _reason) in exceptions {
        assert!(
            CASES.iter().any(|case| case.name == *name),
            "there is no case {name}"
        );
    }
    let mut failed = String::new();
    for case in CASES {
        if exceptions.iter().any(|(name, _reason)| *name == case.name) {
            continue;
        }
        let mut task = JoinSet::new();
        task.spawn((case.run)(target.for_case()));
        if let Some(Err(error)) = task.join_next().await {
            writeln!(failed, "{}: {error}", case.name).unwrap();
        }
    }
    assert!(failed.is_empty(), "the object store failed in:\n{failed}");
}

//! What the object store of a data folder holds, past all services.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use platform_blob::{Blobs as _, PutOptions, S3Blobs, S3Config};
use platform_core::Redacted;

use crate::stack::{self, Engines};

/// The object store of an instance that runs.
#[derive(Debug)]
pub struct Objects(S3Blobs);

impl Objects {
    /// The store of the instance on `data`.
    pub fn of(data: &Path) -> Self {
        if stack::is_real() {
            return Self::on(&Engines::named(), data);
        }
        let read = |name: &str| {
            let text = std::fs::read_to_string(data.join("run").join(name));
            text.expect("the store has told").trim().to_owned()
        };
        let endpoint = read("objects.url").parse().expect("an address");
        let secret = Redacted::new(read("objects.key"));
        Self(S3Blobs::new(&S3Config::new(endpoint, "marquee", secret)))
    }

    /// The store of the instance on `data` that uses `engines`.
    pub fn on(engines: &Engines, data: &Path) -> Self {
        Self(S3Blobs::new(&engines.s3_config(data)))
    }

    /// The store itself.
    pub fn blobs(&self) -> &S3Blobs {
        &self.0
    }

    /// Keys that start with `prefix`, and the sizes of their objects.
    pub async fn list(&self, prefix: &str) -> BTreeMap<String, u64> {
        let (mut found, mut cursor) = (BTreeMap::new(), None);
        loop {
            let page = self.0.list(prefix, cursor.as_deref()).await;
            let page = page.expect("objects are listed");
            found.extend(page.objects.into_iter().map(|one| (one.key, one.size)));
            cursor = page.next;
            if cursor.is_none() {
                return found;
            }
        }
    }

    /// Keys of the open multipart uploads.
    pub async fn multiparts(&self) -> Vec<String> {
        let open = self.0.list_multiparts("").await;
        let open = open.expect("multipart uploads are listed");
        open.into_iter().map(|one| one.key).collect()
    }

    /// How many multipart uploads of `key` are open.
    pub async fn multiparts_of(&self, key: &str) -> usize {
        let open = self.0.list_multiparts(key).await;
        open.expect("multipart uploads are listed").len()
    }

    /// An object.
    pub async fn get(&self, key: &str) -> Bytes {
        let object = self.0.get(key).await;
        object.expect("the object is there")
    }

    /// Stores an object that no service knows of.
    pub async fn put(&self, key: &str, content: &'static [u8]) {
        self.put_back(key, Bytes::from_static(content)).await;
    }

    /// Stores again what was lost.
    pub async fn put_back(&self, key: &str, content: Bytes) {
        let put = self.0.put(key, content, "", PutOptions::default()).await;
        put.expect("the object is stored");
    }

    /// Begins a multipart upload that no service knows of.
    pub async fn begin_multipart(&self, key: &str) {
        let begun = self.0.create_multipart(key, "").await;
        begun.expect("it begins");
    }

    /// Removes an object past all services.
    pub async fn lose(&self, key: &str) {
        let removed = self.0.delete(key).await;
        removed.expect("the object is removed");
    }

    /// All that is stored of a video: keys of objects and of open multipart uploads.
    pub async fn of_video(&self, id: &str) -> Vec<String> {
        let objects = self.list("").await.into_keys();
        let all = objects.chain(self.multiparts().await);
        all.filter(|key| key.contains(id)).collect()
    }
}

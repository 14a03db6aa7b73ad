use std::fmt;

use serde::Deserialize;
use url::Url;

/// Where the objects are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Config {
    /// Address of the store, as this process reaches it.
    pub endpoint: Url,
    /// The region requests are signed for; most stores other than Amazon's take any.
    #[serde(default = "default_region")]
    pub region: String,
    /// The bucket everything lies in.
    #[serde(default = "default_bucket")]
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: Secret,
    /// Bucket in the path (works everywhere) rather than in the host name.
    #[serde(default = "default_path_style")]
    pub path_style: bool,
}

impl S3Config {
    /// A path-style store in the default region and bucket.
    pub fn new(endpoint: Url, access_key: impl Into<String>, secret_key: Secret) -> Self {
        Self {
            endpoint,
            region: default_region(),
            bucket: default_bucket(),
            access_key: access_key.into(),
            secret_key,
            path_style: default_path_style(),
        }
    }
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

fn default_bucket() -> String {
    "marquee".to_owned()
}

fn default_path_style() -> bool {
    true
}

/// A string that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a string.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The string itself, for the one who signs with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let endpoint = Url::parse("http://127.0.0.1:9000").unwrap();
        let config = S3Config::new(endpoint, "id", Secret::new("hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }
}

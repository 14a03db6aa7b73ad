use platform_core::Redacted;
use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

/// Where the objects are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Config {
    /// Address of the store, as this process reaches it.
    #[serde(deserialize_with = "url")]
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
    pub secret_key: Redacted,
    /// Bucket in the path (works everywhere) rather than in the host name.
    #[serde(default = "default_path_style")]
    pub path_style: bool,
}

impl S3Config {
    /// A path-style store in the default region and bucket.
    pub fn new(endpoint: Url, access_key: impl Into<String>, secret_key: Redacted) -> Self {
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

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(|error| {
        Error::custom(format!(
            "{text:?} is no address such as http://127.0.0.1:9000: {error}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let endpoint = Url::parse("http://127.0.0.1:9000").unwrap();
        let config = S3Config::new(endpoint, "id", Redacted::new("hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[test]
    fn little_has_to_be_said() {
        let json = r#"{"endpoint":"http://s3:9000","access_key":"id","secret_key":"hush"}"#;
        let config: S3Config = serde_json::from_str(json).unwrap();
        let endpoint = Url::parse("http://s3:9000").unwrap();
        assert_eq!(config, S3Config::new(endpoint, "id", Redacted::new("hush")));
    }
}

use platform_core::Redacted;
use url::Url;

/// Where the objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Config {
    /// Address of the store, as this process reaches it.
    pub endpoint: Url,
    /// The region requests are signed for; most stores other than Amazon's take any.
    pub region: String,
    /// The bucket everything lies in.
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: Redacted,
    /// Bucket in the path (works everywhere) rather than in the host name.
    pub path_style: bool,
}

impl S3Config {
    /// A path-style store in the default region and bucket.
    pub fn new(endpoint: Url, access_key: impl Into<String>, secret_key: Redacted) -> Self {
        Self {
            endpoint,
            region: "us-east-1".to_owned(),
            bucket: "marquee".to_owned(),
            access_key: access_key.into(),
            secret_key,
            path_style: true,
        }
    }
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
}

//! Configuration: defaults < file < environment < flags, read once, all mistakes told together.
//!
//! Environment variables are `MARQUEE__SECTION__KEY`. Nothing else in the workspace reads the
//! environment.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Prefix of the environment variables that configure Marquee.
pub const ENV_PREFIX: &str = "MARQUEE__";

/// A configuration that cannot be used, with every mistake in it.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has mistakes:\n{}", mistakes.join("\n"))]
pub struct ConfigError {
    /// One line a mistake: where it stands, its key, and what is wrong.
    pub mistakes: Vec<String>,
}

/// Reads a `T` from its defaults, the file at `path` if there is one, the environment and `flags`
/// (which win). Keys of a section that `T` does not know are mistakes if `T` denies them.
pub fn load<T>(path: Option<&Path>, flags: impl Serialize) -> Result<T, ConfigError>
where
    T: DeserializeOwned + Serialize + Default,
{
    let mut figment = Figment::from(Serialized::defaults(T::default()));
    if let Some(path) = path {
        figment = figment.merge(Toml::file_exact(path));
    }
    figment
        .merge(Env::prefixed(ENV_PREFIX).split("__"))
        .merge(Serialized::defaults(flags))
        .extract()
        .map_err(|error| ConfigError {
            mistakes: error.into_iter().map(|one| describe(&one)).collect(),
        })
}

fn describe(error: &figment::Error) -> String {
    let place = error
        .metadata
        .as_ref()
        .map_or_else(String::new, |m| format!(" (in {})", m.name));
    match error.path.as_slice() {
        [] => format!("  {}{place}", error.kind),
        path => format!("  {}: {}{place}", path.join("."), error.kind),
    }
}

/// An environment variable that another specification names (`OTEL_…`, `MARQUEE_TOKEN`).
pub fn external(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this module is the one that may")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Sample {
        port: u16,
        name: String,
    }

    impl Default for Sample {
        fn default() -> Self {
            Self {
                port: 1,
                name: "a".to_owned(),
            }
        }
    }

    #[derive(Serialize)]
    struct Flags {
        #[serde(skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    }

    #[test]
    fn flags_win_over_environment_over_file() {
        figment::Jail::expect_with(|jail| {
            jail.create_file("m.toml", "port = 2\nname = \"file\"")?;
            jail.set_env("MARQUEE__PORT", "3");
            let path = Some(Path::new("m.toml"));
            let from_env: Sample = load(path, Flags { port: None }).unwrap();
            assert_eq!(
                from_env,
                Sample {
                    port: 3,
                    name: "file".to_owned()
                }
            );
            let from_flag: Sample = load(path, Flags { port: Some(4) }).unwrap();
            assert_eq!(from_flag.port, 4);
            Ok(())
        });
    }

    #[test]
    fn a_mistake_names_its_key() {
        figment::Jail::expect_with(|jail| {
            jail.create_file("m.toml", "port = \"many\"")?;
            let error =
                load::<Sample>(Some(Path::new("m.toml")), Flags { port: None }).unwrap_err();
            assert!(error.to_string().contains("port"), "{error}");
            Ok(())
        });
    }
}

//! What an operator can set.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Configuration of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of the embedded search index. It can be deleted: it is built anew.
    pub index_folder: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            index_folder: PathBuf::from("index"),
        }
    }
}

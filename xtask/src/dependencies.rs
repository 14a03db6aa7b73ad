//! Services depend on `schemas`, `media` and `platform-*`, never on each other; every member
//! inherits the workspace's lints.

use serde_json::Value;

use crate::Outcome;

const SERVICES: [&str; 8] = [
    "accounts",
    "ingress",
    "transcoder",
    "post-processor",
    "metadata",
    "edge-provider",
    "edge",
    "proxy",
];

/// Where services may be named: the binary that composes them, and the suites that test them.
const MAY_MEET: [&str; 2] = ["marquee", "testkit"];

/// Checks the output of `cargo metadata`.
pub(crate) fn check(metadata: &[u8]) -> Outcome {
    let metadata: Value = serde_json::from_slice(metadata).map_err(|error| error.to_string())?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .ok_or("no packages")?;
    let mistakes: Vec<String> = packages.iter().flat_map(mistakes).collect();
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(mistakes.join("\n"))
    }
}

fn mistakes(package: &Value) -> Vec<String> {
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let name = text(package, "name");
    let mut found = Vec::new();
    let dependencies = package.get("dependencies").and_then(Value::as_array);
    for dependency in dependencies.into_iter().flatten() {
        let other = text(dependency, "name");
        if SERVICES.contains(&other.as_str()) && !MAY_MEET.contains(&name.as_str()) {
            found.push(format!(
                "{name} depends on the service {other}: talk to it by events or HTTP instead"
            ));
        }
    }
    let manifest = std::fs::read_to_string(text(package, "manifest_path")).unwrap_or_default();
    if !manifest.contains("[lints]\nworkspace = true") {
        found.push(format!(
            "{name} does not inherit the lints: add [lints] workspace = true"
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_depends_on_another_is_told() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "ingress", "manifest_path": "", "dependencies": [{ "name": "metadata" }] },
            { "name": "marquee", "manifest_path": "", "dependencies": [{ "name": "ingress" }] },
        ]});
        let told = check(metadata.to_string().as_bytes()).unwrap_err();
        assert!(
            told.contains("ingress depends on the service metadata"),
            "{told}"
        );
        assert!(!told.contains("marquee depends"), "{told}");
    }
}

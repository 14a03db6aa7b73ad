//! The description of the interface is complete.

#[test]
fn every_operation_says_how_it_fails() {
    let api = serde_json::to_value(accounts::openapi()).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let operations: usize = paths.values().map(|it| it.as_object().unwrap().len()).sum();
    assert_eq!(operations, 26);
    for (path, operations) in paths {
        assert!(
            path.starts_with("/api/accounts/") || path.starts_with("/api/admin/"),
            "{path}"
        );
        for (method, operation) in operations.as_object().unwrap() {
            let problem = &operation["responses"]["default"]["content"];
            assert!(
                problem.get("application/problem+json").is_some(),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn every_schema_that_is_spoken_of_is_described() {
    let api = serde_json::to_value(accounts::openapi()).unwrap();
    let text = api.to_string();
    let named: Vec<&str> = text
        .split("\"#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(!named.is_empty());
    for name in named {
        assert!(api["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

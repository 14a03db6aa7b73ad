//! The description of the interface is complete.

#[test]
fn every_operation_says_what_it_takes_and_how_it_fails() {
    let api = serde_json::to_value(ingress::openapi()).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let names: Vec<&str> = paths.keys().map(String::as_str).collect();
    let expected = [
        "/api/admin/quotas/{user}",
        "/api/quota",
        "/api/uploads",
        "/api/uploads/{id}",
        "/api/uploads/{id}/complete",
        "/api/uploads/{id}/parts",
    ];
    assert_eq!(names, expected);
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let problem = &operation["responses"]["default"]["content"];
            assert!(
                problem.get("application/problem+json").is_some(),
                "{method} {path}"
            );
            let has_id = operation.get("parameters").is_some();
            assert_eq!(has_id, path.contains('{'), "{method} {path}");
        }
    }
    for body in ["/api/uploads", "/api/uploads/{id}/parts"] {
        assert!(api["paths"][body]["post"].get("requestBody").is_some());
    }
}

#[test]
fn every_schema_that_is_spoken_of_is_described() {
    let api = serde_json::to_value(ingress::openapi()).unwrap();
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

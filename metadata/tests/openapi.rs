//! The description of the interface is complete.

#[test]
fn every_operation_says_what_it_takes_and_how_it_fails() {
    let api = serde_json::to_value(metadata::openapi()).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let names: Vec<&str> = paths.keys().map(String::as_str).collect();
    let all = [
        "/api/search",
        "/api/videos",
        "/api/videos/{id}",
        "/api/videos/{id}/restore",
        "/api/videos/{id}/unlock",
    ];
    assert_eq!(names, all);
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let problem = &operation["responses"]["default"]["content"];
            assert!(
                problem.get("application/problem+json").is_some(),
                "{method} {path}"
            );
            assert!(operation.get("parameters").is_some(), "{method} {path}");
        }
    }
    let parameters = |path: &str| -> Vec<String> {
        let parameters = api["paths"][path]["get"]["parameters"].as_array().unwrap();
        let names = parameters
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    let filters = ["owner", "tag", "category", "language"];
    let list = [&["limit", "cursor", "state"], &filters[..]].concat();
    assert_eq!(parameters("/api/videos"), list);
    assert_eq!(parameters("/api/search"), ["q", "limit", "cursor", "among"]);
}

#[test]
fn every_schema_that_is_spoken_of_is_described() {
    let api = serde_json::to_value(metadata::openapi()).unwrap();
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

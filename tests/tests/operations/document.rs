//! The OpenAPI document, as a source of requests.

use reqwest::Method;
use serde_json::{Map, Value};

/// An operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// Its `operationId`.
    pub(crate) id: String,
    pub(crate) method: Method,
    /// With parameters in braces.
    pub(crate) path: String,
    /// Names and schemas of what may stand in the query.
    pub(crate) query: Vec<(String, Value)>,
    /// The schema of its body, if it takes one.
    pub(crate) body: Option<Value>,
}

impl Operation {
    /// Its path with `id` for each parameter.
    pub(crate) fn path_of(&self, id: &str) -> String {
        let parts = self.path.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { id } else { part });
        let parts: Vec<&str> = parts.collect();
        parts.join("/")
    }

    /// Whether it may change something (RFC 9110, section 9.2.1).
    pub(crate) fn is_unsafe(&self) -> bool {
        self.method != Method::GET
    }
}

/// What a gateway serves at `/api/openapi.json`.
#[derive(Debug, Clone)]
pub(crate) struct Document(Value);

impl Document {
    pub(crate) fn new(document: Value) -> Self {
        Self(document)
    }

    /// All operations.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let mut all = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, told) in item.as_object().unwrap() {
                let parameters = told["parameters"].as_array().into_iter().flatten();
                let query = parameters
                    .filter(|one| one["in"] == "query")
                    .map(|one| (text(&one["name"]), one["schema"].clone()));
                let body = &told["requestBody"]["content"]["application/json"]["schema"];
                all.push(Operation {
                    id: text(&told["operationId"]),
                    method: method.to_uppercase().parse().unwrap(),
                    path: path.clone(),
                    query: query.collect(),
                    body: (!body.is_null()).then(|| body.clone()),
                });
            }
        }
        all
    }

    /// `schema`, or what it refers to.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else {
            return schema;
        };
        let pointer = reference.strip_prefix('#').unwrap();
        self.resolve(self.0.pointer(pointer).unwrap())
    }

    /// The properties of an object's schema.
    pub(crate) fn properties(&self, schema: &Value) -> Map<String, Value> {
        let properties = self.resolve(schema)["properties"].as_object();
        properties.cloned().unwrap_or_default()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

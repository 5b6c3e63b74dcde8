//! The schema as an attacker reads it: every root field, and a value for every input, from the introspection alone. A
//! field that is added tomorrow is attacked tomorrow.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::support::graphql::Client;

const INTROSPECTION: &str = "{ __schema { types { kind name
    fields(includeDeprecated: true) { name args { name type { ...T } } type { ...T } }
    inputFields { name defaultValue type { ...T } } enumValues { name } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

/// A root field with its arguments: names and types.
#[derive(Clone, Debug)]
pub(super) struct RootField {
    pub(super) name: String,
    arguments: Vec<(String, Value)>,
    result: Value,
}

/// The types of the schema by name.
pub(super) struct Shape {
    types: BTreeMap<String, Value>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A type as it is written: `[ID!]!`.
fn spelled(of: &Value) -> String {
    match text(&of["kind"]) {
        "NON_NULL" => format!("{}!", spelled(&of["ofType"])),
        "LIST" => format!("[{}]", spelled(&of["ofType"])),
        _ => text(&of["name"]).to_owned(),
    }
}

/// The name of a type without its wrappers.
fn named(of: &Value) -> &str {
    if of["ofType"].is_null() { text(&of["name"]) } else { named(&of["ofType"]) }
}

fn is_required(of: &Value) -> bool {
    of["kind"] == "NON_NULL"
}

impl Shape {
    pub(super) async fn of(client: &Client) -> Self {
        let mut found = client.query(INTROSPECTION, json!({})).await;
        let Value::Array(types) = found["__schema"]["types"].take() else { panic!("no types") };
        Self { types: types.into_iter().map(|found| (text(&found["name"]).to_owned(), found)).collect() }
    }

    /// Every field of `Query` or `Mutation`.
    pub(super) fn root_fields(&self, root: &str) -> Vec<RootField> {
        let fields = self.types[root]["fields"].as_array().expect("fields");
        let argument = |argument: &Value| (text(&argument["name"]).to_owned(), argument["type"].clone());
        let field = |field: &Value| RootField {
            name: text(&field["name"]).to_owned(),
            arguments: field["args"].as_array().expect("arguments").iter().map(argument).collect(),
            result: field["type"].clone(),
        };
        fields.iter().map(field).collect()
    }

    /// The fields of an input object: names and types.
    pub(super) fn inputs(&self, name: &str) -> Vec<(String, Value)> {
        let fields = self.types.get(name).and_then(|found| found["inputFields"].as_array());
        let field = |field: &Value| (text(&field["name"]).to_owned(), field["type"].clone());
        fields.into_iter().flatten().map(field).collect()
    }

    /// The names of all input objects.
    pub(super) fn input_objects(&self) -> Vec<&str> {
        self.types.iter().filter(|(_, found)| found["kind"] == "INPUT_OBJECT").map(|(name, _)| name.as_str()).collect()
    }

    /// Where ids stand in the arguments of a field, as dotted paths.
    pub(super) fn id_slots(&self, field: &RootField) -> Vec<String> {
        let mut slots = Vec::new();
        for (name, of) in &field.arguments {
            self.collect_slots(of, name, &mut slots);
        }
        slots
    }

    fn collect_slots(&self, of: &Value, path: &str, slots: &mut Vec<String>) {
        match self.types[named(of)]["kind"].as_str() {
            Some("SCALAR") if named(of) == "ID" => slots.push(path.to_owned()),
            Some("INPUT_OBJECT") if path.split('.').count() < 6 => {
                for (name, of) in self.inputs(named(of)) {
                    self.collect_slots(&of, &format!("{path}.{name}"), slots);
                }
            }
            _ => {}
        }
    }

    /// A document that calls a field with these ids in its slots, and with the least of everything else.
    pub(super) fn call(
        &self,
        operation: &str,
        field: &RootField,
        id: &dyn Fn(&str) -> Option<String>,
    ) -> (String, Value) {
        let mut variables = Map::new();
        let (mut declared, mut passed) = (Vec::new(), Vec::new());
        for (name, of) in &field.arguments {
            let value = if name == "first" { Some(json!(5)) } else { self.value(of, name, id) };
            let Some(value) = value else { continue };
            declared.push(format!("${name}: {}", spelled(of)));
            passed.push(format!("{name}: ${name}"));
            variables.insert(name.clone(), value);
        }
        let brackets =
            |words: Vec<String>| if words.is_empty() { String::new() } else { format!("({})", words.join(", ")) };
        let selection = self.selection(named(&field.result), 2);
        let document =
            format!("{operation}{} {{ {}{} {selection} }}", brackets(declared), field.name, brackets(passed));
        (document, Value::Object(variables))
    }

    /// A value for an input: what must be there, and whatever leads to an id that is given.
    fn value(&self, of: &Value, path: &str, id: &dyn Fn(&str) -> Option<String>) -> Option<Value> {
        let required = is_required(of);
        let inner = if required { &of["ofType"] } else { of };
        if inner["kind"] == "LIST" {
            let item = self.value(&inner["ofType"], path, id);
            let leads_to_an_id = item.is_some() && self.holds_given_id(inner, path, id);
            return if leads_to_an_id || required { Some(item.into_iter().collect()) } else { None };
        }
        let name = named(inner);
        if name == "ID" {
            return id(path).map(Value::String).or_else(|| required.then(|| json!("x")));
        }
        if !required && !self.holds_given_id(inner, path, id) {
            return None;
        }
        let found = &self.types[name];
        Some(match (text(&found["kind"]), name) {
            ("INPUT_OBJECT", _) => {
                let fields = self.inputs(name).into_iter();
                let values = fields.filter_map(|(field, of)| {
                    let value = self.value(&of, &format!("{path}.{field}"), id)?;
                    Some((field, value))
                });
                Value::Object(values.collect())
            }
            ("ENUM", _) => found["enumValues"][0]["name"].clone(),
            (_, "Boolean") => json!(false),
            (_, "Int") => json!(1),
            (_, "Float") => json!(1.0),
            (_, "DateTime") => json!("2026-03-02T08:00:00Z"),
            (_, "Date") => json!("2026-03-02"),
            (_, "LocalTime") => json!("02:00"),
            _ => json!("x"),
        })
    }

    fn holds_given_id(&self, of: &Value, path: &str, id: &dyn Fn(&str) -> Option<String>) -> bool {
        let mut slots = Vec::new();
        self.collect_slots(of, path, &mut slots);
        slots.iter().any(|slot| id(slot).is_some())
    }

    /// Everything a type shows without arguments, lists by their first items, so many levels deep.
    fn selection(&self, name: &str, depth: usize) -> String {
        let found = &self.types[name];
        if !matches!(text(&found["kind"]), "OBJECT" | "INTERFACE" | "UNION") {
            return String::new();
        }
        let mut words = vec!["__typename".to_owned()];
        for field in found["fields"].as_array().into_iter().flatten() {
            let arguments = field["args"].as_array().expect("arguments");
            let is_page = arguments.iter().any(|argument| argument["name"] == "first");
            let needs_more = arguments.iter().any(|argument| is_required(&argument["type"]));
            let of = named(&field["type"]);
            let is_object = matches!(text(&self.types[of]["kind"]), "OBJECT" | "INTERFACE" | "UNION");
            let is_inside = matches!(text(&field["name"]), "edges" | "nodes" | "pageInfo" | "userErrors");
            if needs_more || (is_object && depth == 0 && !is_inside) {
                continue;
            }
            let page = if is_page { "(first: 5)" } else { "" };
            let inner =
                if is_object { self.selection(of, if is_inside { depth } else { depth - 1 }) } else { String::new() };
            // Edges only repeat what the nodes say.
            if field["name"] != "edges" {
                words.push(format!("{}{page} {inner}", text(&field["name"])));
            }
        }
        format!("{{ {} }}", words.join(" "))
    }
}

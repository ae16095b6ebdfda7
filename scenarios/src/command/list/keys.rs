//! The keys of protocols and problems, as tables: what the schema says of each.

use serde_json::{Map, Value as Json, json};
use sim_core::simulation::Entry;

use crate::registry;
use crate::schema;

/// One key of `[protocol]` or `[workload]`.
#[derive(Debug)]
pub(super) struct Key {
    name: String,
    /// What can stand there.
    value: String,
    /// What holds if it is left out.
    default: Option<Json>,
    meaning: String,
}

impl Key {
    /// The cells of its row; with the section, where several are shown together.
    pub(super) fn row(&self, section: Option<&str>) -> Vec<String> {
        let default = self.default.as_ref().map_or("none".to_owned(), crate::point::inline);
        let mut cells = vec![self.name.clone()];
        cells.extend(section.map(str::to_owned));
        cells.extend([self.value.clone(), default, self.meaning.clone()]);
        cells
    }

    /// The same for programs.
    pub(super) fn json(&self, section: &str) -> Json {
        json!({
            "name": self.name, "section": section, "value": self.value, "default": self.default,
            "summary": self.meaning,
        })
    }

    /// With its default, as a scenario would write it.
    pub(super) fn written(&self) -> Option<String> {
        let default = self.default.as_ref()?;
        Some(format!("{} = {}", self.name, crate::point::inline(default)))
    }
}

/// What a protocol adds to `[protocol]`.
pub(super) fn of_protocol(entry: &Entry) -> Vec<Key> {
    let ([own, _], definitions) = schema::own_keys(entry);
    keys(&own, &definitions)
}

/// What a protocol's problem adds to `[workload]`.
pub(super) fn of_workload(entry: &Entry) -> Vec<Key> {
    let ([_, own], definitions) = schema::own_keys(entry);
    keys(&own, &definitions)
}

/// One entry for each problem: that of the first protocol that solves it.
pub(super) fn problems() -> Vec<&'static Entry> {
    let mut first: Vec<&Entry> = Vec::new();
    for entry in registry::entries() {
        if first.iter().all(|known| known.problem != entry.problem) {
            first.push(entry);
        }
    }
    first
}

/// All keys, each with its section: that of the protocol, or of the workload of the problem.
pub(super) fn all() -> Vec<(String, Key)> {
    let protocols = registry::entries().iter().flat_map(|entry| {
        let section = format!("protocol {}", entry.name);
        of_protocol(entry).into_iter().map(move |key| (section.clone(), key))
    });
    let workloads = problems().into_iter().flat_map(|entry| {
        let section = format!("workload {}", entry.problem);
        of_workload(entry).into_iter().map(move |key| (section.clone(), key))
    });
    protocols.chain(workloads).collect()
}

fn keys(own: &Map<String, Json>, definitions: &Map<String, Json>) -> Vec<Key> {
    let key = |(name, property): (&String, &Json)| Key {
        name: name.clone(),
        value: value(property, definitions),
        default: property.get("default").filter(|default| !default.is_null()).cloned(),
        meaning: meaning(property, definitions),
    };
    own.iter().map(key).collect()
}

/// What a schema says of a key, in one line.
fn meaning(property: &Json, definitions: &Map<String, Json>) -> String {
    let own = property["description"].as_str();
    let said = own.or_else(|| target(property, definitions)?["description"].as_str());
    said.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The definition that a schema refers to.
fn target<'a>(schema: &Json, definitions: &'a Map<String, Json>) -> Option<&'a Json> {
    let place = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    definitions.get(place.rsplit('/').next()?)
}

/// What can stand where this schema holds, in words.
fn value(schema: &Json, definitions: &Map<String, Json>) -> String {
    if let Some(target) = target(schema, definitions) {
        return value(target, definitions);
    }
    let several = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    if let Some(several) = several {
        let words = several.iter().map(|one| value(one, definitions));
        let mut words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        words.dedup();
        return words.join(" or ");
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`{word}`");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> =
            words.iter().filter_map(Json::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(" or ");
    }
    if let Some(example) = schema["examples"][0].as_str() {
        return format!("such as `{example}`");
    }
    let kinds = match &schema["type"] {
        Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).collect(),
        kind => Vec::from_iter(kind.as_str()),
    };
    match kinds.first().copied() {
        Some("integer") => "a whole number".to_owned(),
        Some("number") => "a number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("string") => "text".to_owned(),
        Some("array") => format!("a list of: {}", value(&schema["items"], definitions)),
        Some("object") => "a table".to_owned(),
        // What is null is left out: TOML has no null.
        _ => String::new(),
    }
}

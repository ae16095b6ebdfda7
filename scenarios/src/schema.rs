//! The JSON Schema of a scenario file: what an editor completes, explains and checks.
//!
//! It is made of what is read: the sections' own types, and of each protocol its keys. A file may
//! extend another, so nothing is required; what cannot be said in a schema (that a fault needs a
//! target that there is) is found when the scenario is read.

use schemars::generate::SchemaSettings;
use schemars::transform::{RemoveRefSiblings, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};
use sim_core::adversary::AdversarySpec;
use sim_core::fault::{FaultSpec, ProfileSpec};
use sim_core::setup::{ClockSpec, CostSpec, DiskSpec, Gst, Limits, NetworkSpec, Recovery};
use sim_core::simulation::Entry;
use sim_core::time::Duration;
use sim_core::workload::Workload;

use crate::expect;

/// The schema, in draft 7, which editors understand.
pub fn of_scenarios(entries: &[Entry]) -> Json {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut definitions = Map::new();
    for entry in entries {
        let [config, load] = (entry.keys)(&mut generator);
        definitions.insert(protocol(entry), with_common_keys(config, entry));
        definitions.insert(workload(entry), with_pace(load, &mut generator));
    }
    let properties = properties(&mut generator, entries);
    definitions.extend(generator.take_definitions(true));
    let workloads = entries.iter().map(|entry| {
        when(
            &json!({ "protocol": of_kind(entry) }),
            &json!({ "workload": place(&workload(entry)) }),
        )
    });
    let mut whole = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario",
        "description": "A protocol, the world it runs in, the faults it is pitted against, and what is expected.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "allOf": workloads.collect::<Vec<_>>(),
        "definitions": definitions,
    });
    let mut schema = Schema::try_from(whole.take()).expect("an object is a schema");
    RemoveRefSiblings::default().transform(&mut schema);
    schema.to_value()
}

/// What a protocol reads of `[protocol]` and its problem of `[workload]`, beside the keys that all
/// have: the schema of each key; and the definitions to which they refer.
pub fn own_keys(entry: &Entry) -> ([Map<String, Json>; 2], Map<String, Json>) {
    let mut generator = SchemaSettings::draft07().into_generator();
    let own = (entry.keys)(&mut generator).map(|schema| keys(schema).1);
    (own, generator.take_definitions(true))
}

fn protocol(entry: &Entry) -> String {
    format!("protocol {}", entry.name)
}

fn workload(entry: &Entry) -> String {
    format!("workload {}", entry.problem)
}

fn place(definition: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{}", definition.replace(' ', "%20")) })
}

fn of_kind(entry: &Entry) -> Json {
    // Of several protocols the workload is that of none, and an array has no properties to differ in.
    let kind = json!({ "kind": { "const": entry.name } });
    json!({ "type": "object", "properties": kind, "required": ["kind"] })
}

fn when(these: &Json, then: &Json) -> Json {
    let names: Vec<_> = these.as_object().into_iter().flat_map(Map::keys).collect();
    json!({ "if": { "properties": these, "required": names }, "then": { "properties": then } })
}

/// The keys of a section without those that it must have: another file may give them.
fn keys(schema: Schema) -> (Json, Map<String, Json>) {
    let mut schema = schema.to_value();
    let object = schema.as_object_mut();
    let properties = object.and_then(|object| {
        object.remove("required");
        object.remove("properties")
    });
    let Some(Json::Object(properties)) = properties else { return (schema, Map::new()) };
    (schema, properties)
}

/// `[protocol]`: the protocol's own keys, and those that every protocol has.
fn with_common_keys(config: Schema, entry: &Entry) -> Json {
    let (mut schema, mut properties) = keys(config);
    let mutants: Vec<&str> = entry.mutants.iter().map(|mutant| mutant.id).collect();
    properties.insert("kind".into(), json!({ "const": entry.name }));
    properties.insert("nodes".into(), nodes());
    if !mutants.is_empty() {
        let what = "A planted bug, in a build with the feature `mutants`.";
        properties.insert("mutant".into(), json!({ "enum": mutants, "description": what }));
    }
    schema["type"] = "object".into();
    schema["description"] = entry.summary.into();
    schema["properties"] = properties.into();
    schema["additionalProperties"] = false.into();
    schema
}

/// `[workload]`: the problem's own keys, and the pace.
fn with_pace(load: Schema, generator: &mut SchemaGenerator) -> Json {
    let (mut schema, own) = keys(load);
    let (_, mut properties) = keys(Workload::json_schema(generator));
    properties.extend(own);
    schema["type"] = "object".into();
    schema["properties"] = properties.into();
    schema["additionalProperties"] = false.into();
    schema
}

fn nodes() -> Json {
    json!({ "type": "integer", "minimum": 1, "description": "How many nodes there are." })
}

fn one_protocol(entries: &[Entry]) -> Json {
    let names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
    let own = entries.iter().map(|entry| {
        let kind = json!({ "kind": { "const": entry.name } });
        let mut rule = when(&kind, &json!({}));
        rule["then"] = place(&protocol(entry));
        rule
    });
    json!({
        "type": "object",
        "properties": {
            "kind": { "enum": names, "description": "The name of the protocol: synod list protocols." },
            "nodes": nodes(),
        },
        "allOf": own.collect::<Vec<_>>(),
    })
}

/// What stands at the top of a file.
fn properties(generator: &mut SchemaGenerator, entries: &[Entry]) -> Json {
    let time = generator.subschema_for::<Duration>().to_value();
    let said = |of: &Json, what: &str| json!({ "allOf": [of], "description": what });
    let section = |schema: Schema, what: &str| said(&schema.to_value(), what);
    let fault = generator.subschema_for::<FaultSpec>().to_value();
    let profile = generator.subschema_for::<ProfileSpec>().to_value();
    let entry = json!({ "if": { "required": ["profile"] }, "then": profile, "else": fault });
    let one = one_protocol(entries);
    json!({
        "title": { "type": "string", "description": "What the scenario asks or shows, in a line." },
        "name": { "type": "string", "description": "Its name; that of the file if left out." },
        "extends": { "type": "string", "description": "The scenario over which this one is laid." },
        "allow_unsafe": {
            "type": "boolean",
            "description": "Runs settings for which the protocol does not promise safety.",
        },
        "horizon": said(&time, "When a run ends at the latest."),
        "gst": section(generator.subschema_for::<Gst>(), "When the faults are over."),
        "recovery": section(generator.subschema_for::<Recovery>(), "Who is there after GST."),
        "delta": said(&time, "The longest delay of a message that is sent after GST."),
        "patience": said(&time, "How long after GST anything good may take."),
        "budget": {
            "type": "integer",
            "minimum": 0,
            "description": "The most nodes that faults may hold down or corrupt at once; as many as the protocol survives if left out.",
        },
        "network": section(generator.subschema_for::<NetworkSpec>(), "The links."),
        "disk": section(generator.subschema_for::<DiskSpec>(), "The disks."),
        "clock": section(generator.subschema_for::<ClockSpec>(), "The nodes' clocks."),
        "cost": section(generator.subschema_for::<CostSpec>(), "What nodes spend on messages."),
        "adversary": section(generator.subschema_for::<AdversarySpec>(), "The liar."),
        "limits": section(generator.subschema_for::<Limits>(), "What a run may use."),
        "fault": {
            "type": "array",
            "items": entry,
            "description": "The schedule of faults: kinds of fault, or profiles.",
        },
        "protocol": {
            "description": "The protocol; several, as [[protocol]], are an axis.",
            "anyOf": [one, { "type": "array", "items": one }],
        },
        "workload": { "type": "object", "description": "What clients ask, and when." },
        "sweep": {
            "type": "object",
            "additionalProperties": false,
            "description": "Which runs are made.",
            "properties": {
                "seeds": {
                    "type": "string",
                    "description": "The seeds of each point.",
                    "examples": ["0..1000", "17,42"],
                },
                "over": {
                    "type": "object",
                    "description": "The axes: the values of settings, by path.",
                    "additionalProperties": true,
                },
            },
        },
        "expect": {
            "type": "array",
            "items": expect::schema(generator).to_value(),
            "description": "What is expected of the runs.",
        },
        "profile": {
            "type": "object",
            "description": "Settings that --profile NAME lays over the others; `seeds` is short for `sweep.seeds`.",
            "additionalProperties": { "type": "object" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    #[test]
    fn the_schema_has_the_keys_that_are_read() {
        let schema = of_scenarios(protocols::REGISTRY);
        let mut keys: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, scenario::KEYS.iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_can_be_written_in_a_section_is_all_that_can_be() {
        let schema = of_scenarios(protocols::REGISTRY);
        for entry in protocols::REGISTRY {
            for (definition, keys) in [(protocol(entry), "nodes"), (workload(entry), "clients")] {
                let section = &schema["definitions"][&definition];
                assert_eq!(section["additionalProperties"], false, "{definition}");
                assert!(section["properties"][keys].is_object(), "{definition}");
                for (key, property) in section["properties"].as_object().unwrap() {
                    let text = property.to_string();
                    let explained = text.contains("description") || text.contains("const");
                    assert!(explained, "{definition}: `{key}` is not explained");
                }
            }
        }
    }
}

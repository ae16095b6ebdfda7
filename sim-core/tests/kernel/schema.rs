//! The schema of what the kernel reads: editors and lists are told of every key and every word.

use serde_json::Value;
use sim_core::adversary::AdversarySpec;
use sim_core::fault::{FaultSpec, ProfileSpec};
use sim_core::schema::SchemaGenerator;
use sim_core::setup::{ClockSpec, CostSpec, DiskSpec, Gst, Limits, NetworkSpec, Recovery};
use sim_core::workload::Workload;

/// The paths of all keys and words below `schema` that say nothing of themselves.
fn undescribed(path: &str, schema: &Value, found: &mut Vec<String>) {
    let says_something = |schema: &Value| schema.get("description").is_some();
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Object(keys)) = entries.get("properties") {
                let silent = keys.iter().filter(|(_, key)| !says_something(key));
                found.extend(silent.map(|(name, _)| format!("{path}.{name}")));
            }
            if let Some(words) = entries.get("enum") {
                found.push(format!("{path}: {words}"));
            }
            if entries.contains_key("const") && !says_something(schema) {
                found.push(format!("{path}: {schema}"));
            }
            for (name, schema) in entries {
                undescribed(&format!("{path}.{name}"), schema, found);
            }
        }
        Value::Array(schemas) => {
            schemas.iter().for_each(|schema| undescribed(path, schema, found));
        }
        _ => {}
    }
}

#[test]
fn every_key_and_every_word_of_a_scenario_is_described() {
    let mut generator = SchemaGenerator::default();
    generator.subschema_for::<AdversarySpec>();
    generator.subschema_for::<ClockSpec>();
    generator.subschema_for::<CostSpec>();
    generator.subschema_for::<DiskSpec>();
    generator.subschema_for::<FaultSpec>();
    generator.subschema_for::<Gst>();
    generator.subschema_for::<Limits>();
    generator.subschema_for::<NetworkSpec>();
    generator.subschema_for::<ProfileSpec>();
    generator.subschema_for::<Recovery>();
    generator.subschema_for::<Workload>();
    let definitions = generator.take_definitions(true);
    assert!(definitions.len() > 20, "{:?}", definitions.keys());
    let mut found = Vec::new();
    for (name, schema) in &definitions {
        undescribed(name, schema, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

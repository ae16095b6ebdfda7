//! One point of a sweep: a whole document, read into an experiment of one protocol.
//!
//! Sections are read one by one, so that a mistake in `[network]` does not hide one in `[[fault]]`,
//! and the experiment is written out again with all defaults: that text is what was really run, and
//! its digest names the folder of the results.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use sim_core::fault::{FaultSpec, ProfileSpec};
use sim_core::settings::{Field, Origin, Settings, Value};
use sim_core::setup::Setup;
use sim_core::simulation::{Entry, Simulation};
use sim_core::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::registry;

/// An experiment of a sweep: everything but the seed.
pub struct Point {
    /// The name of the scenario that it belongs to.
    pub scenario: String,
    /// The protocol.
    pub entry: &'static Entry,
    /// The experiment.
    pub simulation: Box<dyn Simulation>,
    /// The swept paths with the values as they were written.
    pub params: Vec<(String, Settings)>,
    /// The whole document, with the places of its values.
    pub document: Settings,
    /// Everything that was run, with all defaults.
    pub resolved: Json,
    /// What is unsafe about it and was allowed.
    pub allowed: Vec<String>,
    /// Which `[[fault]]` of the document each entry of the schedule comes from: a profile stands for
    /// many.
    pub places: Vec<usize>,
}

impl Point {
    /// The resolved value of a swept setting; `None` if this point does not sweep it.
    pub fn param(&self, path: &str) -> Option<Json> {
        let (_, written) = self.params.iter().find(|(known, _)| known == path)?;
        Some(at(&self.resolved, path).cloned().unwrap_or_else(|| plain(written)))
    }

    /// The swept settings as people write them: `network.loss=1% protocol.nodes=5`.
    pub fn label(&self) -> String {
        let words =
            self.params.iter().map(|(path, written)| format!("{path}={}", text(&plain(written))));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The entry of `kind` in the registry.
pub fn entry(kind: &str) -> Option<&'static Entry> {
    registry::entries().iter().find(|entry| entry.name == kind)
}

/// Reads a value, or notes why it cannot be read.
pub fn read<T: DeserializeOwned>(
    settings: &Settings,
    path: &str,
    root: &Settings,
    wrong: &mut Vec<Diagnostic>,
) -> Option<T> {
    let mut error = match settings.read() {
        Ok(value) => return Some(value),
        Err(error) => error.under(path),
    };
    // What a table says of itself as a whole has no place of its own.
    if error.origin == Origin(0) {
        error.origin = settings.origin;
    }
    wrong.push(Diagnostic::of_settings(&error, root));
    None
}

/// Reads the entry `key` of the document, if it is there.
fn section<T: DeserializeOwned>(
    root: &Settings,
    key: &str,
    wrong: &mut Vec<Diagnostic>,
) -> Option<T> {
    read(root.get(key)?, key, root, wrong)
}

/// The protocol of a document, or what is wrong with its `kind`.
///
/// # Errors
/// That there is no `[protocol]`, no `kind`, or no such kind.
pub fn protocol_of(root: &Settings) -> Result<&'static Entry, Diagnostic> {
    let names: Vec<&str> = registry::entries().iter().map(|entry| entry.name).collect();
    let table = root.get("protocol").ok_or_else(|| {
        Diagnostic::new("E0109", "the table [protocol] is missing", root.origin)
            .label("write [protocol] with `kind` and `nodes`")
            .help("synod list protocols")
    })?;
    if !matches!(table.value, Value::Table(_)) {
        let error = Diagnostic::new("E0110", "`protocol` is a table", table.origin);
        let label = "write protocol.kind=raft, or [protocol] with `kind` and `nodes`";
        return Err(error.label(label).help("synod list protocols"));
    }
    let kind = table.get("kind").ok_or_else(|| {
        Diagnostic::new("E0109", "the key `kind` is missing in [protocol]", table.origin)
            .label(format!("one of: {}", names.join(", ")))
    })?;
    let Value::Text(word) = &kind.value else {
        return Err(Diagnostic::new("E0110", "wrong value for `protocol.kind`", kind.origin)
            .label("the name of a protocol, in quotes"));
    };
    entry(word).ok_or_else(|| {
        let title = format!("unknown protocol `{}`", crate::diagnostic::clean(word));
        Diagnostic::unknown("E0108", title, kind.origin, word, &names).help("synod list protocols")
    })
}

/// Reads the document of one point.
///
/// # Errors
/// Everything that is wrong with it.
pub fn build(
    scenario: &str,
    document: Settings,
    params: Vec<(String, Settings)>,
) -> Result<Point, Vec<Diagnostic>> {
    let root = &document;
    let mut wrong = Vec::new();
    let entry = protocol_of(root).map_err(|error| wrong.push(error)).ok();
    let (setup, places) = setup(root, &mut wrong).unzip();
    let places = places.unwrap_or_default();
    let allow_unsafe = section(root, "allow_unsafe", &mut wrong).unwrap_or(false);
    let Some(entry) = entry else {
        return Err(wrong);
    };
    let empty = Settings::empty();
    let (_, protocol) = root.get("protocol").unwrap_or(&empty).split(&["kind", "nodes", "mutant"]);
    let workload = root.get("workload").unwrap_or(&empty);
    // With the others left at their defaults, a mistake in each is found apart.
    let stand_in = || setup.clone().unwrap_or_else(|| Setup::new(3, Duration::from_secs(1)));
    let simulation = match construct(entry, &protocol, workload, stand_in(), root) {
        Ok(simulation) => simulation,
        Err(error) => {
            let other = construct(entry, &empty, workload, stand_in(), root).err();
            wrong.push(error);
            wrong.extend(other);
            return Err(wrong);
        }
    };
    if setup.is_none() || !wrong.is_empty() {
        return Err(wrong);
    }
    let mut allowed = Vec::new();
    for mut complaint in simulation.complaints() {
        complaint.path = at_home(&complaint.path, &places);
        if complaint.runnable && allow_unsafe {
            allowed.push(format!("{}: {}", complaint.path, complaint.reason));
        } else {
            wrong.push(Diagnostic::of_complaint(&complaint, root));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let resolved = resolve(entry, simulation.as_ref(), allow_unsafe);
    Ok(Point {
        scenario: scenario.to_owned(),
        entry,
        simulation,
        params,
        resolved,
        allowed,
        places,
        document,
    })
}

fn construct(
    entry: &Entry,
    protocol: &Settings,
    workload: &Settings,
    setup: Setup,
    root: &Settings,
) -> Result<Box<dyn Simulation>, Diagnostic> {
    // A contract may be computed from settings that only the complaints would refuse.
    let built = catch_unwind(AssertUnwindSafe(|| (entry.build)(protocol, workload, setup)));
    match built {
        Ok(built) => built.map_err(|error| {
            let error = Diagnostic::of_settings(&error, root);
            error.help(format!("synod list protocols -v shows what {} knows", entry.name))
        }),
        Err(_) => Err(Diagnostic::new(
            "E0900",
            format!("{} cannot be set up like this", entry.name),
            root.get("protocol").map_or(Origin(0), |table| table.origin),
        )
        .label("its set-up panicked")),
    }
}

/// The set-up, and for each of its faults which `[[fault]]` it comes from.
fn setup(root: &Settings, wrong: &mut Vec<Diagnostic>) -> Option<(Setup, Vec<usize>)> {
    let before = wrong.len();
    let nodes = nodes(root, wrong);
    let horizon = match root.get("horizon") {
        Some(settings) => read(settings, "horizon", root, wrong),
        None => {
            let title = "the key `horizon` is missing at the top";
            let error = Diagnostic::new("E0109", title, root.origin);
            wrong.push(error.label("write horizon = \"30s\""));
            None
        }
    };
    let mut setup = Setup::new(nodes.unwrap_or(1), horizon.unwrap_or(Duration::ZERO));
    if let Some(gst) = section(root, "gst", wrong) {
        setup.gst = gst;
    }
    setup.recovery = section(root, "recovery", wrong).unwrap_or_default();
    setup.delta = section(root, "delta", wrong);
    setup.patience = section(root, "patience", wrong);
    setup.budget = section(root, "budget", wrong);
    setup.network = section(root, "network", wrong).unwrap_or_default();
    setup.disk = section(root, "disk", wrong).unwrap_or_default();
    setup.clock = section(root, "clock", wrong).unwrap_or_default();
    setup.cost = section(root, "cost", wrong).unwrap_or_default();
    setup.adversary = section(root, "adversary", wrong).unwrap_or_default();
    setup.limits = section(root, "limits", wrong).unwrap_or_default();
    let mut places = Vec::new();
    for (index, fault) in list(root, "fault", wrong).iter().enumerate() {
        let path = format!("fault[{index}]");
        let faults = match fault.get("profile") {
            None => read::<FaultSpec>(fault, &path, root, wrong).into_iter().collect(),
            Some(_) => read::<ProfileSpec>(fault, &path, root, wrong)
                .map_or(Vec::new(), |profile| profile.faults(setup.horizon)),
        };
        places.extend(faults.iter().map(|_| index));
        setup.faults.extend(faults);
    }
    let mutant = root.get("protocol").and_then(|protocol| protocol.get("mutant"));
    setup.mutant = mutant.and_then(|mutant| read(mutant, "protocol.mutant", root, wrong));
    (wrong.len() == before).then_some((setup, places))
}

/// The path of a setting in the scenario: a fault that a profile stands for is where the profile
/// is.
fn at_home(path: &str, places: &[usize]) -> String {
    let split = path.strip_prefix("fault[").and_then(|rest| rest.split_once(']'));
    let place = split.and_then(|(index, rest)| {
        let index: usize = index.parse().ok()?;
        Some(format!("fault[{}]{rest}", places.get(index)?))
    });
    place.unwrap_or_else(|| path.to_owned())
}

fn nodes(root: &Settings, wrong: &mut Vec<Diagnostic>) -> Option<u32> {
    let protocol = root.get("protocol").filter(|it| matches!(it.value, Value::Table(_)))?;
    let (origin, label) = match protocol.get("nodes") {
        None => (protocol.origin, "write nodes = 5"),
        Some(settings) => match settings.value {
            Value::Integer(count) if count >= 1 => match u32::try_from(count) {
                Ok(count) => return Some(count),
                Err(_) => (settings.origin, "so many cannot be counted"),
            },
            _ => (settings.origin, "a whole number of nodes, at least 1"),
        },
    };
    wrong.push(
        Diagnostic::new("E0110", "`protocol.nodes` must be a number of nodes", origin).label(label),
    );
    None
}

/// The tables of `[[key]]`.
pub fn list<'a>(root: &'a Settings, key: &str, wrong: &mut Vec<Diagnostic>) -> &'a [Settings] {
    match root.get(key).map(|settings| (&settings.value, settings.origin)) {
        None => &[],
        Some((Value::List(items), _)) => items,
        Some((_, origin)) => {
            let title = format!("`{key}` is a list of tables");
            wrong.push(Diagnostic::new("E0110", title, origin).label(format!("write [[{key}]]")));
            &[]
        }
    }
}

/// Everything that is run, with all defaults, as the sections of a scenario.
fn resolve(entry: &Entry, simulation: &dyn Simulation, allow_unsafe: bool) -> Json {
    let setup = simulation.setup();
    let mut protocol = json!({ "kind": entry.name, "nodes": setup.nodes, "mutant": setup.mutant });
    merge(&mut protocol, to_json(simulation.config()));
    let mut workload = to_json(simulation.workload());
    merge(&mut workload, to_json(simulation.load()));
    let mut root = json!({
        "horizon": setup.horizon,
        "gst": setup.gst,
        "delta": setup.delta,
        "patience": setup.patience,
        "recovery": setup.recovery,
        "budget": setup.budget,
        "allow_unsafe": allow_unsafe,
        "protocol": protocol,
        "network": setup.network,
        "disk": setup.disk,
        "clock": setup.clock,
        "cost": setup.cost,
        "fault": setup.faults,
        "adversary": setup.adversary,
        "limits": setup.limits,
        "workload": workload,
    });
    drop_nulls(&mut root);
    root
}

fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Json {
    // Settings are plain data; what cannot be written down is nothing that was set.
    serde_json::to_value(value).unwrap_or(Json::Null)
}

fn merge(base: &mut Json, over: Json) {
    if let (Json::Object(base), Json::Object(over)) = (base, over) {
        base.extend(over);
    }
}

fn drop_nulls(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Json::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// What stands at a path such as `fault[2].target`.
pub fn at<'a>(root: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(root, |value, step| {
        let (key, indices) = step.split_once('[').unwrap_or((step, ""));
        let indices = indices.split(['[', ']']).filter(|part| !part.is_empty());
        indices
            .map(str::parse)
            .try_fold(value.get(key)?, |value, index: Result<usize, _>| value.get(index.ok()?))
    })
}

/// Settings as they were written, without their places.
pub fn plain(settings: &Settings) -> Json {
    match &settings.value {
        Value::Bool(value) => json!(value),
        Value::Integer(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Table(fields) => {
            let fields = fields.iter().map(|(key, field)| (key.clone(), plain(&field.settings)));
            Json::Object(fields.collect::<Map<_, _>>())
        }
    }
}

/// Values as settings that were written nowhere: what [`plain`] leads back from.
pub fn settings(value: &Json) -> Settings {
    let value = match value {
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::MAX)),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(settings).collect()),
        Json::Object(fields) => {
            let field = |(key, value): (&String, &Json)| {
                (key.clone(), Field { key: Origin(0), settings: settings(value) })
            };
            Value::Table(fields.iter().map(field).collect())
        }
        Json::Null => Value::Table(BTreeMap::new()),
    };
    Settings { value, origin: Origin(0) }
}

/// A value as people write it: text without quotes, anything else as TOML on one line.
pub fn text(value: &Json) -> String {
    match value {
        Json::String(text) => crate::diagnostic::clean(text),
        value => inline(value),
    }
}

/// A value as TOML on one line.
pub fn inline(value: &Json) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

/// A value as it can stand after `--set key=`: quoted only where it would be read as another.
pub fn argument(value: &Json) -> String {
    match value {
        Json::String(text) if toml::de::DeValue::parse(text).is_err() => text.clone(),
        value => inline(value),
    }
}

//! Histories recorded from etcd and from a key–value store, with the verdicts of two others.
//!
//! They were published with the checkers Porcupine and Linearizability-Checker (MIT). They are
//! read where they lie, and the test passes with a message where they are absent.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use sim_core::linearizability::{
    ByKey, CasOp, CasRegister, CasResult, Operation, Outcome, SequentialSpec, Verdict, check,
};
use sim_core::time::Time;

/// Far more states than any of the histories needs.
const BUDGET: usize = 10_000_000;

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/porcupine");
    if !folder.is_dir() {
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The files of a section of the verdicts, with whether they are linearizable.
fn verdicts(folder: &std::path::Path, section: &str) -> Vec<(String, bool)> {
    let text = fs::read_to_string(folder.join("verdicts.json")).expect("the verdicts");
    let mut all: BTreeMap<String, BTreeMap<String, bool>> =
        serde_json::from_str(&text).expect("verdicts by section and file");
    all.remove(section).expect("the section").into_iter().collect()
}

/// Lines of a log, paired: an event is at the instant of its line.
struct Pairing<O, R> {
    history: Vec<Operation<O, R>>,
    open: BTreeMap<u64, usize>,
}

impl<O, R> Pairing<O, R> {
    const fn new() -> Self {
        Self { history: Vec::new(), open: BTreeMap::new() }
    }

    fn invoke(&mut self, line: usize, process: u64, call: O) {
        let invoked = Time::from_nanos(line as u64);
        assert!(self.open.insert(process, self.history.len()).is_none(), "two calls at a time");
        self.history.push(Operation { invoked, call, outcome: Outcome::Unknown });
    }

    /// The call of a process ends; its outcome is made from the call.
    fn end(&mut self, process: u64, outcome: impl FnOnce(&O) -> Outcome<R>) {
        let operation = &mut self.history[self.open.remove(&process).expect("an open call")];
        operation.outcome = outcome(&operation.call);
    }
}

type Swaps = Pairing<CasOp<Option<u64>>, CasResult<Option<u64>>>;

fn number(text: &str) -> Option<u64> {
    (text != "nil").then(|| text.parse().expect("a number"))
}

fn read_etcd(text: &str) -> Swaps {
    let mut pairing = Swaps::new();
    for (line, words) in text.lines().enumerate() {
        let words: Vec<&str> = words
            .split(|c: char| c.is_whitespace() || "[]".contains(c))
            .filter(|word| !word.is_empty())
            .collect();
        let ["INFO", "jepsen.util", "-", process, kind, function, values @ ..] = &words[..] else {
            panic!("line {}: {words:?}", line + 1);
        };
        let process = process.parse().expect("a process");
        let at = Time::from_nanos(line as u64);
        match (*kind, *function, values) {
            (":invoke", ":read", ["nil"]) => pairing.invoke(line, process, CasOp::Read),
            (":invoke", ":write", [value]) => {
                pairing.invoke(line, process, CasOp::Write(number(value)));
            }
            (":invoke", ":cas", [expected, new]) => {
                let (expected, new) = (number(expected), number(new));
                pairing.invoke(line, process, CasOp::CompareAndSwap { expected, new });
            }
            (":ok", ":read", [value]) => {
                let result = CasResult::Value(number(value));
                pairing.end(process, |_| Outcome::Ok { at, result });
            }
            (":ok", ":write", [_]) => {
                pairing.end(process, |_| Outcome::Ok { at, result: CasResult::Written });
            }
            (":ok" | ":fail", ":cas", [_, _]) => {
                let result = CasResult::Swapped(*kind == ":ok");
                pairing.end(process, |_| Outcome::Ok { at, result });
            }
            (":fail", ":read", [":timed-out"]) => pairing.end(process, |_| Outcome::Failed),
            (":info", ":write" | ":cas", [":timed-out"]) => {
                pairing.end(process, |_| Outcome::Unknown);
            }
            _ => panic!("line {}: {words:?}", line + 1),
        }
    }
    pairing
}

/// A string that can be read, replaced and appended to; empty at first.
struct Text;

enum TextOp {
    Get,
    Put(String),
    Append(String),
}

impl SequentialSpec for Text {
    type Key = ();
    type State = String;
    type Op = TextOp;
    /// What a get found; nothing for the others.
    type Result = Option<String>;

    fn key(&self, _: &TextOp) {}

    fn initial(&self) -> String {
        String::new()
    }

    fn apply(&self, state: &String, op: &TextOp, heard: Option<&Option<String>>) -> Option<String> {
        match op {
            TextOp::Get => {
                let fits = heard.is_none_or(|found| found.as_ref() == Some(state));
                fits.then(|| state.clone())
            }
            TextOp::Put(value) => Some(value.clone()),
            TextOp::Append(value) => Some(format!("{state}{value}")),
        }
    }
}

/// What stands after `name` in a line, up to `end`.
fn field<'a>(line: &'a str, name: &str, end: char) -> &'a str {
    let rest = line.split_once(name).unwrap_or_else(|| panic!("{line} has no {name}")).1;
    rest.split(end).next().unwrap_or(rest)
}

fn read_key_value(text: &str) -> Pairing<(String, TextOp), Option<String>> {
    let mut pairing = Pairing::new();
    for (line, words) in text.lines().enumerate() {
        let process = field(words, ":process ", ',').parse().expect("a process");
        let value = || field(words, ":value \"", '"').to_owned();
        let at = Time::from_nanos(line as u64);
        match (field(words, ":type :", ','), field(words, ":f :", ',')) {
            ("invoke", function) => {
                let op = match function {
                    "get" => TextOp::Get,
                    "put" => TextOp::Put(value()),
                    "append" => TextOp::Append(value()),
                    _ => panic!("line {}: {words}", line + 1),
                };
                let key = field(words, ":key \"", '"').to_owned();
                pairing.invoke(line, process, (key, op));
            }
            ("ok", function) => {
                let result = (function == "get").then(value);
                pairing.end(process, |_| Outcome::Ok { at, result });
            }
            _ => panic!("line {}: {words}", line + 1),
        }
    }
    pairing
}

/// Asserts that the verdict on a file is the published one.
fn assert_verdict<K: std::fmt::Debug>(file: &str, verdict: &Verdict<K>, linearizable: bool) {
    let agrees = match verdict {
        Verdict::Linearizable => linearizable,
        Verdict::Violation(_) => !linearizable,
        Verdict::Inconclusive => false,
    };
    assert!(agrees, "{file}: {verdict:?}");
}

#[test]
fn every_published_verdict_on_etcd_is_ours() {
    let Some(folder) = folder() else { return };
    let verdicts = verdicts(&folder, "jepsen_etcd");
    assert_eq!(verdicts.len(), 52);
    for (file, linearizable) in verdicts {
        let text = fs::read_to_string(folder.join("jepsen").join(&file)).expect("a log");
        let history = read_etcd(&text).history;
        let verdict = check(&CasRegister { initial: None }, &history, BUDGET);
        assert_verdict(&file, &verdict, linearizable);
    }
}

#[test]
fn every_published_verdict_on_the_key_value_store_is_ours() {
    let Some(folder) = folder() else { return };
    let verdicts = verdicts(&folder, "kv");
    assert_eq!(verdicts.len(), 4);
    for (file, linearizable) in verdicts {
        let text = fs::read_to_string(folder.join("kv").join(&file)).expect("a log");
        let history = read_key_value(&text).history;
        let verdict = check(&ByKey::new(Text), &history, BUDGET);
        assert_verdict(&file, &verdict, linearizable);
    }
}

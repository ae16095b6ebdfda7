//! What is there for editors, shells and `man`: the schema of scenarios, completions, the manual.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value as Json;

use crate::driver::{Desk, LOG, VOTE};

struct Checker {
    schemas: Schemas,
    scenario: SchemaIndex,
}

impl Checker {
    /// Of the schema that the program writes.
    fn new(desk: &Desk) -> Self {
        let schema = desk.synod(&["schema"]).exits(0).out;
        let schema: Json = serde_json::from_str(&schema).expect("JSON");
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let place = "https://synod.invalid/scenario.json";
        compiler.add_resource(place, schema).expect("a place for it");
        let scenario = compiler.compile(place, &mut schemas).expect("a schema of draft 7");
        Self { schemas, scenario }
    }

    fn complaint(&self, text: &str) -> Option<String> {
        let scenario: Json = toml::from_str(text).expect("TOML");
        let checked = self.schemas.validate(&scenario, self.scenario);
        checked.err().map(|error| format!("{error:#}"))
    }
}

#[test]
fn every_built_in_scenario_fits_the_schema() {
    let checker = Checker::new(&Desk::new("schema_fits"));
    let mut failures = String::new();
    for (name, text) in scenarios::catalog::built_in() {
        if let Some(complaint) = checker.complaint(text) {
            failures += &format!("{name}: {complaint}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn what_a_reader_refuses_at_a_glance_the_schema_refuses_too() {
    let desk = Desk::new("schema_refuses");
    let checker = Checker::new(&desk);
    assert_eq!(checker.complaint(VOTE), None);
    let wrong = [
        VOTE.replace("horizon = \"5s\"", "horizon = \"5 seconds\""),
        VOTE.replace("horizon", "horzion"),
        VOTE.replace("\"voting\"", "\"votign\""),
        VOTE.replace("nodes = 5", "nodes = 0"),
        VOTE.replace("5ms..20ms", "5..20"),
        VOTE.replace("options", "optoins"),
        VOTE.replace("nodes = 5", "nodes = 5\nelection_timeout = \"150ms\""),
        LOG.replace("\"20/s\"", "\"20\""),
        format!("{VOTE}[[fault]]\nkind = \"crush\"\nat = \"1s\"\ntarget = \"n0\"\n"),
        format!("{VOTE}[[fault]]\nkind = \"crash\"\nat = \"1s\"\ntarget = \"node 0\"\n"),
        format!("{VOTE}[[fault]]\nkind = \"crash\"\nat = \"1s\"\nvictim = \"n0\"\n"),
        format!("{VOTE}[[fault]]\nprofile = \"storm\"\n"),
        format!("{VOTE}[[expect]]\nmetric = \"failover_ms\"\nstat = \"p51\"\nmax = 1\n"),
        format!("{VOTE}[sweep]\nseed = \"0..10\"\n"),
    ];
    for text in &wrong {
        assert_ne!(checker.complaint(text), None, "{text}");
        desk.put("wrong.toml", text);
        desk.synod(&["run", "wrong.toml"]).exits(3);
    }
}

#[test]
fn every_shell_completes_every_verb_and_every_verb_has_its_page() {
    let desk = Desk::new("manual");
    let help = desk.synod(&["--help"]).exits(0).out;
    let commands = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let verbs: Vec<&str> = commands
        .expect("a list of commands")
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() >= 14, "{verbs:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.synod(&["completions", shell]).exits(0).out;
        for verb in &verbs {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
    let said = desk.synod(&["man", "-o", "man1"]).exits(0);
    for verb in &verbs {
        let page = desk.text(&format!("man1/synod-{verb}.1"));
        assert!(page.contains(".TH synod-"), "{page}");
        assert!(page.contains(".SH SYNOPSIS") && page.contains(verb), "{page}");
        assert!(said.out.contains(&format!("synod-{verb}.1")), "{}", said.out);
    }
    assert!(desk.text("man1/synod.1").contains("sweep"));
    assert!(desk.synod(&["man", "sweep"]).exits(0).out.contains("over"));
    let said = desk.synod(&["man", "swep"]).exits(2);
    assert!(said.err.contains("`swep`") && said.err.contains("synod help"), "{}", said.err);
}

#[test]
fn only_lists_are_written_in_markdown() {
    let desk = Desk::with_vote("markdown");
    let said = desk.synod(&["run", "vote.toml", "--format", "markdown"]).exits(2);
    assert!(said.err.contains("synod list --format markdown"), "{}", said.err);
    assert!(
        desk.synod(&["list", "marks", "--format", "markdown"]).exits(0).out.contains("| --- |")
    );
}

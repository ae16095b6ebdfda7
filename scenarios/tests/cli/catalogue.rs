//! Every built-in scenario is a test: it says what it expects, and that is what happens.

use std::fmt::Write as _;

use crate::driver::Desk;

#[test]
fn every_built_in_scenario_comes_out_as_it_expects() {
    let desk = Desk::new("catalogue");
    let list = desk.synod(&["list", "scenarios", "--format", "json"]).exits(0).out;
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let mut failures = String::new();
    for scenario in list["scenarios"].as_array().expect("a list") {
        let name = scenario["name"].as_str().expect("a name");
        assert_ne!(scenario["title"], "", "{name} has a title");
        let said = desk.synod(&["sweep", name, "--no-figures", "-q"]);
        if said.code != 0 {
            let _ = writeln!(failures, "{name} exits with {}\n{}{}", said.code, said.out, said.err);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

//! Every built-in scenario is a test: it says what it expects, and that is what happens.

use std::fmt::Write as _;

use rayon::prelude::*;

use crate::driver::Desk;

/// With its pictures: a chart that cannot be drawn is a failure, too. A sweep of so few seeds has too
/// little to do for two threads, so two sweeps share them.
#[test]
fn every_built_in_scenario_comes_out_as_it_expects() {
    let desk = Desk::new("catalogue");
    let list = desk.synod(&["list", "scenarios", "--format", "json"]).exits(0).out;
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let scenarios = list["scenarios"].as_array().expect("a list");
    let failures = scenarios.par_iter().map(|scenario| {
        let name = scenario["name"].as_str().expect("a name");
        assert_ne!(scenario["title"], "", "{name} has a title");
        let said = desk.synod(&["sweep", name, "-q", "-j", "1"]);
        let mut failure = String::new();
        if said.code != 0 {
            let _ = writeln!(failure, "{name} exits with {}\n{}{}", said.code, said.out, said.err);
        }
        failure
    });
    let failures: String = failures.collect();
    assert!(failures.is_empty(), "{failures}");
}

//! The page `scenarios/OWN_PROTOCOL.md`: every command on it is run, and says what it shows.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use own_protocol::lease::{Config, CountFrom, LeaseLock};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::setup::Setup;
use sim_core::time::{Duration, DurationRange};
use sim_core::trial::{SEED_VARIABLE, Trial};

/// The test that the page tells of.
const TEST: &str = "one_node_at_a_time_holds_the_lock";

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../OWN_PROTOCOL.md");
    fs::read_to_string(path).expect("the page")
}

/// The blocks of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    let rest = page.split(&start).skip(1);
    rest.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Every line that is shown was said, in this order; `…` stands for whatever is left out.
#[track_caller]
fn assert_said(shown: &str, said: &str) {
    let mut lines = said.lines();
    for line in shown.lines().filter(|line| !line.trim().is_empty() && line.trim() != "…") {
        let is_it = |said: &str| {
            let mut parts = line.trim().split('…');
            let starts = parts.next().is_some_and(|first| said.trim().starts_with(first));
            starts && parts.all(|part| said.contains(part))
        };
        assert!(lines.any(is_it), "the page shows\n{line}\nwhich is not said (there) in\n{said}");
    }
}

/// The first version of the lock, in the test that the page tells of.
fn naive() -> Experiment<LeaseLock> {
    let mut setup = Setup::new(3, Duration::from_secs(60));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 80));
    Experiment::new(Config { count_from: CountFrom::Grant, ..Config::default() }, setup)
}

#[test]
fn the_commands_of_the_page_say_what_it_shows() {
    let consoles = blocks(&page(), "console");
    let commands = consoles.iter().flat_map(|console| console.split("$ ").skip(1));
    let mut count = 0;
    for command in commands {
        let (typed, shown) = command.split_once('\n').expect("a command and what it says");
        let arguments: Vec<&str> = typed.split(' ').collect();
        assert_eq!(arguments[0], "own-protocol", "{typed}");
        let output = Command::new(env!("CARGO_BIN_EXE_own-protocol"))
            .args(&arguments[1..])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("the program");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_said(shown, &said);
        let code = shown.rsplit_once("(exit ").and_then(|(_, code)| code.split(')').next());
        assert_eq!(
            output.status.code().map(|code| code.to_string()).as_deref(),
            code.or(Some("0"))
        );
        count += 1;
    }
    assert!(count >= 5, "only {count} commands");
}

#[test]
fn the_test_of_the_page_fails_as_it_shows() {
    let trials = include_str!("trials.rs");
    assert!(trials.contains(&format!("fn {TEST}()")));
    assert!(blocks(&page(), "rust")[0].lines().all(|line| trials.contains(line)));
    let trial = || Trial::of(&naive()).seeds(0..200).passes();
    let thread = thread::Builder::new().name(TEST.to_owned()).spawn(trial).expect("a thread");
    let said = thread.join().expect_err("it fails").downcast::<String>().expect("a message");
    assert_said(&blocks(&page(), "text")[0], &said);
}

#[test]
fn the_seed_of_the_page_is_run_again_as_it_shows() {
    // The child is this very test, told so.
    const TOLD: &str = "PAGE_CHILD";
    if env::var_os(TOLD).is_some() {
        return Trial::of(&naive()).passes();
    }
    let block = &blocks(&page(), "text")[1];
    let (typed, shown) = block.split_once('\n').expect("a command and what it says");
    assert_eq!(typed, format!("$ {SEED_VARIABLE}=6 cargo test {TEST}"));
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "the_seed_of_the_page_is_run_again_as_it_shows", "--nocapture"])
        .env(TOLD, "1")
        .env(SEED_VARIABLE, "6")
        .output()
        .expect("the child");
    assert!(!output.status.success());
    assert_said(shown, &String::from_utf8_lossy(&output.stderr));
}

//! The page `protocols/README.md`: every command on it is run, and says what it shows.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

#[path = "../../../tests/cli/page.rs"]
mod page;

use own_protocol::lease::{Config, CountFrom, LeaseLock};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::setup::Setup;
use sim_core::time::{Duration, DurationRange};
use sim_core::trial::{SEED_VARIABLE, Trial};

use page::{Page, assert_said};

/// The test that the page tells of.
const TEST: &str = "one_node_at_a_time_holds_the_lock";

fn the_page() -> Page {
    Page::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.."), "protocols/README.md")
}

/// The blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let of_it = |block: &page::Block| block.language == language;
    the_page().blocks().into_iter().filter(of_it).map(|block| block.text).collect()
}

/// The first version of the lock, in the test that the page tells of.
fn naive() -> Experiment<LeaseLock> {
    let mut setup = Setup::new(3, Duration::from_secs(60));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 80));
    Experiment::new(Config { count_from: CountFrom::Grant, ..Config::default() }, setup)
}

#[test]
fn an_engineer_comes_from_a_bug_to_a_test() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engineers_page");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("scenarios")).expect("a folder to work in");
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for file in fs::read_dir(scenarios).expect("the scenarios") {
        let file = file.expect("an entry");
        let copy = folder.join("scenarios").join(file.file_name());
        fs::copy(file.path(), copy).expect("a copy");
    }
    the_page().follow(&folder, Path::new(env!("CARGO_BIN_EXE_own-protocol")), &[]);
    let report = fs::read_to_string(folder.join("junit.xml")).expect("what the red test wrote");
    assert!(report.contains("expected at scenarios/smallest.toml:14"), "{report}");
}

#[test]
fn the_test_of_the_page_fails_as_it_shows() {
    let trials = include_str!("trials.rs");
    assert!(trials.contains(&format!("fn {TEST}()")));
    assert!(blocks("rust")[0].lines().all(|line| trials.contains(line)));
    let trial = || Trial::of(&naive()).seeds(0..200).passes();
    let thread = thread::Builder::new().name(TEST.to_owned()).spawn(trial).expect("a thread");
    let said = thread.join().expect_err("it fails").downcast::<String>().expect("a message");
    assert_said(TEST, &blocks("text")[0], &said);
}

#[test]
fn the_seed_of_the_page_is_run_again_as_it_shows() {
    // The child is this very test, told so.
    const TOLD: &str = "PAGE_CHILD";
    if env::var_os(TOLD).is_some() {
        return Trial::of(&naive()).passes();
    }
    let block = &blocks("text")[1];
    let (typed, shown) = block.split_once('\n').expect("a command and what it says");
    assert_eq!(typed, format!("$ {SEED_VARIABLE}=6 cargo test {TEST}"));
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "the_seed_of_the_page_is_run_again_as_it_shows", "--nocapture"])
        .env(TOLD, "1")
        .env(SEED_VARIABLE, "6")
        .output()
        .expect("the child");
    assert!(!output.status.success());
    assert_said(typed, shown, &String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_it_tells_to_type_bears_its_own_name() {
    let says = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_own-protocol");
        let output = Command::new(program).args(arguments).output().expect("the program");
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8(text).expect("UTF-8")
    };
    for (arguments, told) in [
        (&["run", "nowhere"][..], "next: own-protocol list scenarios"),
        (&["run", "voting/tie", "--set", "protocol.kind=x"], "help: own-protocol list protocols"),
        (&["sweep", "--help"], "own-protocol sweep seed-case --seeds 0..1000"),
    ] {
        let said = says(arguments);
        assert!(said.contains(told) && !said.contains(" synod "), "{arguments:?}: {said}");
    }
}

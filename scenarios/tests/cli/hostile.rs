//! Hostile input: none of it panics, hangs, fills memory or leaves the folder that it was given.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::driver::{Desk, VOTE};

#[test]
fn what_is_no_scenario_is_refused() {
    let desk = Desk::with_vote("no_scenario");
    desk.put("empty.toml", "");
    desk.put("spaces.toml", " ".repeat(9 << 20));
    desk.put("latin1.toml", b"name = \"\xe9\"");
    desk.put("utf16.toml", b"\xff\xfen\0a\0m\0e\0");
    desk.put("nul.toml", b"name = \"a\0b\"");
    desk.put("deep.toml", format!("a = {}", "[".repeat(200_000)));
    desk.put("tables.toml", format!("[{}]", vec!["a"; 50_000].join(".")));
    let axis = "a.".repeat(1_000_000);
    desk.put("axis.toml", format!("{VOTE}\n[sweep]\nover.\"{axis}a\" = [1]\n"));
    desk.put("numbers.toml", VOTE.replace("nodes = 5", "nodes = 99999999999999999999"));
    desk.put("nan.toml", VOTE.replace("latency =", "loss = nan\nlatency ="));
    desk.put("date.toml", VOTE.replace("\"5s\"", "2026-01-01"));
    fs::create_dir(desk.path("folder.toml")).expect("a folder");
    for file in [
        "empty.toml",
        "spaces.toml",
        "latin1.toml",
        "utf16.toml",
        "nul.toml",
        "deep.toml",
        "tables.toml",
        "axis.toml",
        "numbers.toml",
        "nan.toml",
        "date.toml",
        "folder.toml",
    ] {
        let said = desk.synod(&["run", file]).exits(3);
        assert!(said.err.contains("Nothing was run."), "{file}: {}", said.err);
        assert!(said.err.len() < 20_000, "{file}: an error is not as long as its file");
    }
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_no_files() {
    let desk = Desk::new("devices");
    desk.synod(&["run", "/dev/zero"]).exits(3);
    let made = std::process::Command::new("mkfifo").arg(desk.path("fifo.toml")).status();
    assert!(made.expect("mkfifo").success());
    desk.synod(&["run", "fifo.toml"]).exits(3);
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    let desk = Desk::with_vote("line_ends");
    desk.put("windows.toml", format!("\u{feff}{}", VOTE.replace('\n', "\r\n")));
    let run = |file: &str| desk.synod(&["run", file, "--format", "json"]).exits(0).out;
    assert_eq!(run("vote.toml"), run("windows.toml"));
}

#[test]
fn numbers_out_of_range_are_refused() {
    let desk = Desk::with_vote("ranges");
    for set in [
        "protocol.nodes=0",
        "protocol.nodes=-1",
        "protocol.nodes=99999999999",
        "protocol.nodes=2.5",
        "network.loss=101%",
        "network.loss=-0.5",
        "network.loss=1e400",
        "horizon=0s",
        "horizon=99999999999h",
        "workload.clients=0",
        "workload.rate=0/s",
        "clock.drift_ppm=-1",
        "limits.events=-1",
        "gst=9s",
    ] {
        let said = desk.synod(&["run", "vote.toml", "--set", set]).exits(3);
        assert!(said.err.contains("Nothing was run."), "{set}: {}", said.err);
    }
}

#[test]
fn a_fault_against_somebody_who_is_not_there_is_refused() {
    let desk = Desk::with_vote("strange_targets");
    for fault in [
        "at = \"1s\"\nkind = \"crash\"\ntarget = \"n9\"",
        "at = \"9s\"\nkind = \"crash\"\ntarget = \"n1\"",
        "kind = \"crash\"\ntarget = \"n1\"",
        "at = \"1s\"\nkind = \"partition\"",
    ] {
        desk.put("vote.toml", format!("{VOTE}\n[[fault]]\n{fault}\n"));
        desk.synod(&["run", "vote.toml"]).exits(3);
    }
}

#[test]
fn files_that_extend_each_other_in_a_circle_or_too_long_a_chain_are_refused() {
    let desk = Desk::new("circle");
    desk.put("a.toml", "extends = \"b.toml\"\n");
    desk.put("b.toml", "extends = \"a.toml\"\n");
    let said = desk.synod(&["run", "a.toml"]).exits(3);
    assert!(said.err.contains("a.toml → b.toml → a.toml"), "{}", said.err);
    assert!(said.err.contains("without end"), "{}", said.err);
    for link in 0..20 {
        desk.put(&format!("{link}.toml"), format!("extends = \"{}.toml\"\n", link + 1));
    }
    let said = desk.synod(&["run", "0.toml"]).exits(3);
    assert!(said.err.contains("more than 16 of them"), "{}", said.err);
    desk.put("c.toml", "extends = \"/dev/zero\"\n");
    desk.synod(&["run", "c.toml"]).exits(3);
}

#[test]
fn arguments_that_make_no_sense_are_usage_errors() {
    let desk = Desk::with_vote("usage");
    for (arguments, code) in [
        (&["sweep", "vote.toml", "--seeds", "10..5"][..], 2),
        (&["sweep", "vote.toml", "--seeds", "0..18446744073709551615"], 2),
        (&["sweep", "vote.toml", "--seeds", "0..=18446744073709551615"], 2),
        (&["sweep", "vote.toml", "--seeds", "99999999999999999999"], 2),
        (&["sweep", "vote.toml", "--seeds", "5..5"], 4),
        (&["sweep", "vote.toml", "--sede", "1"], 2),
        (&["run", "vote.toml", "--seed", "1", "--seed", "2"], 2),
        (&["run", "vote.toml", "--seed", "-1"], 2),
        (&["run", "nowhere.toml"], 2),
        (&["sweep"], 2),
        (&["fly"], 2),
    ] {
        let said = desk.synod(arguments).exits(code);
        assert!(!said.err.is_empty() && said.out.is_empty(), "{arguments:?}: {said:?}");
    }
}

#[test]
fn a_silly_number_of_threads_is_clamped_with_a_note() {
    let desk = Desk::with_vote("jobs");
    for jobs in ["0", "99999"] {
        let arguments = ["sweep", "vote.toml", "--seeds", "0..3", "-j", jobs, "--no-figures"];
        let said = desk.synod(&arguments).exits(0);
        assert!(said.err.contains(&format!("--jobs {jobs} is taken as")), "{}", said.err);
    }
}

#[test]
fn standard_input_is_a_scenario_and_an_empty_one_is_refused() {
    let desk = Desk::new("stdin");
    let said = desk.synod_reading(&["run", "-", "--format", "json"], VOTE.as_bytes()).exits(0);
    assert!(said.out.contains("\"scenario\": \"vote\""), "{}", said.out);
    desk.synod(&["run", "-"]).exits(3);
    desk.synod_reading(&["run", "-"], &[b' '; 9 << 20]).exits(3);
}

#[test]
fn no_name_leads_out_of_the_folder_or_into_a_spreadsheet() {
    let desk = Desk::new("names");
    let name = r#"name = "=HYPERLINK(\"../../x\")""#;
    desk.put("vote.toml", VOTE.replace("name = \"vote\"", name));
    desk.synod(&["sweep", "vote.toml", "--seeds", "0..2", "--no-figures"]).exits(0);
    let folders: Vec<_> = fs::read_dir(desk.path("results"))
        .expect("the results")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert!(folders.contains(&"-HYPERLINK--..-..-x--".to_owned()), "{folders:?}");
    let runs = desk.text("results/latest/runs.csv");
    assert!(runs.contains("\"'=HYPERLINK(\"\"../../x\"\")\""), "{runs}");
}

#[test]
fn a_terminal_is_never_told_what_a_file_wants_it_to_do() {
    let desk = Desk::new("escapes");
    desk.put(
        "vote.toml",
        VOTE.replace("name = \"vote\"", "name = \"a\\u001b]0;b\\u0007\\r\\u202e\""),
    );
    let sweep = desk.synod(&["sweep", "vote.toml", "--seeds", "0..2", "--no-figures"]).exits(0);
    let run = desk.synod(&["run", "vote.toml"]).exits(0);
    let key = desk.synod(&["run", "vote.toml", "--set", "\u{1b}[31mx=1"]).exits(3);
    for text in [sweep.out, sweep.err, run.out, run.err, key.err] {
        let obeyed = |c: char| c == '\u{1b}' || c == '\r' || c == '\u{7}' || c == '\u{202e}';
        assert!(!text.contains(obeyed), "{text:?}");
    }
}

#[cfg(unix)]
#[test]
fn results_go_into_no_file_and_through_no_link() {
    let desk = Desk::with_vote("links");
    desk.put("file", "");
    fs::create_dir(desk.path("elsewhere")).expect("a folder");
    std::os::unix::fs::symlink("elsewhere", desk.path("link")).expect("a link");
    fs::create_dir(desk.path("out")).expect("a folder");
    std::os::unix::fs::symlink("../elsewhere", desk.path("out/vote")).expect("a link");
    for out in ["file", "link", "out", "/proc/nowhere"] {
        let arguments = ["sweep", "vote.toml", "--seeds", "0..2", "-o", out, "--no-figures"];
        let said = desk.synod(&arguments).exits(74);
        assert!(said.err.contains("error: cannot") && said.err.contains("next:"), "{}", said.err);
    }
    assert_eq!(fs::read_dir(desk.path("elsewhere")).expect("the folder").count(), 0);
}

#[test]
fn a_second_sweep_into_the_same_folder_waits_and_says_for_whom() {
    let desk = Desk::with_vote("locked");
    let sweep = ["sweep", "vote.toml", "--seeds", "0..2", "--no-figures", "-q"];
    let test = ["test", "vote.toml", "--seeds", "0..2", "-o", "results", "-q"];
    desk.synod(&sweep).exits(0);
    let folder = fs::canonicalize(desk.path("results/latest")).expect("the folder");
    for arguments in [&sweep[..], &test] {
        let lock = fs::OpenOptions::new().write(true).open(folder.join("parts/lock"));
        let lock = lock.expect("a lock");
        lock.lock().expect("nobody holds it");
        let mut command = desk.command(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it");
        let mut said = String::new();
        let mut err = BufReader::new(child.stderr.take().expect("stderr"));
        err.read_line(&mut said).expect("a line");
        // The file still names the one who held the lock before us.
        assert!(said.starts_with("waiting for process "), "{arguments:?}: {said}");
        assert!(child.try_wait().expect("the program").is_none(), "it waits");
        drop(lock);
        assert_eq!(child.wait().expect("the program").code(), Some(0));
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
    let desk = Desk::with_vote("pipes");
    for arguments in [&["trace", "vote.toml"][..], &["list"], &["run", "vote.toml"]] {
        let mut command = desk.command(&[arguments, &["-q"]].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let status = desk.command(&["list"]).stdout(full).stderr(Stdio::null()).status();
    assert_eq!(status.expect("the program").code(), Some(74));
}

//! Sweeps lose nothing and double nothing: killed, interrupted, shared, merged, or out of room.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use scenarios::parts::{Appender, Kept, Series};

use crate::driver::{Desk, VOTE};
use crate::sweeps::TABLES;

/// The tables of the sweep in `out`, but for `points.csv`, which the report makes of them.
fn tables(desk: &Desk, out: &str) -> Vec<(&'static str, String)> {
    let made = TABLES.into_iter().filter(|table| *table != "points.csv");
    made.map(|table| (table, desk.text(&format!("{out}/latest/{table}")))).collect()
}

#[track_caller]
fn assert_same(desk: &Desk, one: &str, other: &str) {
    for ((table, one), (_, other)) in tables(desk, one).iter().zip(tables(desk, other)) {
        assert!(*one == other, "{table} differs");
    }
}

/// `synod sweep vote.toml` with no charts, on one thread, without words.
fn vote<'a>(seeds: &'a str, out: &'a str) -> Vec<&'a str> {
    let over = "network.loss=0%,30%";
    let common = ["sweep", "vote.toml", "--over", over, "--no-figures", "--no-fail", "-q"];
    [&common[..], &["-j", "1", "--seeds", seeds, "-o", out]].concat()
}

fn start(desk: &Desk, arguments: &[&str]) -> Child {
    let mut command = desk.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program")
}

/// The one part in the folder of `out`.
fn part(desk: &Desk, out: &str) -> PathBuf {
    desk.path(out).join("latest/parts/seeds-0.shard-0-of-1.0.csv")
}

/// What a manifest says of everything but the machine.
fn manifest(desk: &Desk, out: &str) -> serde_json::Value {
    let text = desk.text(&format!("{out}/latest/manifest.json"));
    let mut manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    manifest["host"].take();
    manifest
}

#[test]
fn a_sweep_killed_at_two_hundred_moments_ends_as_one_that_was_not() {
    let desk = Desk::with_vote("killed");
    let (mut moment, mut unfinished) = (7_u64, 0);
    for kill in 0..200 {
        // More seeds each time, so that there is always something to do.
        let seeds = format!("0..{}", 20 + kill * 4);
        let mut child = start(&desk, &vote(&seeds, "killed"));
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_micros(moment >> 32 & 0x7fff));
        child.kill().expect("a kill");
        unfinished += u32::from(!child.wait().expect("the program").success());
    }
    assert!(unfinished > 20, "only {unfinished} were killed before their end");
    desk.synod(&vote("0..820", "killed")).exits(0);
    desk.synod(&vote("0..820", "whole")).exits(0);
    assert_same(&desk, "killed", "whole");
    assert_eq!(manifest(&desk, "killed"), manifest(&desk, "whole"));
    let parts = ["killed", "whole"].map(|out| fs::read(part(&desk, out)).expect("a part"));
    assert!(parts[0] == parts[1], "the parts differ");
    assert_eq!(leftovers(&desk.path("killed/latest")), [] as [PathBuf; 0]);
}

#[test]
fn eight_sweeps_at_once_lose_and_double_nothing() {
    let desk = Desk::with_vote("eight");
    let children: Vec<Child> = (0..8).map(|_| start(&desk, &vote("0..300", "eight"))).collect();
    for child in children {
        let output = child.wait_with_output().expect("the program");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{err}");
    }
    desk.synod(&vote("0..300", "alone")).exits(0);
    assert_same(&desk, "eight", "alone");
    let lines = fs::read_to_string(part(&desk, "eight")).expect("a part").lines().count();
    assert_eq!(lines, 1 + 2 * 300, "each run was kept once");
}

#[test]
fn shards_merge_to_the_same_bytes_however_they_were_cut() {
    let desk = Desk::new("shards");
    desk.put("base.toml", VOTE);
    desk.put("vote.toml", "extends = \"base.toml\"\nname = \"vote\"\n");
    desk.synod(&vote("0..41", "whole")).exits(0);
    let shard = |shard, out| start(&desk, &[&vote("0..41", out)[..], &["--shard", shard]].concat());
    let shards = [("0/3", "a"), ("1/3", "b"), ("2/3", "c"), ("0/2", "d")];
    let side_by_side = [("0/3", "shared"), ("1/3", "shared"), ("2/3", "shared"), ("2/3", "shared")];
    let children: Vec<Child> =
        shards.into_iter().chain(side_by_side).map(|(part, out)| shard(part, out)).collect();
    for child in children {
        let output = child.wait_with_output().expect("the program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // What the shards were made from is not asked for again.
    for file in ["base.toml", "vote.toml"] {
        fs::remove_file(desk.path(file)).expect("the scenario");
    }
    let merge = |dirs: &[&str], out: &str| {
        desk.synod(&[&["merge"], dirs, &["-o", out, "--no-figures", "--no-fail"]].concat())
    };
    for (index, dirs) in
        [&["a", "b", "c"][..], &["c", "b", "a"], &["shared"], &["d", "c", "b", "a"]]
            .into_iter()
            .enumerate()
    {
        let out = format!("merged{index}");
        merge(dirs, &out).exits(0);
        assert_same(&desk, &out, "whole");
        assert_eq!(manifest(&desk, &out), manifest(&desk, "whole"), "{dirs:?}");
        let parts = [&out, "whole"].map(|out| fs::read(part(&desk, out)).expect("a part"));
        assert!(parts[0] == parts[1], "{dirs:?}: the parts differ");
    }
    let said = merge(&["a", "c"], "gap").exits(5);
    assert!(
        said.err.contains("27 of 82 runs are missing: 1, 4, 7, 10, 13, 16, 19, 22, …"),
        "{said:?}"
    );
    let next = said.err.split("next: synod ").nth(1).expect("a command").trim_end().to_owned();
    let mut next: Vec<&str> = next.split(' ').collect();
    next.extend(["--no-figures", "--no-fail"]);
    let said = desk.synod(&next).exits(0);
    assert!(said.err.contains("55 of 82 runs had been made before"), "{said:?}");
    assert_same(&desk, "gap", "whole");
}

#[test]
fn a_shard_is_a_function_of_its_plan_and_judges_nothing() {
    let desk = Desk::with_log_that_stalls("shard");
    let sweep = ["sweep", "log.toml", "--seeds", "0..10", "--no-figures"];
    for (out, jobs) in [("one", "1"), ("two", "3")] {
        let shard = ["--shard", "1/4", "-o", out, "-j", jobs];
        let said = desk.synod(&[&sweep[..], &shard].concat()).exits(0);
        assert!(said.out.contains("shard    1/4: 3 of 3 runs"), "{}", said.out);
        assert!(!desk.path(out).join("latest/runs.csv").exists());
    }
    let parts = ["one", "two"].map(|out| {
        fs::read(desk.path(out).join("latest/parts/seeds-0.shard-1-of-4.0.csv")).expect("a part")
    });
    assert!(parts[0] == parts[1]);
    desk.synod(&["merge", "one", "--no-figures"]).exits(11);
    desk.synod(&[&sweep[..], &["--shard", "4/4"]].concat()).exits(2);
}

#[test]
fn two_sweeps_are_not_merged_as_one() {
    let desk = Desk::with_vote("strangers");
    desk.synod(&vote("0..4", "a")).exits(0);
    desk.synod(&[&vote("0..4", "b")[..], &["--set", "protocol.nodes=3"]].concat()).exits(3);
    desk.synod(&[&vote("0..4", "b")[..], &["--set", "horizon=6s"]].concat()).exits(0);
    desk.synod(&vote("1..5", "c")).exits(0);
    for (other, says) in [("b", "are not shards of one sweep"), ("c", "seeds 0..4 and seeds 1..5")]
    {
        let said = desk.synod(&["merge", "a", other, "-o", "out"]).exits(2);
        assert!(said.err.contains(says) && said.err.contains("next: "), "{}", said.err);
    }
    desk.synod(&["merge", "nowhere"]).exits(74);
    fs::create_dir(desk.path("empty")).expect("a folder");
    desk.synod(&["merge", "empty"]).exits(2);
    assert!(!desk.path("out").exists());
}

#[test]
fn a_run_that_is_two_things_is_nondeterminism() {
    let desk = Desk::with_vote("two_things");
    desk.synod(&vote("0..4", "a")).exits(0);
    let id = manifest(&desk, "a")["id"].as_str().expect("an id").to_owned();
    let (series, parts) = (Series::new(&id, "seeds-0".into()), desk.path("a/latest/parts"));
    let mut kept = Kept::open(&series, vec![part(&desk, "a")], Vec::new()).expect("a part");
    let first = kept.next_before(1).expect("readable").expect("run 0");
    // Run 1 with what run 0 showed, and a good checksum.
    let mut liar = Appender::new(&series, &parts, "shard-1-of-9");
    liar.append(1, &first.outcome, &Kept::default()).expect("room");
    liar.finish().expect("room");
    for command in [&vote("0..4", "a")[..], &["merge", "a", "-o", "b"]] {
        let said = desk.synod(command).exits(30);
        assert!(
            said.err.contains("run 1 is one thing in") && said.err.contains("next: "),
            "{said:?}"
        );
    }
}

#[test]
fn torn_and_damaged_lines_are_made_again_and_no_clock_is_asked() {
    let desk = Desk::with_vote("torn");
    desk.synod(&vote("0..30", "whole")).exits(0);
    desk.synod(&vote("0..30", "torn")).exits(0);
    let path = part(&desk, "torn");
    let good = fs::read_to_string(&path).expect("a part");
    let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
    lines[20] = lines[20].replacen('A', "B", 1);
    lines.remove(31);
    fs::write(&path, &lines.join("\n")[..good.len() - 900]).expect("a part");
    for file in [path.clone(), desk.path("torn/latest/manifest.json")] {
        let past =
            fs::metadata(desk.path("vote.toml")).expect("a file").modified().expect("a time")
                - Duration::from_secs(1_000_000);
        let file = fs::OpenOptions::new().write(true).open(file).expect("a file");
        file.set_modified(past).expect("another time");
    }
    let said = desk.synod(&vote("0..30", "torn")).exits(0);
    assert!(said.err.contains("1 damaged lines in"), "{said:?}");
    assert_same(&desk, "torn", "whole");
    assert_eq!(fs::read_to_string(&path).expect("a part"), good, "the part is mended");
    assert_eq!(desk.synod(&vote("0..30", "torn")).exits(0).err, "");
}

#[test]
fn what_another_engine_made_is_refused() {
    let desk = Desk::with_vote("engine");
    desk.synod(&vote("0..3", "out")).exits(0);
    let path = desk.path("out/latest/manifest.json");
    let good = fs::read_to_string(&path).expect("a manifest");
    let ours = manifest(&desk, "out")["engine"].as_str().expect("an engine").to_owned();
    for (bad, says) in [
        (good.replace(&ours, "0.0.9"), "its engine is 0.0.9"),
        (good.replace("synod.sweep/1", "synod.sweep/2"), "its schema is synod.sweep/2"),
        ("{".to_owned(), "no manifest"),
    ] {
        fs::write(&path, &bad).expect("a manifest");
        let resume = ["sweep", "--resume", "out/latest"];
        for command in [&vote("0..3", "out")[..], &resume, &["merge", "out", "-o", "merged"]] {
            let said = desk.synod(command).exits(125);
            assert!(said.err.contains(says) && said.err.contains("next: "), "{}", said.err);
        }
        assert_eq!(fs::read_to_string(&path).expect("a manifest"), bad, "it was left alone");
    }
}

#[test]
fn a_folder_that_takes_nothing_is_an_io_error_and_the_runs_are_kept() {
    let desk = Desk::with_vote("takes_nothing");
    desk.synod(&vote("0..20", "whole")).exits(0);
    desk.synod(&vote("0..10", "out")).exits(0);
    let folder = fs::canonicalize(desk.path("out/latest")).expect("a folder");
    // A table cannot be renamed onto a folder.
    fs::remove_file(folder.join("runs.csv")).expect("a table");
    fs::create_dir_all(folder.join("runs.csv/x")).expect("a folder");
    let said = desk.synod(&vote("0..20", "out")).exits(74);
    assert!(said.err.contains("runs.csv: ") && said.err.contains("next: "), "{}", said.err);
    assert_eq!(leftovers(&folder), [] as [PathBuf; 0]);
    fs::remove_dir_all(folder.join("runs.csv")).expect("the folder");
    let verbose: Vec<&str> =
        vote("0..20", "out").into_iter().filter(|word| *word != "-q").collect();
    let said = desk.synod(&verbose).exits(0);
    assert!(said.err.contains("40 of 40 runs had been made before"), "{}", said.err);
    assert_same(&desk, "out", "whole");
    // Where the parts should be is a file. (Permission bits would not stop root.)
    fs::remove_dir_all(folder.join("parts")).expect("the parts");
    fs::write(folder.join("parts"), "").expect("a file");
    let said = desk.synod(&vote("0..20", "out")).exits(74);
    assert!(said.err.contains("cannot make") && said.err.contains("next: "), "{}", said.err);
}

/// What was begun under another name and is still there.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "tmp")).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_what_was_there_stays() {
    let desk = Desk::with_vote("full");
    fs::create_dir(desk.path("full")).expect("a folder");
    let script = r#"
        mount -t tmpfs -o size=1m none full 2>/dev/null || exit 99
        sweep() { "$0" sweep vote.toml -o full --no-figures -q --seeds "$1"; }
        sweep 0..20 >/dev/null || exit 98
        cp full/latest/runs.csv before.csv
        sweep 0..5000 >/dev/null 2>said.txt
        [ $? = 74 ] || exit 97
        cmp full/latest/runs.csv before.csv || exit 96
        mount -o remount,size=64m full || exit 99
        sweep 0..5000 >/dev/null || exit 95
        cp full/latest/runs.csv after.csv
    "#;
    let arguments = ["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_synod")];
    let mut unshare = std::process::Command::new("unshare");
    let status = unshare.args(arguments).current_dir(desk.path(".")).status();
    match status.map(|status| status.code()) {
        Ok(Some(0)) => {}
        Ok(Some(code @ 95..=98)) => panic!("step {code} of the script failed"),
        other => return eprintln!("skipped: no file system can be mounted here ({other:?})"),
    }
    let said = desk.text("said.txt");
    assert!(said.contains("No space left") && said.contains("next: make room"), "{said}");
    desk.synod(&["sweep", "vote.toml", "-o", "room", "--no-figures", "-q", "--seeds", "0..5000"])
        .exits(0);
    assert!(desk.text("after.csv") == desk.text("room/latest/runs.csv"));
}

#[test]
fn a_sweep_that_is_precise_enough_stops_at_the_same_seed_on_any_number_of_threads() {
    let desk = Desk::with_log_that_stalls("precise");
    let sweep = |out: &str, jobs: &str, until: &str| {
        let arguments = ["sweep", "log.toml", "--no-figures", "--no-fail", "--seeds", "0..230"];
        let more = ["--set", "network.loss=1%", "-o", out, "-j", jobs];
        desk.synod(&[&arguments[..], &more, &["--until-ci", until]].concat()).exits(0)
    };
    for (out, jobs) in [("one", "1"), ("three", "3"), ("three", "2")] {
        let said = sweep(out, jobs, "decide_mean_ms:mean:±10%");
        assert!(said.out.contains("100 of at most 230 seeds"), "{}", said.out);
        assert!(said.out.contains("stopping was adaptive"), "{}", said.out);
    }
    assert_same(&desk, "one", "three");
    assert_eq!(desk.text("one/latest/runs.csv").lines().count(), 101);
    let said = manifest(&desk, "one");
    assert_eq!(said["adaptive"]["reached"], true);
    assert_eq!((&said["seeds"], &said["complete"]), (&"0..100".into(), &true.into()));
    let said = sweep("one", "2", "decide_mean_ms:p99:0.01%");
    assert!(said.out.contains("was not reached at every point in 230 seeds"), "{}", said.out);
    desk.synod(&["sweep", "log.toml", "--until-ci", "decide_mean:p99:1%"]).exits(2);
    desk.synod(&["sweep", "log.toml", "--until-ci", "decide_mean_ms:p99:1%", "--shard", "0/2"])
        .exits(2);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_seeds() {
    let desk = Desk::with_vote("memory");
    let peak = |seeds: &str| -> u64 {
        let mut child = start(&desk, &vote(seeds, "out"));
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait().expect("the program").is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with("VmHWM"));
            let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
            peak = kib.unwrap_or(peak);
            std::thread::sleep(Duration::from_millis(5));
        }
        peak
    };
    // Enough for the blocks to reach their full size.
    let few = peak("0..1000");
    let many = peak("1000..13000");
    assert!(few > 0 && many < few + few / 4 + 4_096, "{few} KiB for few, {many} KiB for many");
}

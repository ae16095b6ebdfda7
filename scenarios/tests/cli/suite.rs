//! Scenario files as a test-suite, and what continuous integration is told of it.

use expect_test::expect;

use crate::driver::{Desk, VOTE};

/// No vote is over so soon.
const BROKEN: &str = r#"
[[expect]]
metric = "decide_p50_ms"
stat = "max"
max = "1ms"
"#;

fn suite(test: &str) -> Desk {
    let desk = Desk::with_vote(test);
    std::fs::create_dir_all(desk.path("cases/deep")).expect("folders");
    desk.put("cases/good.toml", VOTE.replace("\"vote\"", "\"good\""));
    desk.put("cases/deep/late.toml", VOTE.replace("\"vote\"", "\"late\"") + BROKEN);
    desk.put("cases/deep/_base.toml", "this is no scenario");
    desk.put("cases/Cargo.toml", "[package]");
    desk
}

/// The output without times.
fn timeless(out: &str) -> String {
    let word = |word: &str| match word.parse::<f64>() {
        Ok(_) if word.contains('.') => "T".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    out.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_suite_has_a_line_for_each_scenario_and_a_place_for_each_failure() {
    let desk = suite("suite");
    let said = desk.synod(&["test", "cases", "--seeds", "0..20", "-j", "1"]).exits(12);
    expect![[r#"
        ✗ late  1 point × seeds 0..20  T s
            ✗ cases/deep/late.toml:16  decide_p50_ms max ≤ 1: T  (p0 voting)
                seed 5  synod trace cases/deep/late.toml --seed 5
        ✓ good  1 point × seeds 0..20  T s

        1 passed, 1 failed, 0 inconclusive  (exit 12)"#]]
    .assert_eq(&timeless(&said.out));
    assert!(!desk.path("results").exists(), "nothing is kept unless it is asked for");
    desk.synod(&["trace", "cases/deep/late.toml", "--seed", "5"]).exits(0);
    desk.synod(&["test", "cases", "--seeds", "0..20", "--no-fail", "-o", "kept"]).exits(0);
    assert_eq!(desk.text("kept/latest/runs.csv").lines().count(), 21);
    assert!(desk.path("kept/late").is_dir() && desk.path("kept/good").is_dir());
}

#[test]
fn the_worst_scenario_decides_and_filters_choose() {
    let desk = suite("filters");
    let code = |more: &[&str]| {
        let arguments = [&["test", "cases", "--seeds", "0..5"], more].concat();
        desk.synod(&arguments).code
    };
    assert_eq!(code(&["-E", "good"]), 0);
    assert_eq!(code(&["-E", "good", "-E", "late"]), 12);
    assert_eq!(code(&["-E", "nothing"]), 4);
    assert_eq!(code(&["--seeds", "5..5"]), 2, "the flag is given twice");
    assert_eq!(desk.synod(&["test", "cases", "--seeds", "5..5"]).code, 4);
    assert_eq!(code(&["--set", "network.los=1%"]), 3);
    std::fs::create_dir_all(desk.path("empty")).expect("a folder");
    let said = desk.synod(&["test", "empty"]).exits(4);
    assert!(said.err.contains("next: synod list scenarios"), "{}", said.err);
    let said = desk.synod(&["test", "no-such-thing"]).exits(2);
    assert!(said.err.contains("neither a file nor a scenario"), "{}", said.err);
    // A folder of the catalogue is a folder.
    let said = desk.synod(&["test", "bracha", "--seeds", "0..3", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(document["scenarios"].as_array().expect("a list").len() >= 4);
    assert_eq!(document["schema"], "synod.test/1");
    assert_eq!(document["exit_code"], said.code);
}

#[test]
fn what_did_not_run_long_enough_to_tell_is_not_passed() {
    let desk = suite("open");
    desk.put("open.toml", format!("{VOTE}{}", BROKEN.replace("max\"", "p99\"")));
    let said = desk.synod(&["test", "open.toml", "vote.toml", "--seeds", "0..9"]).exits(20);
    assert!(said.out.contains("\n1 passed, 0 failed, 1 inconclusive  (exit 20)"), "{}", said.out);
    assert!(said.out.contains("too few samples (9 < 299)"), "{}", said.out);
}

#[test]
fn junit_is_read_back_by_an_xml_reader() {
    let desk = suite("junit");
    let hostile = "name = \"a <b> & \\\"c\\\" ]]> \\u0007\"";
    desk.put("cases/hostile.toml", VOTE.replace("name = \"vote\"", hostile) + BROKEN);
    desk.synod(&["test", "cases", "--seeds", "0..20", "--junit", "junit.xml"]).exits(12);
    let text = desk.text("junit.xml");
    let document = roxmltree::Document::parse(&text).expect("XML");
    let all = |name: &'static str| {
        document.descendants().filter(move |node| node.has_tag_name(name)).collect::<Vec<_>>()
    };
    let names: Vec<_> = all("testsuite").iter().filter_map(|node| node.attribute("name")).collect();
    assert_eq!(names, ["late", "good", "a <b> & \"c\" ]]> "]);
    assert_eq!(document.root_element().attribute("failures"), Some("2"));
    assert_eq!(all("testcase").len(), 5, "an expectation each, and what all are expected");
    let failures = all("failure");
    let told = failures[0].text().expect("words");
    assert!(told.contains("expected at cases/deep/late.toml:16"), "{told}");
    assert!(told.contains("synod trace cases/deep/late.toml --seed 5"), "{told}");
    assert_eq!(failures[0].attribute("type"), Some("threshold"));
    assert!(all("system-out")[0].text().expect("the scenario").contains("max = \"1ms\""));
}

#[test]
fn github_is_told_at_the_line_and_in_the_summary() {
    let desk = suite("github");
    desk.put("summary.md", "what another step wrote\n");
    let arguments = ["test", "cases", "vote.toml", "--seeds", "0..20", "--github"];
    let mut command = desk.command(&arguments);
    let output = command.env("GITHUB_STEP_SUMMARY", "summary.md").output().expect("the program");
    assert_eq!(output.status.code(), Some(12));
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    let expected = "::error file=cases/deep/late.toml,line=16,title=late::decide_p50_ms max ≤ 1: ";
    assert!(err.lines().any(|line| line.starts_with(expected)), "{err}");
    assert_eq!(err.matches("::error").count(), 1, "{err}");
    let summary = desk.text("summary.md");
    assert!(summary.starts_with("what another step wrote\n### synod\n"), "{summary}");
    assert!(summary.contains("| ✅ | good | 1 | 20 |"), "{summary}");
    assert!(summary.contains("```mermaid\nsequenceDiagram\n"), "{summary}");
    assert!(summary.contains("$ synod trace cases/deep/late.toml --seed 5"), "{summary}");
    // Without the variable there is no summary, and nothing else changes.
    let output = desk.command(&arguments).env_remove("GITHUB_STEP_SUMMARY").output();
    assert_eq!(output.expect("the program").status.code(), Some(12));
}

#[test]
fn a_control_that_breaks_nowhere_fails_once() {
    let desk = Desk::with_log("lost");
    desk.put(
        "control.toml",
        "extends = \"log.toml\"\nname = \"control\"\n[[expect]]\nverdict = \"pass\"\nholds = false\n",
    );
    let said = desk.synod(&["test", "control.toml", "--seeds", "0..4"]).exits(10);
    assert!(said.out.contains("control.toml:3  not all runs pass"), "{}", said.out);
    assert!(said.out.contains("--seed 0"), "{}", said.out);
}

#[test]
fn a_profile_is_laid_over_those_that_have_it_and_some_must() {
    let desk = suite("profiles");
    let short = "\n[profile.short]\nseeds = \"0..3\"\nhorizon = \"4s\"\n";
    desk.put("cases/deep/late.toml", VOTE.replace("\"vote\"", "\"late\"") + BROKEN + short);
    let said = desk.synod(&["test", "cases", "--profile", "short", "-o", "kept"]).exits(12);
    for part in ["good  1 point × seeds 0..100 ", "late  1 point × seeds 0..3 "] {
        assert!(said.out.contains(part), "{part} is missing:\n{}", said.out);
    }
    // Whoever has the profile is shown under it.
    assert!(said.out.contains("late.toml --seed 2 --profile short"), "{}", said.out);
    for (name, has) in [("late", true), ("good", false)] {
        let folder = std::fs::read_dir(desk.path("kept").join(name)).expect("a folder").next();
        let manifest = folder.expect("a sweep").expect("an entry").path().join("manifest.json");
        let text = std::fs::read_to_string(manifest).expect("a manifest");
        assert_eq!(text.contains("\"profile\": \"short\""), has, "{name}: {text}");
    }
    let said = desk.synod(&["test", "cases", "--profile", "shorter"]).exits(3);
    assert!(said.err.contains("no such profile") && said.err.contains("short"), "{}", said.err);
}

//! The pages that users read: what they tell to type is typed, what they show is said, and what the
//! lists write is fresh.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use crate::driver::Desk;
use crate::page::{Command, Page};

/// The pages whose `synod` is run here. That of one's own protocol has a program of its own and is
/// followed by the tests of that program.
const PAGES: [&str; 3] = ["README.md", "scenarios/README.md", "reports/README.md"];
/// The page that is followed elsewhere.
const OWN_PROTOCOL: &str = "protocols/README.md";

/// What else the pages tell to type, and why it is not run here.
const NOT_RUN: [(&str, &str); 2] = [
    ("cargo", "it would build within a test; what it names is looked up in the manifests"),
    ("cmp", "not every system has it; that shards make the same bytes is a test of its own"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Follows a page at a desk of its own, which is left as the page leaves it.
#[track_caller]
fn follow(page: &str, test: &str) -> Desk {
    let others: Vec<&str> = NOT_RUN.iter().map(|(program, _)| *program).collect();
    let desk = Desk::new(test);
    let program = Path::new(env!("CARGO_BIN_EXE_synod"));
    Page::read(&root(), page).follow(&desk.path(""), program, &others);
    desk
}

#[test]
fn the_front_page_says_what_is_said() {
    follow("README.md", "front_page");
}

#[test]
fn an_architect_comes_from_a_question_to_an_answer() {
    follow("scenarios/README.md", "architects_page");
}

#[test]
fn a_researcher_comes_from_nothing_to_a_figure() {
    let desk = follow("reports/README.md", "researchers_page");
    // What the page reads with other programs is in the tables that it made.
    let tables = ["runs.csv", "points.csv"].map(|name| desk.text(&format!("paper/latest/{name}")));
    let page = Page::read(&root(), "reports/README.md");
    let python = page.blocks().into_iter().filter(|block| block.language == "python");
    let mut count = 0;
    for block in python {
        for word in block.text.split('"').skip(1).step_by(2) {
            let has = |table: &String| table.split(['\n', ',']).any(|cell| cell == word);
            let is_there = desk.path(word).is_file() || tables.iter().any(has);
            assert!(is_there, "the page reads `{word}`");
            count += 1;
        }
    }
    assert!(count > 8, "only {count} names");
}

/// The files that a page leads to, by their paths from the root.
fn links(page: &str) -> Vec<PathBuf> {
    let text = fs::read_to_string(root().join(page)).expect("a page");
    let folder = Path::new(page).parent().expect("a folder");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.filter_map(|target| target.split('#').next());
    let files = files.filter(|file| !file.is_empty() && !file.contains("://"));
    files.map(|file| folder.join(file)).collect()
}

/// The sources that a page names, by their paths from the root.
fn sources(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).expect("a page");
    let names = text.split('`').filter(|name| name.contains('/') && name.ends_with(".rs"));
    names.filter(|name| !name.contains([' ', '*', '\n'])).map(str::to_owned).collect()
}

#[test]
fn what_a_page_leads_to_is_there() {
    for name in PAGES.into_iter().chain([OWN_PROTOCOL]) {
        let links = links(name);
        assert!(!links.is_empty(), "{name} leads nowhere");
        for link in links {
            assert!(root().join(&link).exists(), "{name}: there is no {}", link.display());
        }
        for source in sources(name) {
            assert!(root().join(&source).exists(), "{name}: there is no {source}");
        }
    }
}

/// The manifests of the workspace by the names of their packages.
fn manifests() -> Vec<(String, toml::Table, PathBuf)> {
    let read = |path: &Path| -> toml::Table {
        let text = fs::read_to_string(path.join("Cargo.toml")).expect("a manifest");
        text.parse().expect("TOML")
    };
    let whole = read(&root());
    let members = whole["workspace"]["members"].as_array().expect("members");
    let folder = |member: &toml::Value| root().join(member.as_str().expect("a path"));
    let manifest = |member: &toml::Value| {
        let (folder, manifest) = (folder(member), read(&folder(member)));
        (manifest["package"]["name"].as_str().expect("a name").to_owned(), manifest, folder)
    };
    members.iter().map(manifest).collect()
}

/// What is wrong with a command of cargo: it names something that there is not.
fn complaint(command: &Command, manifests: &[(String, toml::Table, PathBuf)]) -> Option<String> {
    // The last one is another program's, which the page says how to install.
    const VERBS: [&str; 7] = ["run", "test", "bench", "install", "doc", "build", "mutants"];
    let words: Vec<&str> = command.typed.split_whitespace().skip_while(|w| *w != "cargo").collect();
    let own: Vec<&str> = words.iter().copied().take_while(|word| *word != "--").collect();
    let after = |flags: &[&str]| {
        let place = own.iter().position(|word| flags.contains(word))?;
        own.get(place + 1).copied()
    };
    let of = |name: &str| manifests.iter().find(|(known, ..)| known == name);
    if own.get(1).is_none_or(|verb| !VERBS.contains(verb)) {
        return Some("no such verb".to_owned());
    }
    let package = after(&["-p", "--package"]);
    if package.is_some_and(|package| of(package).is_none()) {
        return Some("no such package".to_owned());
    }
    if after(&["--path"]).is_some_and(|path| !root().join(path).join("Cargo.toml").exists()) {
        return Some("no package there".to_owned());
    }
    if let Some(features) = after(&["--features", "-F"]) {
        for feature in features.split(',') {
            let (package, feature) = feature.split_once('/').or(package.map(|p| (p, feature)))?;
            let has = of(package).and_then(|(_, manifest, _)| manifest.get("features"));
            if has.is_none_or(|features| features.get(feature).is_none()) {
                return Some(format!("{package} has no feature `{feature}`"));
            }
        }
    }
    let target = |flag: &str, folder: &str| {
        let name = after(&[flag])?;
        let (.., place) = of(package?)?;
        let files = [format!("{folder}/{name}.rs"), format!("{folder}/{name}/main.rs")];
        let is_there = files.iter().any(|file| place.join(file).exists());
        (!is_there).then(|| format!("no {folder}/{name}"))
    };
    target("--bench", "benches")
        .or_else(|| target("--test", "tests"))
        .or_else(|| target("--example", "examples"))
}

#[test]
fn what_a_page_tells_cargo_is_in_the_manifests() {
    let manifests = manifests();
    let pages = PAGES.into_iter().chain([OWN_PROTOCOL, "benches/README.md"]);
    let commands = |name: &str| -> Vec<Command> {
        let page = Page::read(&root(), name);
        page.blocks().iter().flat_map(|block| page.commands(block)).collect()
    };
    let mut count = 0;
    for command in pages.flat_map(commands) {
        if command.typed.split_whitespace().any(|word| word == "cargo") {
            let complaint = complaint(&command, &manifests);
            assert_eq!(complaint, None, "{}: {}", command.place, command.typed);
            count += 1;
        }
    }
    assert!(count >= 3, "only {count} commands of cargo");
}

/// The generated pages: each with its opening and the lists that it consists of.
const GENERATED: [(&str, &str, &[&str]); 4] = [
    (
        "scenarios/FAULTS.md",
        "# Faults",
        &["faults", "fault-keys", "profiles", "shapes", "adversaries"],
    ),
    ("scenarios/CATALOG.md", "# The catalogue", &["scenarios"]),
    ("protocols/PROTOCOLS.md", "# Protocols and problems", &["protocols", "rules"]),
    ("reports/METRICS.md", "# Metrics and charts", &["metrics", "marks", "charts"]),
];

#[test]
fn the_generated_pages_are_what_the_lists_say() {
    let desk = Desk::new("generated");
    let list = |topic: &&str| desk.synod(&["list", topic, "--format", "markdown"]).exits(0).out;
    for (file, title, topics) in GENERATED {
        let page: String = topics.iter().map(list).collect();
        let page = page.trim_end();
        let page = format!(
            "{title}\n\nWritten by `synod list … --format markdown`; a test keeps it fresh.\n\n{page}\n"
        );
        expect_file![root().join(file)].assert_eq(&page);
    }
}

#[test]
fn what_a_chart_is_drawn_from_is_measured_by_somebody() {
    let desk = Desk::new("chart_feeds");
    let list = |topic: &str| -> serde_json::Value {
        let said = desk.synod(&["list", topic, "--format", "json"]).exits(0).out;
        serde_json::from_str(&said).expect("JSON")
    };
    let named = |list: &serde_json::Value| -> BTreeSet<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|thing| thing["name"].as_str().expect("a name").to_owned()).collect()
    };
    let metrics = named(&list("metrics")["metrics"]);
    let curves = protocols::REGISTRY.iter().flat_map(|entry| entry.curves);
    let curves: BTreeSet<&str> = curves.map(|curve| curve.name).collect();
    for chart in list("charts")["charts"].as_array().expect("charts") {
        let feeds = chart["feeds"].as_array().expect("what feeds it");
        assert!(!feeds.is_empty(), "{chart}");
        for feed in feeds.iter().filter_map(|feed| feed.as_str()) {
            let is_there = match chart["table"].as_str() {
                Some("runs.csv") => metrics.contains(feed) || feed == "verdict",
                Some("series.csv") => curves.contains(feed),
                Some("timeline.csv" | "hist.csv") => true,
                _ => false,
            };
            assert!(is_there, "nobody measures `{feed}` of {chart}");
        }
    }
}

#[test]
fn every_bug_is_caught_by_a_judge_of_its_protocol() {
    for entry in protocols::REGISTRY {
        let judges: Vec<&str> = entry.properties.iter().chain(entry.invariants).copied().collect();
        for mutant in entry.mutants {
            // Protocols that share their bugs (over one machine or another) differ in their judges.
            let caught = mutant.breaks.iter().any(|judge| judges.contains(judge));
            assert!(caught, "{}: no judge of {} catches it", mutant.id, entry.name);
        }
    }
}

//! The rules of the house that a compiler does not know.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every source file of the workspace, by its path from the root.
fn sources() -> BTreeMap<String, String> {
    fn gather(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() && !path.ends_with("target") {
                gather(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root").display().to_string();
                found.insert(name, fs::read_to_string(&path).expect("UTF-8"));
            }
        }
    }
    let (root, mut found) = (root(), BTreeMap::new());
    for folder in ["sim-core", "protocols", "scenarios", "reports", "benches"] {
        gather(&root.join(folder), &root, &mut found);
    }
    assert!(found.len() > 50, "only {} files found", found.len());
    found
}

/// The names after `mod` in a `lib.rs`, in order.
fn modules(lib: &str) -> Vec<String> {
    lib.lines()
        .filter_map(|line| {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
        })
        .collect()
}

/// The modules of the crate that a source names.
fn imports(source: &str) -> Vec<String> {
    let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let name = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    // What a macro names by `$crate` is resolved where it is used, and an exported macro is at the
    // root of the crate, whichever module defines it.
    let code = code.replace("$crate::", "");
    let is_module = |rest: &&str| !rest[name(rest).len()..].starts_with('!');
    code.split("crate::").skip(1).filter(is_module).map(name).collect()
}

#[test]
fn a_module_imports_only_modules_above_it() {
    let sources = sources();
    for (of_crate, least) in
        [("sim-core", 21), ("protocols", 21), ("scenarios", 21), ("reports", 7)]
    {
        let order = modules(&sources[&format!("{of_crate}/src/lib.rs")]);
        assert!(order.len() >= least, "{order:?}");
        for (place, module) in order.iter().enumerate() {
            let file = format!("{of_crate}/src/{module}.rs");
            let rooms = format!("{of_crate}/src/{module}/");
            // Tests may borrow a protocol to try what it stands on.
            let of_module = |name: &&String| {
                (**name == file || name.starts_with(&rooms)) && !name.ends_with("/tests.rs")
            };
            let sources: Vec<&str> =
                sources.keys().filter(of_module).map(|name| sources[name].as_str()).collect();
            assert!(!sources.is_empty(), "{module} has no file");
            for import in sources.into_iter().flat_map(imports) {
                let imported = order.iter().position(|other| *other == import);
                assert!(
                    imported.is_some_and(|other| other < place || import == *module),
                    "`{module}` of {of_crate} imports `{import}`, which lib.rs does not list above it"
                );
            }
        }
    }
}

#[test]
fn reports_knows_none_of_our_crates_and_the_kernel_no_other() {
    let manifest =
        |name: &str| fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a manifest");
    for (krate, others) in [
        ("sim-core", &["protocols", "scenarios", "reports", "benches"][..]),
        ("reports", &["sim-core", "protocols", "scenarios", "benches"]),
        ("protocols", &["scenarios", "reports", "benches"]),
    ] {
        for other in others {
            let depends = |line: &str| {
                // `other = …` and `other.workspace = true` alike.
                line.strip_prefix(other).is_some_and(|rest| rest.starts_with([' ', '=', '.']))
            };
            assert!(!manifest(krate).lines().any(depends), "{krate} depends on {other}");
        }
    }
}

#[test]
fn every_file_says_first_what_it_is() {
    for (name, source) in sources() {
        assert!(source.starts_with("//! "), "{name} does not open with `//! `");
    }
}

#[test]
fn nothing_is_left_over() {
    // Written apart, so that this file does not find itself.
    let leftovers = ["TO", "FIX", "XX"].map(|start| match start {
        "TO" => format!("{start}DO"),
        "FIX" => format!("{start}ME"),
        _ => format!("{start}X"),
    });
    let macros = ["dbg", "todo", "unimplemented"].map(|name| format!("{name}!("));
    let attributes = ["allow", "ignore"].map(|name| format!("#[{name}"));
    for (name, source) in sources() {
        for leftover in leftovers.iter().chain(&macros).chain(&attributes) {
            assert!(!source.contains(leftover), "{name} contains `{leftover}`");
        }
    }
}

#[test]
fn every_protocol_has_its_tests_beside_it() {
    let folder = root().join("protocols/src");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() && !path.ends_with("problem") {
            count += 1;
            for file in ["mod.rs", "tests.rs"] {
                assert!(path.join(file).is_file(), "{} has no {file}", path.display());
            }
        }
    }
    assert!(count >= 3, "only {count} protocols found");
}

#[test]
fn the_code_map_of_the_readme_names_every_module() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    let map = readme.split("## Code map").nth(1).expect("a code map");
    let map = map.split("\n## ").next().expect("its text");
    let sources = sources();
    for krate in ["sim-core", "protocols", "scenarios", "reports"] {
        for module in modules(&sources[&format!("{krate}/src/lib.rs")]) {
            let named = map.contains(&format!("`{module}`"));
            assert!(named, "the code map does not name `{module}` of {krate}");
        }
    }
}

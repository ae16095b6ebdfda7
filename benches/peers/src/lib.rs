//! Synod side by side with other discrete-event simulators that are Rust crates.

pub mod chart;
pub mod measure;
pub mod peer;
pub mod table;

/// The allocator that every simulator runs on.
pub const ALLOCATOR: &str =
    if cfg!(feature = "dscale") { "mimalloc, which dscale installs" } else { "the system's" };

/// The version of a package that this build is locked to.
///
/// # Panics
/// If the build does not depend on such a package.
pub fn version(package: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let entry = format!("name = \"{package}\"\nversion = \"");
    let after = lock.split_once(&entry).map(|(_, after)| after);
    let version = after.and_then(|after| after.split_once('"')).map(|(version, _)| version);
    version.unwrap_or_else(|| panic!("the lock file has no package {package}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_simulator_is_locked_to_a_version() {
        for simulator in peer::ALL {
            let version = version(simulator.package());
            assert_eq!(version.split('.').count(), 3, "{}: {version}", simulator.package());
        }
        assert!(version("turmoil").starts_with("0.7."));
    }
}

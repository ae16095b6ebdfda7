//! Names the engine: the version, and a digest of the sources that decide what a run shows.
//!
//! Results of two engines are never mixed in one folder. A version alone would not tell them apart
//! while a protocol is being worked on.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// What decides the outcome of a run, from the root of the workspace.
const SOURCES: [&str; 3] = ["Cargo.lock", "protocols/src", "sim-core/src"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("..");
    let mut digest = Fnv::default();
    for source in SOURCES {
        let path = root.join(source);
        println!("cargo::rerun-if-changed={}", path.display());
        let mut files = Vec::new();
        gather(&path, &mut files)?;
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
            digest.add(name.as_bytes());
            digest.add(&fs::read(&file)?);
        }
    }
    let version = std::env::var("CARGO_PKG_VERSION")?;
    println!("cargo::rustc-env=SYNOD_ENGINE={version}+{:08x}", digest.0 >> 32);
    Ok(())
}

/// Every file at or below a path.
fn gather(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        gather(&entry?.path(), files)?;
    }
    Ok(())
}

/// The digest of Fowler, Noll and Vo (FNV-1a, 64 bits): short enough to stand here, so that the
/// kernel need not be built a second time for this.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Takes in a text and its end. Line ends count alike however the sources were checked out.
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().filter(|byte| **byte != b'\r').chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

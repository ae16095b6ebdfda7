//! The folder of a sweep: where it lies, and how files get into it whole.
//!
//! The folder's name is a digest of what was run, without the seeds: the same experiment goes to
//! the same place. A file appears under its name when it is complete; the tables that grow with the
//! runs grow under `.part` and keep what they have if the sweep is stopped.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use sim_core::digest::Digest;

use crate::error::Error;
use crate::sweep::Plan;

/// The version of the engine; another one may give other results.
pub const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// The digest of everything that is run, as eight hexadecimal digits.
pub fn id(plan: &Plan) -> String {
    let points = plan.points.iter();
    let texts: Vec<_> =
        points.map(|point| (point.scenario.as_str(), canonical(&point.resolved))).collect();
    format!("{:08x}", Digest::of(&(ENGINE, texts)) >> 32)
}

/// JSON with its keys in order, whatever order the library keeps them in.
fn canonical(value: &Json) -> String {
    match value {
        Json::Object(fields) => {
            let mut fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{key:?}:{}", canonical(value))).collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        plain => plain.to_string(),
    }
}

/// The name of the folder of these scenarios.
pub fn folder_name(plan: &Plan) -> String {
    let names: Vec<String> = plan.scenarios.iter().map(|scenario| slug(&scenario.name)).collect();
    let joined = names.join("_");
    match names.len() {
        1 => joined,
        _ if joined.len() <= LONGEST_NAME => joined,
        count => {
            let first: String = names[0].chars().take(LONGEST_NAME - 20).collect();
            format!("{first}-and-{}-more", count - 1)
        }
    }
}

const LONGEST_NAME: usize = 64;

/// A name as a folder may safely bear it: 1 to 64 letters, digits, `_`, `.` and `-`, without a dot
/// at either end.
pub fn slug(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' };
    let slug: String = name.chars().take(LONGEST_NAME).map(safe).collect();
    match slug.trim_matches('.') {
        "" => "unnamed".to_owned(),
        slug => slug.to_owned(),
    }
}

/// The folder of one sweep.
#[derive(Debug)]
pub struct Folder {
    out: PathBuf,
    name: String,
    id: String,
    dir: PathBuf,
}

impl Folder {
    /// Makes `out/name/id`, or finds it there. No step of it may be a symbolic link.
    ///
    /// # Errors
    /// When a step is something else than a folder, or cannot be made.
    pub fn create(out: &Path, name: &str, id: &str) -> Result<Self, Error> {
        let (named, dir) = (out.join(name), out.join(name).join(id));
        for step in [out, &named, &dir] {
            let refused = |kind, why: &str| {
                Err(Error::io("write to", step)(io::Error::new(kind, why.to_owned())))
            };
            match fs::symlink_metadata(step) {
                Ok(found) if found.is_symlink() => {
                    return refused(
                        io::ErrorKind::InvalidInput,
                        "it is a symbolic link; name the folder that it leads to",
                    );
                }
                Ok(found) if !found.is_dir() => {
                    return refused(io::ErrorKind::NotADirectory, "it is a file, not a folder");
                }
                Ok(_) => {}
                Err(_) => fs::create_dir_all(step).map_err(Error::io("make", step))?,
            }
        }
        let (out, name, id) = (out.to_owned(), name.to_owned(), id.to_owned());
        Ok(Self { out, name, id, dir })
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// When the folder does not take it.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        let (part, end) = (self.dir.join(format!("{file}.part")), self.dir.join(file));
        let mut written = File::create(&part).map_err(Error::io("write", &part))?;
        let result = written.write_all(bytes).and_then(|()| written.sync_all());
        result.map_err(Error::io("write", &part))?;
        fs::rename(&part, &end).map_err(Error::io("write", end))
    }

    /// Begins a table that grows with the runs.
    ///
    /// # Errors
    /// When the folder does not take it, or another sweep is writing it.
    pub fn table(&self, file: &str, header: &[String]) -> Result<Table, Error> {
        let (part, end) = (self.dir.join(format!("{file}.part")), self.dir.join(file));
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&part);
        let opened = opened.map_err(Error::io("write", &part))?;
        match opened.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let busy =
                    io::Error::new(io::ErrorKind::ResourceBusy, "another sweep is writing it");
                return Err(Error::io("write", part)(busy));
            }
            // A file system without locks must not keep anybody from sweeping.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        opened.set_len(0).map_err(Error::io("write", &part))?;
        let mut table = Table { writer: csv::Writer::from_writer(opened), part, end };
        table.row(header)?;
        Ok(table)
    }

    /// Points `out/latest` at this folder.
    ///
    /// # Errors
    /// When the link cannot be made.
    pub fn point_latest(&self) -> Result<(), Error> {
        let (fresh, latest) = (self.out.join(".latest.part"), self.out.join("latest"));
        if fs::symlink_metadata(&latest).is_ok_and(|found| !found.is_symlink()) {
            // Somebody's own file or folder of that name is left alone.
            return Ok(());
        }
        let _ = fs::remove_file(&fresh);
        link(&Path::new(&self.name).join(&self.id), &fresh).map_err(Error::io("link", &fresh))?;
        fs::rename(&fresh, &latest).map_err(Error::io("link", latest))
    }
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

/// A table that grows with the runs.
#[derive(Debug)]
pub struct Table {
    writer: csv::Writer<File>,
    part: PathBuf,
    end: PathBuf,
}

impl Table {
    /// Adds a row.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<(), Error> {
        self.writer
            .write_record(cells)
            .map_err(io::Error::from)
            .map_err(Error::io("write", &self.part))
    }

    /// Hands everything so far to the system.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(Error::io("write", &self.part))
    }

    /// Gives the table its name.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn finish(mut self) -> Result<(), Error> {
        self.flush()?;
        fs::rename(&self.part, &self.end).map_err(Error::io("write", self.end))
    }
}

/// A small table as bytes.
pub fn bytes(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes every byte");
    rows.into_iter().for_each(|row| writer.write_record(row).expect("rows are of equal length"));
    writer.into_inner().expect("memory takes every byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, safe) in [
            ("raft5", "raft5"),
            ("../../x", "-..-x"),
            ("/etc", "-etc"),
            ("..", "unnamed"),
            ("", "unnamed"),
            ("a b\u{202e}\u{1b}", "a-b--"),
            ("dots...", "dots"),
        ] {
            assert_eq!(slug(name), safe);
        }
        assert_eq!(slug(&"x".repeat(4_096)).len(), 64);
    }

    #[test]
    fn the_order_of_keys_changes_no_digest() {
        let one: Json = serde_json::from_str(r#"{"b":1,"a":{"d":[1,2],"c":null}}"#).expect("JSON");
        let other: Json =
            serde_json::from_str(r#"{"a":{"c":null,"d":[1,2]},"b":1}"#).expect("JSON");
        assert_eq!(canonical(&one), canonical(&other));
        assert_eq!(canonical(&one), r#"{"a":{"c":null,"d":[1,2]},"b":1}"#);
    }
}

//! The folder of a sweep: where it lies, and how files get into it whole.
//!
//! The folder's name is a digest of what was run, without the seeds: the same experiment goes to
//! the same place. A file appears under its name when it is complete and on the disk; what grows
//! with the runs are the parts, in a folder of their own, where one sweep writes at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use sim_core::digest::Digest;

use crate::error::Error;
use crate::plan::Plan;

/// The engine: its version and a digest of its sources. Another one may give other results.
pub const ENGINE: &str = env!("SYNOD_ENGINE");

/// The form of a manifest and of the folder around it.
pub const SCHEMA: &str = "synod.sweep/1";

/// The file that the folder of a sweep is known by.
pub const MANIFEST: &str = "manifest.json";

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

/// JSON for people and programs.
pub fn pretty(document: &Json) -> String {
    // A tree that was just built has nothing in it that could fail.
    serde_json::to_string_pretty(document).unwrap_or_default()
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

    /// The folder that is already there.
    ///
    /// # Errors
    /// When it is not there, or lies in no other folder.
    pub fn existing(dir: &Path) -> Result<Self, Error> {
        let dir = fs::canonicalize(dir).map_err(Error::io("find", dir))?;
        let step = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let whole = dir
            .parent()
            .and_then(|named| Some((named.parent()?.to_owned(), step(named)?, step(&dir)?)));
        let Some((out, name, id)) = whole else {
            let message = format!("{} is no folder of a sweep", dir.display());
            return Err(Error::Usage { message, next: "synod sweep SCENARIO".into() });
        };
        Ok(Self { out, name, id, dir })
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where its parts lie.
    pub fn parts(&self) -> PathBuf {
        parts_of(&self.dir)
    }

    /// Waits until nobody else holds this lock, and holds it. `keep_waiting` is told every now and
    /// then who holds it; `None` if it says no. The system releases what a killed process held.
    ///
    /// # Errors
    /// When the folder does not take the file.
    pub fn lock(
        &self,
        lock: &Lock,
        keep_waiting: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<Held>, Error> {
        let parts = self.parts();
        fs::create_dir_all(&parts).map_err(Error::io("make", &parts))?;
        let path = parts.join(&lock.file);
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(Error::io("write", &path))?;
        loop {
            match if lock.is_shared { file.try_lock_shared() } else { file.try_lock() } {
                Err(TryLockError::WouldBlock) => {
                    let holder = fs::read_to_string(&path).unwrap_or_default();
                    if !keep_waiting(holder.trim()) {
                        return Ok(None);
                    }
                    std::thread::sleep(BETWEEN_LOOKS);
                }
                Ok(()) if !lock.is_shared => {
                    // The name is for people; the lock holds without it, on a full disk too.
                    let holder = format!("process {}", std::process::id());
                    let _ = file.set_len(0).and_then(|()| file.write_all(holder.as_bytes()));
                    return Ok(Some(Held { _file: file }));
                }
                Ok(()) => {
                    let _ = file.set_len(0);
                    return Ok(Some(Held { _file: file }));
                }
                // A file system without locks must not keep anybody from sweeping.
                Err(TryLockError::Error(_)) => return Ok(Some(Held { _file: file })),
            }
        }
    }

    /// Removes what killed sweeps had begun to write. Nobody else may be writing.
    ///
    /// # Errors
    /// When the folder cannot be read, or keeps it.
    pub fn clear(&self) -> Result<(), Error> {
        for entry in fs::read_dir(&self.dir).map_err(Error::io("read", &self.dir))? {
            let path = entry.map_err(Error::io("read", &self.dir))?.path();
            if path.extension().is_some_and(|ending| ending == "tmp") {
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Writes a whole file: under another name first, so that nobody ever reads half of it.
    ///
    /// # Errors
    /// When the folder does not take it.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut whole = Whole::begin(&self.dir, file)?;
        whole.write_all(bytes).map_err(Error::io("write", &whole.fresh))?;
        whole.finish()
    }

    /// Writes what the sweep says of itself to programs.
    ///
    /// # Errors
    /// When the folder does not take it.
    pub fn write_manifest(&self, manifest: &Json) -> Result<(), Error> {
        self.write(MANIFEST, pretty(manifest).as_bytes())
    }

    /// Begins a table; it appears under its name when it is finished.
    ///
    /// # Errors
    /// When the folder does not take it.
    pub fn table(&self, file: &str, header: &[String]) -> Result<Table, Error> {
        let whole = Whole::begin(&self.dir, file)?;
        let fresh = whole.fresh.clone();
        let mut table = Table { writer: csv::Writer::from_writer(whole), fresh };
        table.row(header)?;
        Ok(table)
    }

    /// Points `out/latest` at this folder.
    ///
    /// # Errors
    /// When the link cannot be made.
    pub fn point_latest(&self) -> Result<(), Error> {
        let fresh = self.out.join(format!(".latest.{}.tmp", std::process::id()));
        let latest = self.out.join("latest");
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

/// The folder of a sweep that is meant by a path: itself, the latest in a folder of results
/// (`paper` is short for `paper/latest`), or one below `results` (`latest` for `results/latest`).
/// The path as it is, if there is none of these.
pub fn meant(path: &Path) -> PathBuf {
    let is_sweep =
        |dir: &PathBuf| ["runs.csv", MANIFEST].iter().any(|file| dir.join(file).is_file());
    let places = [path.to_owned(), path.join("latest"), Path::new("results").join(path)];
    places.into_iter().find(is_sweep).unwrap_or_else(|| path.to_owned())
}

/// The folder of the parts within that of a sweep.
pub fn parts_of(dir: &Path) -> PathBuf {
    dir.join("parts")
}

/// Between two looks whether a lock is free.
const BETWEEN_LOOKS: std::time::Duration = std::time::Duration::from_millis(50);

/// Which lock, and whether others may hold it at the same time.
#[derive(Clone, Debug)]
pub struct Lock {
    file: String,
    is_shared: bool,
}

impl Lock {
    /// The lock of the whole folder, for who writes its tables.
    pub fn whole() -> Self {
        Self { file: "lock".into(), is_shared: false }
    }

    /// The same, for those who write parts of their own and no tables.
    pub fn among_others() -> Self {
        Self { is_shared: true, ..Self::whole() }
    }

    /// The lock of the parts whose names begin with `stem`.
    pub fn of_parts(stem: &str) -> Self {
        Self { file: format!("{stem}.lock"), is_shared: false }
    }
}

/// A lock that is held until this is dropped, or its process ends.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// A file that appears under its name when it is complete, and not at all before.
#[derive(Debug)]
struct Whole {
    file: File,
    folder: PathBuf,
    fresh: PathBuf,
    end: PathBuf,
    is_finished: bool,
}

impl Whole {
    fn begin(folder: &Path, file: &str) -> Result<Self, Error> {
        // Shards may write the same file at the same time.
        let fresh = folder.join(format!("{file}.{}.tmp", std::process::id()));
        let end = folder.join(file);
        let file = File::create(&fresh).map_err(Error::io("write", &fresh))?;
        Ok(Self { file, folder: folder.to_owned(), fresh, end, is_finished: false })
    }

    fn finish(mut self) -> Result<(), Error> {
        self.file.sync_all().map_err(Error::io("write", &self.fresh))?;
        fs::rename(&self.fresh, &self.end).map_err(Error::io("write", &self.end))?;
        self.is_finished = true;
        sync_folder(&self.folder).map_err(Error::io("write to", &self.folder))
    }
}

impl io::Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Whole {
    /// What was not finished makes room.
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.fresh);
        }
    }
}

/// Waits until a rename is on the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Where folders cannot be opened, the system sees to that.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A table that is being written.
#[derive(Debug)]
pub struct Table {
    writer: csv::Writer<Whole>,
    fresh: PathBuf,
}

impl Table {
    /// Adds a row.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<(), Error> {
        // The system's own error says that a disk is full, where the table's would hide it.
        let own = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            kind => io::Error::other(format!("{kind:?}")),
        };
        self.writer.write_record(cells).map_err(own).map_err(Error::io("write", &self.fresh))
    }

    /// Gives the table its name.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn finish(self) -> Result<(), Error> {
        let fresh = self.fresh;
        let whole = self.writer.into_inner().map_err(|error| error.into_error());
        whole.map_err(Error::io("write", fresh))?.finish()
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

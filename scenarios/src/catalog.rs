//! Scenarios by name: those built into the program, files, and standard input.
//!
//! A scenario of the catalogue is one TOML file under `catalog/`, and is known by its path without
//! the ending, or by its last step where that is enough.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use sim_core::settings::Origin;

use crate::diagnostic::{Diagnostic, draw, nearest};
use crate::error::Error;
use crate::sources::Sources;

static CATALOG: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

/// How the trace of a run begins, in a file: no scenario does.
pub const MAGIC: &str = "synod-trace ";

/// The largest scenario file that is read, in bytes.
const LARGEST: u64 = 8 << 20;

/// The text of a scenario and where it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// How people refer to it: the path, `catalog:NAME`, or `stdin`.
    pub shown: String,
    /// The last step of its name, without the ending.
    pub stem: String,
    /// The text.
    pub text: String,
    /// The folder of the file, where `extends` looks; `None` for what is no file.
    pub folder: Option<PathBuf>,
}

/// The names and texts of the built-in scenarios, by name.
pub fn built_in() -> Vec<(String, &'static str)> {
    fn gather(dir: &'static Dir<'_>, found: &mut Vec<(String, &'static str)>) {
        for file in dir.files().filter(|file| file.path().extension().is_some_and(|e| e == "toml"))
        {
            if let (Some(name), Some(text)) =
                (file.path().with_extension("").to_str(), file.contents_utf8())
            {
                found.push((name.replace('\\', "/"), text));
            }
        }
        dir.dirs().for_each(|dir| gather(dir, found));
    }
    let mut found = Vec::new();
    gather(&CATALOG, &mut found);
    found.sort();
    found
}

/// Finds and reads a scenario: `-` for standard input, a file (from the folder `beside`, or else from
/// where the program was started), or a name of the catalogue.
///
/// # Errors
/// When there is no such thing, or it is not a text of reasonable size.
pub fn find(reference: &str, beside: Option<&Path>) -> Result<Found, Error> {
    if reference == "-" {
        let bytes = read_limited(io::stdin(), "stdin", Path::new("stdin"))?;
        return text("stdin".into(), "stdin".into(), bytes, None);
    }
    let path = beside.map_or_else(|| PathBuf::from(reference), |folder| folder.join(reference));
    let named = by_name(reference);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => file(&path),
        // A folder may happen to be called like a scenario.
        Ok(metadata) if named.is_none() => Err(no_file(&path, &metadata)),
        Err(error) if named.is_none() && !is_absence(&error) => Err(Error::io("read", path)(error)),
        _ => named.ok_or_else(|| not_found(reference)),
    }
}

/// Whether there is nothing at a path, be it that a step on the way is a file.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn by_name(reference: &str) -> Option<Found> {
    let name = reference.strip_prefix("catalog:").unwrap_or(reference);
    let name = name.strip_suffix(".toml").unwrap_or(name);
    let all = built_in();
    let exact = all.iter().find(|(full, _)| full == name);
    let (name, text) = exact.or_else(|| {
        let mut last = all.iter().filter(|(full, _)| full.rsplit('/').next() == Some(name));
        last.next().filter(|_| last.next().is_none())
    })?;
    Some(Found {
        shown: format!("catalog:{name}"),
        stem: name.rsplit('/').next().unwrap_or(name).to_owned(),
        text: (*text).to_owned(),
        folder: None,
    })
}

fn file(path: &Path) -> Result<Found, Error> {
    let shown = shown(path);
    // The handle is asked again: between the two questions a file can become something else.
    let file = fs::File::open(path).map_err(Error::io("read", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    if !metadata.is_file() {
        return Err(no_file(path, &metadata));
    }
    let bytes = read_limited(file, &shown, path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    text(shown, stem, bytes, Some(path.parent().unwrap_or(Path::new("")).to_owned()))
}

fn read_limited(reader: impl Read, shown: &str, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > LARGEST {
        let why = ["this file is larger than 8 MiB", "no scenario needs as much"];
        return Err(refusal(shown, why, LIST));
    }
    Ok(bytes)
}

fn text(
    shown: String,
    stem: String,
    bytes: Vec<u8>,
    folder: Option<PathBuf>,
) -> Result<Found, Error> {
    if bytes.starts_with(MAGIC.as_bytes()) {
        let why = ["this is the trace of a run", "scenarios are TOML files"];
        return Err(refusal(&shown, why, &format!("synod replay {shown}")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        let where_to_look = format!("the first wrong byte is on line {line}");
        refusal(&shown, ["this file is not UTF-8", &where_to_look], LIST)
    })?;
    if let Some(at) = text.find('\0') {
        let line = 1 + text[..at].matches('\n').count();
        let where_to_look = format!("it is on line {line}");
        return Err(refusal(&shown, ["this file holds a NUL", &where_to_look], LIST));
    }
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Found { shown, stem, text, folder })
}

/// What shows the scenarios that there are.
const LIST: &str = "synod list scenarios";

/// That something is no scenario: what it is, what more is known of it, and what to type instead.
fn refusal(shown: &str, [what, more]: [&str; 2], help: &str) -> Error {
    let error = Diagnostic::new("E0100", format!("{shown}: {what}"), Origin(0));
    let error = error.label(more).help(help);
    Error::Invalid(draw(vec![error], &Sources::default(), false))
}

/// That a path leads to no file.
fn no_file(path: &Path, metadata: &fs::Metadata) -> Error {
    let shown = shown(path);
    let more = "scenarios are TOML files";
    if metadata.is_dir() {
        let help = format!("synod test {shown}, to run all scenarios in it");
        return refusal(&shown, ["this is a folder", more], &help);
    }
    refusal(&shown, ["this is not a regular file", more], LIST)
}

fn not_found(reference: &str) -> Error {
    let names: Vec<String> = built_in().into_iter().map(|(name, _)| name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let stems: Vec<&str> = names.iter().filter_map(|name| name.rsplit('/').next()).collect();
    let near = nearest(reference, &names).or_else(|| nearest(reference, &stems));
    let shown = crate::diagnostic::clean(reference);
    let mut message = format!("`{shown}` is neither a file nor a scenario of the catalogue");
    let mut next = LIST.to_owned();
    if let Some(near) = near {
        message += &format!("; did you mean `{near}`?");
        next = format!("the same command with {near}, or {LIST}");
    }
    Error::Usage { message, next }
}

fn shown(path: &Path) -> String {
    crate::diagnostic::clean(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The macro does not notice new files by itself.
    #[test]
    fn the_built_in_catalogue_is_what_is_on_disk() {
        fn count(folder: &Path) -> usize {
            let entries = fs::read_dir(folder)
                .expect("the catalogue")
                .map(|entry| entry.expect("an entry").path());
            entries
                .map(|path| match path.is_dir() {
                    true => count(&path),
                    false => usize::from(path.extension().is_some_and(|ending| ending == "toml")),
                })
                .sum()
        }
        let on_disk = count(&Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog"));
        assert_eq!(built_in().len(), on_disk, "touch src/catalog.rs and build again");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let found = text("a".into(), "a".into(), b"\xef\xbb\xbfname = 1".to_vec(), None);
        assert_eq!(found.expect("good text").text, "name = 1");
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        for (bytes, says) in [
            (b"a\n\xff".to_vec(), "line 2"),
            (b"a\0b".to_vec(), "NUL"),
            (b"\xff\xfeh\0i\0".to_vec(), "not UTF-8"),
        ] {
            let error = text("a".into(), "a".into(), bytes, None).expect_err("refused");
            assert!(error.to_string().contains(says), "{error}");
            assert_eq!(error.code(), 3);
        }
        let endless = read_limited(io::repeat(b' '), "x", Path::new("x")).expect_err("too much");
        assert_eq!(endless.code(), 3);
    }
}

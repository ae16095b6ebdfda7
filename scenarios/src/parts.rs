//! The parts of a sweep's folder: every run as a line, appended as it is made.
//!
//! A line bears its run, the outcome and a checksum, and is written once. What a killed process
//! leaves behind is whole lines and at most one torn at the end, which is dropped; so is every
//! line that does not fit its checksum. Within a file the runs ascend, so all parts are read as
//! one ascending stream, in memory that does not grow with their number. A run that stands in two
//! parts must be the same in both.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sim_core::digest::Digest;

use crate::codec;
use crate::error::Error;
use crate::stopwatch::Stopwatch;

/// The header of a part.
const HEADER: &str = "run_id,outcome,check\n";

/// Seconds between two waits for the disk: what a power cut costs at most.
const SECONDS_PER_SYNC: f64 = 2.0;

/// What a line belongs to: the digest of the experiment and the name of its row of seeds. It goes
/// into every checksum, so no run is ever taken for one of another sweep.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Series {
    id: String,
    seeds: String,
}

impl Series {
    /// The series of an experiment with this digest and the seeds of this name: of
    /// [`Seeds::series`](crate::seeds::Seeds::series), so that runs of one number are one run.
    pub fn new(id: &str, seeds: String) -> Self {
        Self { id: id.to_owned(), seeds }
    }

    fn check(&self, run: u64, outcome: &str) -> String {
        let whose = (codec::VERSION, &self.id, &self.seeds);
        format!("{:016x}", Digest::of(&(whose, run, outcome)))
    }

    /// The path of the part at `place` of those whose names begin with `stem`.
    fn path(&self, folder: &Path, stem: &str, place: usize) -> PathBuf {
        folder.join(format!("{}.{stem}.{place}.csv", self.seeds))
    }

    /// The parts in a folder, in the order of their names; only those of `stem`, if it is given.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn parts(&self, folder: &Path, stem: Option<&str>) -> Result<Vec<PathBuf>, Error> {
        let start = match stem {
            Some(stem) => format!("{}.{stem}.", self.seeds),
            None => format!("{}.", self.seeds),
        };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::io("read", folder))?,
        };
        let mut parts = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io("read", folder))?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(&start) && name.ends_with(".csv"))
            {
                parts.push(entry.path());
            }
        }
        parts.sort();
        Ok(parts)
    }
}

/// One run as parts keep it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The number of the run.
    pub run: u64,
    /// The outcome, as [`crate::codec`] writes it.
    pub outcome: String,
    /// Whether it stands in a part of the folder that the runs go to, or only elsewhere.
    pub at_home: bool,
}

/// All runs that are kept, ascending, each once; by default none.
#[derive(Default)]
pub struct Kept {
    series: Series,
    parts: Vec<Part>,
    damaged: u64,
    torn: u64,
}

/// A part that is being read.
struct Part {
    path: PathBuf,
    at_home: bool,
    reader: BufReader<File>,
    /// The line that comes next.
    head: Option<Line>,
    /// The run of the last good line.
    last: Option<u64>,
    /// Where the last whole line ends.
    end: u64,
}

impl Kept {
    /// Opens parts for reading: those of the folder that the runs go to, and others.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn open(series: &Series, home: Vec<PathBuf>, others: Vec<PathBuf>) -> Result<Self, Error> {
        let mut kept = Self { series: series.clone(), ..Self::default() };
        let home = home.into_iter().map(|path| (path, true));
        for (path, at_home) in home.chain(others.into_iter().map(|path| (path, false))) {
            let file = File::open(&path).map_err(Error::io("read", &path))?;
            let reader = BufReader::with_capacity(1 << 16, file);
            let mut part = Part { path, at_home, reader, head: None, last: None, end: 0 };
            part.advance(series, &mut kept.damaged, &mut kept.torn)?;
            kept.parts.push(part);
        }
        Ok(kept)
    }

    /// The next run, if its number is below `end`.
    ///
    /// # Errors
    /// When a part cannot be read, or two of them tell different things of the run.
    pub fn next_before(&mut self, end: u64) -> Result<Option<Line>, Error> {
        let Some(run) = self.peek().filter(|run| *run < end) else { return Ok(None) };
        let mut found: Option<(Line, usize)> = None;
        for index in 0..self.parts.len() {
            let part = &mut self.parts[index];
            let Some(line) = part.head.take_if(|line| line.run == run) else { continue };
            part.advance(&self.series, &mut self.damaged, &mut self.torn)?;
            match &found {
                None => found = Some((line, index)),
                Some((first, _)) if first.outcome == line.outcome => {}
                Some((_, first)) => return Err(self.disagreement(run, *first, index)),
            }
        }
        Ok(found.map(|(line, _)| line))
    }

    /// The number of the next run.
    pub fn peek(&self) -> Option<u64> {
        self.parts.iter().filter_map(|part| Some(part.head.as_ref()?.run)).min()
    }

    /// How many lines so far did not fit their checksums; the last line of a part that was being
    /// written when its sweep was killed is none of them.
    pub const fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Whether every line so far was whole and good.
    pub const fn is_sound(&self) -> bool {
        self.damaged == 0 && self.torn == 0
    }

    fn disagreement(&self, run: u64, one: usize, other: usize) -> Error {
        let [one, other] = [one, other].map(|part| self.parts[part].path.display());
        Error::Nondeterministic {
            message: format!("run {run} is one thing in {one} and another in {other}"),
            next: "make that run again on both machines and compare the traces: synod trace".into(),
        }
    }
}

impl Part {
    /// Reads up to the next good line.
    fn advance(&mut self, series: &Series, damaged: &mut u64, torn: &mut u64) -> Result<(), Error> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = self.reader.read_until(b'\n', &mut bytes);
            let length = read.map_err(Error::io("read", &self.path))?;
            // A line without an end was torn when its process was killed.
            if bytes.last() != Some(&b'\n') {
                *torn += u64::from(length > 0);
                return Ok(());
            }
            let is_header = self.end == 0 && bytes == HEADER.as_bytes();
            self.end += length as u64;
            let line = parse(&bytes, series, self.at_home);
            match line.filter(|line| self.last.is_none_or(|last| last < line.run)) {
                Some(line) => {
                    self.last = Some(line.run);
                    self.head = Some(line);
                    return Ok(());
                }
                None => *damaged += u64::from(!is_header),
            }
        }
    }
}

fn parse(bytes: &[u8], series: &Series, at_home: bool) -> Option<Line> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let mut cells = text.split(',');
    let (run, outcome, check) = (cells.next()?.parse().ok()?, cells.next()?, cells.next()?);
    let is_whole = cells.next().is_none() && series.check(run, outcome) == check;
    is_whole.then(|| Line { run, outcome: outcome.to_owned(), at_home })
}

/// Writes all parts of `stem` as one, unless that is what they are and they were `sound`: then a
/// folder holds the same bytes whatever was interrupted on the way.
///
/// # Errors
/// When the disk does not take it.
pub fn compact(series: &Series, folder: &Path, stem: &str, sound: bool) -> Result<(), Error> {
    let paths = series.parts(folder, Some(stem))?;
    if paths.is_empty() || (paths.len() == 1 && sound) {
        return Ok(());
    }
    let mut kept = Kept::open(series, paths.clone(), Vec::new())?;
    let (whole, fresh) = (series.path(folder, stem, 0), folder.join(format!("{stem}.tmp")));
    let file = File::create(&fresh).map_err(Error::io("write", &fresh))?;
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    let mut result = writer.write_all(HEADER.as_bytes());
    while let (true, Some(line)) = (result.is_ok(), kept.next_before(u64::MAX)?) {
        let check = series.check(line.run, &line.outcome);
        result = writeln!(writer, "{},{},{check}", line.run, line.outcome);
    }
    let result = result.and_then(|()| writer.flush()).and_then(|()| writer.get_ref().sync_all());
    let result = result.and_then(|()| fs::rename(&fresh, &whole));
    result.map_err(Error::io("write", &fresh))?;
    for path in paths.into_iter().filter(|path| *path != whole) {
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// Where a sweep appends the runs that it makes: at the end of the first of its own parts that
/// ends below them, or in a new one.
pub struct Appender {
    series: Series,
    folder: PathBuf,
    stem: String,
    open: Option<(PathBuf, BufWriter<File>)>,
    since_sync: Stopwatch,
}

impl Appender {
    /// Will append to the parts of `stem` in a folder, which is there.
    pub fn new(series: &Series, folder: &Path, stem: &str) -> Self {
        Self {
            series: series.clone(),
            folder: folder.to_owned(),
            stem: stem.to_owned(),
            open: None,
            since_sync: Stopwatch::start(),
        }
    }

    /// Appends a run, whose number is above all that were appended before. `kept` has been read up
    /// to there.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn append(&mut self, run: u64, outcome: &str, kept: &Kept) -> Result<(), Error> {
        let (path, writer) = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(open(&self.series, &self.folder, &self.stem, run, kept)?),
        };
        let check = self.series.check(run, outcome);
        writeln!(writer, "{run},{outcome},{check}").map_err(Error::io("write", &*path))
    }

    /// Hands everything so far to the system, and now and then waits until the disk has it.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&mut self) -> Result<(), Error> {
        let Some((path, writer)) = &mut self.open else { return Ok(()) };
        writer.flush().map_err(Error::io("write", &*path))?;
        if self.since_sync.seconds() >= SECONDS_PER_SYNC {
            writer.get_ref().sync_data().map_err(Error::io("write", &*path))?;
            self.since_sync = Stopwatch::start();
        }
        Ok(())
    }

    /// Waits until the disk has everything.
    ///
    /// # Errors
    /// When it does not take it.
    pub fn finish(mut self) -> Result<(), Error> {
        let Some((path, writer)) = &mut self.open else { return Ok(()) };
        let result = writer.flush().and_then(|()| writer.get_ref().sync_all());
        result.map_err(Error::io("write", &*path))
    }
}

fn open(
    series: &Series,
    folder: &Path,
    stem: &str,
    run: u64,
    kept: &Kept,
) -> Result<(PathBuf, BufWriter<File>), Error> {
    let own = series.parts(folder, Some(stem))?;
    let ends_below = |part: &&Part| {
        own.contains(&part.path) && part.head.is_none() && part.last.is_none_or(|last| last < run)
    };
    let (path, end) = match kept.parts.iter().find(ends_below) {
        Some(part) => (part.path.clone(), part.end),
        None => {
            let mut places = (0..).map(|place| series.path(folder, stem, place));
            let free = places.find(|path| !own.contains(path));
            (free.expect("the numbers do not end"), 0)
        }
    };
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let mut file = file.map_err(Error::io("write", &path))?;
    // What comes after the last whole line was torn.
    let cut = file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end)));
    cut.map_err(Error::io("write", &path))?;
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    if end == 0 {
        writer.write_all(HEADER.as_bytes()).map_err(Error::io("write", &path))?;
    }
    Ok((path, writer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEM: &str = "shard-0-of-1";

    /// A folder of parts, which goes when the test is over.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let name = format!("synod-parts-{test}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).expect("a folder");
            Self(folder)
        }

        fn series() -> Series {
            Series::new("id", "seeds-0".into())
        }

        fn open(&self) -> Kept {
            let home = Self::series().parts(&self.0, None).expect("a folder");
            Kept::open(&Self::series(), home, Vec::new()).expect("parts")
        }

        /// A sweep that appends these runs and reads the others.
        fn sweep(&self, runs: &[u64]) {
            let (mut kept, mut appender) =
                (self.open(), Appender::new(&Self::series(), &self.0, STEM));
            for run in runs {
                while kept.next_before(*run).expect("parts").is_some() {}
                appender.append(*run, &format!("run{run}"), &kept).expect("room");
            }
            appender.finish().expect("room");
        }

        fn runs(&self) -> Vec<u64> {
            let (mut kept, mut runs) = (self.open(), Vec::new());
            while let Some(line) = kept.next_before(u64::MAX).expect("parts") {
                assert_eq!(line.outcome, format!("run{}", line.run));
                runs.push(line.run);
            }
            assert!(kept.is_sound());
            runs
        }

        fn files(&self) -> usize {
            Self::series().parts(&self.0, None).expect("a folder").len()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn runs_that_fill_gaps_go_to_a_part_of_their_own_and_all_are_read_in_order() {
        let folder = Folder::new("gaps");
        folder.sweep(&[0, 1, 5]);
        assert_eq!(folder.files(), 1);
        folder.sweep(&[6, 7]);
        assert_eq!(folder.files(), 1, "the end of a part is gone on with");
        folder.sweep(&[2, 9]);
        assert_eq!(folder.files(), 2);
        assert_eq!(folder.runs(), [0, 1, 2, 5, 6, 7, 9]);
        compact(&Folder::series(), &folder.0, STEM, true).expect("room");
        assert_eq!(folder.files(), 1);
        let one = fs::read(folder.0.join("seeds-0.shard-0-of-1.0.csv")).expect("a part");
        let other = Folder::new("no_gaps");
        other.sweep(&[0, 1, 2, 5, 6, 7, 9]);
        let same = fs::read(other.0.join("seeds-0.shard-0-of-1.0.csv")).expect("a part");
        assert_eq!(one, same);
    }

    #[test]
    fn a_part_cut_anywhere_loses_at_most_its_last_line() {
        let folder = Folder::new("cut");
        folder.sweep(&[0, 1, 2]);
        let path = folder.0.join("seeds-0.shard-0-of-1.0.csv");
        let whole = fs::read(&path).expect("a part");
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).expect("a part");
            let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count() as u64;
            let mut kept = folder.open();
            let mut runs = 0;
            while kept.next_before(u64::MAX).expect("parts").is_some() {
                runs += 1;
            }
            assert_eq!((runs, kept.damaged()), (lines.saturating_sub(1), 0), "cut at {end}");
            folder.sweep(&(runs..3).collect::<Vec<_>>());
            assert_eq!(fs::read(&path).expect("a part"), whole, "cut at {end}");
        }
    }

    #[test]
    fn lines_of_another_series_are_none_of_ours() {
        let folder = Folder::new("series");
        folder.sweep(&[0, 1]);
        let home = Folder::series().parts(&folder.0, None).expect("a folder");
        let mut kept =
            Kept::open(&Series::new("other", "seeds-0".into()), home, Vec::new()).expect("a part");
        assert_eq!(kept.next_before(u64::MAX).expect("a part"), None);
        assert_eq!(kept.damaged(), 2);
    }
}

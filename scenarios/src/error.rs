//! What can go wrong before, around and after the runs; never inside one.
//!
//! A run returns an outcome, whatever happened in it. An error here is about arguments, scenario
//! files and folders, and each says what to type next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub enum Error {
    /// The arguments make no sense together.
    Usage {
        /// What is wrong with them.
        message: String,
        /// What to type instead.
        next: String,
    },
    /// Scenarios are wrong; nothing was run. Holds the finished diagnostics.
    Invalid(String),
    /// The seeds or filters leave nothing to run.
    Nothing {
        /// What was empty.
        message: String,
        /// What to type instead.
        next: String,
    },
    /// Not everything was made that was asked for; what was made is kept.
    Incomplete {
        /// What is lacking.
        message: String,
        /// What makes it.
        next: String,
    },
    /// The same seed gave two different runs.
    Nondeterministic {
        /// Which run, and where it differs.
        message: String,
        /// What to type to look into it.
        next: String,
    },
    /// What lies there was made by another build, or from another plan.
    Foreign {
        /// What differs.
        message: String,
        /// What to type instead.
        next: String,
    },
    /// A file or folder could not be read or written.
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A trace is not what was written, or cannot be.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Whatever it was says nothing of what a bisection looks for.
    Skip(Box<Self>),
    /// A table could not be read, or not be drawn.
    Report(reports::Error),
    /// A promise of this program to itself was broken.
    Internal(String),
}

impl Error {
    /// Wraps what the system said about `path`.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    /// A file that is whole, and does not apply to this build.
    pub fn foreign(path: &Path, reason: &str) -> Self {
        Self::Foreign {
            message: format!("{} does not apply to this build: {reason}", path.display()),
            next: "use the build that wrote it, or make it again: synod trace SCENARIO --seed N \
                   --save FILE"
                .into(),
        }
    }

    /// The exit code, as the table of the manual says.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 2,
            Self::Invalid(_) => 3,
            Self::Nothing { .. } => 4,
            Self::Incomplete { .. } => 5,
            Self::Nondeterministic { .. } => 30,
            Self::Internal(_) => 70,
            Self::Io { .. } | Self::Damaged { .. } | Self::Report(_) => 74,
            Self::Foreign { .. } | Self::Skip(_) => 125,
        }
    }

    /// The next command to type.
    pub fn next(&self) -> Option<String> {
        match self {
            Self::Usage { next, .. }
            | Self::Nothing { next, .. }
            | Self::Incomplete { next, .. }
            | Self::Nondeterministic { next, .. }
            | Self::Foreign { next, .. } => Some(next.clone()),
            // Each diagnostic carries its own.
            Self::Invalid(_) => None,
            Self::Io { doing, path, source } => Some(after_io(doing, path, source)),
            Self::Damaged { path, .. } if path.extension().is_some_and(|end| end == "toml") => {
                Some(format!("synod trace {}", path.display()))
            }
            Self::Damaged { .. } => {
                Some("make it again: synod trace SCENARIO --seed N --save FILE".into())
            }
            Self::Skip(error) => error.next(),
            Self::Report(error) => Some(after_report(error)),
            Self::Internal(_) => Some("repeat it with `-j 1`, and report the seed".into()),
        }
    }
}

/// What to type when the system refused a file or folder.
fn after_io(doing: &str, path: &Path, source: &io::Error) -> String {
    let shown = path.display();
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    match (doing, source.kind()) {
        (_, io::ErrorKind::StorageFull) => {
            "make room and repeat the command: a sweep goes on where it stopped".into()
        }
        ("read" | "open" | "find", io::ErrorKind::PermissionDenied) => {
            format!("chmod u+r {shown}, and repeat the command")
        }
        ("open", _) => "synod trace SCENARIO --seed N --save FILE, or synod sweep SCENARIO".into(),
        ("read" | "find", _) => "synod sweep SCENARIO, which makes such a folder".into(),
        ("write", io::ErrorKind::NotFound) if above.is_some_and(|above| !above.exists()) => {
            let above = above.unwrap_or(path).display();
            format!("mkdir -p {above}, and repeat the command")
        }
        ("write", io::ErrorKind::IsADirectory) => format!("name a file in it, as in {shown}/FILE"),
        ("write", _) => format!("name another file than {shown}, or make room there"),
        _ => "give another folder with `-o DIR`, or make room".into(),
    }
}

/// What to type when tables could not be read or drawn. Those of a sweep are made from its parts.
fn after_report(error: &reports::Error) -> String {
    let folder = |path: &Path| match path.parent().filter(|above| !above.as_os_str().is_empty()) {
        Some(above) => above.display().to_string(),
        None => ".".to_owned(),
    };
    match error {
        reports::Error::Read { path, source }
            if source.kind() == io::ErrorKind::PermissionDenied =>
        {
            after_io("read", path, source)
        }
        reports::Error::Read { .. } => "synod sweep SCENARIO, which makes such a folder".into(),
        reports::Error::Write { path, source } => after_io("write", path, source),
        reports::Error::Syntax { path, .. }
        | reports::Error::Header { path, .. }
        | reports::Error::Cell { path, .. } => {
            format!("synod sweep --resume {}, which writes its tables again", folder(path))
        }
        reports::Error::Draw { .. } => "synod sweep SCENARIO --no-figures, and report this".into(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { message, .. }
            | Self::Nothing { message, .. }
            | Self::Incomplete { message, .. }
            | Self::Nondeterministic { message, .. }
            | Self::Foreign { message, .. } => f.write_str(message),
            Self::Invalid(diagnostics) => f.write_str(diagnostics),
            Self::Io { doing, path, source } => {
                write!(f, "cannot {doing} {}: {source}", path.display())
            }
            Self::Damaged { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Skip(error) => error.fmt(f),
            Self::Report(error) => error.fmt(f),
            Self::Internal(message) => write!(f, "internal error: {message}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Skip(error) => error.source(),
            Self::Report(error) => Some(error),
            _ => None,
        }
    }
}

impl From<reports::Error> for Error {
    fn from(error: reports::Error) -> Self {
        Self::Report(error)
    }
}

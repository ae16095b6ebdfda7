//! Drives the binary in a folder of its own, as a person would.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A folder, and the program in it. The folder goes when the test is over.
pub(crate) struct Desk {
    folder: PathBuf,
}

/// Five agents vote; every seed of it passes.
pub(crate) const VOTE: &str = r#"
name = "vote"
horizon = "5s"

[protocol]
kind = "voting"
nodes = 5

[network]
latency = "5ms..20ms"

[workload]
options = ["yes", "no"]
opinions = ["yes", "yes", "yes", "no", "no"]
"#;

/// Three servers keep a log; every seed of it passes, and stalls if all messages are lost.
pub(crate) const LOG: &str = r#"
name = "log"
horizon = "12s"

[protocol]
kind = "raft"
nodes = 3

[workload]
rate = "20/s"
until = "4s"
"#;

impl Desk {
    /// An empty folder for the test of this name.
    pub(crate) fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let is_free = taken().insert(folder.clone());
        assert!(is_free, "two tests work in `{test}` at once");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder to work in");
        Self { folder }
    }

    /// The folder with the scenario [`VOTE`] in it, as `vote.toml`.
    pub(crate) fn with_vote(test: &str) -> Self {
        let desk = Self::new(test);
        desk.put("vote.toml", VOTE);
        desk
    }

    /// The folder with the scenario [`LOG`] in it, as `log.toml`.
    pub(crate) fn with_log(test: &str) -> Self {
        let desk = Self::new(test);
        desk.put("log.toml", LOG);
        desk
    }

    /// The folder with the scenario [`LOG`] in it, as `log.toml`, and a network that loses all.
    pub(crate) fn with_log_that_stalls(test: &str) -> Self {
        let desk = Self::new(test);
        desk.put("log.toml", format!("{LOG}\n[network]\nloss = \"100%\"\n"));
        desk
    }

    /// Puts a file there.
    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file in the folder");
    }

    /// The path of a file there.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The text of a file there.
    pub(crate) fn text(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The program, about to run there.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        for variable in ["LC_ALL", "LC_CTYPE", "LANG", "CLICOLOR_FORCE", "CLICOLOR"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program there.
    pub(crate) fn synod(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().expect("the program"))
    }

    /// Runs the program there with this on its standard input.
    pub(crate) fn synod_reading(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        // It may stop reading early, which is its right.
        let _ = child.stdin.take().expect("its input").write_all(input);
        Said::of(child.wait_with_output().expect("the program"))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
        taken().remove(&self.folder);
    }
}

/// The folders of the tests that are running.
fn taken() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    static TAKEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Said {
    /// Its exit code.
    pub(crate) code: i32,
    /// Its results.
    pub(crate) out: String,
    /// Everything else.
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
        let code = output.status.code().expect("it was not killed");
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// The same, if this was its exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

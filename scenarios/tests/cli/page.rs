//! A page that people read: the files it shows, the commands it tells them to type, and whether
//! these say what the page says they do.
//!
//! A fence whose info string has a title (```` ```toml title="job.toml" ````) is a file. Each line
//! of a `sh` block is a command; in a `console` block those are that begin with `$ `, and the lines
//! below are what it says, in that order, with `…` for whatever is left out. A command exits with 0
//! unless a comment behind it says otherwise: `# exits with 10`.

use std::fs;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::{env, ffi::OsString};

/// A page.
pub(crate) struct Page {
    name: String,
    text: String,
}

/// What stands between two fences.
pub(crate) struct Block {
    /// The first word behind the fence.
    pub(crate) language: String,
    /// The name of the file that it is.
    pub(crate) title: Option<String>,
    /// Where it begins.
    line: usize,
    /// Its lines.
    pub(crate) text: String,
}

/// A command with what is said of it.
pub(crate) struct Command {
    /// What is to be typed.
    pub(crate) typed: String,
    /// What it is shown to say.
    shown: String,
    /// The exit code.
    exits: i32,
    /// Where it stands.
    pub(crate) place: String,
}

impl Command {
    /// The program.
    pub(crate) fn program(&self) -> &str {
        self.typed.split_whitespace().next().unwrap_or_default()
    }
}

impl Page {
    /// The page at this path from the root of the project.
    pub(crate) fn read(root: &Path, name: &str) -> Self {
        let text = fs::read_to_string(root.join(name));
        let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), text }
    }

    /// Its blocks, in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut is_open = false;
        for (line, text) in (1..).zip(self.text.lines()) {
            match text.strip_prefix("```") {
                Some(_) if is_open => is_open = false,
                Some(info) => {
                    let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
                    let title =
                        rest.split("title=\"").nth(1).and_then(|rest| rest.split('"').next());
                    let (language, title) = (language.to_owned(), title.map(str::to_owned));
                    blocks.push(Block { language, title, line, text: String::new() });
                    is_open = true;
                }
                None if is_open => {
                    let block = blocks.last_mut().expect("the open one");
                    block.text += text;
                    block.text.push('\n');
                }
                None => {}
            }
        }
        assert!(!is_open, "{}: a block does not end", self.name);
        blocks
    }

    /// The commands of a block, if it is one of commands.
    pub(crate) fn commands(&self, block: &Block) -> Vec<Command> {
        let mut commands: Vec<Command> = Vec::new();
        for (line, text) in (block.line + 1..).zip(block.text.lines()) {
            let typed = match block.language.as_str() {
                "sh" if !text.trim().is_empty() && !text.starts_with('#') => Some(text),
                "console" => text.strip_prefix("$ "),
                _ => None,
            };
            if let Some(typed) = typed {
                let (typed, comment) = typed.split_once(" # ").unwrap_or((typed, ""));
                let exits = comment.split("exits with ").nth(1).map_or(0, |rest| {
                    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                    digits.parse().expect("an exit code")
                });
                let (typed, place) = (typed.trim().to_owned(), format!("{}:{line}", self.name));
                commands.push(Command { typed, shown: String::new(), exits, place });
            } else if let Some(command) = commands.last_mut() {
                command.shown += text;
                command.shown.push('\n');
            }
        }
        commands
    }

    /// Follows the page in this folder: writes its files, and runs its commands of this program.
    /// Those of `others` are not run.
    #[track_caller]
    pub(crate) fn follow(&self, folder: &Path, program: &Path, others: &[&str]) {
        let name = program.file_stem().expect("a program").to_string_lossy().into_owned();
        let mut count = 0;
        for block in self.blocks() {
            if let Some(title) = &block.title {
                let path = folder.join(title);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for it");
                fs::write(path, &block.text).expect("a file of the page");
            }
            for command in self.commands(&block) {
                if command.program() == name {
                    command.run(folder, program);
                    count += 1;
                } else {
                    let (place, other) = (&command.place, command.program());
                    assert!(others.contains(&other), "{place}: is `{other}` to be run?");
                }
            }
        }
        assert!(count >= 4, "{}: only {count} commands", self.name);
    }
}

impl Command {
    /// Runs it as a shell would, and compares.
    #[track_caller]
    fn run(&self, folder: &Path, program: &Path) {
        let mut path = OsString::from(program.parent().expect("a folder"));
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let output = Process::new("sh")
            .args(["-c", &self.typed])
            .current_dir(folder)
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let out = String::from_utf8_lossy(&output.stdout);
        let said = format!("{out}\n{}", String::from_utf8_lossy(&output.stderr));
        let (place, typed) = (&self.place, &self.typed);
        assert_eq!(output.status.code(), Some(self.exits), "{place}: {typed}\n{said}");
        assert_said(&format!("{place}: {typed}"), &self.shown, &said);
    }
}

/// Every line that is shown was said, in this order; `…` stands for whatever is left out, and how
/// wide a gap is does not matter: columns are as wide as their widest cell.
#[track_caller]
pub(crate) fn assert_said(place: &str, shown: &str, said: &str) {
    let narrow = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = said.lines().map(narrow);
    for line in shown.lines().filter(|line| !line.trim().is_empty() && line.trim() != "…") {
        let shown = narrow(line);
        let is_it = |said: String| {
            let mut parts = shown.split('…');
            let starts = parts.next().is_some_and(|first| said.starts_with(first.trim()));
            starts && parts.all(|part| said.contains(part.trim()))
        };
        let found = lines.any(is_it);
        assert!(found, "{place}\nshows\n{line}\nwhich is not said (there) in\n{said}");
    }
}

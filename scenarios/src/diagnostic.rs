//! What is wrong with a scenario, drawn at the place where it was written.
//!
//! Errors of the TOML parser, of the typed reading and of the whole all come out alike: what,
//! where, the characters in question, what could stand there instead, and what to type next. All
//! that can be found at once are shown at once.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use sim_core::settings::{Misfit, Origin, Settings, SettingsError, Value};
use sim_core::setup::Complaint;

use crate::registry;
use crate::sources::Sources;

/// One thing wrong with a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    code: &'static str,
    title: String,
    origin: Origin,
    label: String,
    notes: Vec<String>,
    helps: Vec<String>,
}

impl Diagnostic {
    /// An error about what was written at `origin`.
    pub fn new(code: &'static str, title: impl Into<String>, origin: Origin) -> Self {
        let title = title.into();
        Self { code, title, origin, label: String::new(), notes: Vec::new(), helps: Vec::new() }
    }

    /// What to write under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what else is worth knowing.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(registry::typed(&note.into()));
        self
    }

    /// Adds what to do about it; commands begin with `synod`.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(registry::typed(&help.into()));
        self
    }

    /// The same, with what to do about it if nothing says so yet.
    #[must_use]
    pub fn or_help(self, help: &str) -> Self {
        if self.helps.is_empty() { self.help(help) } else { self }
    }

    /// A name that is none of those that could stand there.
    pub fn unknown(
        code: &'static str,
        title: impl Into<String>,
        origin: Origin,
        name: &str,
        known: &[&str],
    ) -> Self {
        let mut sorted = known.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let error = Self::new(code, title, origin);
        let error = match nearest(name, &sorted) {
            Some(near) => error.label(format!("did you mean `{near}`?")),
            None => error.label("not known here"),
        };
        let possible = if sorted.is_empty() { "nothing".to_owned() } else { sorted.join(", ") };
        error.note(format!("possible here: {possible}"))
    }

    /// A setting that could not be read from the tree `root`.
    pub fn of_settings(error: &SettingsError, root: &Settings) -> Self {
        let section = section(&error.path);
        match &error.fault {
            Misfit::UnknownKey { key, expected } => {
                let title = format!("unknown key `{}` {section}", clean(key));
                Self::unknown("E0107", title, error.origin, key, expected)
            }
            Misfit::UnknownWord { word, expected } => {
                let title = format!("unknown word `{}` for `{}`", clean(word), error.path);
                Self::unknown("E0108", title, error.origin, word, expected)
            }
            Misfit::MissingKey(key) => {
                Self::new("E0109", format!("the key `{key}` is missing {section}"), error.origin)
                    .label(format!("`{key}` belongs here"))
            }
            Misfit::Wrong(reason) => {
                let title = format!("wrong value for `{}`", error.path);
                Self::new("E0110", title, pinpoint(error, reason, root)).label(clean(reason))
            }
        }
    }

    /// A complaint about the whole, at the value that its path names in `root`, or at the nearest
    /// table around it.
    pub fn of_complaint(complaint: &Complaint, root: &Settings) -> Self {
        let code = if complaint.runnable { "E0210" } else { "E0201" };
        let origin = nearest_origin(root, &complaint.path);
        let error = Self::new(code, clean(&complaint.reason), origin);
        let is_there = root.at(&complaint.path).is_some();
        let label = if is_there { String::new() } else { format!("see `{}`", complaint.path) };
        let error = error.label(label);
        if complaint.runnable {
            error.note("to run it all the same, as a negative control, set `allow_unsafe = true`")
        } else {
            error
        }
    }

    fn draw(&self, sources: &Sources, renderer: &Renderer) -> String {
        let mut group = Level::ERROR
            .primary_title(self.title.as_str())
            .id(self.code)
            .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
        if let Some((source, span)) = sources.find(self.origin) {
            let text = &source.text;
            let span = on_characters(text, span);
            let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
            let end = text[span.start..].find('\n').map_or(text.len(), |at| at + span.start);
            let line = text[start..end].trim_end_matches('\r');
            let within = (span.start - start).min(line.len())..(span.end - start).min(line.len());
            let mut annotation = AnnotationKind::Primary.span(within);
            if !self.label.is_empty() {
                annotation = annotation.label(self.label.as_str());
            }
            let snippet = Snippet::source(line)
                .path(source.name.as_str())
                .line_start(sources.line(self.origin).max(1))
                .annotation(annotation);
            group = group.element(snippet);
        } else if !self.label.is_empty() {
            group = group.element(Level::NOTE.message(self.label.as_str()));
        }
        group = group.elements(self.notes.iter().map(|note| Level::NOTE.message(note.as_str())));
        group = group.elements(self.helps.iter().map(|help| Level::HELP.message(help.as_str())));
        renderer.render(&[group])
    }
}

/// Draws all of them, each once, in the order of the text, and counts them.
pub fn draw(mut diagnostics: Vec<Diagnostic>, sources: &Sources, coloured: bool) -> String {
    // Later layers know less about places; the stable sort leaves them behind what has one.
    diagnostics.sort_by_key(|error| {
        let place = sources.find(error.origin);
        (place.is_none(), place.map_or(0, |(_, span)| span.start))
    });
    let mut drawn = Vec::new();
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    for diagnostic in &diagnostics {
        let text = diagnostic.draw(sources, &renderer);
        if !drawn.contains(&text) {
            drawn.push(text);
        }
    }
    let count = match drawn.len() {
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    format!("{}\n\n{count}. Nothing was run.", drawn.join("\n\n"))
}

/// The known name most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name: String = name.chars().take(64).collect();
    let distance = |other: &str| strsim::osa_distance(&name, other);
    let (best, best_distance) = known
        .iter()
        .map(|other| (*other, distance(other)))
        .min_by_key(|(_, distance)| *distance)?;
    (best_distance <= 1 + name.chars().count().max(best.chars().count()) / 3).then_some(best)
}

/// The end of a sentence about a name that is unknown: which of those known it may have been.
pub fn did_you_mean(name: &str, known: &[&str]) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Text from files and arguments as it may be shown: without what a terminal would obey.
pub fn clean(text: &str) -> String {
    let shown = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if shown(c) { c } else { '\u{fffd}' }).collect()
}

/// The section of a path, as files write it: `in [network]`, `in [[fault]]`, `at the top`.
fn section(path: &str) -> String {
    let Some((section, _)) = path.rsplit_once('.') else {
        return "at the top".to_owned();
    };
    match section.split_once('[') {
        Some((list, index)) if index.ends_with(']') => format!("in [[{list}]]"),
        _ => format!("in [{section}]"),
    }
}

/// An error about a table usually names the key that it is about: then that key is the place.
fn pinpoint(error: &SettingsError, reason: &str, root: &Settings) -> Origin {
    let table = root.at(&error.path).filter(|settings| settings.origin == error.origin);
    let named = reason.split('`').nth(1).and_then(|key| table?.field(key));
    named.map_or(error.origin, |field| field.key)
}

/// Where the path leads, or the last table on the way there.
fn nearest_origin(root: &Settings, path: &str) -> Origin {
    if let Some(settings) = root.at(path) {
        // For a table, the caret belongs under its name rather than under all of it.
        if let (Value::Table(_), Some((table, key))) = (&settings.value, path.rsplit_once('.'))
            && let Some(field) = root.at(table).and_then(|table| table.field(key))
        {
            return field.key;
        }
        return settings.origin;
    }
    match path.rfind(['.', '[']) {
        Some(at) => nearest_origin(root, &path[..at]),
        None => root.origin,
    }
}

/// The span moved onto character borders inside the text.
fn on_characters(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let down = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = down(span.start);
    start..down(span.end).max(start)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_diagnostic_shows_the_characters_the_suggestion_and_the_next_command() {
        let mut sources = Sources::default();
        let source = sources.add("raft.toml", "horizon = \"1s\"\n[network]\nlos = \"1%\"\n");
        let origin = sources.place(source, 25..28);
        let error = Diagnostic::unknown(
            "E0107",
            "unknown key `los` in [network]",
            origin,
            "los",
            &["loss", "latency"],
        )
        .help("synod explain raft.toml --section network");
        expect![[r#"
            error[E0107]: unknown key `los` in [network]
             --> raft.toml:3:1
              |
            3 | los = "1%"
              | ^^^ did you mean `loss`?
              |
              = note: possible here: latency, loss
              = help: synod explain raft.toml --section network

            1 error. Nothing was run."#]]
        .assert_eq(&draw(vec![error.clone(), error], &sources, false));
    }

    #[test]
    fn suggestions_are_near_or_none() {
        let known = ["loss", "latency", "duplicate"];
        assert_eq!(nearest("los", &known), Some("loss"));
        assert_eq!(nearest("latnecy", &known), Some("latency"));
        assert_eq!(nearest("bandwidth", &known), None);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_echoed() {
        assert_eq!(clean("a\u{1b}[31mb\r\u{202e}c"), "a\u{fffd}[31mb\u{fffd}\u{fffd}c");
    }

    #[test]
    fn places_outside_a_text_or_inside_a_character_are_moved_onto_it() {
        assert_eq!(on_characters("aé", 2..900), 1..3);
        assert_eq!(on_characters("", 5..6), 0..0);
    }
}

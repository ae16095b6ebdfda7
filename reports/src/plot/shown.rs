//! What a chart shows of many things, and how it says what it leaves out.

/// As many of some things as a chart can show: evenly spaced, the first and the last among them.
pub(super) struct Shown<T> {
    pub(super) things: Vec<T>,
    /// How many there are in all.
    count: usize,
    /// What they are, in the plural.
    what: &'static str,
}

impl<T> Shown<T> {
    pub(super) fn of(all: Vec<T>, most: usize, what: &'static str) -> Self {
        let count = all.len();
        let chosen = evenly_spaced(count, most);
        let things = all.into_iter().enumerate().filter(|(place, _)| chosen.contains(place));
        Self { things: things.map(|(_, thing)| thing).collect(), count, what }
    }

    /// The same of something else of each.
    pub(super) fn map<U>(self, of: impl FnMut(T) -> U) -> Shown<U> {
        let Self { things, count, what } = self;
        Shown { things: things.into_iter().map(of).collect(), count, what }
    }

    /// What to say beside the pictures of what was left out.
    pub(super) fn left_out(&self) -> Option<String> {
        let (drawn, Self { count, what, .. }) = (self.things.len(), self);
        (*count > drawn).then(|| {
            format!("{drawn} of {count} {what} are drawn, evenly spaced; the tables have them all")
        })
    }

    /// The same at the end of a caption; may be empty.
    pub(super) fn note(&self) -> String {
        let (drawn, Self { count, what, .. }) = (self.things.len(), self);
        match *count > drawn {
            true => format!(" {drawn} of {count} {what} are shown."),
            false => String::new(),
        }
    }
}

/// Indices into `count` things, at most `limit`, the first and last among them.
fn evenly_spaced(count: usize, limit: usize) -> Vec<usize> {
    if count <= limit {
        return (0..count).collect();
    }
    (0..limit).map(|i| i * (count - 1) / (limit - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_evenly_spaced_keeps_both_ends_and_says_what_it_leaves_out() {
        let all = Shown::of(vec![7, 8, 9], 6, "points");
        assert_eq!(
            (&all.things[..], all.left_out(), all.note()),
            (&[7, 8, 9][..], None, "".into())
        );
        let some = Shown::of((0..15).collect(), 6, "points");
        assert_eq!(some.things, [0, 2, 5, 8, 11, 14]);
        assert_eq!(some.note(), " 6 of 15 points are shown.");
        assert!(some.left_out().is_some_and(|told| told.starts_with("6 of 15 points are drawn")));
    }
}

//! A scenario as a tree of plain values: its places, what stands there, and what may be left out.

use serde_json::Value as Json;

/// A place in a document: the keys and positions that lead to it.
pub(super) type Path = Vec<Step>;

/// One step of a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// The path of a key at the top, and one below it.
pub(super) fn below(section: &str, key: &str) -> Path {
    vec![Step::Key(section.to_owned()), Step::Key(key.to_owned())]
}

/// What stands at a path.
pub(super) fn get<'a>(root: &'a Json, path: &[Step]) -> Option<&'a Json> {
    path.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    })
}

/// The document with this value at a path; tables on the way are made.
pub(super) fn with(root: &Json, path: &[Step], value: Json) -> Json {
    let mut changed = root.clone();
    let mut place = &mut changed;
    for step in path {
        place = match step {
            Step::Key(key) => &mut place[key],
            Step::Index(index) => &mut place[*index],
        };
    }
    *place = value;
    changed
}

/// The document without what stands at these paths, none of which leads through another.
pub(super) fn without<'a>(root: &Json, paths: impl IntoIterator<Item = &'a Path>) -> Json {
    let mut changed = root.clone();
    let mut paths: Vec<&Path> = paths.into_iter().collect();
    // From the back, so that positions in lists stay what they are.
    paths.sort_unstable();
    for path in paths.into_iter().rev() {
        let Some((last, way)) = path.split_last() else { continue };
        let mut place = &mut changed;
        for step in way {
            place = match step {
                Step::Key(key) => &mut place[key],
                Step::Index(index) => &mut place[*index],
            };
        }
        match (last, place) {
            (Step::Key(key), Json::Object(fields)) => {
                fields.remove(key);
            }
            (Step::Index(index), Json::Array(items)) if *index < items.len() => {
                items.remove(*index);
            }
            _ => {}
        }
    }
    changed
}

/// Whether this is entered, or is one setting as it stands. A distribution is one setting, as no
/// key of it means anything without the others.
fn is_entered(value: &Json) -> bool {
    match value {
        Json::Object(fields) => !fields.contains_key("dist"),
        Json::Array(items) => !items.is_empty() && items.iter().all(Json::is_object),
        _ => false,
    }
}

/// Every table and list of tables, and every setting in them, in order; what contains others comes
/// before them.
pub(super) fn places(root: &Json) -> Vec<Path> {
    fn enter(value: &Json, path: &Path, places: &mut Vec<Path>) {
        let mut visit = |step: Step, inner: &Json| {
            let inside = [path.clone(), vec![step]].concat();
            places.push(inside.clone());
            if is_entered(inner) {
                enter(inner, &inside, places);
            }
        };
        match value {
            Json::Object(fields) => {
                fields.iter().for_each(|(key, inner)| visit(Step::Key(key.clone()), inner));
            }
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(at, inner)| visit(Step::Index(at), inner));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    enter(root, &Vec::new(), &mut found);
    found
}

/// Every single setting, in order.
pub(super) fn leaves(root: &Json) -> Vec<Path> {
    let mut leaves = places(root);
    leaves.retain(|path| get(root, path).is_some_and(|value| !is_entered(value)));
    leaves
}

/// Whether a place is a strike of the schedule as a whole: those are left out one by one.
pub(super) fn is_strike(path: &[Step]) -> bool {
    matches!(path, [Step::Key(key), Step::Index(_)] if key == "fault")
        || matches!(path, [Step::Key(key)] if key == "fault")
}

/// The document without what it would say all the same: `is_same` tells whether a document with
/// something left out still says all that this one does.
pub(super) fn terse(root: &Json, is_same: impl Fn(&Json) -> bool) -> Json {
    let mut kept = root.clone();
    // From the back, so that what is left out moves nothing that is still to come; a table whose
    // keys are all gone goes after them.
    for path in places(root).iter().rev().filter(|path| !is_strike(path)) {
        let less = without(&kept, [path]);
        if is_same(&less) {
            kept = less;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_left_out_moves_nothing_else() {
        let root = json!({ "a": [{ "x": 1 }, { "x": 2, "y": 3 }, { "x": 4 }], "b": { "c": 5 } });
        let index = |at| vec![Step::Key("a".into()), Step::Index(at)];
        let y = [index(1), vec![Step::Key("y".into())]].concat();
        let left = without(&root, [&index(0), &y, &index(2), &below("b", "c")]);
        assert_eq!(left, json!({ "a": [{ "x": 2 }], "b": {} }));
        assert_eq!(
            get(&with(&left, &below("b", "d"), json!(7)), &below("b", "d")),
            Some(&json!(7))
        );
    }

    #[test]
    fn a_distribution_is_one_setting() {
        let root = json!({ "n": { "latency": { "dist": "pareto", "min": "1ms" }, "loss": "1%" } });
        assert_eq!(leaves(&root), [below("n", "latency"), below("n", "loss")]);
        assert_eq!(places(&root).len(), 3);
    }

    #[test]
    fn a_terse_document_says_what_the_long_one_did() {
        let root = json!({ "a": { "b": 1, "c": 0 }, "d": { "e": 0 } });
        let says = |document: &Json| {
            ["b", "c"].map(|key| get(document, &below("a", key)).cloned().unwrap_or(json!(0)))
        };
        assert_eq!(terse(&root, |less| says(less) == says(&root)), json!({ "a": { "b": 1 } }));
    }
}

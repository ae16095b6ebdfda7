//! Planted bugs, each against a script in which a judge sees it.
//!
//! A script is played twice: the correct protocol breaks nothing, and the mutant breaks what its
//! entry in [`Protocol::MUTANTS`] says. So a script cannot pass because it is too tame, nor because
//! the judges cry wolf.

use sim_core::protocol::{Mutant, Protocol};
use sim_core::tabletop::Tabletop;

/// The bug that a script is played with, if it is played with one.
pub(crate) type Planted = Option<&'static str>;

/// The properties that were broken, in the order in which they were.
pub(crate) fn broken<P: Protocol>(table: &Tabletop<P>) -> Vec<&'static str> {
    table.violations().iter().map(|violation| violation.property).collect()
}

#[track_caller]
fn entry<P: Protocol>(id: &str) -> &'static Mutant {
    P::MUTANTS.iter().find(|mutant| mutant.id == id).expect("the mutant is listed")
}

/// The bug breaks all that its entry names, and without it the script breaks nothing.
#[track_caller]
pub(crate) fn breaks_all<P: Protocol>(id: &'static str, script: impl Fn(Planted) -> Tabletop<P>) {
    for property in entry::<P>(id).breaks {
        breaks(id, property, &script);
    }
}

/// The bug breaks this property, which its entry names, and without it the script breaks nothing.
/// Where no bug can be planted, it breaks nothing either.
#[track_caller]
pub(crate) fn breaks<P: Protocol>(
    id: &'static str,
    property: &str,
    script: impl Fn(Planted) -> Tabletop<P>,
) {
    assert!(entry::<P>(id).breaks.contains(&property), "{id} is not said to break {property}");
    let broken = |planted| {
        let mut table = script(planted);
        table.conclude();
        (broken(&table), table.transcript().to_owned())
    };
    let (tame, transcript) = broken(None);
    assert!(tame.is_empty(), "without {id} the script breaks {tame:?}:\n{transcript}");
    let (wild, transcript) = broken(Some(id));
    match cfg!(feature = "mutants") {
        true => assert!(wild.contains(&property), "{id} breaks {wild:?}:\n{transcript}"),
        false => assert!(wild.is_empty(), "{id} is planted in a build that plants nothing"),
    }
}

//! A trace as text: a line per step.

use crate::export::View;

/// What the columns and marks mean.
const LEGEND: &str = "\
seconds      event  cause node what
  ^ up   ? request   > send   < deliver   x lost   @ timer   = durable   ! indicate   * landmark
  ~ altered   # fault   ✗ violation";

/// The lines of a trace, after a legend; how many of how many they are where some are left out.
pub fn lines<'a>(view: &'a View<'_>) -> impl Iterator<Item = String> + 'a {
    let (shown, all) = (view.shown.len(), view.steps.len());
    let count = (shown < all).then(|| format!("{shown} of {all} steps"));
    let steps = view.shown().map(ToString::to_string);
    std::iter::once(LEGEND.to_owned()).chain(steps).chain(count)
}

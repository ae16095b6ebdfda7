//! How soon replicas are equal after the last update, or after the last fault: the distribution
//! over runs.
//!
//! An update that never reaches somebody is waited for in vain, whatever the others agree on.

use super::Chart;
use super::waits::Wait;

pub(super) const CHART: Chart = WAIT.chart(|tables| WAIT.draw(tables));

const WAIT: Wait = Wait {
    chart: "convergence",
    question: "How soon are all replicas equal?",
    metric: "convergence_ms",
    title: "Convergence",
    measured: "Time from the last update, or the end of the faults if later, until all replicas \
               were equal for good",
    absent: "no run made an update",
    runs: "",
    waiting: "apart",
    x_name: "time since the last update or the heal",
    y_name: "runs with all replicas equal within x (0–1)",
    named_at_edge: true,
};

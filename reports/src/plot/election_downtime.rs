//! How long a cluster is without a leader: the distribution over runs.
//!
//! The form is that of the figure by which Raft's authors chose their election timeout, so the two
//! can be laid side by side.

use super::Chart;
use super::waits::Wait;

pub(super) const CHART: Chart = WAIT.chart(|tables| WAIT.draw(tables));

const WAIT: Wait = Wait {
    chart: "election-downtime",
    question: "How long is the cluster without a leader?",
    metric: "failover_ms",
    title: "Election downtime",
    measured: "Time without a leader after losing one",
    absent: "no run lost its leader",
    runs: "that lost their leader",
    waiting: "leaderless",
    x_name: "time without a leader",
    y_name: "runs with a leader again within x (0–1)",
    named_at_edge: false,
};

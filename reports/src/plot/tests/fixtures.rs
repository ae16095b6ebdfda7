//! The tables that the charts are tried on: small enough to check by hand.

use crate::cell::number_cell;
use crate::row::{
    FaultRow, HistRow, Point, QuorumRow, Run, Runs, SeriesRow, Tables, TimelineRow, Verdict,
};

/// Two protocols at three loss rates, twelve runs each.
pub(super) fn fixture() -> Tables {
    let metrics = [
        "decide_p50_ms",
        "decide_p99_ms",
        "failover_ms",
        "failover_ms_censored",
        "ops_count",
        "ops_ok_count",
        "detect_first_periods",
        "detect_first_periods_censored",
        "detect_all_periods",
        "detect_all_periods_censored",
    ];
    let mut tables = Tables {
        runs: Runs {
            params: ["network_loss_pct", "n", "f"].map(str::to_owned).to_vec(),
            metrics: metrics.map(str::to_owned).to_vec(),
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (p, protocol) in ["raft", "pbft"].into_iter().enumerate() {
        for loss in [0, 5, 20] {
            let id = format!("p{}", tables.runs.points.len());
            let slow = (1 + p) as f64 * (1.0 + f64::from(loss) / 10.0);
            let runs = (0..12).map(|seed| run(seed, slow, p == 1 && loss == 20)).collect();
            tables.runs.points.push(Point {
                id: id.clone(),
                protocol: protocol.to_owned(),
                fault_script: "crash-leader".to_owned(),
                params: vec![loss.to_string(), (4 - p).to_string(), "1".to_owned()],
                runs,
            });
            tables.hist.extend(hist(&id, slow));
            tables.timeline.extend(timeline(&id, slow, p == 0));
            tables.faults.extend(faults(&id));
        }
    }
    tables
}

fn run(seed: u64, slow: f64, dead: bool) -> Run {
    let spread = 1.0 + (seed * 5 % 12) as f64 / 10.0;
    let dead = dead && !seed.is_multiple_of(3);
    let alive = |value: f64| (!dead).then_some(value);
    let censored = seed == 11;
    Run {
        seed,
        verdict: if dead { Verdict::Stalled } else { Verdict::Pass },
        exceeded: dead,
        metrics: vec![
            alive(10.0 * slow * spread),
            alive(80.0 * slow * spread * spread),
            Some(if censored { 900.0 } else { 100.0 * slow * spread }),
            Some(f64::from(u8::from(censored))),
            Some(50.0),
            Some(if dead { 0.0 } else { 48.0 }),
            Some(slow * spread),
            Some(0.0),
            Some(if censored { 20.0 } else { 3.0 * slow * spread }),
            Some(f64::from(u8::from(censored))),
        ],
    }
}

fn hist(id: &str, slow: f64) -> Vec<HistRow> {
    let bucket = |i: u32| {
        let ge_ms = slow * f64::from(i * i + 1);
        let lt_ms = slow * f64::from((i + 1) * (i + 1) + 1);
        let (point_id, metric) = (id.to_owned(), "decide_ms".to_owned());
        HistRow { point_id, metric, ge_ms, lt_ms, count: u64::from(60 / (i + 1)) }
    };
    (0..8).map(bucket).collect()
}

fn timeline(id: &str, slow: f64, has_leader: bool) -> Vec<TimelineRow> {
    let bucket = |i: u32| TimelineRow {
        point_id: id.to_owned(),
        t_ms: f64::from(i) * 1000.0,
        bucket_ms: 1000.0,
        due_count: if i == 7 { 0 } else { 20 },
        ok_count: [20, 19, 2, 10, 20, 20, 18, 0, 20, 20][i as usize],
        p50_ms: (i != 2 && i != 7).then_some(10.0 * slow),
        p99_ms: (i != 2 && i != 7).then_some(70.0 * slow + f64::from(i)),
        leader_share: has_leader.then_some(if i == 2 { 0.25 } else { 1.0 }),
    };
    (0..10).map(bucket).collect()
}

fn faults(id: &str) -> Vec<FaultRow> {
    let fault = |label: &str, from_ms: f64, to_ms: Option<f64>| FaultRow {
        point_id: id.to_owned(),
        kind: "kind".to_owned(),
        label: label.to_owned(),
        from_ms,
        to_ms,
    };
    vec![
        fault("crash leader", 2000.0, Some(3500.0)),
        fault("cut n0 | n1, n2", 2500.0, Some(2500.0)),
        fault("", 9500.0, None),
    ]
}

/// Two quorum systems of nodes that go down by chance, in twenty runs each.
pub(super) fn failing_nodes() -> Tables {
    let mut tables = Tables {
        runs: Runs {
            params: ["protocol_quorum", "fault_0_each_pct", "f"].map(str::to_owned).to_vec(),
            metrics: vec!["decided_nodes_count".to_owned()],
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (s, system) in ["majority", "grid(3, 3)"].into_iter().enumerate() {
        for (at, percent) in [5_u32, 20, 40].into_iter().enumerate() {
            let id = format!("p{}", tables.runs.points.len());
            let undecided = at * (4 + 2 * s);
            let run = |seed: usize| Run {
                seed: seed as u64,
                verdict: Verdict::Pass,
                exceeded: false,
                metrics: vec![Some(if seed < undecided { 0.0 } else { 6.0 })],
            };
            tables.runs.points.push(Point {
                id: id.clone(),
                protocol: "voting".to_owned(),
                fault_script: "availability".to_owned(),
                params: vec![system.to_owned(), percent.to_string(), s.to_string()],
                runs: (0..20).map(run).collect(),
            });
            tables.quorums.extend([0.01, 0.05, 0.1, 0.2, 0.4, 0.8].map(|down_ratio| QuorumRow {
                point_id: id.clone(),
                role: "quorum".to_owned(),
                system: system.to_owned(),
                down_ratio,
                no_quorum_ratio: down_ratio * down_ratio * (1 + s) as f64,
            }));
        }
    }
    tables
}

/// Juries of five that vote by two rules, with more and more liars, in twenty runs each: they are
/// right in all, but for as many runs as there are liars, and one more by the second rule.
pub(super) fn doubtful_juries() -> Tables {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let mut runs = Runs {
        params: names(&["protocol_rule", "workload_deviants_share_pct", "n"]),
        metrics: names(&["right_ratio", "right_opinions_ratio"]),
        points: Vec::new(),
    };
    for (place, rule) in ["borda", "plurality"].into_iter().enumerate() {
        for share in [0_u32, 20, 40] {
            let wrong = (share / 20) as usize * (1 + place);
            let run = |seed: usize| Run {
                seed: seed as u64,
                verdict: Verdict::Pass,
                exceeded: false,
                metrics: vec![Some(if seed < wrong { 0.0 } else { 1.0 }), Some(0.6)],
            };
            runs.points.push(Point {
                id: format!("p{}", runs.points.len()),
                protocol: "voting".to_owned(),
                fault_script: "none".to_owned(),
                params: vec![rule.to_owned(), share.to_string(), "5".to_owned()],
                runs: (0..20).map(run).collect(),
            });
        }
    }
    Tables { runs, ..Tables::default() }
}

/// Rumours among 16, 64 and 256 nodes, which 60 runs each spread a round faster or slower.
pub(super) fn epidemic() -> Tables {
    let mut tables = Tables {
        runs: Runs {
            params: ["n", "f"].map(str::to_owned).to_vec(),
            metrics: vec!["rounds_99_count".to_owned()],
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (p, bits) in [4_u32, 6, 8].into_iter().enumerate() {
        let n = f64::from(1_u32 << bits);
        let rounds = |seed: u64| f64::from(2 * bits) + (seed % 3) as f64 - 1.0;
        let runs = (0..60).map(|seed| Run {
            seed,
            verdict: Verdict::Pass,
            exceeded: false,
            metrics: vec![Some(rounds(seed))],
        });
        tables.runs.points.push(Point {
            id: format!("p{p}"),
            protocol: "gossip".to_owned(),
            fault_script: "spread".to_owned(),
            params: vec![number_cell(Some(n)), "0".to_owned()],
            runs: runs.collect(),
        });
        for seed in 0..60 {
            let last = rounds(seed);
            for round in 0..=last as u32 {
                let x = f64::from(round);
                let y = (libm::exp2(f64::from(bits) * x / last) / n).min(1.0);
                tables.series.push(SeriesRow {
                    run_id: p as u64 * 60 + seed,
                    point_id: format!("p{p}"),
                    curve: "informed_by_round".to_owned(),
                    node: String::new(),
                    x,
                    y,
                    weight: 1,
                });
            }
        }
    }
    tables
}

/// Three ways to keep so many replicas equal, in 60 runs each, under a partition: what a run sent
/// grows with the first, second or third power of the replicas; every twelfth run by the last way
/// stays apart.
pub(super) fn replicas(sizes: &[u32]) -> Tables {
    let metrics =
        ["convergence_ms", "convergence_ms_censored", "bytes_per_update", "redundant_ratio"];
    let mut tables = Tables {
        runs: Runs {
            params: ["protocol_sync", "n", "f", "protocol_nodes"].map(str::to_owned).to_vec(),
            metrics: metrics.map(str::to_owned).to_vec(),
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (power, sync) in (1..).zip(["operation", "delta", "state"]) {
        for &n in sizes {
            let place = tables.runs.points.len() as u64;
            let id = format!("p{place}");
            for seed in 0..60 {
                let steps = drifting(seed, n, power);
                tables.series.extend(steps.into_iter().map(|(x, y)| SeriesRow {
                    run_id: place * 60 + seed,
                    point_id: id.clone(),
                    curve: "distinct_states".to_owned(),
                    node: String::new(),
                    x,
                    y,
                    weight: 1,
                }));
            }
            tables.faults.push(FaultRow {
                point_id: id.clone(),
                kind: "partition".to_owned(),
                label: "partition n0".to_owned(),
                from_ms: 1_000.0,
                // The last way has a fault of its own.
                to_ms: Some(if power == 3 { 5_000.0 } else { 6_000.0 }),
            });
            tables.runs.points.push(Point {
                id,
                protocol: "crdt".to_owned(),
                fault_script: "offline-first".to_owned(),
                params: vec![sync.to_owned(), n.to_string(), "0".to_owned(), n.to_string()],
                runs: (0..60).map(|seed| equalling(seed, n, power)).collect(),
            });
        }
    }
    tables
}

fn stays_apart(seed: u64, power: u32) -> bool {
    power == 3 && seed.is_multiple_of(12)
}

/// A run of replicas that come to be equal.
fn equalling(seed: u64, n: u32, power: u32) -> Run {
    let spread = 1.0 + (seed * 7 % 60) as f64 / 60.0;
    let apart = stays_apart(seed, power);
    let took = if apart { 9_000.0 } else { 40.0 * f64::from(power) * spread };
    let bytes = 10.0 * libm::pow(f64::from(n), f64::from(power)) * spread;
    let redundant = 0.3 * f64::from(power - 1);
    let metrics = [took, f64::from(u8::from(apart)), bytes, redundant].map(Some).to_vec();
    Run { seed, verdict: Verdict::Pass, exceeded: false, metrics }
}

/// The numbers of states of such a run, and from when on.
fn drifting(seed: u64, n: u32, power: u32) -> Vec<(f64, f64)> {
    let mut steps = vec![
        (0.0, 1.0),
        (900.0 + 10.0 * (seed % 7) as f64, 2.0),
        (2_000.0 + 20.0 * (seed % 11) as f64, f64::from(2 + power.min(n - 2))),
        (6_000.0 + 10.0 * (seed % 5) as f64, 2.0),
    ];
    let end = 7_000.0 + 100.0 * (seed % 9) as f64;
    steps.extend((!stays_apart(seed, power)).then_some((end, 1.0)));
    steps
}

/// The fixture with reads that see a write the later the more likely, at each of its points.
pub(super) fn stale_reads() -> Tables {
    let mut tables = fixture();
    for (place, point) in tables.runs.points.iter().enumerate() {
        for step in 0..12_u32 {
            let share = 1.0 - 0.5 / f64::from((step + 1) * (place as u32 + 1));
            let (x, point_id) = (f64::from(step * step) / 2.0, point.id.clone());
            let curves = [("fresh_share", share, 200), ("fresh_share_predicted", share, 20_000)];
            for (curve, y, weight) in curves {
                let (curve, point_id) = (curve.to_owned(), point_id.clone());
                let row =
                    SeriesRow { run_id: 0, point_id, curve, node: String::new(), x, y, weight };
                tables.series.push(row);
            }
        }
    }
    tables
}

/// A company with a corrupt agent and three thresholds for alarms, 20 runs each. Of the suspicion that
/// an agent earns the corrupt one has twice what the seed tells, and of ten honest ones as many have
/// a fixed score as that score is below ten. The attack is noticed the later the higher the
/// threshold, and in every fifth run by the highest one not at all: each was watched for a time of
/// its own.
pub(super) fn suspects() -> Tables {
    let metrics =
        ["detect_attack_ms", "detect_attack_ms_censored", "detected_ratio", "false_alarm_ratio"];
    let mut tables = Tables {
        runs: Runs {
            params: vec!["protocol_threshold".to_owned()],
            metrics: metrics.map(str::to_owned).to_vec(),
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (p, threshold) in [2_u32, 8, 32].into_iter().enumerate() {
        let id = format!("p{p}");
        let never = |seed: u64| threshold == 32 && seed.is_multiple_of(5);
        let took = |seed: u64| f64::from(threshold) * (10.0 + seed as f64);
        let caught =
            |seed: u64, threshold: f64| f64::from(u8::from(2.0 * seed as f64 >= threshold));
        let blamed = |threshold: f64| (10.0 - threshold).max(0.0) / 10.0;
        let runs = (0..20).map(|seed| {
            let at = f64::from(threshold);
            let metrics = [
                if never(seed) { 100.0 * (seed + 1) as f64 } else { took(seed) },
                f64::from(u8::from(never(seed))),
                caught(seed, at),
                blamed(at),
            ];
            Run {
                seed,
                verdict: Verdict::Pass,
                exceeded: false,
                metrics: metrics.map(Some).to_vec(),
            }
        });
        tables.runs.points.push(Point {
            id: id.clone(),
            protocol: "secure-messaging".to_owned(),
            fault_script: "detection-thresholds".to_owned(),
            params: vec![threshold.to_string()],
            runs: runs.collect(),
        });
        for seed in 0..20 {
            for x in (1..=32).map(f64::from) {
                let curves = [
                    ("caught_by_threshold", caught(seed, x), 1),
                    ("blamed_by_threshold", blamed(x), 10),
                ];
                tables.series.extend(curves.map(|(curve, y, weight)| SeriesRow {
                    run_id: p as u64 * 20 + seed,
                    point_id: id.clone(),
                    curve: curve.to_owned(),
                    node: String::new(),
                    x,
                    y,
                    weight,
                }));
            }
        }
    }
    tables
}

/// One who has 1, 4 and 9 identities beside ten of others, where each counts and where he counts
/// once; ten juries of five in each of eight runs, of which so many are captured as are expected.
pub(super) fn juries() -> Tables {
    let metrics = [
        "identities_hostile_ratio",
        "juries_count",
        "juries_captured_count",
        "jurors_count",
        "jury_pool_count",
        "jury_pool_hostile_count",
    ];
    let mut tables = Tables {
        runs: Runs {
            params: ["protocol_defences", "protocol_identities"].map(str::to_owned).to_vec(),
            metrics: metrics.map(str::to_owned).to_vec(),
            points: Vec::new(),
        },
        ..Tables::default()
    };
    // P(at least 3 of 5) of 4 in 14 and of 9 in 19.
    let cases = [
        ("all", [(1, 0.0), (4, 0.0), (9, 0.0)]),
        ("all but admission", [(1, 0.0), (4, 0.094_905), (9, 0.444_961)]),
    ];
    for (defences, shares) in cases {
        for (identities, captured) in shares {
            let own = f64::from(identities);
            let counted = if defences == "all" { 1.0 } else { own };
            let metrics = [own / (10.0 + own), 10.0, 10.0 * captured, 5.0, 10.0 + counted, counted];
            let runs = (0..8).map(|seed| Run {
                seed,
                verdict: Verdict::Pass,
                exceeded: false,
                metrics: metrics.map(Some).to_vec(),
            });
            tables.runs.points.push(Point {
                id: format!("p{}", tables.runs.points.len()),
                protocol: "secure-messaging".to_owned(),
                fault_script: "juries".to_owned(),
                params: vec![defences.to_owned(), identities.to_string()],
                runs: runs.collect(),
            });
        }
    }
    tables
}

/// Keys that are stolen, and noticed after 0, 1 and 4 s; of the last, most work to the end.
pub(super) fn thefts() -> Tables {
    let (param, metric) = ("protocol_theft_noticed_ms", "exposure_ms");
    let mut tables = Tables {
        runs: Runs {
            params: ["protocol_gossip_ms", param].map(str::to_owned).to_vec(),
            metrics: vec![metric.to_owned(), format!("{metric}_censored")],
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for gossip in [50_u32, 800] {
        for noticed in [0_u32, 1_000, 4_000] {
            let runs = (0..20).map(|seed| {
                let works = f64::from(noticed) + f64::from(gossip) * (1.0 + seed as f64 / 10.0);
                let has_no_end = noticed == 4_000 && gossip == 800 && seed >= 5;
                let metrics = [works, f64::from(u8::from(has_no_end))].map(Some).to_vec();
                Run { seed, verdict: Verdict::Pass, exceeded: false, metrics }
            });
            tables.runs.points.push(Point {
                id: format!("p{}", tables.runs.points.len()),
                protocol: "secure-messaging".to_owned(),
                fault_script: "thefts".to_owned(),
                params: [gossip, noticed].map(|value| value.to_string()).to_vec(),
                runs: runs.collect(),
            });
        }
    }
    tables
}

/// Three attacks under three sets of defences; one was not run, and in one nothing was attempted.
pub(super) fn besieged() -> Tables {
    let metric = "attack_success_ratio";
    let mut tables = Tables {
        runs: Runs {
            params: ["protocol_attack", "protocol_defences"].map(str::to_owned).to_vec(),
            metrics: vec![metric.to_owned()],
            points: Vec::new(),
        },
        ..Tables::default()
    };
    let sets: [(&str, [Option<f64>; 3]); 3] = [
        ("all", [Some(0.0), Some(0.0), None]),
        ("none", [Some(0.75), Some(0.25), None]),
        ("all but replay-window", [Some(0.0), Some(0.5), Some(1.0)]),
    ];
    for (defences, found) in sets {
        for (attack, mean) in ["impersonation", "replay", "split-view"].into_iter().zip(found) {
            if (defences, attack) == ("none", "split-view") {
                continue;
            }
            // A little more and a little less, where there is room.
            let runs = (0..20).map(|seed| {
                let room = mean.map_or(0.0, |mean: f64| mean.min(1.0 - mean).min(0.1));
                let share = mean.map(|mean| mean + if seed % 2 == 0 { room } else { -room });
                Run { seed, verdict: Verdict::Pass, exceeded: false, metrics: vec![share] }
            });
            tables.runs.points.push(Point {
                id: format!("p{}", tables.runs.points.len()),
                protocol: "secure-messaging".to_owned(),
                fault_script: "defences".to_owned(),
                params: [attack, defences].map(str::to_owned).to_vec(),
                runs: runs.collect(),
            });
        }
    }
    tables
}

/// Tables of every sort.
pub(super) fn fixtures() -> [Tables; 13] {
    let (few, many) = (replicas(&[4]), replicas(&[4, 8, 16, 32]));
    [
        fixture(),
        failing_nodes(),
        epidemic(),
        stale_reads(),
        few,
        many,
        suspects(),
        juries(),
        doubtful_juries(),
        panels(),
        bargains(),
        thefts(),
        besieged(),
    ]
}

/// A table of one protocol without settings, of so many runs.
fn plain(protocol: &str, runs: u64) -> Tables {
    let run = |seed| Run { seed, verdict: Verdict::Pass, exceeded: false, metrics: Vec::new() };
    let point = Point {
        id: "p0".to_owned(),
        protocol: protocol.to_owned(),
        fault_script: "none".to_owned(),
        params: Vec::new(),
        runs: (0..runs).map(run).collect(),
    };
    let runs = Runs { params: Vec::new(), metrics: Vec::new(), points: vec![point] };
    Tables { runs, ..Tables::default() }
}

fn spot(run_id: u64, curve: &str, node: &str, (x, y): (f64, f64)) -> SeriesRow {
    let (point_id, curve, node) = ("p0".to_owned(), curve.to_owned(), node.to_owned());
    SeriesRow { run_id, point_id, curve, node, x, y, weight: 1 }
}

/// Five agents whose numbers are halved round by round, beside a liar, in 30 runs.
pub(super) fn panels() -> Tables {
    let mut tables = plain("degroot", 30);
    for run in 0..30 {
        for node in 0..5_u32 {
            for round in 0..6_u32 {
                let off = f64::from(node) - 2.0 + run as f64 / 60.0;
                let value = 500.0 + 200.0 * off / f64::from(1_u32 << round);
                let at = (f64::from(round), value);
                tables.series.push(spot(run, "opinion_by_round", &format!("n{node}"), at));
            }
        }
        tables.series.push(spot(run, "corrupt_opinion_by_round", "n5", (0.0, 900.0)));
    }
    tables
}

/// Four outcomes, of which three are on the line, and twenty bargains over them.
pub(super) fn bargains() -> Tables {
    let mut tables = plain("concession", 24);
    let outcomes = [(0.7, 0.2), (0.6, 0.45), (0.5, 0.5), (0.4, 0.3)];
    for run in 0..20 {
        let agreed = outcomes[if run % 5 == 0 { 2 } else { 1 }];
        tables.series.push(spot(run, "welfare", "", agreed));
        tables.series.push(spot(run, "welfare_nash", "", outcomes[1]));
        tables.series.push(spot(run, "welfare_kalai_smorodinsky", "", outcomes[2]));
        for outcome in outcomes {
            tables.series.push(spot(run, "welfare_frontier", "", outcome));
        }
    }
    tables
}

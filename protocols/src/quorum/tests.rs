//! Published numbers, the text form, and what is refused.

use sim_core::id::{Cluster, NodeId, NodeSet};

use super::*;

fn read(text: &str) -> Expression {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn system(text: &str, n: u32) -> System {
    System::new(&read(text), Cluster { n }).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn nodes(nodes: &[u32]) -> NodeSet {
    nodes.iter().copied().map(NodeId).collect()
}

#[track_caller]
fn close(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found}, expected {expected}");
}

fn load(reads: &System, writes: &System, read_share: f64) -> f64 {
    optimal(reads, writes, read_share).expect("small").load(read_share)
}

#[test]
fn load_resilience_and_availability_are_those_published() {
    for (text, n, expected_load, expected_resilience, at_tenth, at_three_tenths) in [
        ("majority", 5, 3.0 / 5.0, 2, 0.008_56, 0.163_08),
        ("grid(3, 3)", 9, 5.0 / 9.0, 2, 0.033_309, 0.410_562),
        ("tree", 7, 1.0 / 2.0, 2, 0.006_227, 0.148_262),
    ] {
        let system = system(text, n);
        close(load(&system, &system, 0.0), expected_load, 1e-9);
        assert_eq!(resilience(&system), Ok(expected_resilience), "{text}");
        let outages = Outages::of(&system).expect("small");
        close(outages.probability(0.1), at_tenth, 5e-7);
        close(outages.probability(0.3), at_three_tenths, 5e-7);
    }
}

/// Quoracle's 2 × 3 grid: reads are rows, writes take one of each row.
fn two_by_three() -> [System; 2] {
    let reads = system("n0 & n1 & n2 | n3 & n4 & n5", 6);
    let writes = reads.dual();
    [reads, writes]
}

#[test]
fn the_grid_of_quoracle_has_its_published_loads_over_the_share_of_reads() {
    let [reads, writes] = two_by_three();
    let published = [1.0 / 3.0, 3.0 / 8.0, 5.0 / 12.0, 11.0 / 24.0, 1.0 / 2.0];
    for (share, expected) in [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().zip(published) {
        close(load(&reads, &writes, share), expected, 1e-9);
    }
    assert_eq!([&reads, &writes].map(resilience), [Ok(1), Ok(2)]);
    assert_eq!(writes.minimal_quorums().map(|quorums| quorums.len()), Ok(9));
}

#[test]
fn the_hand_made_strategy_of_quoracle_is_worse_than_the_best() {
    let strategy = Strategy {
        reads: vec![(nodes(&[0, 1, 2]), 2.0 / 3.0), (nodes(&[3, 4, 5]), 1.0 / 3.0)],
        writes: [[0, 3], [1, 4], [2, 5]].map(|quorum| (nodes(&quorum), 1.0 / 3.0)).to_vec(),
    };
    close(strategy.load(0.25), 5.0 / 12.0, 1e-12);
}

#[test]
fn a_strategy_uses_quorums_and_uses_them_all_of_the_time() {
    let [reads, writes] = two_by_three();
    let strategy = optimal(&reads, &writes, 0.5).expect("small");
    for (system, shares) in [(&reads, &strategy.reads), (&writes, &strategy.writes)] {
        close(shares.iter().map(|(_, often)| often).sum(), 1.0, 1e-9);
        assert!(shares.iter().all(|(quorum, _)| system.is_quorum(quorum)));
    }
}

#[test]
fn each_construction_has_its_quorums() {
    for (text, n, expected) in [
        ("majority", 3, "[{n0, n1}, {n0, n2}, {n1, n2}]"),
        ("choose(1)", 2, "[{n0}, {n1}]"),
        ("choose(2, n0, n2, n3)", 4, "[{n0, n2}, {n0, n3}, {n2, n3}]"),
        ("n0 & n1 | n2", 3, "[{n2}, {n0, n1}]"),
        ("(n0 | n1) & n2", 3, "[{n0, n2}, {n1, n2}]"),
        ("n0 | n0 & n1", 2, "[{n0}]"),
        // Gifford's first example file has votes 1, 0, 0 …, his second 2, 1, 1.
        ("weighted(3, 2 * n0, n1, n2)", 3, "[{n0, n1}, {n0, n2}]"),
        ("weighted(1, n0, 0 * n1)", 2, "[{n0}]"),
        ("grid(2, 2)", 4, "[{n0, n1, n2}, {n0, n1, n3}, {n0, n2, n3}, {n1, n2, n3}]"),
        ("tree", 3, "[{n0, n1}, {n0, n2}, {n1, n2}]"),
        ("wheel", 4, "[{n0, n1}, {n0, n2}, {n0, n3}, {n1, n2, n3}]"),
        ("wall(1, 2)", 3, "[{n0, n1}, {n0, n2}, {n1, n2}]"),
        ("wall(2, 1)", 3, "[{n2}]"),
        ("dual(n0 & n1 | n2)", 3, "[{n0, n2}, {n1, n2}]"),
        ("majority(n0, n1, n2 & n3)", 4, "[{n0, n1}, {n0, n2, n3}, {n1, n2, n3}]"),
    ] {
        let quorums = system(text, n).minimal_quorums().expect("small");
        assert_eq!(format!("{quorums:?}"), expected, "{text}");
    }
}

#[test]
fn a_tree_needs_a_path_or_both_paths_around_a_node() {
    let tree = system("tree", 7);
    for (set, is_quorum) in [
        (&[0, 1, 3][..], true),
        (&[1, 3, 2, 6], true),
        (&[3, 4, 5, 6], true),
        (&[0, 3, 4], true),
        (&[0, 3, 5], false),
        (&[1, 3, 4, 0], true),
        (&[1, 2, 3], false),
    ] {
        assert_eq!(tree.is_quorum(&nodes(set)), is_quorum, "{set:?}");
    }
}

#[test]
fn a_hierarchy_of_three_threes_needs_four_of_nine() {
    let hierarchy = system("hierarchical(3, 3)", 9);
    let quorums = hierarchy.minimal_quorums().expect("small");
    assert_eq!(quorums.len(), 27);
    assert!(quorums.iter().all(|quorum| quorum.len() == 4));
    // Kumar: quorums of n^0.63 rather than n/2.
    assert_eq!(system("hierarchical(3, 3, 3)", 27).minimal_quorums().map(|q| q.len()), Ok(2187));
}

#[test]
fn expressions_read_back_as_they_were_written() {
    for text in [
        "n0",
        "majority",
        "majority(n0, n1, n2)",
        "choose(2)",
        "choose(2, n0, n1 & n2, n3 | n4)",
        "grid(3, 3)",
        "grid(1, 2, n5, n7)",
        "tree",
        "hierarchical(3, 3)",
        "wheel",
        "wall(1, 2, 3)",
        "weighted(3, 2 * n0, n1, 4 * (n2 & n3))",
        "dual(grid(2, 3))",
        "n0 & n1 | n2",
        "(n0 | n1) & n2",
        "(n0 & n1) & n2",
        "n0 | (n1 | n2)",
    ] {
        assert_eq!(read(text).to_string(), text);
        assert_eq!(read(&read(text).to_string()), read(text));
    }
    assert_eq!(read(" choose ( 2,n0,n1 , n2 ) ").to_string(), "choose(2, n0, n1, n2)");
    assert_eq!(read("((n0))").to_string(), "n0");
}

#[test]
fn what_cannot_be_read_is_pointed_at() {
    for (text, expected) in [
        ("", "at character 1: found the end, expected a node (n0)"),
        ("n0 &", "at character 5, after `n0 &`: found the end, expected a node (n0)"),
        ("n0 n1", "at character 4, after `n0 `: found `n1`, expected `&`, `|` or the end"),
        ("mayority", "at character 1: found `mayority`, expected a node"),
        ("choose(n0)", "at character 8, after `choose(`: found `n0)`, expected a number"),
        ("choose", "at character 7, after `choose`: found the end, expected the numbers"),
        ("grid(3)", "expected the numbers of the grid, such as `grid(3, 3)`"),
        ("grid(3, 3", "at character 10, after `grid(3, 3`: found the end, expected `,` or `)`"),
        ("(n0 | n1", "expected `&`, `|` or `)`"),
        ("weighted(n0)", "expected the weight that is needed"),
        ("weighted(2, 2 n0)", "found `n0)`, expected `*`"),
        ("choose(99999999999)", "expected a whole number up to 4294967295"),
        ("n99999999999", "expected a node"),
        ("wall(n0)", "the numbers of the wall"),
    ] {
        let error = text.parse::<Expression>().expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let deep = format!("{}n0{}", "(".repeat(100_000), ")".repeat(100_000));
    let error = deep.parse::<Expression>().expect_err("too deep");
    assert!(error.expected.contains("32 brackets"), "{}", error.expected);
}

#[test]
fn what_does_not_fit_the_cluster_is_refused_with_the_numbers() {
    for (text, n, expected) in [
        ("n0 & n3", 3, "there is no n3: the last node is n2"),
        ("choose(4)", 3, "`choose(4)` wants 4 of 3 members: give 1 to 3"),
        ("choose(0, n0)", 3, "wants 0 of 1 members"),
        ("grid(3, 3)", 8, "`grid(3, 3)` is over 3 × 3 = 9 members, here are 8"),
        ("grid(4294967295, 4294967295)", 8, "members, here are 8"),
        ("hierarchical(4294967295, 4294967295, 9)", 8, "more members than can be counted"),
        ("tree", 6, "1, 3, 7, 15, … members, here are 6"),
        ("wheel", 2, "3 members or more, here are 2"),
        ("wall(1, 2)", 4, "1 + 2 = 3 members, here are 4"),
        ("wall(0, 4)", 4, "a row of width 0"),
        ("weighted(5, n0, 3 * n1)", 3, "needs a weight of 5 out of 4: give 1 to 4"),
        ("weighted(0, n0)", 3, "needs a weight of 0"),
    ] {
        let error = System::new(&read(text), Cluster { n }).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let nested = (0..12)
        .fold("n0".to_owned(), |inner, _| format!("wall(1, 1, 1, 1, 1, n0, n0, n0, n0, {inner})"));
    let error = System::new(&read(&nested), Cluster { n: 3 }).expect_err("grows by the power");
    assert!(error.to_string().contains("at most 100000"), "{error}");
}

#[test]
fn quorums_that_do_not_meet_are_named() {
    let found = overlap(&system("choose(2)", 4), &system("choose(2)", 4)).expect("small");
    assert_eq!((found.nodes, found.pair), (0, [nodes(&[0, 1]), nodes(&[2, 3])]));
    // Reads of one and writes of all but one of five.
    let found = overlap(&system("choose(1)", 5), &system("choose(4)", 5)).expect("small");
    assert_eq!(found.nodes, 0);
    assert!(!found.pair[1].contains(found.pair[0].iter().next().expect("one")));
    let rows = system("n0 & n1 | n2 & n3", 4);
    let found = overlap(&rows, &rows).expect("small");
    assert_eq!((found.nodes, found.pair), (0, [nodes(&[0, 1]), nodes(&[2, 3])]));
    let [reads, writes] = two_by_three();
    assert_eq!(overlap(&reads, &writes).map(|found| found.nodes), Ok(1));
    assert_eq!(overlap(&reads, &reads).map(|found| found.nodes), Ok(0));
}

#[test]
fn liars_are_survived_as_far_as_quorums_meet_and_are_left() {
    // Malkhi and Reiter: dissemination among 3f + 1 with ⌈(n + f + 1)/2⌉, masking among 4f + 1
    // with ⌈(n + 2f + 1)/2⌉.
    for f in 1..4 {
        for (n, needed, reading) in [
            (3 * f + 1, 2 * f + 1, Reading::Dissemination),
            (4 * f + 1, 3 * f + 1, Reading::Masking),
        ] {
            let system = system(&format!("choose({needed})"), n);
            let found = overlap(&system, &system).expect("plain");
            let left = resilience(&system).expect("plain");
            assert_eq!(found.liars(reading, left), f, "{n}, {reading:?}");
            let fewer = Overlap { nodes: found.nodes - 1, ..found.clone() };
            assert_eq!(fewer.liars(reading, left), f - 1, "{n}, {reading:?}");
            assert_eq!(found.liars(reading, f - 1), f - 1, "{n}, {reading:?}");
        }
    }
}

#[test]
fn what_is_too_large_is_refused_and_majorities_never_are() {
    let large = system("majority", 999);
    assert_eq!(large.minimal_quorums(), Err(Refusal::Members(512)));
    assert_eq!(system("majority", 200).minimal_quorums(), Err(Refusal::Nodes(128)));
    assert_eq!(Outages::of(&large), Err(Refusal::Nodes(ENUMERABLE)));
    assert_eq!(overlap(&large, &large).map(|found| found.nodes), Ok(1));
    assert_eq!(resilience(&large), Ok(499));
    assert_eq!(system("majority", 41).minimal_quorums(), Err(Refusal::Quorums));
    assert_eq!(Refusal::Quorums.to_string(), "more than 10000 minimal quorums");
    let many = vec!["n0"; 1_000].join(" | ");
    assert_eq!(system(&many, 1).minimal_quorums(), Err(Refusal::Members(512)));
}

#[test]
fn a_rule_is_a_number_or_an_expression() {
    use serde::Deserialize as _;
    use serde::de::IntoDeserializer as _;
    use serde::de::value::Error;

    let number: Result<Rule, Error> = Rule::deserialize(3_i64.into_deserializer());
    assert_eq!(number, Ok(Rule::Count(3)));
    let text: Result<Rule, Error> = Rule::deserialize("tree".into_deserializer());
    assert_eq!(text, Ok(Rule::Of(read("tree"))));
    let wrong: Result<Rule, Error> = Rule::deserialize("n0 &".into_deserializer());
    assert!(wrong.expect_err("no expression").to_string().contains("at character 5"));
    let negative: Result<Rule, Error> = Rule::deserialize((-1_i64).into_deserializer());
    assert_eq!(negative.expect_err("-1").to_string(), "-1 nodes: write a number from 1 to n");
    let huge: Result<Rule, Error> = Rule::deserialize((1_i64 << 40).into_deserializer());
    assert!(huge.expect_err("2^40").to_string().starts_with("1099511627776 nodes: write"));
    let cluster = Cluster { n: 5 };
    assert_eq!(Rule::default().count(cluster), Some(3));
    assert_eq!(Rule::Count(4).count(cluster), Some(4));
    assert_eq!(Rule::Of(read("tree")).count(cluster), None);
    assert_eq!(Rule::Count(3).system(cluster), Rule::default().system(cluster));
    assert!(Rule::Count(6).system(cluster).is_err());
}

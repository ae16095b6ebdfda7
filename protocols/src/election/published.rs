//! Profiles that others published, with the winners that they report.
//!
//! Some are written here; others lie beside the project and are read there.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use sim_core::rng::{Draw, Random as _, Stream, Streams};

use super::tests::{options, ranked, ranking};
use super::*;

fn winners(rule: &str, profile: &Profile) -> Options {
    rule.parse::<Kind>().expect("a rule").outcome(profile).winners
}

#[track_caller]
fn elect(rules: &[&str], profile: &Profile, expected: &str) {
    for rule in rules {
        assert_eq!(winners(rule, profile), options(expected), "{rule}");
    }
}

/// Memphis, Nashville, Chattanooga, Knoxville.
fn tennessee() -> Profile {
    ranked(4, &[(42, "ABCD"), (26, "BCDA"), (15, "CDBA"), (17, "DCBA")])
}

#[test]
fn tennessee_has_the_capital_that_each_rule_is_known_to_give_it() {
    let profile = tennessee();
    let by_pairs =
        ["condorcet", "schulze", "ranked-pairs", "copeland", "minimax", "kemeny", "borda"];
    elect(&by_pairs, &profile, "B");
    elect(&["split-cycle", "nanson", "baldwin", "coombs"], &profile, "B");
    elect(&["instant-runoff"], &profile, "D");
    elect(&["plurality"], &profile, "A");
    elect(&["majority", "supermajority(2/3)", "unanimity"], &profile, "");
    assert_eq!(Borda.outcome(&profile).scores, [252, 388, 346, 214], "twice 126, 194, 173, 107");
    assert_eq!(Copeland.outcome(&profile).scores, [0, 6, 4, 2]);
    let kemeny = Kemeny.outcome(&profile);
    assert_eq!(kemeny.scores[1], 393, "the published agreement of B, C, D, A");
    assert_eq!(kemeny.order, ["B", "C", "D", "A"].map(options));
    let run_off = InstantRunoff.outcome(&profile);
    assert_eq!(run_off.scores, [42, 26, 15, 17]);
    assert_eq!(run_off.order, ["D", "A", "B", "C"].map(options));
}

/// Schulze's third example: 45 voters, five options.
fn schulze_45() -> Profile {
    ranked(
        5,
        &[
            (5, "ACBED"),
            (5, "ADECB"),
            (8, "BEDAC"),
            (3, "CABED"),
            (7, "CAEBD"),
            (2, "CBADE"),
            (7, "DCEBA"),
            (8, "EBADC"),
        ],
    )
}

#[test]
fn forty_five_voters_split_schulzes_rule_from_ranked_pairs() {
    let profile = schulze_45();
    elect(&["condorcet"], &profile, "");
    elect(&["schulze"], &profile, "E");
    elect(&["ranked-pairs"], &profile, "A");
    assert_eq!(Schulze.outcome(&profile).order, ["E", "A", "C", "B", "D"].map(options));
    assert_eq!(Schulze.outcome(&profile).scores, [3, 1, 2, 0, 4]);
}

#[test]
fn schulzes_fourth_example_ties() {
    let profile = ranked(4, &[(3, "ABCD"), (2, "CBDA"), (2, "DABC"), (2, "DBCA")]);
    elect(&["schulze"], &profile, "BD");
    assert_eq!(Schulze.outcome(&profile).order, ["BD", "AC"].map(options));
}

#[test]
fn bordas_count_can_pass_over_what_a_majority_puts_first() {
    let profile = ranked(4, &[(30, "BACD"), (30, "BADC"), (25, "ACDB"), (15, "ADCB")]);
    elect(&["borda"], &profile, "A");
    elect(&["majority", "condorcet", "plurality", "instant-runoff"], &profile, "B");
    // Published with 1 point for the last place: 340, 280, 195, 185; 100 less in ours, and twice.
    assert_eq!(Borda.outcome(&profile).scores, [480, 360, 190, 170]);
}

#[test]
fn a_cycle_has_no_condorcet_winner_and_ties_everywhere_else() {
    let profile = ranked(3, &[(1, "ABC"), (1, "BCA"), (1, "CAB")]);
    elect(&["condorcet", "majority"], &profile, "");
    let by_points = ["plurality", "borda", "instant-runoff"];
    elect(&by_points, &profile, "ABC");
    let by_pairs = ["copeland", "minimax", "kemeny", "schulze", "ranked-pairs"];
    elect(&by_pairs, &profile, "ABC");
    // An order can share five of the nine preferences, and three orders do.
    assert_eq!(Kemeny.outcome(&profile).scores, [5, 5, 5]);
    assert!(Kemeny.outcome(&profile).order.is_empty());
}

/// A profile beside the project, and what is reported of it.
#[derive(serde::Deserialize)]
struct Fixture {
    ballots: Vec<(u32, Vec<String>)>,
    expected: String,
}

impl Fixture {
    /// The options by name, in the order of the alphabet.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.ballots[0].1.iter().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    fn profile(&self) -> Profile {
        let names = self.names();
        let electorate = self.ballots.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut profile = Profile::new(names.len(), Form::Ranking, electorate);
        for (weight, places) in &self.ballots {
            let number = |name: &String| names.iter().position(|other| other == name);
            let places: Option<Vec<usize>> = places.iter().map(number).collect();
            let ranking = Ranking::new(&places.expect("known names")).expect("each once");
            let voter = Voter::weighing(*weight);
            profile.cast(Ballot::Ranking(ranking), voter).expect("a ballot that counts");
        }
        profile
    }

    /// The claims that are read: the rule, and who wins.
    fn claims(&self) -> Vec<(&'static str, Vec<&str>)> {
        let text = self.expected.as_str();
        let mut claims = Vec::new();
        for (words, rule) in [
            ("Condorcet", "condorcet"),
            ("Schulze", "schulze"),
            ("RP", "ranked-pairs"),
            ("ranked pairs", "ranked-pairs"),
            ("Copeland", "copeland"),
            ("minimax", "minimax"),
            ("Borda", "borda"),
            ("Kemeny", "kemeny"),
            ("IRV", "instant-runoff"),
            ("plurality", "plurality"),
        ] {
            // "Condorcet/Schulze/RP=Nashville", "Schulze=E order …", "Schulze tie {B,D}".
            for part in text.split([';', ',']).filter(|part| !part.contains("no Condorcet winner"))
            {
                let Some((rules, winner)) = part.split_once('=') else { continue };
                let rules = rules.rsplit(": ").next().unwrap_or(rules);
                if rules.split('/').any(|rule| rule.trim() == words) {
                    let winner = winner.split_whitespace().next().unwrap_or(winner);
                    claims.push((rule, vec![winner]));
                }
            }
            if let Some((_, tied)) = text.split_once(&format!("{words} tie {{")) {
                let tied = tied.split('}').next().unwrap_or(tied);
                claims.push((rule, tied.split(',').collect()));
            }
        }
        if text.contains("Kemeny 3-way tie") {
            claims.push(("kemeny", self.names()));
        }
        if text.contains("no Condorcet winner") {
            claims.push(("condorcet", Vec::new()));
        }
        claims
    }
}

/// The fixtures, unless they are not there.
fn fixtures() -> Option<BTreeMap<String, Fixture>> {
    const FILE: &str = "shared/data/voting/fixtures.json";
    let mut folders =
        std::iter::successors(Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))), |path| {
            path.parent().map(PathBuf::from)
        });
    let Some(path) = folders.find_map(|path| Some(path.join(FILE)).filter(|path| path.is_file()))
    else {
        eprintln!("skipped: {FILE} is not beside the project");
        return None;
    };
    let text = fs::read_to_string(path).expect("a readable file");
    Some(serde_json::from_str(&text).expect("profiles with what is expected of them"))
}

#[test]
fn every_fixture_has_its_winner_under_every_rule_that_it_names() {
    let Some(fixtures) = fixtures() else { return };
    let mut count = 0;
    for (name, fixture) in &fixtures {
        let (names, profile, claims) = (fixture.names(), fixture.profile(), fixture.claims());
        assert!(!claims.is_empty(), "{name}: {} claims nothing", fixture.expected);
        for (rule, expected) in claims {
            let found = winners(rule, &profile);
            let found: Vec<&str> = found.iter().map(|option| names[option]).collect();
            assert_eq!(found, expected, "{name}, {rule}");
            count += 1;
        }
    }
    assert_eq!(count, 19, "claims that were read of {} fixtures", fixtures.len());
}

/// How often three options have no Condorcet winner if every voter takes each order alike likely:
/// over all ways to share voters out among the six orders.
fn paradox(voters: u32) -> f64 {
    let orders = ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"].map(ranking);
    let (mut cyclic, mut all) = (0_u128, 0_u128);
    axioms::multisets(&orders, voters as usize, &mut |ballots| {
        let mut profile = Profile::new(3, Form::Ranking, voters.into());
        let (mut ways, mut seen, mut run) = (1_u128, 0, 0);
        for (place, ballot) in ballots.iter().enumerate() {
            profile.cast(Ballot::Ranking(*ballot), Voter::PLAIN).expect("counts");
            run = if place > 0 && ballots[place - 1] == *ballot { run + 1 } else { 1 };
            seen += 1;
            // n! / (a! b! …), a factor at a time: C(seen, run) over C(seen − 1, run − 1).
            ways = ways * seen / run;
        }
        all += ways;
        if Condorcet.outcome(&profile).winners.is_empty() {
            cyclic += ways;
        }
    });
    assert_eq!(all, 6_u128.pow(voters), "all ways were counted");
    cyclic as f64 / all as f64
}

#[test]
fn condorcets_paradox_is_as_frequent_as_published() {
    assert!((paradox(3) - 1.0 / 18.0).abs() < 1e-12);
    assert!((paradox(11) - 0.079_814).abs() < 5e-7, "{}", paradox(11));
}

/// Voters whose preferences are drawn alike likely from all orders, with their approvals of what is
/// worth more to them than an option is on average.
fn random_society(options: usize, voters: u32, draw: &mut Draw) -> [Profile; 2] {
    let profile = |form| Profile::new(options, form, voters.into());
    let [mut ranked, mut approved] = [profile(Form::Ranking), profile(Form::Approval)];
    for _ in 0..voters {
        let worth: Vec<u64> = (0..options).map(|_| draw.below(1 << 32)).collect();
        let mut places: Vec<usize> = (0..options).collect();
        places.sort_by_key(|option| std::cmp::Reverse(worth[*option]));
        let good = |option: &usize| worth[*option] * options as u64 > worth.iter().sum();
        let approves = places.iter().copied().filter(good).collect();
        let ranking = Ranking::new(&places).expect("each once");
        ranked.cast(Ballot::Ranking(ranking), Voter::PLAIN).expect("counts");
        approved.cast(Ballot::Approval(approves), Voter::PLAIN).expect("counts");
    }
    [ranked, approved]
}

/// Merrill, "A Comparison of Efficiency of Multicandidate Electoral Systems" (American Journal of
/// Political Science 28(1), 1984), table 1: how often there is a Condorcet winner among 25 voters
/// of a random society, and how often each rule then elects it, in percent, of 10,000 elections.
const MERRILL: [(usize, [(&str, f64); 6]); 4] = [
    (
        3,
        [
            ("condorcet", 91.6),
            ("plurality", 79.1),
            ("instant-runoff", 96.2),
            ("approval", 76.0),
            ("borda", 90.8),
            ("coombs", 96.3),
        ],
    ),
    (
        4,
        [
            ("condorcet", 83.4),
            ("plurality", 69.4),
            ("instant-runoff", 92.7),
            ("approval", 69.8),
            ("borda", 87.3),
            ("coombs", 93.4),
        ],
    ),
    (
        5,
        [
            ("condorcet", 75.8),
            ("plurality", 62.1),
            ("instant-runoff", 89.1),
            ("approval", 67.1),
            ("borda", 86.2),
            ("coombs", 90.2),
        ],
    ),
    (
        7,
        [
            ("condorcet", 64.3),
            ("plurality", 52.0),
            ("instant-runoff", 84.8),
            ("approval", 63.7),
            ("borda", 85.3),
            ("coombs", 86.1),
        ],
    ),
];

#[test]
fn a_condorcet_winner_is_elected_as_often_as_merrill_published() {
    const ELECTIONS: u32 = 5_000;
    let mut draw = Streams::new(1_984).key(Stream::Application).member(0);
    for (options, published) in MERRILL {
        // How often it surely, by lot, or possibly is.
        let mut elected = [[0.0; 3]; 6];
        for _ in 0..ELECTIONS {
            let [ranked, approved] = random_society(options, 25, &mut draw);
            let Some(best) = Condorcet.outcome(&ranked).winners.single() else { continue };
            for ((rule, _), elected) in published.iter().zip(&mut elected) {
                let profile = if *rule == "approval" { &approved } else { &ranked };
                let winners = winners(rule, profile);
                let share = f64::from(u8::from(winners.contains(best))) / winners.len() as f64;
                for (sum, part) in elected.iter_mut().zip([share.floor(), share, share.ceil()]) {
                    *sum += part;
                }
            }
        }
        let there_is_one = elected[0][1];
        for ((rule, expected), elected) in published.into_iter().zip(elected) {
            let of = if rule == "condorcet" { ELECTIONS.into() } else { there_is_one };
            let [surely, by_lot, possibly] = elected.map(|count| 100.0 * count / of);
            // He breaks each tie on the way by lot, and ours follow both ways.
            let (least, most) = match rule {
                "instant-runoff" | "coombs" => (surely, possibly),
                _ => (by_lot, by_lot),
            };
            // Three standard errors of both samples together.
            let error = (expected * (100.0 - expected) * (1.0 / of + 1.0 / (2.0 * of))).sqrt();
            let is_near = least - 3.0 * error < expected && expected < most + 3.0 * error;
            assert!(is_near, "{rule} of {options}: {least:.1} to {most:.1}, published {expected}");
            assert!(most - least < 20.0, "{rule} of {options}: {least:.1} to {most:.1}");
        }
    }
}

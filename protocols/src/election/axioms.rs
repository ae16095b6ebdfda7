//! Which rule keeps which promise, checked for all profiles of two to four options and one to five
//! voters.
//!
//! Profiles are multisets, and that is all there are, since no rule sees the order of ballots (that
//! is checked too). "Keeps" means that no counter-example is among them. "Breaks" means that one is,
//! or that a larger one is known, which is tried by itself. Rules may elect several, so the axioms
//! say what they mean then. Planted errors show that the checks see.

use super::*;

/// What is asked of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Axiom {
    /// Who beats every other option one to one is the only winner (Condorcet 1785).
    CondorcetWinner,
    /// Who loses to every other option is no winner (Borda 1781).
    CondorcetLoser,
    /// A winner that a voter moves up by one place stays a winner.
    Monotonicity,
    /// If all voters rank some options side by side, it changes nothing for the others whether
    /// one or all of them stand, nor whether one of them wins (Tideman 1987).
    Clones,
    /// Voters of one mind who join do not turn a sole winner into another that they like less
    /// (Moulin 1988).
    Participation,
    /// What all voters rank below the same other option does not win.
    Pareto,
    /// The options' names do not matter.
    Neutrality,
}

use Axiom::*;

const AXIOMS: [Axiom; 7] =
    [CondorcetWinner, CondorcetLoser, Monotonicity, Clones, Participation, Pareto, Neutrality];

/// Who wins, from ballots in the order in which they came.
type Elect<'a> = &'a dyn Fn(usize, &[Ranking]) -> Options;

/// The rules that read rankings.
pub(super) fn rules() -> Vec<Kind> {
    let names = "majority plurality borda condorcet copeland minimax kemeny schulze ranked-pairs \
                 split-cycle nanson baldwin coombs instant-runoff";
    names.split_whitespace().map(|name| name.parse().expect("a rule")).collect()
}

fn elect_by(rule: &dyn Rule, options: usize, ballots: &[Ranking]) -> Options {
    let mut profile = Profile::new(options, rule.form(), ballots.len() as u64);
    for ballot in ballots {
        profile.cast(Ballot::Ranking(*ballot), Voter::PLAIN).expect("a ranking");
    }
    rule.outcome(&profile).winners
}

/// All complete rankings, sorted.
pub(super) fn complete(options: usize) -> Vec<Ranking> {
    fn extend(places: &mut Vec<usize>, options: usize, all: &mut Vec<Ranking>) {
        if places.len() == options {
            all.push(Ranking::new(places).expect("each once"));
        }
        for option in (0..options).filter(|option| !places.contains(option)).collect::<Vec<_>>() {
            places.push(option);
            extend(places, options, all);
            places.pop();
        }
    }
    let mut all = Vec::new();
    extend(&mut Vec::new(), options, &mut all);
    all.sort();
    all
}

/// Calls `see` with every multiset of so many of these, sorted.
pub(super) fn multisets<T: Copy>(of: &[T], size: usize, see: &mut dyn FnMut(&[T])) {
    fn extend<T: Copy>(of: &[T], size: usize, chosen: &mut Vec<T>, see: &mut dyn FnMut(&[T])) {
        if chosen.len() == size {
            return see(chosen);
        }
        for (place, next) in of.iter().enumerate() {
            chosen.push(*next);
            extend(&of[place..], size, chosen, see);
            chosen.pop();
        }
    }
    extend(of, size, &mut Vec::new(), see);
}

const OPTIONS: std::ops::RangeInclusive<usize> = 2..=4;
const VOTERS: usize = 5;

/// The winners of every profile of the domain, found once.
struct Table {
    /// By the number of options, from 2.
    orders: Vec<Vec<Ranking>>,
    /// By the number of options, from 2, by the number of voters, from 1, by rank.
    winners: Vec<Vec<Vec<Options>>>,
}

const fn choose(n: usize, k: usize) -> usize {
    let (mut ways, mut taken) = (1, 0);
    while taken < k {
        ways = ways * (n - taken) / (taken + 1);
        taken += 1;
    }
    ways
}

impl Table {
    fn new(elect: Elect<'_>) -> Self {
        let orders: Vec<_> = OPTIONS.map(complete).collect();
        let mut table = Self { orders, winners: Vec::new() };
        for options in OPTIONS {
            let orders = &table.orders[options - 2];
            let mut by_size = Vec::new();
            for voters in 1..=VOTERS {
                let mut winners = vec![Options::EMPTY; choose(orders.len() + voters - 1, voters)];
                multisets(orders, voters, &mut |ballots| {
                    winners[table.rank(options, ballots)] = elect(options, ballots);
                });
                by_size.push(winners);
            }
            table.winners.push(by_size);
        }
        table
    }

    /// The place of a sorted multiset among all of its size: as i-th ballot b it stands for
    /// C(b + i, i + 1) others that come before.
    fn rank(&self, options: usize, ballots: &[Ranking]) -> usize {
        let orders = &self.orders[options - 2];
        let number = |ballot| orders.binary_search(ballot).expect("a complete ranking");
        ballots.iter().enumerate().map(|(i, ballot)| choose(number(ballot) + i, i + 1)).sum()
    }

    fn elect(&self, options: usize, ballots: &[Ranking]) -> Options {
        let mut sorted = [Ranking::BLANK; VOTERS];
        let sorted = &mut sorted[..ballots.len()];
        sorted.copy_from_slice(ballots);
        sorted.sort_unstable();
        self.winners[options - 2][ballots.len() - 1][self.rank(options, sorted)]
    }
}

fn margin(ballots: &[Ranking], one: usize, other: usize) -> i64 {
    ballots.iter().map(|ballot| if ballot.prefers(one, other) { 1 } else { -1 }).sum()
}

fn beats_all(ballots: &[Ranking], options: usize, option: usize, sign: i64) -> bool {
    (0..options).all(|other| other == option || sign * margin(ballots, option, other) > 0)
}

/// The ballot with the option one place further up.
fn raised(ballot: Ranking, option: usize) -> Option<Ranking> {
    let mut places: Vec<usize> = ballot.iter().collect();
    let place = places.iter().position(|other| *other == option)?;
    places.swap(place, place.checked_sub(1)?);
    Ranking::new(&places).ok()
}

/// The ballot with the options renamed, and those without a new name left out.
fn renamed(ballot: Ranking, name: &dyn Fn(usize) -> Option<usize>) -> Ranking {
    let places: Vec<usize> = ballot.iter().filter_map(name).collect();
    Ranking::new(&places).expect("names differ")
}

/// Whether the ballot ranks these side by side.
fn is_together(ballot: Ranking, clones: Options) -> bool {
    let mut run = ballot.iter().skip_while(|option| !clones.contains(*option));
    run.by_ref().take(clones.len()).all(|option| clones.contains(option))
}

fn breaks_clones(elect: Elect<'_>, options: usize, ballots: &[Ranking]) -> bool {
    let winners = elect(options, ballots);
    let sets = (0..1_u32 << options)
        .map(|bits| (0..options).filter(|option| bits >> option & 1 == 1).collect::<Options>())
        .filter(|clones| (2..options).contains(&clones.len()));
    for clones in sets {
        if !ballots.iter().all(|ballot| is_together(*ballot, clones)) {
            continue;
        }
        let kept = clones.iter().next().expect("two or more");
        let left = Options::all(options).without(clones).with(Options::only(kept));
        let name = |option| left.contains(option).then(|| left.iter().position(|o| o == option))?;
        let fewer: Vec<_> = ballots.iter().map(|ballot| renamed(*ballot, &name)).collect();
        let among_fewer = elect(left.len(), &fewer);
        let does_win = |option: usize| {
            if option == kept {
                clones.iter().any(|clone| winners.contains(clone))
            } else {
                winners.contains(option)
            }
        };
        let agrees =
            |option| name(option).is_some_and(|new| among_fewer.contains(new)) == does_win(option);
        if !left.iter().all(agrees) {
            return true;
        }
    }
    false
}

fn breaks_participation(elect: Elect<'_>, options: usize, ballots: &[Ranking]) -> bool {
    let Some(after) = elect(options, ballots).single() else { return false };
    let mut sorted = ballots.to_vec();
    sorted.sort();
    (0..sorted.len()).any(|from| {
        let alike = sorted[from..].iter().take_while(|ballot| **ballot == sorted[from]).count();
        (1..=alike).any(|joining| {
            let others = [&sorted[..from], &sorted[from + joining..]].concat();
            let before = if others.is_empty() { None } else { elect(options, &others).single() };
            before.is_some_and(|before| sorted[from].prefers(before, after))
        })
    })
}

impl Axiom {
    /// Whether this profile, with the changes that the axiom speaks of, is a counter-example.
    fn is_broken(self, elect: Elect<'_>, options: usize, ballots: &[Ranking]) -> bool {
        let winners = elect(options, ballots);
        match self {
            CondorcetWinner => (0..options).any(|option| {
                beats_all(ballots, options, option, 1) && winners != Options::only(option)
            }),
            CondorcetLoser => winners.iter().any(|winner| beats_all(ballots, options, winner, -1)),
            Monotonicity => winners.iter().any(|winner| {
                (0..ballots.len()).any(|voter| {
                    raised(ballots[voter], winner).is_some_and(|higher| {
                        let mut changed = ballots.to_vec();
                        changed[voter] = higher;
                        !elect(options, &changed).contains(winner)
                    })
                })
            }),
            Clones => options > 2 && breaks_clones(elect, options, ballots),
            Participation => breaks_participation(elect, options, ballots),
            Pareto => winners.iter().any(|winner| {
                (0..options).any(|other| {
                    other != winner && ballots.iter().all(|ballot| ballot.prefers(other, winner))
                })
            }),
            Neutrality => {
                let swapped = |option: usize| match option {
                    0 => Some(1),
                    1 => Some(0),
                    _ => Some(option),
                };
                let turned = |option: usize| Some((option + 1) % options);
                [&swapped as &dyn Fn(usize) -> Option<usize>, &turned].into_iter().any(|name| {
                    let ballots: Vec<_> =
                        ballots.iter().map(|ballot| renamed(*ballot, name)).collect();
                    let expected: Options = winners.iter().filter_map(name).collect();
                    elect(options, &ballots) != expected
                })
            }
        }
    }

    /// The first counter-example of the domain.
    fn counter_example(self, table: &Table) -> Option<String> {
        let elect = |options: usize, ballots: &[Ranking]| table.elect(options, ballots);
        let mut found = None;
        for options in OPTIONS {
            for voters in 1..=VOTERS {
                multisets(&table.orders[options - 2], voters, &mut |ballots| {
                    if found.is_none() && self.is_broken(&elect, options, ballots) {
                        found = Some(format!("{ballots:?}"));
                    }
                });
            }
        }
        found
    }
}

/// The first profile and order of it of which this makes something else than of the same ballots
/// sorted: three options, up to four voters.
fn order_that_matters(elect: Elect<'_>) -> Option<String> {
    let orders = complete(3);
    for voters in 2..=4_u32 {
        for number in 0..orders.len().pow(voters) {
            let digit = |place| number / orders.len().pow(place) % orders.len();
            let ballots: Vec<_> = (0..voters).map(|place| orders[digit(place)]).collect();
            let mut sorted = ballots.clone();
            sorted.sort();
            if elect(3, &ballots) != elect(3, &sorted) {
                return Some(format!("{ballots:?}"));
            }
        }
    }
    None
}

/// What each rule does with each axiom, in the order of [`AXIOMS`]: `+` keeps it, `-` breaks it
/// within the domain, `>` keeps it there and breaks it with more voters ([`LARGER`]).
const TABLE: [(&str, [char; 7]); 14] = [
    // winner, loser, monotonicity, clones, participation, Pareto, neutrality
    ("majority", ['-', '+', '+', '-', '+', '+', '+']),
    ("plurality", ['-', '-', '+', '-', '+', '+', '+']),
    ("borda", ['-', '+', '+', '-', '+', '+', '+']),
    ("condorcet", ['+', '+', '+', '-', '+', '+', '+']),
    ("copeland", ['+', '+', '+', '-', '>', '+', '+']),
    ("minimax", ['+', '-', '+', '-', '>', '+', '+']),
    ("kemeny", ['+', '+', '+', '-', '>', '+', '+']),
    ("schulze", ['+', '+', '+', '+', '>', '+', '+']),
    ("ranked-pairs", ['+', '+', '+', '+', '>', '+', '+']),
    ("split-cycle", ['+', '+', '+', '+', '>', '+', '+']),
    ("nanson", ['+', '+', '-', '-', '>', '+', '+']),
    ("baldwin", ['+', '+', '-', '-', '>', '+', '+']),
    ("coombs", ['>', '+', '-', '-', '>', '+', '+']),
    ("instant-runoff", ['-', '+', '>', '+', '>', '+', '+']),
];

/// Ballots with how many voters cast each.
type Weighted = &'static [(usize, &'static str)];

/// Ten voters: without the first three C wins, and with them B, whom they like less.
const NO_SHOW: Weighted = &[(3, "DCBA"), (2, "BDCA"), (2, "ABDC"), (3, "CABD")];

/// Counter-examples with more voters than the domain has.
const LARGER: [(&str, Axiom, Weighted); 12] = [
    // C is struck and A wins; once the last voter has A first, B can be struck, and C beats A.
    ("instant-runoff", Monotonicity, &[(7, "ABC"), (5, "CAB"), (4, "BCA"), (1, "BAC")]),
    ("instant-runoff", Participation, &[(4, "BCA"), (4, "CAB"), (1, "ACB"), (2, "ABC")]),
    // That no rule which elects Condorcet's winner can avoid it is Moulin's theorem.
    ("copeland", Participation, &[(2, "BDCA"), (2, "CDAB"), (1, "DABC"), (3, "ABCD")]),
    ("minimax", Participation, NO_SHOW),
    ("kemeny", Participation, NO_SHOW),
    ("schulze", Participation, NO_SHOW),
    ("ranked-pairs", Participation, NO_SHOW),
    ("split-cycle", Participation, &[(2, "ABCD"), (3, "BCAD"), (3, "CDAB"), (2, "DABC")]),
    ("nanson", Participation, &[(2, "ADCB"), (1, "BADC"), (2, "CBDA"), (1, "BACD")]),
    ("baldwin", Participation, &[(2, "CBAD"), (3, "ABDC"), (2, "DCAB")]),
    // A beats both by one voter, is first for six of thirteen, and last for the most.
    (
        "coombs",
        CondorcetWinner,
        &[(3, "ACB"), (1, "CAB"), (3, "ABC"), (1, "BAC"), (3, "BCA"), (2, "CBA")],
    ),
    ("coombs", Participation, &[(3, "CDBA"), (2, "ABCD"), (2, "ACDB"), (1, "BDAC")]),
];

/// Compares a rule with its row of the table.
#[track_caller]
fn is_as_in_the_table(name: &str) {
    let rule: Kind = name.parse().expect("a rule");
    let elect = |options: usize, ballots: &[Ranking]| elect_by(&rule, options, ballots);
    assert_eq!(order_that_matters(&elect), None, "{rule}");
    let table = Table::new(&elect);
    let (_, verdicts) = TABLE.iter().find(|(row, _)| *row == name).expect("a row");
    for (axiom, verdict) in AXIOMS.into_iter().zip(*verdicts) {
        let found = axiom.counter_example(&table);
        assert_eq!(found.is_some(), verdict == '-', "{rule}, {axiom:?}: {found:?}");
        let larger = LARGER.iter().find(|(row, of, _)| *row == name && *of == axiom);
        assert_eq!(larger.is_some(), verdict == '>', "{rule}, {axiom:?}");
        if let Some((.., ballots)) = larger {
            let all: Vec<Ranking> = ballots
                .iter()
                .flat_map(|(voters, letters)| vec![tests::ranking(letters); *voters])
                .collect();
            let options = ballots[0].1.len();
            assert!(axiom.is_broken(&elect, options, &all), "{rule}, {axiom:?}: {ballots:?}");
        }
    }
}

#[test]
fn majority_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("majority");
}

#[test]
fn plurality_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("plurality");
}

#[test]
fn borda_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("borda");
}

#[test]
fn condorcet_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("condorcet");
}

#[test]
fn copeland_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("copeland");
}

#[test]
fn minimax_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("minimax");
}

#[test]
fn kemeny_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("kemeny");
}

#[test]
fn schulze_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("schulze");
}

#[test]
fn ranked_pairs_keep_and_break_what_the_table_says() {
    is_as_in_the_table("ranked-pairs");
}

#[test]
fn split_cycle_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("split-cycle");
}

#[test]
fn nanson_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("nanson");
}

#[test]
fn baldwin_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("baldwin");
}

#[test]
fn coombs_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("coombs");
}

#[test]
fn instant_runoff_keeps_and_breaks_what_the_table_says() {
    is_as_in_the_table("instant-runoff");
}

/// The options with the most points.
fn most(options: usize, points: &dyn Fn(usize) -> i64) -> Options {
    let best = (0..options).map(points).max();
    (0..options).filter(|option| Some(points(*option)) == best).collect()
}

fn first_places(ballots: &[Ranking], option: usize) -> i64 {
    ballots.iter().filter(|ballot| ballot.iter().next() == Some(option)).count() as i64
}

#[test]
fn bordas_count_off_by_one_is_caught() {
    // The first place is worth no more than the second.
    let elect = |options: usize, ballots: &[Ranking]| {
        most(options, &|option| {
            let places =
                ballots.iter().filter_map(|ballot| ballot.iter().position(|o| o == option));
            places.map(|place| (options - 1 - place).min(options - 2) as i64).sum()
        })
    };
    let table = Table::new(&elect);
    assert!(Pareto.counter_example(&table).is_some());
    assert!(CondorcetLoser.counter_example(&table).is_some());
    assert_eq!(Neutrality.counter_example(&table), None, "only what is wrong is caught");
}

#[test]
fn a_tie_that_the_first_ballot_breaks_is_caught() {
    let elect = |options: usize, ballots: &[Ranking]| {
        let leaders = most(options, &|option| first_places(ballots, option));
        Options::only(ballots[0].best_of(leaders).expect("complete"))
    };
    assert!(order_that_matters(&elect).is_some());
}

#[test]
fn a_tie_that_the_list_breaks_within_a_rule_is_caught() {
    let elect = |options: usize, ballots: &[Ranking]| {
        let leaders = most(options, &|option| first_places(ballots, option));
        Options::only(leaders.iter().next().expect("a leader"))
    };
    assert_eq!(order_that_matters(&elect), None);
    assert!(Neutrality.counter_example(&Table::new(&elect)).is_some());
}

#[test]
fn a_rule_that_elects_the_least_wanted_is_caught() {
    let elect = |options: usize, ballots: &[Ranking]| {
        most(options, &|option| -first_places(ballots, option))
    };
    let table = Table::new(&elect);
    for axiom in [CondorcetWinner, CondorcetLoser, Monotonicity, Participation, Pareto] {
        assert!(axiom.counter_example(&table).is_some(), "{axiom:?}");
    }
}

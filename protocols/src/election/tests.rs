//! Ballots, ties, names of rules, conditions around rules, and the order of what a rule finds.

use sim_core::rng::{Random as _, Ratio, Stream, Streams};

use super::*;

/// A profile of rankings by letters, each with its weight.
pub(super) fn ranked(options: usize, ballots: &[(u32, &str)]) -> Profile {
    let electorate = ballots.iter().map(|(weight, _)| u64::from(*weight)).sum();
    let mut profile = Profile::new(options, Form::Ranking, electorate);
    for (weight, letters) in ballots {
        let ballot = Ballot::Ranking(ranking(letters));
        profile.cast(ballot, Voter::weighing(*weight)).expect("a ballot that counts");
    }
    profile
}

pub(super) fn ranking(letters: &str) -> Ranking {
    let places: Vec<usize> = letters.bytes().map(|letter| usize::from(letter - b'A')).collect();
    Ranking::new(&places).expect("a ranking")
}

pub(super) fn options(letters: &str) -> Options {
    letters.bytes().map(|letter| usize::from(letter - b'A')).collect()
}

fn kind(text: &str) -> Kind {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn elects(rule: &str, profile: &Profile, winners: &str) {
    elects_exactly(rule, profile, options(winners));
}

#[track_caller]
fn elects_exactly(rule: &str, profile: &Profile, winners: Options) {
    assert_eq!(kind(rule).outcome(profile).winners, winners, "{rule}: {profile:?}");
}

#[test]
fn a_ballot_that_cannot_be_counted_is_refused_and_changes_nothing() {
    let mut profile = Profile::new(3, Form::Ranking, 5);
    let before = profile.clone();
    for (ballot, why) in [
        (Ballot::Ranking(ranking("AD")), "option 3: there are 3, counted from 0"),
        (Ballot::Approval(options("A")), "the rule reads rankings"),
        (Ballot::Scores(Scores::new(&[1]).expect("few")), "the rule reads rankings"),
    ] {
        let error = profile.cast(ballot, Voter::PLAIN).expect_err("a spoilt ballot");
        assert_eq!(error.to_string(), why);
        assert_eq!(profile, before);
    }
    assert_eq!(Ranking::new(&[1, 0, 1]), Err(Spoilt::ListedTwice { option: 1 }));
    assert!(Ranking::new(&[16]).is_err() && Scores::new(&[0; 17]).is_err());
    let mut profile = Profile::new(2, Form::Scores { most: 3 }, 1);
    let error = profile.cast(Ballot::Scores(Scores::new(&[0, 4]).expect("few")), Voter::PLAIN);
    assert_eq!(error, Err(Spoilt::TooManyPoints { option: 1, points: 4, most: 3 }));
    let error = profile.cast(Ballot::Scores(Scores::new(&[0, 0, 1]).expect("few")), Voter::PLAIN);
    assert_eq!(error, Err(Spoilt::NoSuchOption { option: 2, options: 2 }));
}

#[test]
fn a_ranking_of_all_sixteen_options_reads_back() {
    let places: Vec<usize> = (0..OPTIONS_MAX).rev().collect();
    let ranking = Ranking::new(&places).expect("sixteen");
    assert_eq!(ranking.iter().collect::<Vec<_>>(), places);
    assert!(ranking.prefers(15, 0) && !ranking.prefers(0, 15));
    assert!(size_of::<Ranking>() <= 16 && size_of::<Ballot>() <= 24);
}

#[test]
fn equal_ballots_are_one_entry_and_their_order_leaves_no_trace() {
    let one = ranked(3, &[(1, "ABC"), (2, "CAB"), (1, "ABC")]);
    let other = ranked(3, &[(2, "ABC"), (1, "CAB"), (1, "CAB")]);
    assert_eq!(one, other);
    assert_eq!(one.rankings().count(), 2);
}

#[test]
fn majorities_are_of_those_who_vote_or_of_all_who_may() {
    let mut profile = ranked(2, &[(3, "A"), (2, "B")]);
    elects("majority", &profile, "A");
    elects("supermajority(60%)", &profile, "A");
    elects("supermajority(2/3)", &profile, "");
    elects("unanimity", &profile, "");
    profile.cast(Ballot::Ranking(Ranking::BLANK), Voter::PLAIN).expect("an abstention");
    assert_eq!((profile.present(), profile.voting()), (6, 5));
    let mut of_seven = Profile::new(2, Form::Ranking, 7);
    for letter in ["A", "A", "A", "B"] {
        of_seven.cast(Ballot::Ranking(ranking(letter)), Voter::PLAIN).expect("counts");
    }
    elects("majority", &of_seven, "A");
    elects("majority(all)", &of_seven, "");
    elects("supermajority(2/3)", &of_seven, "A");
    elects("supermajority(2/3, all)", &of_seven, "");
    of_seven.cast(Ballot::Ranking(ranking("A")), Voter::PLAIN).expect("counts");
    elects("majority(all)", &of_seven, "A");
    elects("unanimity", &ranked(2, &[(9, "B")]), "B");
    elects("unanimity(all)", &ranked(2, &[(9, "B")]), "B");
    let half = ranked(2, &[(3, "A"), (3, "B")]);
    elects("majority", &half, "");
    elects("plurality", &half, "AB");
}

#[test]
fn a_heavy_voter_outvotes_many_light_ones() {
    let electorate = Electorate { weights: vec![3], veto: vec![] };
    let mut profile = Profile::new(2, Form::Ranking, electorate.weight(4));
    for (node, letter) in [(0, "A"), (1, "B"), (2, "B")] {
        profile.cast(Ballot::Ranking(ranking(letter)), electorate.voter(node)).expect("counts");
    }
    elects("majority", &profile, "A");
    elects("majority(all)", &profile, "");
    assert_eq!(electorate.weight(4), 6);
    assert_eq!(electorate.outstanding([3]), Outstanding { weight: 1, vetoes: 0 });
    let guarded = Electorate { weights: vec![3], veto: vec![0, 2] };
    assert_eq!(guarded.outstanding([0, 1, 2]), Outstanding { weight: 5, vetoes: 2 });
    assert!(guarded.outstanding([]).is_nothing());
}

#[test]
fn an_electorate_that_cannot_vote_is_objected_to() {
    let reason = |weights: &[u32], veto: &[u32]| {
        let electorate = Electorate { weights: weights.to_vec(), veto: veto.to_vec() };
        electorate.objection(2).map(|(key, _)| key)
    };
    assert_eq!(reason(&[2, 1], &[1]), None);
    assert_eq!(reason(&[1, 1, 1], &[]), Some("weights"));
    assert_eq!(reason(&[0, 0], &[]), Some("weights"));
    assert_eq!(reason(&[], &[2]), Some("veto"));
}

#[test]
fn a_veto_stops_what_its_voter_does_not_support_and_lifts_nobody_else() {
    let with_veto = Voter { weight: 1, has_veto: true };
    let vote = |letters: &str, veto: &str| {
        let mut profile = ranked(3, &[(4, letters)]);
        profile.cast(Ballot::Ranking(ranking(veto)), with_veto).expect("counts");
        kind("veto(plurality)").outcome(&profile)
    };
    assert_eq!(vote("AB", "B").winners, Options::EMPTY);
    assert_eq!(vote("AB", "BA").winners, options("A"), "it is listed, if last");
    assert_eq!(vote("AB", "").winners, options("A"), "an abstention rejects nothing");
    let weightless = Voter { weight: 0, has_veto: true };
    let mut profile = ranked(3, &[(4, "AB")]);
    profile.cast(Ballot::Ranking(ranking("C")), weightless).expect("counts");
    elects("veto(plurality)", &profile, "");
    elects("plurality", &profile, "A");
}

#[test]
fn a_quorum_counts_abstentions_and_staying_away_can_stop_a_decision() {
    let mut profile = Profile::new(2, Form::Ranking, 6);
    profile.cast(Ballot::Ranking(ranking("A")), Voter::weighing(2)).expect("counts");
    elects("quorum(1/2, majority)", &profile, "");
    profile.cast(Ballot::Ranking(Ranking::BLANK), Voter::PLAIN).expect("counts");
    elects("quorum(1/2, majority)", &profile, "A");
    elects("quorum(2/3, majority)", &profile, "");
}

#[test]
fn where_nobody_votes_nobody_wins() {
    let blank = ranked(3, &[(2, "")]);
    for rule in axioms::rules() {
        assert_eq!(rule.outcome(&blank).winners, Options::EMPTY, "{rule}");
    }
}

#[test]
fn a_single_option_wins_under_every_rule() {
    let profile = ranked(1, &[(2, "A")]);
    for rule in axioms::rules() {
        assert_eq!(rule.outcome(&profile).winners, options("A"), "{rule}");
    }
}

#[test]
fn ties_are_settled_by_list_by_lot_or_not_at_all() {
    let tied = options("BD");
    assert_eq!(Tie::Undecided.decide(tied, 0), None);
    assert_eq!(Tie::Listed.decide(tied, 0), Some(1));
    let draws: Vec<_> = (0..100).filter_map(|ask| Tie::Drawn(7).decide(tied, ask)).collect();
    assert_eq!(
        draws,
        (0..100).filter_map(|ask| Tie::Drawn(7).decide(tied, ask)).collect::<Vec<_>>()
    );
    let first = draws.iter().filter(|option| **option == 1).count();
    assert!((30..=70).contains(&first), "B was drawn {first} times in 100");
    assert!(draws.iter().all(|option| tied.contains(*option)));
    for tie in [Tie::Undecided, Tie::Listed, Tie::Drawn(3)] {
        assert_eq!(tie.decide(options("C"), 0), Some(2));
        assert_eq!(tie.decide(Options::EMPTY, 0), None);
        assert_eq!(tie.to_string().parse(), Ok(tie));
    }
    assert!("drawn".parse::<Tie>().unwrap_err().contains("drawn(7)"));
}

#[test]
fn every_kind_is_written_as_it_is_read() {
    for text in [
        "majority",
        "majority(all)",
        "supermajority(2/3)",
        "supermajority(75%, all)",
        "unanimity",
        "unanimity(all)",
        "plurality",
        "approval",
        "score(9)",
        "star(3)",
        "majority-judgement(6)",
        "borda",
        "condorcet",
        "copeland",
        "minimax",
        "kemeny",
        "schulze",
        "ranked-pairs",
        "split-cycle",
        "nanson",
        "baldwin",
        "coombs",
        "instant-runoff",
        "veto(schulze)",
        "quorum(50%, veto(supermajority(2/3, all)))",
    ] {
        assert_eq!(kind(text).to_string(), text);
        let json = serde_json::to_string(&kind(text)).expect("text");
        assert_eq!(serde_json::from_str::<Kind>(&json).expect("its own words"), kind(text));
    }
    assert_eq!(kind("score"), Kind::Score(5));
    assert_eq!(kind("star"), Kind::Star(5));
    assert_eq!(kind("majority-judgement"), Kind::MajorityJudgement(5));
    assert_eq!(kind("supermajority( 2/3 , all )").to_string(), "supermajority(2/3, all)");
}

#[test]
fn every_kind_is_listed_once_as_it_is_written() {
    let mut listed: Vec<_> =
        Kind::ALL.iter().map(|(text, _)| std::mem::discriminant(&kind(text))).collect();
    for (place, (text, _)) in Kind::ALL.iter().enumerate() {
        assert_eq!(kind(text).to_string().replace("50%", "1/2"), *text);
        assert!(!listed[..place].contains(&listed[place]), "{text} is listed twice");
    }
    // Whatever can be written without brackets is one of them, or is spoken of beside one.
    let hint = "bordo".parse::<Kind>().expect_err("no rule");
    let names = hint.split("write one of ").nth(1).expect("names").split(", supermajority(");
    for name in names.take(1).flat_map(|names| names.split(", ")) {
        let known = std::mem::discriminant(&kind(name));
        listed.retain(|other| *other != known);
    }
    assert_eq!(listed.len(), 6, "supermajority, score, star, judgement, quorum and veto are left");
}

#[test]
fn a_kind_that_is_none_is_told_what_could_stand_there() {
    for (text, hint) in [
        ("bordo", "write one of majority"),
        ("supermajority(1/3)", "give more than 50%"),
        ("supermajority(50%)", "give more than 50%"),
        ("supermajority(2/3, most)", "`all` may follow"),
        ("supermajority", "probability"),
        ("score(0)", "1 to 255"),
        ("score(256)", "1 to 255"),
        ("star(0)", "star(0): give the most points"),
        ("majority-judgement(x)", "1 to 255"),
        ("star(2, 3)", "write one of"),
        ("quorum(1/2)", "write one of"),
        ("quorum(1/2, bordo)", "write one of"),
        ("veto(majority", "lacks its last"),
        ("veto()", "write one of"),
        ("", "write one of"),
    ] {
        let error = text.parse::<Kind>().expect_err(text);
        assert!(error.contains(hint), "{text}: {error}");
    }
    for rule in ["majority", "score(5)"] {
        let nested = |depth| format!("{}{rule}{}", "veto(".repeat(depth), ")".repeat(depth));
        assert_eq!(kind(&nested(8)).to_string(), nested(8));
        assert!(nested(9).parse::<Kind>().unwrap_err().contains("no more than 8"), "{rule}");
    }
}

#[test]
fn approvals_and_points_are_added_with_their_weights() {
    let mut approvals = Profile::new(3, Form::Approval, 5);
    for (weight, letters) in [(2, "AB"), (2, "BC"), (1, "A")] {
        approvals
            .cast(Ballot::Approval(options(letters)), Voter::weighing(weight))
            .expect("counts");
    }
    let outcome = Approval.outcome(&approvals);
    assert_eq!(outcome.scores, [3, 4, 2]);
    assert_eq!(outcome.order, ["B", "A", "C"].map(options));
    let rule = Score { most: 5 };
    let scores = graded(5, &[(2, &[5, 4, 0]), (1, &[0, 4, 5])]);
    assert_eq!(rule.outcome(&scores).scores, [10, 12, 5]);
    assert_eq!(rule.outcome(&scores).winners, options("B"));
}

/// A profile of points by weight, all for the same options.
pub(super) fn graded(most: u8, ballots: &[(u32, &[u8])]) -> Profile {
    let electorate = ballots.iter().map(|(weight, _)| u64::from(*weight)).sum();
    let mut profile = Profile::new(ballots[0].1.len(), Form::Scores { most }, electorate);
    for (weight, points) in ballots {
        let ballot = Ballot::Scores(Scores::new(points).expect("few"));
        profile.cast(ballot, Voter::weighing(*weight)).expect("counts");
    }
    profile
}

#[test]
fn of_the_two_with_the_most_points_the_one_that_more_voters_like_better_wins() {
    // B has the most points, 14 against 13, and three of five give A more.
    let profile = graded(5, &[(3, &[4, 3, 0]), (1, &[1, 5, 0]), (1, &[0, 0, 2])]);
    elects("score(5)", &profile, "B");
    elects("star(5)", &profile, "A");
    // C has the fewest points and is not in the run-off, though it would win it against both.
    let profile = graded(5, &[(2, &[5, 0, 1]), (3, &[0, 5, 1]), (2, &[0, 0, 2])]);
    assert_eq!(Star { most: 5 }.outcome(&profile).scores, [10, 15, 9]);
    elects("star(5)", &profile, "B");
    // A tie in the run-off has two winners, and a tie for a place in it is followed both ways.
    elects("star(5)", &graded(5, &[(1, &[5, 0, 0]), (1, &[0, 4, 0])]), "AB");
    let profile = graded(5, &[(2, &[5, 3, 3]), (3, &[3, 5, 0]), (3, &[3, 0, 5])]);
    assert_eq!(Star { most: 5 }.outcome(&profile).scores, [28, 21, 21]);
    elects("star(5)", &profile, "A");
    let profile = graded(5, &[(3, &[4, 5, 3]), (2, &[5, 2, 5])]);
    assert_eq!(Star { most: 5 }.outcome(&profile).scores, [22, 19, 19]);
    elects("star(5)", &profile, "AB");
}

#[test]
fn medians_are_compared_until_they_differ() {
    let rule = MajorityJudgement { most: 5 };
    // Medians of five are the third grades: 3, 4, 0.
    let profile = graded(5, &[(2, &[5, 4, 0]), (1, &[3, 4, 0]), (2, &[0, 0, 5])]);
    assert_eq!(rule.outcome(&profile).scores, [3, 4, 0]);
    assert_eq!(rule.outcome(&profile).order, ["B", "A", "C"].map(options));
    // Of an even number the lower one of the middle two counts: 1 and 2, where the upper is 5.
    let profile = graded(5, &[(1, &[5, 2]), (1, &[1, 2])]);
    assert_eq!(rule.outcome(&profile).scores, [1, 2]);
    // A and B have the median 3; without one such grade each the lower middle is 1 and 2.
    let profile = graded(5, &[(1, &[3, 2]), (1, &[3, 3]), (1, &[1, 5])]);
    assert_eq!(rule.outcome(&profile).scores, [3, 3]);
    elects("majority-judgement(5)", &profile, "B");
    elects("majority-judgement(5)", &graded(5, &[(1, &[4, 1]), (1, &[1, 4])]), "AB");
}

/// The sorted grades of an option, as often as they weigh, from which medians are taken one by one.
fn medians_one_by_one(profile: &Profile, option: usize) -> Vec<u8> {
    let grades = profile.scores();
    let mut grades: Vec<u8> =
        grades.flat_map(|(scores, weight)| vec![scores.of(option); weight as usize]).collect();
    grades.sort_unstable();
    let mut medians = Vec::new();
    while !grades.is_empty() {
        medians.push(grades.remove((grades.len() - 1) / 2));
    }
    medians
}

#[test]
fn many_grades_are_compared_at_once_as_if_taken_away_one_by_one() {
    let mut draw = Streams::new(5).key(Stream::Application).member(1);
    let mut ties = 0;
    for _ in 0..2_000 {
        let mut profile = Profile::new(3, Form::Scores { most: 3 }, 40);
        for _ in 0..=draw.below(5) {
            let points = [0; 3].map(|_: u8| draw.below(4) as u8);
            let ballot = Ballot::Scores(Scores::new(&points).expect("three"));
            profile.cast(ballot, Voter::weighing(1 + draw.below(6) as u32)).expect("counts");
        }
        if profile.voting() == 0 {
            continue;
        }
        let medians = [0, 1, 2].map(|option| medians_one_by_one(&profile, option));
        let best = medians.iter().max().expect("three");
        let expected: Options = (0..3).filter(|option| medians[*option] == *best).collect();
        elects_exactly("majority-judgement(3)", &profile, expected);
        ties += u32::from(medians.iter().filter(|of_one| of_one[0] == best[0]).count() > 1);
    }
    assert!(ties > 400, "{ties} were decided beyond the median");
}

#[test]
fn who_wins_by_paths_or_by_locks_loses_no_victory_that_counts() {
    let mut draw = Streams::new(6).key(Stream::Application).member(2);
    let letters = ["ABCDE", "BCDEA", "CDEAB", "DEABC", "EABCD", "ADBEC", "CBADE", "EDCBA"];
    let (mut cycles, mut several) = (0, 0);
    for _ in 0..2_000 {
        let ballots = letters.map(|letters| (1 + draw.below(9) as u32, letters));
        let profile = ranked(5, &ballots);
        let undefeated = SplitCycle.outcome(&profile).winners;
        for rule in ["schulze", "ranked-pairs", "minimax"] {
            let winners = kind(rule).outcome(&profile).winners;
            let is_refinement = winners.without(undefeated).is_empty();
            assert!(rule == "minimax" || is_refinement, "{rule}: {ballots:?}");
        }
        cycles += u32::from(Condorcet.outcome(&profile).winners.is_empty());
        several += u32::from(undefeated.len() > 1);
    }
    assert!(cycles > 200 && several > 10, "{cycles} cycles, {several} with several winners");
}

#[test]
fn who_is_last_on_most_ballots_is_struck_unless_a_majority_puts_somebody_first() {
    // A has five of ten first places and not more; it is last on five, is struck, and C wins.
    let profile = ranked(3, &[(5, "ACB"), (2, "BCA"), (3, "CBA")]);
    let outcome = Coombs.outcome(&profile);
    assert_eq!(outcome.scores, [5, 2, 3]);
    // A and B are last on five each: without A C wins, and without B nobody has more than half.
    assert_eq!(outcome.winners, options("AC"));
    let profile = ranked(3, &[(5, "ACB"), (2, "BCA"), (4, "CBA")]);
    assert_eq!(Coombs.outcome(&profile).order, ["C", "B", "A"].map(options));
    // Six of ten put A first: that is enough, though nobody is last more often than A but B.
    elects("coombs", &ranked(3, &[(6, "ABC"), (4, "CBA")]), "A");
    // What is not listed shares the last place: C has four halves and two whole ones, A three, B
    // four halves. Without C, B is first on five of nine.
    let profile = ranked(3, &[(4, "A"), (2, "BAC"), (3, "CB")]);
    let coombs = Coombs.outcome(&profile);
    assert_eq!(coombs.order, ["B", "A", "C"].map(options));
}

#[test]
fn options_left_out_share_the_points_of_the_last_places() {
    // In half points: A 6, and B, C, D a third each of 4 + 2 + 0.
    assert_eq!(Borda.outcome(&ranked(4, &[(1, "A")])).scores, [6, 2, 2, 2]);
    assert_eq!(Borda.outcome(&ranked(3, &[(1, "A")])).scores, [4, 1, 1]);
    let sum = |letters| Borda.outcome(&ranked(4, &[(1, letters)])).scores.iter().sum::<i64>();
    assert!(["A", "AB", "ABC", "ABCD"].map(sum).iter().all(|sum| *sum == 12));
}

#[test]
fn a_run_off_passes_ballots_on_until_they_are_used_up() {
    // B is struck first; its ballots name nobody else, and A has more than C of what is left.
    let outcome = InstantRunoff.outcome(&ranked(3, &[(5, "A"), (3, "B"), (4, "C")]));
    assert_eq!(outcome.order, ["A", "C", "B"].map(options));
    let passed_on = InstantRunoff.outcome(&ranked(3, &[(5, "A"), (3, "BC"), (4, "C")]));
    assert_eq!(passed_on.order, ["C", "A", "B"].map(options));
    assert_eq!(passed_on.scores, [5, 3, 4]);
}

#[test]
fn a_tie_for_the_last_place_is_followed_both_ways() {
    // Without B, A wins; without C, B wins: both can, and C, which loses either way, cannot.
    let outcome = InstantRunoff.outcome(&ranked(3, &[(4, "AB"), (3, "BA"), (3, "CB")]));
    assert_eq!(outcome.winners, options("AB"));
    assert!(outcome.order.is_empty(), "no single order was gone through");
}

#[test]
fn sixteen_options_that_all_tie_are_all_winners_soon() {
    let letters: Vec<String> = (0..16_u8)
        .map(|first| (0..16).map(|step| char::from(b'A' + (first + step) % 16)).collect())
        .collect();
    let ballots: Vec<(u32, &str)> = letters.iter().map(|letters| (1, letters.as_str())).collect();
    let profile = ranked(16, &ballots);
    let all = "plurality borda copeland minimax kemeny schulze ranked-pairs split-cycle nanson";
    for rule in all.split_whitespace() {
        assert_eq!(kind(rule).outcome(&profile).winners, Options::all(16), "{rule}");
    }
    for rule in ["instant-runoff", "baldwin", "coombs"] {
        assert!(!kind(rule).outcome(&profile).winners.is_empty(), "{rule}");
    }
}

#[test]
fn thousands_of_voters_on_sixteen_options_elect_their_condorcet_winner() {
    let mut draw = Streams::new(3).key(Stream::Application).member(0);
    // Everybody sees the options in one order, option 5 first, each shifted by up to nine places.
    let quality: Vec<u64> = (0..16).map(|option| (option + 11) % 16).collect();
    let mut profile = Profile::new(16, Form::Ranking, 5_000);
    for _ in 0..5_000 {
        let seen: Vec<u64> = quality.iter().map(|place| 10 * place + draw.below(100)).collect();
        let mut places: Vec<usize> = (0..16).collect();
        places.sort_by_key(|option| seen[*option]);
        let ballot = Ballot::Ranking(Ranking::new(&places).expect("each once"));
        profile.cast(ballot, Voter::PLAIN).expect("counts");
    }
    assert!(profile.rankings().count() > 4_000, "hardly two think alike");
    let expected = Options::only(5);
    let by_pairs =
        "condorcet copeland minimax kemeny schulze ranked-pairs split-cycle nanson baldwin";
    for rule in by_pairs.split_whitespace().chain(["borda", "coombs"]) {
        assert_eq!(kind(rule).outcome(&profile).winners, expected, "{rule}");
    }
    // The true order comes out, though nobody may have seen it.
    let truth: Vec<Options> = (0..16).map(|place| Options::only((place + 5) % 16)).collect();
    assert_eq!(kind("kemeny").outcome(&profile).order, truth);
    assert_eq!(kind("borda").outcome(&profile).order, truth);
    elects("instant-runoff", &profile, "F");
}

#[test]
fn pairs_that_are_equally_wide_are_locked_in_together() {
    // A beats B, B beats C, C beats A by one; all three beat D by three, and that stays.
    let profile = ranked(4, &[(1, "ABCD"), (1, "BCAD"), (1, "CABD")]);
    let outcome = RankedPairs.outcome(&profile);
    assert_eq!(outcome.order, ["ABC", "D"].map(options));
    assert_eq!(outcome.scores, [1, 1, 1, 0]);
}

#[test]
fn juries_are_right_as_often_as_published() {
    let right = |voters, percent| {
        let (sum, of) = majority_is_right(voters, Ratio::new(percent, 100)).expect("it fits");
        sum as f64 / of as f64
    };
    for (voters, percent, published) in
        [(3, 60, 0.648), (5, 60, 0.682_56), (11, 60, 0.753_498), (5, 80, 0.942_08)]
    {
        let found = right(voters, percent);
        assert!((found - published).abs() < 5e-7, "{voters} at {percent} %: {found}");
    }
    assert_eq!(majority_is_right(3, Ratio::new(3, 5)), Some((81, 125)));
    assert_eq!(majority_is_right(2, Ratio::new(1, 2)), Some((1, 4)), "a tie is not right");
    assert_eq!(majority_is_right(1, Ratio::ALWAYS), Some((1, 1)));
    assert_eq!(majority_is_right(10_000, Ratio::new(3, 5)), None);
}

//! Whatever the order in which attempts begin, are judged and time passes: the counts are those of a model that keeps
//! plain lists.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const LIMITS: AttemptLimits = AttemptLimits {
    per_address: 2,
    address_total: 4,
    refused: 3,
    per_account: 0,
    window: Duration::from_secs(10),
    entries: 1_000,
};
const SPELLINGS: [[&str; 2]; 3] = [["alice", "ALICE "], ["bob", "ｂｏｂ"], ["carol", "c\u{e1}rol"]];
const ADDRESSES: [[&str; 2]; 3] =
    [["192.0.2.1", "::ffff:192.0.2.1"], ["2001:db8::1", "2001:db8::2"], ["", "none"]];

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin { from: usize, account: usize, password: usize, spelling: usize },
    End { which: usize, verdict: Verdict },
    Pass(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Right,
    Wrong,
    NotJudged,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let begin = (0..3_usize, 0..3_usize, 0..6_usize, 0..2_usize)
        .prop_map(|(from, account, password, spelling)| Step::Begin { from, account, password, spelling });
    let verdict = prop_oneof![
        2 => Just(Verdict::Right), 4 => Just(Verdict::Wrong), 1 => Just(Verdict::NotJudged),
    ];
    let end = (0..8_usize, verdict).prop_map(|(which, verdict)| Step::End { which, verdict });
    vec(prop_oneof![6 => begin, 5 => end, 1 => (0..7_u64).prop_map(Step::Pass)], 0..120)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Look,
    Wait,
    Refused(u64),
}

type Pair = (usize, usize);

/// A window that has begun somewhere.
#[derive(Default)]
struct Window {
    begun: u64,
    looked_at: BTreeMap<Pair, bool>,
    refused: Vec<Pair>,
}

/// Where no address is known, the account is the place.
type Place = (usize, Option<usize>);

#[derive(Default)]
struct Model {
    windows: BTreeMap<Place, Window>,
    right: Vec<(Place, Pair)>,
}

fn place(from: usize, account: usize) -> Place {
    (from, (from == 2).then_some(account))
}

impl Model {
    /// What is said, and whether the attempt counts.
    fn begin(&mut self, from: usize, pair: Pair, now: u64) -> (Said, bool) {
        let place = place(from, pair.0);
        self.windows.retain(|_, window| now - window.begun < 10);
        let none = Window { begun: now, ..Window::default() };
        let window = self.windows.get(&place).unwrap_or(&none);
        if self.right.contains(&(place, pair)) && window.refused.len() < 3 {
            return (Said::Look, false);
        }
        if window.looked_at.contains_key(&pair) {
            return (Said::Look, true);
        }
        let at_the_account = window.looked_at.keys().filter(|(account, _)| *account == pair.0).count();
        let wrong = window.looked_at.values().filter(|wrong| **wrong).count();
        let full = wrong >= 4 || (from != 2 && at_the_account >= 2);
        if !full && window.looked_at.len() >= 4 {
            return (Said::Wait, false);
        }
        let window = self.windows.entry(place).or_insert(none);
        if full {
            if window.refused.len() < 3 && !window.refused.contains(&pair) {
                window.refused.push(pair);
            }
            return (Said::Refused(10 - (now - window.begun)), false);
        }
        window.looked_at.insert(pair, false);
        (Said::Look, true)
    }

    fn end(&mut self, from: usize, pair: Pair, begun: u64, counted: bool, verdict: Verdict) {
        let place = place(from, pair.0);
        match verdict {
            Verdict::Right => {
                if let Some(window) = self.windows.get_mut(&place) {
                    window.looked_at.remove(&pair);
                    if window.looked_at.is_empty() && window.refused.is_empty() {
                        self.windows.remove(&place);
                    }
                }
                if !self.right.contains(&(place, pair)) {
                    self.right.push((place, pair));
                }
            }
            Verdict::Wrong => {
                self.right.retain(|(_, known)| *known != pair);
                let none = Window { begun, ..Window::default() };
                self.windows.entry(place).or_insert(none).looked_at.insert(pair, true);
            }
            Verdict::NotJudged if counted => {
                if let Some(wrong) =
                    self.windows.get_mut(&place).and_then(|window| window.looked_at.get_mut(&pair))
                {
                    *wrong = true;
                }
            }
            Verdict::NotJudged => {}
        }
    }
}

struct UnderWay {
    attempt: Attempt,
    from: usize,
    pair: Pair,
    begun: u64,
    counted: bool,
}

/// Ends it as the verdict says.
fn end(attempt: Attempt, verdict: Verdict) {
    match verdict {
        Verdict::Right => attempt.was_right(),
        Verdict::Wrong => attempt.was_wrong(),
        Verdict::NotJudged => drop(attempt),
    }
}

fn said(polled: &Poll<Result<Attempt, Duration>>) -> Said {
    match polled {
        Poll::Pending => Said::Wait,
        Poll::Ready(Err(wait)) => Said::Refused(wait.as_secs()),
        Poll::Ready(Ok(_)) => Said::Look,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_counts_are_those_of_the_model(steps in steps()) {
        let (attempts, mut model) = (Attempts::new(LIMITS).unwrap(), Model::default());
        let mut under_way: Vec<UnderWay> = Vec::new();
        let mut now = 1_000;
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Pass(seconds) => now += seconds,
                Step::Begin { from, account, password, spelling } => {
                    let name = SPELLINGS[account][spelling];
                    let address = ADDRESSES[from][spelling].parse().ok();
                    let begun = begin(&attempts, name, &password.to_string(), address, now);
                    let pair = (account, password);
                    let (expected, counted) = model.begin(from, pair, now);
                    prop_assert_eq!(said(&begun), expected, "step {}: {:?}", at, step);
                    if let Poll::Ready(Ok(attempt)) = begun {
                        under_way.push(UnderWay { attempt, from, pair, begun: now, counted });
                    }
                }
                Step::End { which, verdict } => {
                    if which < under_way.len() {
                        let ended = under_way.remove(which);
                        end(ended.attempt, verdict);
                        model.end(ended.from, ended.pair, ended.begun, ended.counted, verdict);
                    }
                }
            }
        }
        // What goes away unjudged goes on counting; the model has no opinion on what comes after.
        drop(under_way);
        attempts.with(|state| {
            state.ledger.weight();
            state.right.len();
        });
    }

    /// Of each account the password 0 is right. What is said at one address is the same whatever is done elsewhere, and
    /// where an account has never been let in, a right password beyond the limits is refused like a wrong one.
    #[test]
    fn nobody_elsewhere_changes_what_is_said(steps in steps()) {
        let (all, alone) = (Attempts::new(LIMITS).unwrap(), Attempts::new(LIMITS).unwrap());
        let mut let_in = Vec::new();
        let mut now = 1_000;
        for step in steps {
            match step {
                Step::Pass(seconds) => now += seconds,
                Step::Begin { from, account, password, spelling } => {
                    let ask = |attempts: &Attempts, password: usize| {
                        let address = ADDRESSES[from][spelling].parse().ok();
                        begin(attempts, SPELLINGS[account][spelling], &password.to_string(), address, now)
                    };
                    let end_it = |begun| {
                        if let Poll::Ready(Ok(attempt)) = begun {
                            end(attempt, if password == 0 { Verdict::Right } else { Verdict::Wrong });
                        }
                    };
                    let begun = ask(&all, password);
                    let heard = said(&begun);
                    end_it(begun);
                    if from == 0 {
                        let begun = ask(&alone, password);
                        prop_assert_eq!(said(&begun), heard);
                        end_it(begun);
                    }
                    if matches!(heard, Said::Refused(_)) && !let_in.contains(&(from, account)) {
                        let everyone = if from == 0 { vec![&all, &alone] } else { vec![&all] };
                        for attempts in everyone {
                            prop_assert_eq!(said(&ask(attempts, 0)), heard);
                        }
                    }
                    if heard == Said::Look && password == 0 {
                        let_in.push((from, account));
                    }
                }
                Step::End { .. } => {}
            }
        }
    }
}

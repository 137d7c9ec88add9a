//! What the latest evidence at a door means: accounted or not, and in which line of the two-way reconcile a person is.

use crate::area::AreaNumber;
use crate::fact::{Light, Outcome};
use crate::state::{Book, Dwelling, Round, Sweep, SweepNumber, Tally, Visit};
use crate::time::{Millis, day_of, end_of, format_instant, from_day, parse_date, parse_instant, to_day};

/// A listed person behind a dark door is phoned within this time of the visit that found it dark.
pub const PHONE_WITHIN: Millis = 12 * 3_600_000;

/// Why a dwelling is in the residual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    NeverVisited,
    /// Nobody was reached and nothing explains it; also someone away without a date to check again.
    NoAnswer,
    RefusedUnsigned,
}

impl Reason {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverVisited => "never_visited",
            Self::NoAnswer => "no_answer",
            Self::RefusedUnsigned => "refused_unsigned",
        }
    }
}

/// Whether a visit reached nobody and explains nothing.
fn is_empty_knock(visit: &Visit) -> bool {
    match visit.outcome {
        Outcome::NoAnswer => true,
        Outcome::Away => visit.recheck_on.is_none(),
        Outcome::Met | Outcome::Phone | Outcome::Vacant | Outcome::Refused | Outcome::NotExist => false,
    }
}

/// The visit that says how a door stands in a sweep. It is the latest one, unless that reached nobody where everyone was reached
/// before: whoever was seen is not missing because nobody opened a second time.
#[must_use]
pub fn telling(listed: u32, round: &Round) -> Option<Visit> {
    let latest = round.visit?;
    let Some(found) = round.found.filter(|_| is_empty_knock(&latest)) else { return Some(latest) };
    Some(if reached(round) >= listed { found } else { latest })
}

/// When people were reached at a door before its latest visit, which reached nobody or was refused, and how many of those listed; none
/// where that is not so. Whoever is told that a door is open, or still done, after such a visit is told this beside it. A refusal says
/// something, so that it tells though everyone was met before: it is looked into and signed.
#[must_use]
pub fn found_before(round: &Round) -> Option<(Visit, u32)> {
    round.visit.filter(|visit| is_empty_knock(visit) || visit.outcome == Outcome::Refused)?;
    Some((round.found?, reached(round)))
}

/// How many of those listed were reached, by sight or by telephone.
#[must_use]
pub fn reached(round: &Round) -> u32 {
    round.here + round.elsewhere
}

/// Why a dwelling is not accounted for, or none if it is.
///
/// Accounted: the visit that is [`telling`] met someone, reached someone by phone, found the dwelling vacant or not existing, found
/// the household away with a date to check again, or was refused and a supervisor signed.
#[must_use]
pub fn residual_reason(listed: u32, round: &Round) -> Option<Reason> {
    let Some(visit) = telling(listed, round) else { return Some(Reason::NeverVisited) };
    match visit.outcome {
        Outcome::Met | Outcome::Phone | Outcome::Vacant | Outcome::NotExist => None,
        Outcome::Away if visit.recheck_on.is_some() => None,
        Outcome::Away | Outcome::NoAnswer => Some(Reason::NoAnswer),
        Outcome::Refused if round.signed_refusal => None,
        Outcome::Refused => Some(Reason::RefusedUnsigned),
    }
}

/// Whether the visit that tells says that whoever is listed here and was not reached is not there, though the dwelling was looked at or
/// its household telephoned.
#[must_use]
fn is_dark(listed: u32, round: &Round) -> bool {
    telling(listed, round).is_some_and(|visit| match visit.outcome {
        Outcome::Met | Outcome::Phone | Outcome::Vacant | Outcome::NotExist => true,
        Outcome::NoAnswer => visit.light == Light::Off,
        Outcome::Refused | Outcome::Away => false,
    })
}

/// A door that no roster knows, with life behind it and nobody recorded.
#[must_use]
pub fn is_lit_unlisted_door(dwelling: &Dwelling, round: &Round) -> bool {
    !dwelling.on_roster
        && round.recorded == 0
        && telling(dwelling.listed, round).is_some_and(|visit| match visit.outcome {
            Outcome::Met => true,
            Outcome::NoAnswer => visit.light == Light::On,
            _ => false,
        })
}

/// What one door adds to the coverage of every area above it.
#[must_use]
pub fn tally(dwelling: &Dwelling, round: &Round) -> Tally {
    let listed = i64::from(dwelling.listed);
    let seen = i64::from(round.here) + i64::from(round.elsewhere);
    let visit = telling(dwelling.listed, round);
    let found = |outcome| visit.is_some_and(|visit| visit.outcome == outcome);
    Tally {
        accounted: i64::from(residual_reason(dwelling.listed, round).is_none()),
        persons_reached: seen,
        lit_unlisted: i64::from(round.unlisted) + i64::from(is_lit_unlisted_door(dwelling, round)),
        listed_dark: if is_dark(dwelling.listed, round) { listed - seen } else { 0 },
        persons_away: if found(Outcome::Away) { listed - seen } else { 0 },
    }
}

/// Which sweep is meant for an area at a moment while nobody chose one: of those open then, one over the whole area before
/// one over a part of it; of these the one that is due next, and where all are overdue the newest. Where none was open, the
/// newest of those that were closed by then. One that was taken back stands for nothing.
#[must_use]
pub fn standing(book: &Book, area: AreaNumber, at: Millis) -> Option<SweepNumber> {
    let begun = |(_, sweep): &(SweepNumber, &Sweep)| {
        let (areas, own) = (&book.areas, sweep.area);
        let touches = areas.is_within(area, own) || areas.is_within(own, area);
        sweep.withdrawn.is_none() && sweep.opened_at <= at && touches
    };
    let begun: Vec<_> = (0..).zip(&book.sweeps).filter(begun).collect();
    let is_open = |sweep: &Sweep| sweep.closed_at.is_none_or(|closed_at| closed_at > at);
    let is_whole = |sweep: &Sweep| book.areas.is_within(area, sweep.area);
    let whole: Vec<_> = begun.iter().filter(|(_, sweep)| is_open(sweep) && is_whole(sweep)).collect();
    let choice = match whole.is_empty() {
        true => begun.iter().filter(|(_, sweep)| is_open(sweep)).collect(),
        false => whole,
    };
    let newest = |among: &[&(SweepNumber, &Sweep)]| {
        among.iter().max_by_key(|(number, sweep)| (sweep.opened_at, *number)).map(|(number, _)| *number)
    };
    let due = choice.iter().filter(|(_, sweep)| sweep.deadline >= at);
    due.min_by_key(|(number, sweep)| (sweep.deadline, *number))
        .map(|(number, _)| *number)
        .or_else(|| newest(&choice))
        .or_else(|| newest(&begun.iter().collect::<Vec<_>>()))
}

/// Where a listed person was seen in a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Here,
    Elsewhere,
    Nowhere,
}

/// The lines of the two-way reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Confirmed,
    Moved,
    Away,
    ListedDark,
    LitUnlisted,
    Unresolved,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::Confirmed, Self::Moved, Self::Away, Self::ListedDark, Self::LitUnlisted, Self::Unresolved];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Moved => "moved",
            Self::Away => "away",
            Self::ListedDark => "listed_dark",
            Self::LitUnlisted => "lit_unlisted",
            Self::Unresolved => "unresolved",
        }
    }

    /// What someone has to do about it; empty when nothing.
    #[must_use]
    pub fn task(self) -> &'static str {
        match self {
            Self::Confirmed => "",
            Self::Moved => "confirm_address",
            Self::Away => "recheck",
            Self::ListedDark => "phone",
            Self::LitUnlisted => "register",
            Self::Unresolved => "visit",
        }
    }
}

/// The line of a person who is one of so many listed, first that fits.
#[must_use]
pub fn kind_of(listed: u32, round: &Round, seen: Seen) -> Kind {
    let outcome = telling(listed, round).map(|visit| visit.outcome);
    match (seen, outcome) {
        (Seen::Here, _) => Kind::Confirmed,
        (Seen::Elsewhere, _) => Kind::Moved,
        (Seen::Nowhere, Some(Outcome::Away)) => Kind::Away,
        (Seen::Nowhere, _) if is_dark(listed, round) => Kind::ListedDark,
        (Seen::Nowhere, _) => Kind::Unresolved,
    }
}

/// The instant at which what [`due`] writes is over: a date with its day. None when nothing is due.
#[must_use]
pub fn due_at(due: &str) -> Option<Millis> {
    parse_date(due).map(|day| end_of(to_day(day))).or_else(|_| parse_instant(due)).ok()
}

/// By when the task of a line is due, as text: an instant, a date for a re-check, or empty when nothing is due.
///
/// `visit` is the one that is [`telling`], `seen_at` is when an unlisted person was seen; `deadline` is the sweep's.
#[must_use]
pub fn due(kind: Kind, visit: Option<Visit>, seen_at: Option<Millis>, deadline: Millis) -> String {
    let visited_at = visit.map(|visit| visit.stamp.at);
    match kind {
        Kind::Confirmed => String::new(),
        Kind::Moved | Kind::Unresolved => format_instant(deadline),
        Kind::Away => {
            visit.and_then(|visit| visit.recheck_on).map(|day| from_day(day).to_string()).unwrap_or_default()
        }
        Kind::ListedDark => visited_at.map(|at| format_instant(at + PHONE_WITHIN)).unwrap_or_default(),
        Kind::LitUnlisted => {
            seen_at.or(visited_at).map(|at| format_instant(end_of(day_of(at)))).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area::{Area, Level};
    use crate::fact::{Misopened, Place};
    use crate::id::Id;
    use crate::state::Stamp;

    /// A county, one of its communities and another; of each sweep its area, opening, deadline and closing.
    fn book(sweeps: &[(AreaNumber, Millis, Millis, Option<Millis>)]) -> Book {
        let mut book = Book::default();
        for (code, level, parent) in
            [("C", Level::County, None), ("A", Level::Community, Some(0)), ("B", Level::Community, Some(0))]
        {
            book.areas.register(Area { code: code.into(), name: code.into(), level, parent });
        }
        for (area, opened_at, deadline, closed_at) in sweeps.iter().copied() {
            let (id, programme) = (Id::default(), String::new());
            book.sweeps.push(Sweep { id, area, programme, opened_at, deadline, closed_at, withdrawn: None });
        }
        book
    }

    fn visit(at: Millis, outcome: Outcome, light: Light, recheck: bool) -> Visit {
        let stamp = Stamp { at, series: Id::default(), sequence: 1 };
        Visit { stamp, outcome, light, evidence: 0, recheck_on: recheck.then_some(18_400) }
    }

    /// What is written of one door: whether it is accounted for, and the line of whoever is listed there and was seen nowhere.
    fn written((outcome, light, recheck): (Outcome, Light, bool), signed: bool) -> (Option<Reason>, Kind) {
        match (outcome, light, recheck, signed) {
            (Outcome::Met | Outcome::Phone | Outcome::Vacant | Outcome::NotExist, ..) => {
                (None, Kind::ListedDark)
            }
            (Outcome::Away, _, true, _) => (None, Kind::Away),
            (Outcome::Away, _, false, _) => (Some(Reason::NoAnswer), Kind::Away),
            (Outcome::NoAnswer, Light::Off, ..) => (Some(Reason::NoAnswer), Kind::ListedDark),
            (Outcome::NoAnswer, ..) => (Some(Reason::NoAnswer), Kind::Unresolved),
            (Outcome::Refused, _, _, true) => (None, Kind::Unresolved),
            (Outcome::Refused, _, _, false) => (Some(Reason::RefusedUnsigned), Kind::Unresolved),
        }
    }

    /// Every door that there can be with up to two listed: its newest visit, the one before that found someone, who was seen.
    #[test]
    fn what_a_door_says_is_what_is_written_of_its_outcome() {
        let lights = [Light::Unknown, Light::On, Light::Off];
        let before = [None, Some(Outcome::Met), Some(Outcome::Phone)];
        let mut doors = 0;
        for outcome in Outcome::ALL {
            for (light, recheck, signed) in
                lights.iter().flat_map(|light| (0..4).map(|bits| (*light, bits & 1 == 1, bits & 2 == 2)))
            {
                let newest = visit(20, outcome, light, recheck);
                let is_found = newest.found_someone();
                for found in before.into_iter().filter(|found| !is_found || found.is_none()) {
                    for (listed, here, elsewhere) in (0..3).flat_map(|listed| {
                        (0..=listed).flat_map(move |here| {
                            (0..=listed - here).map(move |elsewhere| (listed, here, elsewhere))
                        })
                    }) {
                        let found = found.map(|found| visit(10, found, Light::Unknown, false));
                        let round = Round {
                            visit: Some(newest),
                            found: if is_found { Some(newest) } else { found },
                            visits: 1 + u32::from(found.is_some()),
                            signed_refusal: signed,
                            here,
                            elsewhere,
                            recorded: here,
                            ..Round::default()
                        };
                        // Nobody opened, and everyone was seen before: that is what is told.
                        let empty = outcome == Outcome::NoAnswer || (outcome == Outcome::Away && !recheck);
                        let told = found.filter(|_| empty && here + elsewhere == listed);
                        let told = told.map_or((outcome, light, recheck), |found| {
                            (found.outcome, Light::Unknown, false)
                        });
                        let (reason, missing) = written(told, signed);
                        let case = format!(
                            "{outcome:?} {light:?} {recheck} {signed}, before: {found:?}, {listed} {here} {elsewhere}"
                        );
                        assert_eq!(residual_reason(listed, &round), reason, "{case}");
                        assert_eq!(kind_of(listed, &round, Seen::Nowhere), missing, "{case}");
                        assert_eq!(kind_of(listed, &round, Seen::Elsewhere), Kind::Moved, "{case}");
                        assert_eq!(kind_of(listed, &round, Seen::Here), Kind::Confirmed, "{case}");
                        let nowhere = i64::from(listed - here - elsewhere);
                        for on_roster in [true, false] {
                            let dwelling =
                                Dwelling { area: 0, place: Place::Home, on_roster, listed, changed: 0 };
                            let lit = matches!(told, (Outcome::Met, ..) | (Outcome::NoAnswer, Light::On, _));
                            let is_lit = lit && !on_roster && here == 0;
                            let sum = tally(&dwelling, &round);
                            assert_eq!(sum.accounted, i64::from(reason.is_none()), "{case}");
                            assert_eq!(sum.lit_unlisted, i64::from(is_lit), "{case}");
                            assert_eq!(
                                sum.listed_dark,
                                if missing == Kind::ListedDark { nowhere } else { 0 },
                                "{case}"
                            );
                            assert_eq!(
                                sum.persons_away,
                                if missing == Kind::Away { nowhere } else { 0 },
                                "{case}"
                            );
                            assert_eq!(sum.persons_reached, i64::from(here + elsewhere), "{case}");
                        }
                        doors += 1;
                    }
                }
            }
        }
        assert_eq!(doors, (7 + 5 * 2) * 12 * 10, "each of them");
        assert_eq!(residual_reason(1, &Round::default()), Some(Reason::NeverVisited));
        assert_eq!(kind_of(1, &Round::default(), Seen::Nowhere), Kind::Unresolved);
    }

    #[test]
    fn the_sweep_that_stands_is_that_of_the_console() {
        let both = book(&[(0, 10, 900, None), (1, 20, 500, None)]);
        assert_eq!(standing(&both, 0, 100), Some(0), "one over the whole before one over a part");
        assert_eq!(standing(&both, 1, 100), Some(1), "the one that is due next");
        assert_eq!(standing(&both, 2, 100), Some(0), "one elsewhere moves nobody");
        assert_eq!(standing(&both, 1, 600), Some(0), "what is overdue comes after what is not");
        assert_eq!(standing(&both, 1, 901), Some(1), "where all are overdue, the newest");
        assert_eq!(standing(&both, 1, 15), Some(0), "on a day before the other began");
        assert_eq!(standing(&both, 0, 5), None);
        let part = book(&[(1, 20, 500, None), (2, 30, 400, Some(60))]);
        assert_eq!(standing(&part, 0, 100), Some(0), "one over a part, if there is none over the whole");
        assert_eq!(standing(&part, 2, 50), Some(1), "that was open then");
        assert_eq!(standing(&part, 2, 100), Some(1), "closed, and still the last that was counted there");
        let mut mistaken = book(&[(0, 10, 900, Some(40)), (0, 20, 500, Some(30))]);
        mistaken.sweeps[1].withdrawn = Some(Misopened::Twice);
        assert_eq!(
            standing(&mistaken, 0, 25),
            Some(0),
            "one that was taken back stands for nothing, also while it was open"
        );
        assert_eq!(standing(&mistaken, 0, 100), Some(0), "nor afterwards");
    }
}

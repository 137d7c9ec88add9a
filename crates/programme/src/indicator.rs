//! Indicators: a share with its numerator and denominator, a sum, or the middle of many values, by area and day.
//!
//! Every subject contributes to each indicator by itself, and the figure is the sum of contributions. So a change is: take
//! the old contribution away, add the new one; and whoever is behind a figure can be listed. Contributions are whole
//! thousandths, so that what is added and taken away again leaves nothing behind.

use std::collections::BTreeMap;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::code::{Day, check_unique};
use crate::condition::{self, Condition, Needs, Vocabulary, Wanted};
use crate::finding::{Findings, Located, say};
use crate::form::Subject;
use crate::judge::{Reckoned, View};
use crate::level::{self, Level, Speaks};
use crate::parameter::Unit;
use crate::section::{Section, Source};
use crate::text::Texts;

/// How fine a contribution is: thousandths.
const PARTS: f64 = 1_000.0;

/// An indicator of the programme.
#[derive(Clone, Debug)]
pub struct Indicator {
    pub id: Located<String>,
    pub name: Texts,
    pub subject: Subject,
    /// Of which areas it speaks that is about areas.
    pub level: Option<Level>,
    pub measure: Measure,
    pub unit: Unit,
    /// The share, sum or middle that is wanted, from and to.
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
    /// The day on which a share is to be what is wanted at least.
    pub by: Option<Day>,
}

impl Indicator {
    /// Of an indicator about areas: which.
    #[must_use]
    pub fn speaks(&self) -> Speaks {
        Speaks::of(self.level, &Needs::of(self.measure.expressions()))
    }

    /// Whether what a subject adds to it can change with a new answer to a form.
    #[must_use]
    pub fn looks_at(&self, form: &str) -> bool {
        self.measure.expressions().iter().any(|expression| expression.looks_at(form))
    }

    /// How much is missing on a day to what is wanted by another, and how much a day that is; none if nothing is wanted by a
    /// day, or nobody is counted.
    #[must_use]
    pub fn countdown(&self, tally: &Tally, on: Day) -> Option<Countdown> {
        let (by, at_least) = (self.by?, self.at_least?);
        let share = tally.share()?;
        let missing = (at_least - share) * tally.denominator();
        // What rounding left over is nobody.
        let left = (missing - 1.0 / PARTS).ceil().max(0.0);
        let days = (by - on).get_days().max(0);
        Some(Countdown { by, left, days, a_day: (days > 0).then(|| left / f64::from(days)) })
    }
}

/// What is still to be done by a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Countdown {
    pub by: Day,
    /// How many are missing in the numerator.
    pub left: f64,
    /// Days until then: none on the day itself and after it.
    pub days: i32,
    /// How many a day; none when no day is left.
    pub a_day: Option<f64>,
}

/// What of a subject counts.
#[derive(Clone, Debug)]
pub enum Measure {
    /// A numerator of a denominator; `who` says in words who is in the denominator.
    Share { numerator: Condition, denominator: Condition, who: Texts },
    /// A count or a sum.
    Sum { numerator: Condition },
    /// The middle of the values of all who have one and are in the denominator, if there is one.
    Middle { value: Condition, of: Option<(Condition, Texts)> },
    /// What the sweep counts by itself, from its visits and its reconcile: no form is asked. A share says who is in the
    /// denominator.
    Sweep { count: SweepCount, who: Option<Texts> },
}

/// What a sweep counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepCount {
    /// Dwellings that are accounted for, of all.
    Accounted,
    /// Dwellings that are not.
    Residual,
    /// Listed people who were reached, of all but those who are away.
    Reached,
}

impl SweepCount {
    const ALL: [Self; 3] = [Self::Accounted, Self::Residual, Self::Reached];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accounted => "accounted",
            Self::Residual => "residual",
            Self::Reached => "reached",
        }
    }

    #[must_use]
    pub fn is_share(self) -> bool {
        self != Self::Residual
    }

    /// Whom it lists.
    #[must_use]
    pub fn subject(self) -> Subject {
        match self {
            Self::Accounted | Self::Residual => Subject::Dwelling,
            Self::Reached => Subject::Person,
        }
    }
}

impl Measure {
    fn expressions(&self) -> Vec<&Condition> {
        match self {
            Self::Share { numerator, denominator, .. } => vec![numerator, denominator],
            Self::Sum { numerator } => vec![numerator],
            Self::Middle { value, of: None } => vec![value],
            Self::Middle { value, of: Some((of, _)) } => vec![value, of],
            Self::Sweep { .. } => Vec::new(),
        }
    }

    #[must_use]
    pub fn is_share(&self) -> bool {
        match self {
            Self::Share { .. } => true,
            Self::Sum { .. } | Self::Middle { .. } => false,
            Self::Sweep { count, .. } => count.is_share(),
        }
    }

    /// What of it a sweep counts, if it is the sweep's.
    #[must_use]
    pub fn of_sweep(&self) -> Option<SweepCount> {
        match self {
            Self::Sweep { count, .. } => Some(*count),
            Self::Share { .. } | Self::Sum { .. } | Self::Middle { .. } => None,
        }
    }
}

/// What one subject adds to an indicator on a day, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contribution {
    pub numerator: i64,
    /// None of it if the subject is outside the denominator; for a sum and a middle it counts the subject.
    pub denominator: i64,
    /// For a middle.
    pub value: Option<i64>,
    /// It is in the denominator, and an answer is missing for the numerator.
    pub unknown: bool,
}

/// On which side of an indicator a subject stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It counts in full.
    Met,
    /// It is in the denominator and counts in part or not at all.
    Missed,
    /// It is in the denominator, and an answer is missing.
    Unknown,
    /// It is not in the denominator.
    Outside,
}

impl Contribution {
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            _ if self.unknown => Side::Unknown,
            _ if self.denominator == 0 => Side::Outside,
            _ if self.numerator >= self.denominator || self.value.is_some() => Side::Met,
            _ => Side::Missed,
        }
    }
}

/// What one subject adds to each indicator, by its id.
pub type Contributions = BTreeMap<String, Contribution>;

/// The bytes in which contributions are kept: deterministic CBOR, a map from ids to what is added there; none for what is
/// nothing.
#[must_use]
pub fn encode(contributions: &Contributions) -> Vec<u8> {
    let something: Vec<_> =
        contributions.iter().filter(|(_, added)| **added != Contribution::default()).collect();
    let mut out = Encoder::new(Vec::new());
    // Writing into a Vec cannot fail: its error type has no values.
    let _ = out.map(something.len() as u64);
    for (id, added) in something {
        let _ = out.str(id).and_then(|out| out.array(4));
        let _ = out.i64(added.numerator).and_then(|out| out.i64(added.denominator));
        let _ = match added.value {
            Some(value) => out.i64(value),
            None => out.null(),
        };
        let _ = out.bool(added.unknown);
    }
    out.into_writer()
}

/// Reads what [`encode`] wrote; none for anything else.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Contributions> {
    let mut from = Decoder::new(bytes);
    let count = from.map().ok()??;
    let mut contributions = Contributions::new();
    for _ in 0..count {
        let id = from.str().ok()?.to_owned();
        (from.array().ok()?? == 4).then_some(())?;
        let (numerator, denominator) = (from.i64().ok()?, from.i64().ok()?);
        let value = match from.datatype().ok()? {
            Type::Null => {
                from.null().ok()?;
                None
            }
            _ => Some(from.i64().ok()?),
        };
        let unknown = from.bool().ok()?;
        contributions.insert(id, Contribution { numerator, denominator, value, unknown });
    }
    (from.position() == bytes.len()).then_some(contributions)
}

/// What all indicators about such a subject need together.
#[must_use]
pub fn needs(indicators: &[Indicator], subject: Subject) -> Needs {
    let about = indicators.iter().filter(|indicator| indicator.subject == subject);
    Needs::of(about.flat_map(|indicator| indicator.measure.expressions()))
}

/// What the subject of a view adds to each indicator about its kind.
#[must_use]
pub fn contribute(indicators: &[Indicator], subject: Subject, view: &View<'_>) -> Contributions {
    contribute_where(indicators, |indicator| indicator.subject == subject, view)
}

/// What the subject of a view adds to those of the indicators that are about it.
#[must_use]
pub fn contribute_where(
    indicators: &[Indicator],
    is_about: impl Fn(&Indicator) -> bool,
    view: &View<'_>,
) -> Contributions {
    let about = indicators.iter().filter(|indicator| is_about(indicator));
    about.map(|indicator| (indicator.id.value.clone(), contribution(&indicator.measure, view))).collect()
}

fn contribution(measure: &Measure, view: &View<'_>) -> Contribution {
    let unknown = Contribution { denominator: parts(1.0), unknown: true, ..Contribution::default() };
    match measure {
        Measure::Share { numerator, denominator, .. } => {
            let denominator = match view.number(denominator) {
                Reckoned::Number(number) if number > 0.0 => parts(number),
                Reckoned::Failed(_) => return unknown,
                Reckoned::Number(_) | Reckoned::Unknown => return Contribution::default(),
            };
            match view.number(numerator) {
                Reckoned::Number(number) => {
                    Contribution { numerator: parts(number), denominator, ..Contribution::default() }
                }
                Reckoned::Unknown | Reckoned::Failed(_) => Contribution { denominator, ..unknown },
            }
        }
        Measure::Sum { numerator } => match view.number(numerator) {
            Reckoned::Number(number) if parts(number) != 0 => Contribution {
                numerator: parts(number),
                denominator: parts(number),
                ..Contribution::default()
            },
            Reckoned::Failed(_) => unknown,
            Reckoned::Number(_) | Reckoned::Unknown => Contribution::default(),
        },
        Measure::Middle { of: Some((of, _)), .. } if !counts(of, view) => Contribution::default(),
        Measure::Middle { value, .. } => match view.number(value) {
            Reckoned::Number(number) => Contribution {
                denominator: parts(1.0),
                value: Some(parts(number)),
                ..Contribution::default()
            },
            Reckoned::Failed(_) => unknown,
            Reckoned::Unknown => Contribution::default(),
        },
        // A subject's forms say nothing of it.
        Measure::Sweep { .. } => Contribution::default(),
    }
}

fn counts(condition: &Condition, view: &View<'_>) -> bool {
    matches!(view.number(condition), Reckoned::Number(number) if number > 0.0)
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
fn parts(number: f64) -> i64 {
    (number * PARTS).round().clamp(-9e15, 9e15) as i64
}

#[expect(clippy::cast_precision_loss, reason = "what is shown needs no more")]
fn whole(parts: i128) -> f64 {
    parts as f64 / PARTS
}

/// The sum of contributions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    numerator: i128,
    denominator: i128,
    unknown: i64,
    /// How many have each value; none that nobody has.
    values: BTreeMap<i64, i64>,
}

impl Tally {
    /// A sum that was kept as numbers: numerator and denominator in thousandths, who is unknown, how many have each value.
    #[must_use]
    pub fn of(numerator: i64, denominator: i64, unknown: i64, values: BTreeMap<i64, i64>) -> Self {
        Self { numerator: numerator.into(), denominator: denominator.into(), unknown, values }
    }

    /// A numerator and a denominator that were counted as whole ones.
    #[must_use]
    pub fn whole(numerator: i64, denominator: i64) -> Self {
        let parts = |count: i64| i128::from(count) * 1_000;
        Self { numerator: parts(numerator), denominator: parts(denominator), ..Self::default() }
    }

    pub fn add(&mut self, contribution: &Contribution) {
        self.change(contribution, 1);
    }

    /// Takes away what was added before.
    pub fn subtract(&mut self, contribution: &Contribution) {
        self.change(contribution, -1);
    }

    fn change(&mut self, contribution: &Contribution, times: i64) {
        self.numerator += i128::from(contribution.numerator * times);
        self.denominator += i128::from(contribution.denominator * times);
        self.unknown += i64::from(contribution.unknown) * times;
        if let Some(value) = contribution.value {
            self.count(value, times);
        }
    }

    fn count(&mut self, value: i64, times: i64) {
        let count = self.values.entry(value).or_default();
        *count += times;
        if *count == 0 {
            self.values.remove(&value);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.numerator += other.numerator;
        self.denominator += other.denominator;
        self.unknown += other.unknown;
        other.values.iter().for_each(|(value, times)| self.count(*value, *times));
    }

    #[must_use]
    pub fn numerator(&self) -> f64 {
        whole(self.numerator)
    }

    #[must_use]
    pub fn denominator(&self) -> f64 {
        whole(self.denominator)
    }

    /// Numerator and denominator, in thousandths.
    #[must_use]
    pub fn thousandths(&self) -> (i64, i64) {
        let within = |sum: i128| i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX });
        (within(self.numerator), within(self.denominator))
    }

    /// How many have each value, in thousandths.
    pub fn values(&self) -> impl Iterator<Item = (i64, i64)> {
        self.values.iter().map(|(value, subjects)| (*value, *subjects))
    }

    /// Whether it adds up to nothing at all.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// How many are in the denominator for whose numerator an answer is missing.
    #[must_use]
    pub fn unknown(&self) -> i64 {
        self.unknown
    }

    /// The share, from 0 to 1; none of nothing: an area without anyone reads "does not apply" and not 0%.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.denominator != 0).then(|| self.numerator() / self.denominator())
    }

    /// The value that at least so many of all (0.5 is half) do not exceed.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of subjects")]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let all: i64 = self.values.values().sum();
        let mut passed = 0;
        self.values
            .iter()
            .find(|(_, count)| {
                passed += **count;
                passed as f64 >= all as f64 * share
            })
            .map(|(value, _)| whole(i128::from(*value)))
    }
}

/// All indicators by day and area; an area is named by its administrative code, which begins with that of the area above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    tallies: BTreeMap<(Day, String, String), Tally>,
}

impl Board {
    /// What a subject adds in an area on a day is no longer `old` but `new`. Empty is for who is not there: a move is a
    /// change from what she adds to nothing in one area, and from nothing in the other.
    pub fn change(&mut self, day: Day, area: &str, old: &Contributions, new: &Contributions) {
        for (contributions, times) in [(old, -1), (new, 1)] {
            for (id, contribution) in contributions {
                if *contribution == Contribution::default() {
                    continue;
                }
                let key = (day, area.to_owned(), id.clone());
                let tally = self.tallies.entry(key.clone()).or_default();
                tally.change(contribution, times);
                if *tally == Tally::default() {
                    self.tallies.remove(&key);
                }
            }
        }
    }

    /// An indicator on a day in an area and all within it.
    #[must_use]
    pub fn tally(&self, day: Day, area: &str, id: &str) -> Tally {
        let mut sum = Tally::default();
        self.tallies
            .range((day, area.to_owned(), String::new())..)
            .take_while(|((other, within, _), _)| *other == day && within.starts_with(area))
            .filter(|((_, _, other), _)| other == id)
            .for_each(|(_, tally)| sum.merge(tally));
        sum
    }
}

/// The subjects who stand on one side of an indicator, in the order in which they are given.
pub fn behind<'b, S: Copy + 'b>(
    subjects: impl IntoIterator<Item = (S, &'b Contributions)>,
    id: &str,
    side: Side,
) -> Vec<S> {
    let on_side =
        |contributions: &Contributions| contributions.get(id).copied().unwrap_or_default().side() == side;
    subjects.into_iter().filter(|(_, own)| on_side(own)).map(|(subject, _)| subject).collect()
}

pub(crate) fn read(
    source: &Source<'_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Vec<Indicator> {
    let (mut indicators, mut ids) = (Vec::new(), Vec::new());
    source.read_toml(findings, |section, findings| {
        for mut part in section.sections("indicator", findings) {
            let id = part.text("id", findings);
            ids.extend(id.clone());
            indicators.extend(read_indicator(id, part, vocabulary, findings));
        }
    });
    check_unique(ids.iter(), "indicator", findings);
    indicators
}

fn read_indicator(
    id: Option<Located<String>>,
    mut part: Section<'_, '_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Indicator> {
    let name = texts(&mut part, "name", vocabulary, findings);
    let named = part.text("subject", findings);
    let subject = named.as_ref().and_then(|subject| Subject::parse(subject, findings));
    let level = level::read(&mut part, subject, findings);
    let [at_least, at_most] = ["at_least", "at_most"].map(|key| {
        if part.has(key) { part.number(key, findings).map(|number| number.value.as_decimal()) } else { None }
    });
    let measure = read_measure(&mut part, vocabulary, findings);
    if let (Some(named), Some(subject), Some(count)) =
        (&named, subject, measure.as_ref().and_then(Measure::of_sweep))
        && subject != count.subject()
    {
        let (count, wanted) = (count.as_str(), count.subject().name());
        findings.add(
            &named.place,
            "sweep_subject",
            say(
                format!("排查的 {count} 数的是 {wanted}：subject 应写 {wanted}"),
                format!("what a sweep counts as {count} are subjects of the kind {wanted}: write that"),
            ),
        );
    }
    let by = part.optional_day("by", findings);
    if let Some(by) = &by
        && (at_least.is_none() || measure.as_ref().is_some_and(|measure| !measure.is_share()))
    {
        findings.add(
            &by.place,
            "by",
            say(
                "by 是比例应达到 at_least 的那一天：须有分母和 at_least",
                "by is the day on which a share is at_least so much: it needs a denominator and at_least",
            ),
        );
    }
    let unit = if part.has("unit") {
        part.text("unit", findings).and_then(|unit| Unit::parse_reckoned(&unit, findings))
    } else {
        measure.as_ref().map(|measure| if measure.is_share() { Unit::Share } else { Unit::Count })
    };
    part.finish(findings);
    Some(Indicator {
        id: id?,
        name: name?,
        subject: subject?,
        level,
        measure: measure?,
        unit: unit?,
        at_least,
        at_most,
        by: by.map(|by| by.value),
    })
}

fn read_measure(
    part: &mut Section<'_, '_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Measure> {
    let source = part.source();
    if ["value", "numerator", "sweep"].iter().filter(|key| part.has(key)).count() != 1 {
        findings.add(
            &part.place(),
            "no_measure",
            say(
                "numerator（可加 denominator）、value、sweep 三者写一个",
                "it has one of these: a numerator, with or without a denominator; a value; or sweep",
            ),
        );
        return None;
    }
    if part.has("sweep") {
        return read_sweep(part, vocabulary, findings);
    }
    let expression = |part: &mut Section<'_, '_>, key, wanted, findings: &mut Findings| {
        let (text, content) = part.passage(key, findings)?;
        condition::read_as(wanted, text, content, source, vocabulary, findings)
    };
    if part.has("value") {
        let value = expression(part, "value", Wanted::Number(None), findings);
        let of = if part.has("denominator") {
            let of = expression(part, "denominator", Wanted::Count, findings);
            let who = texts(part, "who", vocabulary, findings);
            Some((of?, who?))
        } else {
            None
        };
        return Some(Measure::Middle { value: value?, of });
    }
    let numerator = expression(part, "numerator", Wanted::Count, findings);
    if !part.has("denominator") {
        return Some(Measure::Sum { numerator: numerator? });
    }
    let denominator = expression(part, "denominator", Wanted::Count, findings);
    let who = texts(part, "who", vocabulary, findings);
    Some(Measure::Share { numerator: numerator?, denominator: denominator?, who: who? })
}

fn read_sweep(
    part: &mut Section<'_, '_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Measure> {
    let named = part.text("sweep", findings)?;
    let Some(count) = SweepCount::ALL.into_iter().find(|count| count.as_str() == named.value) else {
        let (name, known) = (&named.value, SweepCount::ALL.map(SweepCount::as_str).join(", "));
        findings.add(
            &named.place,
            "unknown_name",
            say(
                format!("排查不数 {name}；它数的是：{known}"),
                format!("a sweep does not count \"{name}\"; what it counts is: {known}"),
            ),
        );
        return None;
    };
    let who = if count.is_share() { Some(texts(part, "who", vocabulary, findings)?) } else { None };
    Some(Measure::Sweep { count, who })
}

fn texts(
    part: &mut Section<'_, '_>,
    key: &'static str,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Texts> {
    let texts = part.texts(key, findings)?;
    texts.value.check(key, &vocabulary.manifest.languages, &texts.place, findings);
    Some(texts.value)
}

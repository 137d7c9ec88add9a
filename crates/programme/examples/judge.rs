//! How long judging takes, with the packs of this repository and made-up households: `judge --households 1000000`.
//!
//! 1. Every rule of both large packs about households and people, after the line of income has moved, on two threads: what
//!    is timed is judging alone, not making the households up. Whose flags changed is counted.
//! 2. One new fact, a visit and a sheet of income: the household's rules and indicators that look at it, on one thread.
//!
//! Beside each stands a bare yardstick of the same run: the income rule alone, written by hand over the same sheets.

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Span;
use jiff::civil::date;
use programme::answer::{Record, Value};
use programme::calendar::midnight_before;
use programme::code::Day;
use programme::condition::{Condition, Needs};
use programme::form::Subject;
use programme::indicator::{Board, Contributions, Indicator, contribute, needs};
use programme::judge::{Judgement, Situation, View};
use programme::rule::Rule;
use programme::{Content, Files, Number, Programme, read};

const THREADS: usize = 2;
/// Households that are made up at a time; more would only take room.
const CHUNK: u64 = 20_000;
const TODAY: Day = date(2020, 6, 15);
const AREA: &str = "520326001";

struct Household {
    own: Vec<Record>,
    people: Vec<Vec<Record>>,
}

/// The rules of a pack about one kind of subject, with what they need together.
struct Rules<'p> {
    rules: Vec<&'p Rule>,
    needs: Needs,
}

impl<'p> Rules<'p> {
    /// Those about a subject that may change with what is new.
    fn new(programme: &'p Programme, subject: Subject, may_change: impl Fn(&Condition) -> bool) -> Self {
        let about = programme.rules.iter().filter(|rule| rule.subject == subject);
        let rules: Vec<&Rule> = about.filter(|rule| may_change(&rule.condition)).collect();
        let needs = Needs::of(rules.iter().map(|rule| &rule.condition));
        Self { rules, needs }
    }

    /// Which of the rules flag, a bit for each.
    fn flags(&self, situation: &Situation<'_>, parameters: &BTreeMap<&str, Number>) -> u64 {
        let view = View::new(&self.needs, situation, parameters, TODAY);
        let flag = |(bit, rule): (usize, &&Rule)| {
            u64::from(matches!(view.judge(&rule.condition), Judgement::Flags(_))) << bit
        };
        self.rules.iter().enumerate().map(flag).sum()
    }
}

/// All that is judged of a household and its people.
struct Judges<'p> {
    household: Vec<(Rules<'p>, BTreeMap<&'p str, Number>)>,
    person: Vec<(Rules<'p>, BTreeMap<&'p str, Number>)>,
}

impl<'p> Judges<'p> {
    fn new(programmes: &'p [Programme], line: f64, may_change: impl Fn(&Condition) -> bool) -> Self {
        let of = |subject| {
            programmes
                .iter()
                .map(|programme| {
                    let mut parameters = programme.parameters.on(AREA, TODAY);
                    if let Some(value) = parameters.get_mut("range_line") {
                        *value = Number::Decimal(line);
                    }
                    (Rules::new(programme, subject, &may_change), parameters)
                })
                .collect()
        };
        Self { household: of(Subject::Household), person: of(Subject::Person) }
    }

    fn flags(&self, household: &Household) -> Vec<u64> {
        let situation = situation(household);
        let own = self.household.iter().map(|(rules, parameters)| rules.flags(&situation, parameters));
        let people = household.people.iter().flat_map(|person| {
            let situation = Situation { own: person.iter().collect(), ..Situation::default() };
            self.person.iter().map(move |(rules, parameters)| rules.flags(&situation, parameters))
        });
        own.chain(people).collect()
    }
}

fn situation(household: &Household) -> Situation<'_> {
    Situation {
        own: household.own.iter().collect(),
        people: household.people.iter().map(|person| person.iter().collect()).collect(),
        case: None,
    }
}

/// The same number for the same household and question, spread evenly.
fn mix(household: u64, question: u64, below: u64) -> u64 {
    let mut state =
        household.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ question.wrapping_mul(0xD1B5_4A32_D192_ED03);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (state ^ (state >> 31)) % below
}

fn record<const N: usize>(form: &str, on: Day, values: [(&str, Value); N]) -> Record {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Record { form: form.to_owned(), on, at: midnight_before(on), values }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn yuan(number: u64) -> Value {
    Value::Decimal(Number::Whole(i64::try_from(number).unwrap_or(0)).as_decimal())
}

fn before(days: i64) -> Day {
    TODAY.checked_sub(Span::new().days(days)).unwrap_or(TODAY)
}

/// Twelve sheets of income, a file and a visit; one in ten is watched and helped; two or three people, one in thirty of them
/// back from elsewhere with ten days of checks.
fn household(number: u64) -> Household {
    let members = 1 + mix(number, 1, 4);
    let people = (0..members.min(3)).map(|person| self::person(number, person)).collect();
    let whole = |number: u64| Value::Whole(i64::try_from(number).unwrap_or(0));
    let mut own = vec![record(
        "household_file",
        before(200),
        [
            ("status", text(["out_of_poverty", "ordinary"][usize::from(mix(number, 2, 3) > 0)])),
            ("members", whole(members)),
            ("able_workers", whole(mix(number, 3, members + 1))),
            ("disabled", whole(0)),
            ("uninsured", whole(mix(number, 4, 40) / 39)),
            ("house_grade", text("a")),
            ("water_ok", text("yes")),
            ("subsistence", text("no")),
        ],
    )];
    for month in 0..12 {
        let on = before(30 * (12 - i64::try_from(month).unwrap_or(0)) + 5);
        own.push(record(
            "income",
            on,
            [
                ("month", Value::Day(on)),
                ("wage", yuan(mix(number, 10 + month, 2_500))),
                ("wage_living", yuan(0)),
                ("business", yuan(mix(number, 30 + month, 1_200))),
                ("business_cost", yuan(mix(number, 50 + month, 400))),
                ("property", yuan(0)),
                ("transfer", yuan(mix(number, 70 + month, 300))),
                ("transfer_paid", yuan(20)),
                ("not_counted", yuan(0)),
                ("payout", yuan(0)),
                ("self_paid", yuan(mix(number, 90 + month, 200))),
            ],
        ));
    }
    own.push(record("outlook", before(10), [("expected", yuan(4_000)), ("expected_cost", yuan(800))]));
    own.push(visit(before(i64::try_from(mix(number, 5, 120)).unwrap_or(0))));
    if mix(number, 6, 10) == 0 {
        own.push(record(
            "recognition",
            before(60),
            [
                ("decided", text("unstable")),
                ("risks", Value::Several(vec!["illness".into()])),
                ("level", text("middle")),
                ("net_per_head", yuan(4_500)),
            ],
        ));
        own.push(record(
            "measure",
            before(55),
            [
                ("risk", text("illness")),
                ("kind", text("health")),
                ("starts_on", Value::Day(before(50))),
                ("ends_on", Value::Day(before(-300))),
            ],
        ));
    }
    Household { own, people }
}

fn visit(on: Day) -> Record {
    record(
        "revisit",
        on,
        [
            ("seen", Value::Several(vec!["people".into()])),
            ("lives_here", text("yes")),
            ("new_risk", text("no")),
            ("plan_changed", text("kept")),
        ],
    )
}

fn person(household: u64, person: u64) -> Vec<Record> {
    let number = household * 4 + person;
    let mut own = vec![
        record(
            "member",
            before(200),
            [
                ("age_group", text("from_16_to_59")),
                ("labour", text("normal")),
                ("schooling", text("finished")),
            ],
        ),
        record(
            "work",
            before(40),
            [
                ("kind", text("outside")),
                ("at_work", text(["yes", "no"][usize::from(mix(number, 1, 20) == 0)])),
                ("started_on", Value::Day(before(300))),
                ("wage_month", yuan(2_000)),
                ("by_help", text("no")),
                ("place_closed", text("no")),
            ],
        ),
    ];
    if mix(number, 2, 30) == 0 {
        own.push(record(
            "returnee",
            before(10),
            [
                ("arrived_on", Value::Day(before(10))),
                ("temp_c", Value::Decimal(36.5)),
                ("symptom", Value::Several(vec!["none".into()])),
            ],
        ));
        for check in 0..20 {
            own.push(record(
                "twice_daily",
                before(check / 2),
                [("temp_c", Value::Decimal(36.6)), ("symptom", Value::Several(vec!["none".into()]))],
            ));
        }
    }
    own
}

/// The income rule alone, by hand: what no language of rules could be faster than.
fn by_hand(household: &Household, line: f64) -> bool {
    let (from, until) = (date(2019, 6, 1), date(2020, 6, 1));
    let number = |record: &Record, name: &str| match record.values.get(name) {
        Some(Value::Decimal(number)) => *number,
        _ => 0.0,
    };
    let sheets = household.own.iter().filter(|record| {
        record.form == "income"
            && matches!(record.values.get("month"), Some(Value::Day(month)) if *month >= from && *month < until)
    });
    let net: f64 = sheets
        .map(|sheet| {
            number(sheet, "wage") - number(sheet, "wage_living") + number(sheet, "business")
                - number(sheet, "business_cost")
                + number(sheet, "property")
                + number(sheet, "transfer")
        })
        .sum();
    let members = household.own.iter().find_map(|record| match record.values.get("members") {
        Some(Value::Whole(members)) => Some(Number::Whole(*members).as_decimal()),
        _ => None,
    });
    members.is_some_and(|members| net / members < line)
}

/// Works through all on two threads; the longest of them.
fn on_threads(households: &[Household], work: impl Fn(&Household) + Sync) -> Duration {
    let share = households.len().div_ceil(THREADS).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = households
            .chunks(share)
            .map(|part| {
                scope.spawn(|| {
                    let began = Instant::now();
                    part.iter().for_each(&work);
                    began.elapsed()
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or_default()
    })
}

fn pack(name: &str) -> Result<Programme, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes").join(name);
    let (mut files, mut folders) = (Files::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(&root)?.to_string_lossy().into_owned();
                files.insert(inside, Content::Bytes(std::fs::read(&path)?));
            }
        }
    }
    read(&files).map_err(|findings| format!("{name}: {} mistakes", findings.len()).into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let total: u64 = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => 1_000_000,
        ["--households", number] => number.parse()?,
        _ => return Err("judge --households N".into()),
    };
    let programmes = [pack("epidemic")?, pack("livelihood")?];
    every_household(&programmes, total);
    one_fact(&programmes[1], total.min(10_000));
    Ok(())
}

fn every_household(programmes: &[Programme], total: u64) {
    let every = |_: &Condition| true;
    let named = |condition: &Condition| condition.parameters.contains("range_line");
    let [old, new] = [5_000.0, 6_000.0].map(|line| Judges::new(programmes, line, every));
    let [old_line, new_line] = [5_000.0, 6_000.0].map(|line| Judges::new(programmes, line, named));
    let rules = |judges: &[(Rules<'_>, BTreeMap<&str, Number>)]| -> usize {
        judges.iter().map(|(rules, _)| rules.rules.len()).sum()
    };
    println!(
        "{total} households; {} rules about a household, {} about each person; {THREADS} threads",
        rules(&old.household),
        rules(&old.person)
    );
    let (mut judged, mut moved, mut bare) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let (mut people, mut changed, mut changed_by_line) = (0, 0, 0);
    for first in (0..total).step_by(usize::try_from(CHUNK).unwrap_or(1)) {
        let chunk: Vec<Household> = (first..total.min(first + CHUNK)).map(household).collect();
        people += chunk.iter().map(|household| household.people.len()).sum::<usize>();
        judged += on_threads(&chunk, |household| {
            black_box(new.flags(household));
        });
        moved += on_threads(&chunk, |household| {
            black_box(new_line.flags(household));
        });
        bare += on_threads(&chunk, |household| {
            black_box(by_hand(household, 6_000.0));
        });
        // Whose flags changed is the list that a changed line is judged by; one in a hundred is enough to see it work.
        let looked_at = || chunk.iter().step_by(100);
        changed += looked_at().filter(|one| old.flags(one) != new.flags(one)).count();
        changed_by_line += looked_at().filter(|one| old_line.flags(one) != new_line.flags(one)).count();
    }
    println!("{people} people among them");
    println!(
        "all rules, judged anew after the line moved: {:.2} s (bar: 60 s for 1,000,000)",
        judged.as_secs_f64()
    );
    println!(
        "only the {} rules that depend on the line: {:.2} s",
        rules(&new_line.household),
        moved.as_secs_f64()
    );
    println!("bare, the income rule by hand: {:.2} s", bare.as_secs_f64());
    println!(
        "of one household in a hundred, flags changed: {changed}, by those that depend on it: {changed_by_line}"
    );
}

fn one_fact(livelihood: &Programme, total: u64) {
    let sheet = household(0).own.into_iter().find(|record| record.form == "income");
    for new in [Some(visit(TODAY)), sheet].into_iter().flatten() {
        one_fact_of(livelihood, total, &new);
    }
}

/// One new answer to a form: only what looks at that form is judged and counted anew.
fn one_fact_of(livelihood: &Programme, total: u64, new: &Record) {
    let rules = Rules::new(livelihood, Subject::Household, |condition| condition.looks_at(&new.form));
    let indicators: Vec<Indicator> =
        livelihood.indicators.iter().filter(|indicator| indicator.looks_at(&new.form)).cloned().collect();
    let counted = needs(&indicators, Subject::Household);
    let parameters = livelihood.parameters.on(AREA, TODAY);
    let contributions = |household: &Household| -> Contributions {
        let situation = situation(household);
        let view = View::new(&counted, &situation, &parameters, TODAY);
        contribute(&indicators, Subject::Household, &view)
    };
    let mut board = Board::default();
    let (mut judging, mut counting, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..total {
        let mut household = household(number);
        let old = contributions(&household);
        board.change(TODAY, AREA, &Contributions::new(), &old);
        household.own.push(new.clone());
        let began = Instant::now();
        black_box(rules.flags(&situation(&household), &parameters));
        judging.push(began.elapsed());
        let began = Instant::now();
        let after = contributions(&household);
        board.change(TODAY, AREA, &old, &after);
        counting.push(began.elapsed());
        let began = Instant::now();
        black_box(by_hand(&household, 5_000.0));
        bare.push(began.elapsed());
    }
    println!("one new answer to {}, {total} times:", new.form);
    for (name, mut all) in [
        (format!("the {} rules that look at it (bar: 200 us)", rules.rules.len()), judging),
        (format!("its {} indicators, old away and new added", indicators.len()), counting),
        ("bare, the income rule by hand".to_owned(), bare),
    ] {
        all.sort();
        let at =
            |share: usize| all.get(all.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1e6;
        println!("  {name}: median {:.1} us, 99 in 100 under {:.1} us", at(50), at(99));
    }
}

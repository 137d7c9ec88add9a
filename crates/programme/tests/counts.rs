//! What classes and indicators promise, held by records of any kind in any order.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::date;
use programme::answer::{Record, Value};
use programme::calendar::midnight_before;
use programme::classes::over_time;
use programme::code::Day;
use programme::condition::Needs;
use programme::form::Subject;
use programme::indicator::{self, Board, Contributions, Indicator, Side, Tally, behind};
use programme::judge::{Situation, View, judge};
use programme::{Programme, read};
use proptest::prelude::*;

static LIVELIHOOD: LazyLock<Programme> = LazyLock::new(|| read(&common::pack("livelihood")).unwrap());
static NEEDS: LazyLock<Needs> =
    LazyLock::new(|| indicator::needs(&LIVELIHOOD.indicators, Subject::Household));

fn day(after: i64) -> Day {
    date(2020, 3, 1).checked_add(jiff::Span::new().days(after)).unwrap()
}

fn record(form: &str, after: i64, values: &[(&str, Value)]) -> Record {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let on = day(after);
    Record { form: form.to_owned(), on, at: midnight_before(on), values }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// One of the facts that make a household's class and figures, on some day; now and then with an answer missing.
fn any_record() -> impl Strategy<Value = Record> {
    let status = prop::sample::select(vec!["not_out", "out_of_poverty", "ordinary"]);
    let decided = prop::sample::select(vec!["unstable", "edge", "sudden", "none"]);
    let after = 0_i64..300;
    prop_oneof![
        (after.clone(), status, 1_i64..6).prop_map(|(after, status, members)| record(
            "household_file",
            after,
            &[
                ("status", text(status)),
                ("members", Value::Whole(members)),
                ("able_workers", Value::Whole(1))
            ],
        )),
        (after.clone(), decided).prop_map(|(after, decided)| record(
            "recognition",
            after,
            &[
                ("decided", text(decided)),
                ("risks", Value::Several(vec!["illness".into()])),
                ("level", text("high"))
            ],
        )),
        after.clone().prop_map(|after| record("clearance", after, &[("kind", text("helped"))])),
        after.clone().prop_map(|after| record("exit", after, &[("approved", text("yes"))])),
        after.clone().prop_map(|after| record("revisit", after, &[])),
        (after.clone(), 0_u32..100_000).prop_map(|(after, cents)| {
            let amount = Value::Decimal(f64::from(cents) / 7.0);
            let zero = Value::Decimal(0.0);
            record(
                "income",
                after,
                &[
                    ("month", Value::Day(day(after - 60))),
                    ("wage", amount.clone()),
                    ("wage_living", zero.clone()),
                    ("business", amount),
                    ("business_cost", zero.clone()),
                    ("property", zero.clone()),
                    ("transfer", zero.clone()),
                    ("self_paid", zero.clone()),
                    ("payout", zero),
                ],
            )
        }),
        (after, 0_u32..10_000).prop_map(|(after, kg)| record(
            "produce",
            after,
            &[
                ("unsold_kg", Value::Decimal(f64::from(kg) / 3.0)),
                ("price", Value::Decimal(0.8)),
                ("ready_to", Value::Day(day(after + 5))),
            ],
        )),
    ]
}

fn contributions(records: &[Record], today: Day) -> Contributions {
    let situation = Situation { own: records.iter().collect(), ..Situation::default() };
    let parameters = LIVELIHOOD.parameters.on("520326", today);
    let view = View::new(&NEEDS, &situation, &parameters, today);
    indicator::contribute(&LIVELIHOOD.indicators, Subject::Household, &view)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Exactly one class on every day, whatever was filled in and in whatever order it came; and what came later changes
    /// nothing of the days before.
    #[test]
    fn a_household_is_in_one_class_on_every_day_and_its_past_stays(
        mut records in prop::collection::vec(any_record(), 0..12),
    ) {
        let standing = LIVELIHOOD.classes.iter().find(|classes| classes.code.value == "standing").unwrap();
        let names: Vec<&str> = standing.all.iter().map(|class| class.code.value.as_str()).collect();
        let spans = |records: &[Record], until: Day| {
            let situation = Situation { own: records.iter().collect(), ..Situation::default() };
            over_time(standing, &situation, &LIVELIHOOD.parameters, "520326", (day(0), until))
        };
        let all = spans(&records, day(320));
        prop_assert_eq!(all.first().map(|(from, _)| *from), Some(day(0)));
        prop_assert!(all.iter().all(|(_, class)| names.contains(&class.as_str())));
        let until = day(150);
        let before: Vec<_> = all.into_iter().filter(|(from, _)| *from <= until).collect();
        records.retain(|record| record.on <= until);
        prop_assert_eq!(spans(&records, until), before);
    }

    /// A rule or an indicator that does not look at a form says the same after a new answer to it.
    #[test]
    fn what_does_not_look_at_a_form_does_not_change_with_it(
        mut records in prop::collection::vec(any_record(), 0..8),
        new in any_record(),
    ) {
        let today = day(200);
        let rules: Vec<_> = LIVELIHOOD
            .rules
            .iter()
            .filter(|rule| rule.subject == Subject::Household && !rule.condition.looks_at(&new.form))
            .collect();
        let judged = |records: &[Record]| {
            let situation = Situation { own: records.iter().collect(), ..Situation::default() };
            let parameters = LIVELIHOOD.parameters.on("520326", today);
            rules.iter().map(|rule| judge(&rule.condition, &situation, &parameters, today)).collect::<Vec<_>>()
        };
        let indicators = LIVELIHOOD.indicators.iter().filter(|indicator| !indicator.looks_at(&new.form));
        let counted = |records: &[Record]| {
            let all = contributions(records, today);
            indicators.clone().map(|indicator| all.get(&indicator.id.value).copied()).collect::<Vec<_>>()
        };
        let before = (judged(&records), counted(&records));
        prop_assert!(!rules.is_empty());
        records.push(new.clone());
        prop_assert_eq!((judged(&records), counted(&records)), before);
    }

    /// The board that follows every change is the board that is counted anew, to the last thousandth.
    #[test]
    fn incremental_is_recount(
        changes in prop::collection::vec((0_usize..5, any_record(), any::<bool>()), 1..40),
    ) {
        let areas = ["520326001", "520326002"];
        let today = day(200);
        let mut board = Board::default();
        let mut households: BTreeMap<usize, (usize, Vec<Record>)> = BTreeMap::new();
        for (household, record, moves) in changes {
            let (area, records) = households.entry(household).or_default();
            let (was, old) = (*area, contributions(records, today));
            // Somebody who was never counted adds nothing.
            let old = if records.is_empty() { Contributions::new() } else { old };
            records.push(record);
            *area = (*area + usize::from(moves)) % areas.len();
            let new = contributions(records, today);
            board.change(today, areas[was], &old, &Contributions::new());
            board.change(today, areas[*area], &Contributions::new(), &new);
        }
        let mut recount = Board::default();
        for (area, records) in households.values() {
            recount.change(today, areas[*area], &Contributions::new(), &contributions(records, today));
        }
        prop_assert_eq!(&board, &recount);
        // An area is the sum of those within it, and whoever is behind a figure can be named.
        let counted: Vec<(usize, Contributions)> =
            households.iter().map(|(id, (_, records))| (*id, contributions(records, today))).collect();
        for indicator in &LIVELIHOOD.indicators {
            let id = &indicator.id.value;
            let tally = board.tally(today, "520326", id);
            let listed = counted.iter().map(|(household, own)| (*household, own));
            let unknown = behind(listed, id, Side::Unknown).len();
            prop_assert_eq!(tally.unknown(), i64::try_from(unknown).unwrap());
        }
    }
}

/// What a page shows: a share, the middle, and nothing where nobody is.
#[test]
fn a_figure_is_the_sum_of_its_subjects_and_names_them() {
    let today = day(100);
    let household = |cents: f64, decided: &str| {
        vec![
            record(
                "household_file",
                0,
                &[
                    ("status", text("ordinary")),
                    ("members", Value::Whole(2)),
                    ("able_workers", Value::Whole(1)),
                ],
            ),
            record(
                "recognition",
                90,
                &[("decided", text(decided)), ("risks", Value::Several(Vec::new())), ("level", text("low"))],
            ),
            record(
                "income",
                30,
                &[
                    "wage",
                    "wage_living",
                    "business",
                    "business_cost",
                    "property",
                    "transfer",
                    "self_paid",
                    "payout",
                ]
                .iter()
                .map(|name| (*name, Value::Decimal(if *name == "wage" { cents } else { 0.0 })))
                .chain([("month", Value::Day(day(20)))])
                .collect::<Vec<_>>(),
            ),
        ]
    };
    let all: Vec<(u32, Contributions)> = [(1, 4000.0, "edge"), (2, 9000.0, "edge"), (3, 20_000.0, "none")]
        .map(|(id, yuan, decided)| (id, contributions(&household(yuan, decided), today)))
        .into();
    let mut board = Board::default();
    for (_, own) in &all {
        board.change(today, "520326001", &Contributions::new(), own);
    }
    let income = board.tally(today, "52", "L-I09");
    assert_eq!((income.quantile(0.5), income.quantile(0.1)), (Some(4500.0), Some(2000.0)));
    let measures = board.tally(today, "520326001", "L-I04");
    assert_eq!((measures.share(), measures.numerator(), measures.denominator()), (Some(0.0), 0.0, 2.0));
    let listed = || all.iter().map(|(id, own)| (*id, own));
    assert_eq!(behind(listed(), "L-I04", Side::Missed), [1, 2]);
    assert_eq!(behind(listed(), "L-I04", Side::Outside), [3]);
    let nobody = board.tally(today, "44", "L-I04");
    assert_eq!((nobody.share(), nobody.quantile(0.5)), (None, None));
}

#[test]
fn what_is_left_until_a_day_and_how_much_a_day() {
    let goal = LIVELIHOOD.indicators.iter().find(|own| own.by.is_some()).unwrap();
    let tally = |done: i64, of: i64| Tally::of(done * 1_000, of * 1_000, 0, BTreeMap::new());
    let left = |done, of, on: Day| {
        let countdown = goal.countdown(&tally(done, of), on).unwrap();
        (countdown.left, countdown.days, countdown.a_day)
    };
    assert_eq!(left(380, 400, date(2020, 6, 20)), (20.0, 10, Some(2.0)));
    assert_eq!(left(399, 400, date(2020, 6, 28)), (1.0, 2, Some(0.5)));
    assert_eq!(left(400, 400, date(2020, 6, 28)), (0.0, 2, Some(0.0)));
    assert_eq!(left(399, 400, date(2020, 6, 30)), (1.0, 0, None), "the day is there");
    assert_eq!(left(399, 400, date(2020, 7, 3)), (1.0, 0, None));
    assert_eq!(goal.countdown(&tally(0, 0), date(2020, 6, 20)), None, "nobody is counted");
    // A third of seven is three: nobody is done in part.
    let third = Indicator { at_least: Some(1.0 / 3.0), ..goal.clone() };
    assert_eq!(third.countdown(&tally(0, 7), date(2020, 6, 20)).unwrap().left, 3.0);
    assert_eq!(third.countdown(&tally(2, 6), date(2020, 6, 20)).unwrap().left, 0.0);
}

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Instant;

use jiff::civil::{Date, Weekday};
use planning::rota::{Person, Rota, Rules, Shift, plan};
use serde_json::json;

use super::report::{self, Output, Uncovered};
use super::table::{Column, Problem, Table, write};
use crate::app::plans::headings;
use crate::app::plans::rota::{AWAY, HOUR, hour};

/// People to the shifts of posts, with rest and fair shares.
///
/// people.csv: person_id; optional skills and limits, words apart by spaces (no_nights; no_exposure keeps
/// someone from exposed posts, and no reason is asked for), away (dates apart by spaces, as 2026-01-31 or
/// 2026-01-31..2026-02-02). posts.csv: post_id; optional number (people at a time, 1), skill, exposed (1 or
/// 0), opens and closes (full hours, as 8 or 08:00; 0 and 24; closes may be up to 48, on the next day),
/// shift_hours (8).
/// Kept always: 11 hours of rest between two days of work; a day of work is at most 12 hours from its first
/// to its last, breaks counted; one day in seven is free.
/// Written: date,post_id,starts,hours,person_id,reason; what nobody holds comes first, with a reason:
/// nobody_able or nobody_free.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Who can be put on shifts
    #[arg(long)]
    people: PathBuf,
    /// What must be held
    #[arg(long)]
    posts: PathBuf,
    /// The first day, as 2026-01-31
    #[arg(long, value_parser = date)]
    from: Date,
    /// How many days
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// Seed of the search: the same input and seed give the same rota
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the plan goes
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    output: Output,
}

fn date(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "不是日期；写成 2026-01-31 / is no date; write 2026-01-31")
}

/// What a post asks of those who hold it.
struct Post {
    skill: String,
    exposed: bool,
}

pub fn run(args: &Args) -> Result<(), Problem> {
    let began = Instant::now();
    let (people_table, post_table) = (Table::read(&args.people)?, Table::read(&args.posts)?);
    let dates: Vec<Date> = args.from.series(jiff::Span::new().days(1)).take(usize::from(args.days)).collect();
    let (posts, shifts) = read_posts(&post_table, &dates)?;
    let people = read_people(&people_table, &posts, &dates)?;
    let rota = plan(&people, &shifts, &Rules { seed: args.seed, ..Rules::default() });

    let (person_id, post_id) = (people_table.column("person_id")?, post_table.column("post_id")?);
    let able = |shift: &Shift| {
        let day = (shift.starts / 24) as usize;
        people.iter().any(|p| p.posts[shift.post] && p.days[day] && (p.nights || !shift.night))
    };
    let row = |index: usize, person: &str, reason: &'static str| {
        let shift = &shifts[index];
        [
            dates[(shift.starts / 24) as usize].to_string().into(),
            post_table.text(shift.post, post_id).to_owned().into(),
            format!("{:02}:00", shift.starts % 24).into(),
            shift.hours.to_string().into(),
            person.to_owned().into(),
            reason.into(),
        ]
    };
    let mut rows = Vec::new();
    for (index, shift) in shifts.iter().enumerate() {
        for _ in rota.held_by[index].len()..shift.need as usize {
            rows.push(row(index, "", if able(shift) { "nobody_free" } else { "nobody_able" }));
        }
    }
    for (index, held) in rota.held_by.iter().enumerate() {
        rows.extend(held.iter().map(|&person| row(index, people_table.text(person, person_id), "")));
    }
    write(&args.out, &["date", "post_id", "starts", "hours", "person_id", "reason"], rows.into_iter())?;

    let mut uncovered = Vec::new();
    name_uncovered(&rota, &shifts, (&post_table, post_id), &able, &mut uncovered);
    let spread = |kind: usize| {
        let shares = || rota.shares.iter().map(|share| share[kind]);
        json!([shares().min().unwrap_or(0), shares().max().unwrap_or(0)])
    };
    let facts = [
        ("people", "人", json!(people.len())),
        ("posts", "岗位", json!(posts.len())),
        ("shifts", "班次", json!(shifts.len())),
        ("hours_least_most", "每人小时数（最少、最多）", spread(0)),
        ("nights_least_most", "每人夜班（最少、最多）", spread(1)),
        ("weekends_least_most", "每人周末班（最少、最多）", spread(2)),
    ];
    report::print(&args.output, ("小时无人", "hours uncovered"), rota.uncovered, &uncovered, &facts, began)
}

fn read_posts(table: &Table, dates: &[Date]) -> Result<(Vec<Post>, Vec<Shift>), Problem> {
    table.column("post_id")?;
    let (skill, exposed) = (table.optional("skill"), table.optional("exposed"));
    let columns = ["number", "opens", "closes", "shift_hours"].map(|title| table.optional(title));
    let mut posts = Vec::new();
    let mut shifts = Vec::new();
    for row in 0..table.len() {
        let number = |index: usize, otherwise: u32| -> Result<u32, Problem> {
            Ok(table.parse_optional(row, columns[index])?.unwrap_or(otherwise))
        };
        let clock = |index: usize, otherwise: u32, usable: std::ops::RangeInclusive<u32>| {
            let Some(column) = columns[index].filter(|column| !table.text(row, *column).is_empty()) else {
                return Ok(otherwise);
            };
            hour(table.text(row, column))
                .filter(|hour| usable.contains(hour))
                .ok_or_else(|| table.at(row, column, HOUR.0, HOUR.1))
        };
        let (need, opens, length) = (number(0, 1)?, clock(1, 0, 0..=23)?, number(3, 8)?);
        let closes = clock(2, 24, opens + 1..=48)?;
        if let Some(column) = columns[3].filter(|_| length == 0) {
            return Err(table.at(row, column, "至少 1", "is 1 at least"));
        }
        let exposed =
            exposed.is_some_and(|column| matches!(headings::word(table.text(row, column)), "1" | "yes"));
        let skill = skill.map_or("", |column| table.text(row, column)).to_owned();
        posts.push(Post { skill, exposed });
        for (day, date) in (0..).zip(dates) {
            let mut starts = opens;
            while starts < closes {
                let hours = length.min(closes - starts);
                shifts.push(shift(row, day, *date, starts, hours, need));
                starts += hours;
            }
        }
    }
    Ok((posts, shifts))
}

/// Night work is a shift of which more than half an hour in two lies between 22 and 6 o'clock.
fn shift(post: usize, day: u32, date: Date, starts: u32, hours: u32, need: u32) -> Shift {
    let dark = (starts..starts + hours).filter(|hour| hour % 24 >= 22 || hour % 24 < 6).count() as u32;
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    Shift { post, starts: day * 24 + starts, hours, need, night: 2 * dark > hours, weekend }
}

fn read_people(table: &Table, posts: &[Post], dates: &[Date]) -> Result<Vec<Person>, Problem> {
    table.column("person_id")?;
    let [skills, limits, away] = ["skills", "limits", "away"].map(|title| table.optional(title));
    let words = |row: usize, column: Option<Column>| -> HashSet<&str> {
        column.map_or("", |column| table.text(row, column)).split_whitespace().map(headings::word).collect()
    };
    (0..table.len())
        .map(|row| {
            let (skills, limits) = (words(row, skills), words(row, limits));
            let holds = posts.iter().map(|post| {
                let able = post.skill.is_empty() || skills.contains(post.skill.as_str());
                able && !(post.exposed && limits.contains("no_exposure"))
            });
            let absent = words(row, away)
                .into_iter()
                .map(|word| period(word).ok_or(word))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| match away {
                    Some(column) => table.at(row, column, AWAY.0, AWAY.1),
                    None => Problem::new("", ""),
                })?;
            let days =
                dates.iter().map(|date| !absent.iter().any(|(first, last)| first <= date && date <= last));
            Ok(Person { posts: holds.collect(), days: days.collect(), nights: !limits.contains("no_nights") })
        })
        .collect()
}

fn period(word: &str) -> Option<(Date, Date)> {
    let (first, last) = word.split_once("..").unwrap_or((word, word));
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn name_uncovered(
    rota: &Rota,
    shifts: &[Shift],
    (posts, post_id): (&Table, Column),
    able: &impl Fn(&Shift) -> bool,
    uncovered: &mut Vec<Uncovered>,
) {
    for post in 0..posts.len() {
        let (mut hours, mut nobody) = (0, true);
        for (shift, held) in shifts.iter().zip(&rota.held_by).filter(|(shift, _)| shift.post == post) {
            hours += (shift.need - held.len() as u32) * shift.hours;
            nobody &= !able(shift);
        }
        if hours == 0 {
            continue;
        }
        let name = posts.text(post, post_id).to_owned();
        let (code, zh, en) = if nobody {
            ("nobody_able", "，没有人能上这个岗", ": nobody can hold this post")
        } else {
            ("nobody_free", "", "")
        };
        uncovered.push(Uncovered {
            code,
            zh: format!("岗位 {name} 有 {hours} 小时无人{zh}"),
            en: format!("post {name}: {hours} hours uncovered{en}"),
            name,
        });
    }
}

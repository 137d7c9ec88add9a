//! A rota as the console drafts it: the lists of `wanjia plan rota`, the plan, and the judgement of any change to it.

use domain::plan::{Open, Slot};
use domain::time::to_day;
use jiff::civil::{Date, Weekday};
use planning::rota::{Clash, Person, Rules, Shift, clash, plan};

use super::sheet::{Column, Sheet, Wrong};
use super::{Broken, Figure, Held, Input, Judged, LABEL_LIMIT, NAME_LIMIT, SLOTS, Solved, headings};

/// Who might hold which shift is looked at pair by pair.
const PAIRS: usize = 2_000_000;
/// Moves of the search for each shift and person who might hold it, within the planner's own.
const EFFORT: usize = 40;

pub struct Rota {
    pub people: Vec<String>,
    pub slots: Vec<Slot>,
    able: Vec<Person>,
    shifts: Vec<Shift>,
    posts: Vec<String>,
    rules: Rules,
}

/// What a post asks of those who hold it.
struct Post {
    skill: String,
    exposed: bool,
}

impl Rota {
    /// # Errors
    /// What is wrong with the lists, by file, row and column.
    pub fn read(input: &Input) -> Result<Self, Wrong> {
        let (people, posts) = (input.sheet("people")?, input.sheet("posts")?);
        let (Some(from), Some(days)) = (input.from, input.days) else {
            return Err(Wrong::setting(
                if input.from.is_none() { "from" } else { "days" },
                "dates",
                "请填写开始日期和天数",
                "a rota needs its first day and how many days",
            ));
        };
        let dates: Vec<Date> = from.series(jiff::Span::new().days(1)).take(usize::from(days)).collect();
        let names = people.names(people.column("person_id")?, NAME_LIMIT)?;
        let post_names = posts.names(posts.column("post_id")?, LABEL_LIMIT)?;
        let (asked, shifts) = read_posts(&posts, &dates)?;
        if shifts.len().saturating_mul(names.len()) > PAIRS {
            return Err(Wrong::new(
                "people",
                "too_large",
                format!("{} 人乘 {} 班太多；请减少天数，或分社区排班", names.len(), shifts.len()),
                format!(
                    "{} people by {} shifts are too many; plan fewer days, or by community",
                    names.len(),
                    shifts.len()
                ),
            ));
        }
        let able = read_people(&people, &asked, &dates)?;
        let slots = shifts
            .iter()
            .map(|shift| Slot {
                label: post_names[shift.post].clone(),
                detail: asked[shift.post].skill.clone(),
                day: dates.get((shift.starts / 24) as usize).map(|date| to_day(*date)),
                starts: Some(shift.starts % 24 * 60),
                minutes: Some(shift.hours * 60),
                need: shift.need,
                ..Slot::default()
            })
            .collect();
        let effort = (EFFORT * shifts.len() * names.len()).clamp(10_000, Rules::default().effort);
        let rules = Rules { effort, ..Rules::default() };
        Ok(Self { people: names, slots, able, shifts, posts: post_names, rules })
    }

    pub fn solve(&self) -> Solved {
        let rota = plan(&self.able, &self.shifts, &self.rules);
        let mut held = vec![Vec::new(); self.people.len()];
        for (shift, people) in (0..).zip(&rota.held_by) {
            for person in people {
                held[*person].push(shift);
            }
        }
        for shifts in &mut held {
            shifts.sort_by_key(|shift| (self.shifts[*shift as usize].starts, *shift));
        }
        Solved { held, bound: rota.uncovered.lower_bound as u64 }
    }

    pub fn judge(&self, held: &Held, solved: &Solved) -> Judged {
        let mut holders = vec![0u32; self.shifts.len()];
        let mut shares = vec![[0u32; 3]; self.people.len()];
        let mut broken = Vec::new();
        for (person, slots) in held.iter().enumerate() {
            for (at, slot) in slots.iter().enumerate() {
                let shift = &self.shifts[*slot as usize];
                holders[*slot as usize] += 1;
                let one = [shift.hours, u32::from(shift.night), u32::from(shift.weekend)];
                shares[person].iter_mut().zip(one).for_each(|(share, more)| *share += more);
                if let Some((code, zh, en)) = self.against(person, shift, &slots[..at]) {
                    broken.push(Broken { holder: Some(person), slot: *slot, code, zh, en });
                }
            }
            if let Some(slot) = self.never_free(slots) {
                broken.push(Broken {
                    holder: Some(person),
                    slot,
                    code: "free_day",
                    zh: "连续七天里没有一天休息",
                    en: "seven days on end without a free one",
                });
            }
        }
        let missing = |shift: usize| {
            u64::from(self.shifts[shift].need.saturating_sub(holders[shift]))
                * u64::from(self.shifts[shift].hours)
        };
        let spread = |kind: usize, code, zh, en| {
            let of = || shares.iter().map(|share| share[kind]);
            let (least, most) = (of().min().unwrap_or(0), of().max().unwrap_or(0));
            Figure { code, zh, en, value: format!("{least}–{most}") }
        };
        Judged {
            objective: (0..self.shifts.len()).map(missing).sum(),
            bound: Some(solved.bound),
            open: self.open(&missing),
            broken,
            figures: vec![
                spread(0, "hours", "每人小时（最少–最多）", "hours a person, least–most"),
                spread(1, "nights", "每人夜班（最少–最多）", "night shifts a person, least–most"),
                spread(2, "weekends", "每人周末班（最少–最多）", "weekend shifts a person, least–most"),
            ],
            ..Judged::default()
        }
    }

    /// Why someone may not hold a shift beside those before it. That she cannot hold it at all is said without a reason.
    fn against(
        &self,
        person: usize,
        shift: &Shift,
        before: &[u32],
    ) -> Option<(&'static str, &'static str, &'static str)> {
        if !self.may_hold(person, shift) {
            return Some(("cannot_hold", "此人不能上这一班", "this person cannot hold this shift"));
        }
        let before: Vec<&Shift> = before.iter().map(|other| &self.shifts[*other as usize]).collect();
        if before.contains(&shift) {
            return Some(("twice", "同一班排了两次", "the same shift twice"));
        }
        Some(match clash(shift, &before, &self.rules)? {
            Clash::Overlap => ("overlap", "两班时间重叠", "two shifts at the same time"),
            Clash::Rest => (
                "rest",
                "两班之间休息不足 11 小时，算作同一天上班又超过 12 小时",
                "less than 11 hours of rest between two shifts, and as one day of work more than 12 hours from first to last",
            ),
            Clash::LongDay => ("long_day", "一天超过 12 小时", "more than 12 hours in a day"),
        })
    }

    fn may_hold(&self, person: usize, shift: &Shift) -> bool {
        let who = &self.able[person];
        let (first, last) = (day_of(shift.starts), day_of(shift.starts + shift.hours - 1));
        let there = (first..=last).all(|day| who.days.get(day).copied().unwrap_or(day > first));
        who.posts[shift.post] && there && (who.nights || !shift.night) && shift.hours <= self.rules.most_a_day
    }

    /// The shift by which someone has no free day in seven.
    fn never_free(&self, slots: &[u32]) -> Option<u32> {
        let span = self.rules.free_day_in;
        let days = self.shifts.iter().map(|shift| day_of(shift.starts + shift.hours - 1) + 1).max()?;
        if span == 0 || days < span {
            return None;
        }
        let mut busy = vec![false; days];
        for slot in slots {
            let shift = &self.shifts[*slot as usize];
            busy[day_of(shift.starts)..=day_of(shift.starts + shift.hours - 1)].fill(true);
        }
        let window = busy.windows(span).position(|window| window.iter().all(|day| *day))?;
        slots.iter().copied().find(|slot| day_of(self.shifts[*slot as usize].starts) >= window)
    }

    fn open(&self, missing: &impl Fn(usize) -> u64) -> Vec<Open> {
        let mut open = Vec::new();
        for (post, name) in self.posts.iter().enumerate() {
            let own = || (0..self.shifts.len()).filter(|shift| self.shifts[*shift].post == post);
            let hours: u64 = own().map(missing).sum();
            if hours == 0 {
                continue;
            }
            let able = own().any(|shift| {
                missing(shift) > 0
                    && (0..self.people.len()).any(|person| self.may_hold(person, &self.shifts[shift]))
            });
            let (code, zh, en) = if able {
                ("nobody_free", "", "")
            } else {
                ("nobody_able", "，没有人能上这个岗", ": nobody can hold this post")
            };
            open.push(Open {
                code: code.into(),
                zh: format!("岗位 {name} 有 {hours} 小时无人{zh}"),
                en: format!("post {name}: {hours} hours uncovered{en}"),
            });
        }
        open
    }
}

fn day_of(hour: u32) -> usize {
    (hour / 24) as usize
}

/// An hour of the day as people write it: 8, 8:00 or 08:00.
#[must_use]
pub fn hour(word: &str) -> Option<u32> {
    word.strip_suffix(":00").or_else(|| word.strip_suffix("：00")).unwrap_or(word).parse().ok()
}

/// How an hour and a number of hours are written, for whoever wrote them otherwise.
pub const HOUR: (&str, &str) = (
    "不是可用的整点；开始写 0 到 23，结束写到 48（次日），晚于开始，如 8 或 08:00",
    "is no usable full hour; write 0 to 23 to begin, up to 48 (the next day) to close, later than it opens, as 8 or 08:00",
);

/// How dates away are written.
pub const AWAY: (&str, &str) = (
    "不是日期；写成 2026-01-31 或 2026-01-31..2026-02-02，几个之间空一格",
    "is no date; write 2026-01-31 or 2026-01-31..2026-02-02, several apart by a space",
);

fn read_posts(sheet: &Sheet, dates: &[Date]) -> Result<(Vec<Post>, Vec<Shift>), Wrong> {
    let [skill, exposed] = ["skill", "exposed"].map(|title| sheet.optional(title));
    let columns = ["number", "opens", "closes", "shift_hours"].map(|title| sheet.optional(title));
    let (mut posts, mut shifts) = (Vec::new(), Vec::new());
    for row in 0..sheet.rows() {
        let number = |index: usize, otherwise: u32, limit: u32| {
            sheet.number(row, columns[index], limit).map(|found| found.unwrap_or(otherwise))
        };
        let clock = |index: usize, otherwise: u32, usable: std::ops::RangeInclusive<u32>| {
            let Some(column) = columns[index].filter(|column| !sheet.text(row, *column).is_empty()) else {
                return Ok(otherwise);
            };
            hour(sheet.text(row, column))
                .filter(|hour| usable.contains(hour))
                .ok_or_else(|| sheet.at(row, column, "out_of_range", HOUR.0, HOUR.1))
        };
        let (need, opens, length) = (number(0, 1, 500)?, clock(1, 0, 0..=23)?, number(3, 8, 48)?);
        let closes = clock(2, 24, opens + 1..=48)?;
        if let Some(column) = columns[3].filter(|_| length == 0) {
            return Err(sheet.at(row, column, "out_of_range", "至少 1", "is 1 at least"));
        }
        let exposed = matches!(headings::word(sheet.text_of(row, exposed)), "1" | "yes");
        posts.push(Post { skill: sheet.text_of(row, skill).to_owned(), exposed });
        for (day, date) in (0..).zip(dates) {
            let mut starts = opens;
            while starts < closes {
                let hours = length.min(closes - starts);
                shifts.push(shift(row, day, *date, starts, hours, need));
                starts += hours;
            }
        }
        if shifts.len() > SLOTS {
            return Err(Wrong::new(
                "posts",
                "too_large",
                format!("班次超过 {SLOTS} 个；请减少天数，或分社区排班"),
                format!("more than {SLOTS} shifts; plan fewer days, or by community"),
            ));
        }
    }
    Ok((posts, shifts))
}

/// Night work is a shift of which more than half lies between 22 and 6 o'clock.
fn shift(post: usize, day: u32, date: Date, starts: u32, hours: u32, need: u32) -> Shift {
    let dark = (starts..starts + hours).filter(|hour| hour % 24 >= 22 || hour % 24 < 6).count() as u32;
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    Shift { post, starts: day * 24 + starts, hours, need, night: 2 * dark > hours, weekend }
}

fn read_people(sheet: &Sheet, posts: &[Post], dates: &[Date]) -> Result<Vec<Person>, Wrong> {
    let [skills, limits, away] = ["skills", "limits", "away"].map(|title| sheet.optional(title));
    let words = |row: usize, column: Option<Column>| -> Vec<&str> {
        sheet.text_of(row, column).split_whitespace().map(headings::word).collect()
    };
    (0..sheet.rows())
        .map(|row| {
            let (skills, limits) = (words(row, skills), words(row, limits));
            let holds = posts.iter().map(|post| {
                let able = post.skill.is_empty() || skills.contains(&post.skill.as_str());
                able && !(post.exposed && limits.contains(&"no_exposure"))
            });
            let mut absent = Vec::new();
            for word in words(row, away) {
                match (period(word), away) {
                    (Some(period), _) => absent.push(period),
                    (None, Some(away)) => return Err(sheet.at(row, away, "date", AWAY.0, AWAY.1)),
                    (None, None) => {}
                }
            }
            let days =
                dates.iter().map(|date| !absent.iter().any(|(first, last)| first <= date && date <= last));
            Ok(Person {
                posts: holds.collect(),
                days: days.collect(),
                nights: !limits.contains(&"no_nights"),
            })
        })
        .collect()
}

fn period(word: &str) -> Option<(Date, Date)> {
    let (first, last) = word.split_once("..").unwrap_or((word, word));
    Some((first.parse().ok()?, last.parse().ok()?))
}

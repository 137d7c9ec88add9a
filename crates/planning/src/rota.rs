//! Rota: shifts that must be held, people who can hold them, rest, and fairness.
//!
//! Hours left uncovered come first, then an even share of hours, nights and weekends. The search is
//! simulated annealing over rotas that keep every rule; the bound is a maximum flow of hours from people
//! through their days to the shifts they may hold, which forgets rest between days and so is never too high.

use crate::Certificate;
use crate::hours::Hours;
use crate::random::Random;

/// Someone who can be put on shifts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Per post: whether she has the skill for it and no limit against it.
    pub posts: Vec<bool>,
    /// Per day: whether she is there.
    pub days: Vec<bool>,
    /// Whether she works nights.
    pub nights: bool,
}

/// A shift of one post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Index of the post.
    pub post: usize,
    /// Hours from the beginning of the first day.
    pub starts: u32,
    /// How long it lasts.
    pub hours: u32,
    /// How many people hold it together.
    pub need: u32,
    /// Whether it is night work.
    pub night: bool,
    /// Whether it falls on a weekend.
    pub weekend: bool,
}

impl Shift {
    /// The hour at which it is over, from the beginning of the first day.
    const fn ends(&self) -> u32 {
        self.starts + self.hours
    }
}

/// The rules that every rota keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Hours of rest between two stretches of work: shifts with less between them are one stretch.
    pub rest: u32,
    /// Hours of a stretch of work from its first to its last, breaks counted; and of shifts that begin on one day.
    pub most_a_day: u32,
    /// In so many days on end one is free of any shift; 0 for never.
    pub free_day_in: usize,
    /// Moves of the search.
    pub effort: usize,
    /// Seed of the search.
    pub seed: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { rest: 11, most_a_day: 12, free_day_in: 7, effort: 400_000, seed: 1 }
    }
}

/// Why one person cannot hold a shift beside her others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// She holds another at the same time.
    Overlap,
    /// Too little rest to be another stretch of work, and too long from first to last to be one.
    Rest,
    /// Too many hours begin on one day.
    LongDay,
}

/// What stands against holding `shift` beside `others`.
#[must_use]
pub fn clash(shift: &Shift, others: &[&Shift], rules: &Rules) -> Option<Clash> {
    let (mut from, mut until) = (shift.starts, shift.ends());
    if others.iter().any(|other| other.starts < until && from < other.ends()) {
        return Some(Clash::Overlap);
    }
    let same_day = others.iter().filter(|other| other.starts / 24 == shift.starts / 24);
    if shift.hours + same_day.map(|other| other.hours).sum::<u32>() > rules.most_a_day {
        return Some(Clash::LongDay);
    }
    loop {
        let stretch = (from, until);
        for other in others {
            if other.starts < until + rules.rest && from < other.ends() + rules.rest {
                (from, until) = (from.min(other.starts), until.max(other.ends()));
            }
        }
        if stretch == (from, until) {
            return (until - from > rules.most_a_day).then_some(Clash::Rest);
        }
    }
}

/// Who holds which shift.
#[derive(Debug, Clone, PartialEq)]
pub struct Rota {
    /// People per shift.
    pub held_by: Vec<Vec<usize>>,
    /// Hours that nobody holds, and the least that any rota leaves open.
    pub uncovered: Certificate,
    /// Per person: hours, night shifts, weekend shifts.
    pub shares: Vec<[u32; 3]>,
}

/// An hour uncovered outweighs any unfairness.
const UNCOVERED: f64 = 1000.0;
/// What the square of a night and of a weekend shift weighs against the square of a working day of hours.
const FAIR: [f64; 3] = [1.0 / 64.0, 1.0, 1.0];
const HOT: f64 = 20.0;
const COLD: f64 = 0.05;

/// Plans who holds which shift.
#[must_use]
pub fn plan(people: &[Person], shifts: &[Shift], rules: &Rules) -> Rota {
    let mut search = Search::new(people, shifts, rules);
    search.fill();
    search.anneal();
    search.fill();
    let open: u64 =
        (0..shifts.len()).map(|shift| u64::from(search.missing(shift) * shifts[shift].hours)).sum();
    let wanted: u64 = shifts.iter().map(|shift| u64::from(shift.need * shift.hours)).sum();
    let least = wanted - most_hours(people, shifts, rules).min(wanted);
    let mut held_by = search.held_by;
    held_by.iter_mut().for_each(|held| held.sort_unstable());
    Rota {
        held_by,
        uncovered: Certificate { objective: open as f64, lower_bound: least as f64 },
        shares: search.shares,
    }
}

/// True when `person` may hold `shift` as far as skills, days and the length of a day go.
fn able(person: &Person, shift: &Shift, rules: &Rules) -> bool {
    let (first, last) = days_of(shift);
    let there = (first..=last).all(|day| person.days.get(day).copied().unwrap_or(day > first));
    let post = person.posts.get(shift.post).copied().unwrap_or(false);
    post && there && (person.nights || !shift.night) && shift.hours <= rules.most_a_day && shift.hours > 0
}

/// The days that a shift touches.
fn days_of(shift: &Shift) -> (usize, usize) {
    let end = shift.starts + shift.hours.max(1) - 1;
    ((shift.starts / 24) as usize, (end / 24) as usize)
}

/// No rota covers more hours than this.
fn most_hours(people: &[Person], shifts: &[Shift], rules: &Rules) -> u64 {
    let days = shifts.iter().map(|shift| days_of(shift).0 + 1).max().unwrap_or(0);
    let (source, sink) = (0, 1);
    let person = |index: usize| 2 + index;
    let day = |index: usize, day: usize| 2 + people.len() + index * days + day;
    let shift_node = |index: usize| 2 + people.len() * (1 + days) + index;
    let mut flow = Hours::new(shift_node(shifts.len()));
    // The most that shifts of these lengths fill of a day.
    let mut filled = vec![false; rules.most_a_day as usize + 1];
    filled[0] = true;
    for hours in 1..filled.len() {
        filled[hours] = shifts.iter().any(|shift| {
            shift.hours > 0 && hours.checked_sub(shift.hours as usize).is_some_and(|rest| filled[rest])
        });
    }
    let a_day = filled.iter().rposition(|&filled| filled).unwrap_or(0) as u32;
    let free = days.checked_div(rules.free_day_in).unwrap_or(0);
    for (index, who) in people.iter().enumerate() {
        flow.add(source, person(index), a_day * (days - free) as u32);
        for number in 0..days {
            flow.add(person(index), day(index, number), a_day);
        }
        for (number, shift) in shifts.iter().enumerate().filter(|(_, shift)| able(who, shift, rules)) {
            flow.add(day(index, days_of(shift).0), shift_node(number), shift.hours);
        }
    }
    for (number, shift) in shifts.iter().enumerate() {
        flow.add(shift_node(number), sink, shift.need * shift.hours);
    }
    flow.most(source, sink)
}

struct Search<'a> {
    people: &'a [Person],
    shifts: &'a [Shift],
    rules: &'a Rules,
    /// People able to hold each shift.
    able: Vec<Vec<usize>>,
    held_by: Vec<Vec<usize>>,
    holds: Vec<Vec<usize>>,
    shares: Vec<[u32; 3]>,
    /// The even share of hours, nights and weekends.
    even: [f64; 3],
    days: usize,
    random: Random,
}

impl<'a> Search<'a> {
    fn new(people: &'a [Person], shifts: &'a [Shift], rules: &'a Rules) -> Self {
        let able = shifts
            .iter()
            .map(|shift| (0..people.len()).filter(|&person| able(&people[person], shift, rules)).collect())
            .collect();
        let mut even = [0.0; 3];
        for shift in shifts {
            let one = share(shift);
            (0..3).for_each(|kind| even[kind] += f64::from(one[kind] * shift.need));
        }
        even.iter_mut().for_each(|sum| *sum /= people.len().max(1) as f64);
        Self {
            people,
            shifts,
            rules,
            able,
            held_by: vec![Vec::new(); shifts.len()],
            holds: vec![Vec::new(); people.len()],
            shares: vec![[0; 3]; people.len()],
            even,
            days: shifts.iter().map(|shift| days_of(shift).1 + 1).max().unwrap_or(0),
            random: Random::new(rules.seed),
        }
    }

    fn missing(&self, shift: usize) -> u32 {
        self.shifts[shift].need.saturating_sub(self.held_by[shift].len() as u32)
    }

    /// The shifts of `person` that stand against her holding `shift`; `None` when dropping them would not
    /// be enough.
    fn against(&self, person: usize, shift: usize) -> Option<Vec<usize>> {
        let new = &self.shifts[shift];
        if self.holds[person].contains(&shift) {
            return None;
        }
        let mut drop = Vec::new();
        let mut beside = vec![new];
        // What is farther off is in no stretch with it.
        let reach = self.rules.rest + self.rules.most_a_day;
        for &other in &self.holds[person] {
            let old = &self.shifts[other];
            let apart = old.ends() + reach <= new.starts || new.ends() + reach <= old.starts;
            if apart && old.starts / 24 != new.starts / 24 {
                continue;
            }
            if clash(old, &beside, self.rules).is_some() {
                drop.push(other);
            } else {
                beside.push(old);
            }
        }
        self.has_free_days(person, shift, &drop).then_some(drop)
    }

    fn has_free_days(&self, person: usize, shift: usize, drop: &[usize]) -> bool {
        let span = self.rules.free_day_in;
        if span == 0 || self.days < span {
            return true;
        }
        let mut busy = vec![false; self.days];
        let kept = self.holds[person].iter().filter(|other| !drop.contains(other));
        for &held in kept.chain(std::iter::once(&shift)) {
            let (first, last) = days_of(&self.shifts[held]);
            busy[first..=last].fill(true);
        }
        busy.windows(span).all(|days| days.contains(&false))
    }

    fn put(&mut self, person: usize, shift: usize) {
        self.held_by[shift].push(person);
        self.holds[person].push(shift);
        let one = share(&self.shifts[shift]);
        (0..3).for_each(|kind| self.shares[person][kind] += one[kind]);
    }

    fn take(&mut self, person: usize, shift: usize) {
        self.held_by[shift].retain(|&holder| holder != person);
        self.holds[person].retain(|&held| held != shift);
        let one = share(&self.shifts[shift]);
        (0..3).for_each(|kind| self.shares[person][kind] -= one[kind]);
    }

    /// How far a share is from even, with `more` added and `less` taken off.
    fn unfair(&self, person: usize, more: [u32; 3], less: [u32; 3]) -> f64 {
        (0..3)
            .map(|kind| {
                let has = f64::from(self.shares[person][kind] + more[kind]) - f64::from(less[kind]);
                FAIR[kind] * (has - self.even[kind]).powi(2)
            })
            .sum()
    }

    /// Gives every shift that is short to someone free for it, until there is no such pair.
    fn fill(&mut self) {
        let mut order: Vec<usize> = (0..self.shifts.len()).collect();
        order.sort_by_key(|&shift| (self.able[shift].len(), shift));
        for shift in order {
            while self.missing(shift) > 0 {
                let more = share(&self.shifts[shift]);
                let free = self.able[shift].iter().copied().filter(|&person| {
                    !self.held_by[shift].contains(&person)
                        && self.against(person, shift).is_some_and(|against| against.is_empty())
                });
                let cost =
                    |person: usize| self.unfair(person, more, [0; 3]) - self.unfair(person, [0; 3], [0; 3]);
                let Some(person) = free.min_by(|&a, &b| cost(a).total_cmp(&cost(b))) else { break };
                self.put(person, shift);
            }
        }
    }

    fn anneal(&mut self) {
        let able: Vec<usize> = (0..self.shifts.len()).filter(|&shift| !self.able[shift].is_empty()).collect();
        if able.is_empty() || self.people.len() < 2 {
            return;
        }
        let effort = self.rules.effort.max(1);
        for step in 0..effort {
            let heat = HOT * (COLD / HOT).powf(step as f64 / effort as f64);
            let shift = able[self.random.below(able.len())];
            let person = self.able[shift][self.random.below(self.able[shift].len())];
            if self.held_by[shift].contains(&person) {
                continue;
            }
            let Some(against) = self.against(person, shift) else { continue };
            // A shift that is full is handed over by one of those who hold it.
            let out = if self.missing(shift) == 0 {
                let held = &self.held_by[shift];
                Some(held[self.random.below(held.len())])
            } else {
                None
            };
            let change = self.change(person, shift, &against, out);
            if change <= 0.0 || self.random.unit() < (-change / heat).exp() {
                if let Some(out) = out {
                    self.take(out, shift);
                }
                for other in against {
                    self.take(person, other);
                }
                self.put(person, shift);
            }
        }
    }

    fn change(&self, person: usize, shift: usize, against: &[usize], out: Option<usize>) -> f64 {
        let more = share(&self.shifts[shift]);
        let mut less = [0; 3];
        let mut open = if out.is_none() { -f64::from(self.shifts[shift].hours) } else { 0.0 };
        for &other in against {
            let one = share(&self.shifts[other]);
            (0..3).for_each(|kind| less[kind] += one[kind]);
            open += f64::from(self.shifts[other].hours);
        }
        let hers = self.unfair(person, more, less) - self.unfair(person, [0; 3], [0; 3]);
        let theirs = out.map_or(0.0, |out| self.unfair(out, [0; 3], more) - self.unfair(out, [0; 3], [0; 3]));
        // While it is hot, chains of moves may leave hours open for a while.
        open * UNCOVERED / HOT + hers + theirs
    }
}

/// What a shift adds to someone's share.
fn share(shift: &Shift) -> [u32; 3] {
    [shift.hours, u32::from(shift.night), u32::from(shift.weekend)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_the_clock(posts: usize, days: u32, hours: u32) -> Vec<Shift> {
        (0..posts)
            .flat_map(|post| (0..days * 24 / hours).map(move |number| (post, number * hours)))
            .map(|(post, starts)| Shift {
                post,
                starts,
                hours,
                need: 1,
                night: starts % 24 >= 20 || starts % 24 < 6,
                weekend: starts / 24 % 7 >= 5,
            })
            .collect()
    }

    fn anyone(posts: usize, days: usize) -> Person {
        Person { posts: vec![true; posts], days: vec![true; days], nights: true }
    }

    /// The rules, checked without the planner's own code.
    fn check(people: &[Person], shifts: &[Shift], rota: &Rota) {
        for (index, person) in people.iter().enumerate() {
            let mut mine: Vec<&Shift> = shifts
                .iter()
                .zip(&rota.held_by)
                .filter(|(_, held)| held.contains(&index))
                .map(|(s, _)| s)
                .collect();
            mine.sort_by_key(|shift| shift.starts);
            let mut began = 0;
            for (at, shift) in mine.iter().enumerate() {
                let ended = at.checked_sub(1).map(|before| mine[before].starts + mine[before].hours);
                assert!(ended.is_none_or(|ended| ended <= shift.starts), "two at once");
                if ended.is_none_or(|ended| ended + 11 <= shift.starts) {
                    began = shift.starts;
                }
                assert!(shift.starts + shift.hours <= began + 12, "too little rest");
            }
            let mut busy = [false; 32];
            for shift in &mine {
                assert!(person.posts[shift.post] && (person.nights || !shift.night));
                for hour in shift.starts..shift.starts + shift.hours {
                    busy[hour as usize / 24] = true;
                }
            }
            let days = person.days.len();
            assert!(busy[..days].windows(7).all(|week| week.contains(&false)), "no free day");
        }
        for (shift, held) in shifts.iter().zip(&rota.held_by) {
            assert!(held.len() as u32 <= shift.need);
        }
        assert!(rota.uncovered.lower_bound <= rota.uncovered.objective);
    }

    #[test]
    fn enough_people_leave_nothing_open() {
        let shifts = round_the_clock(2, 14, 8);
        let people: Vec<Person> = (0..12).map(|_| anyone(2, 14)).collect();
        let rules = Rules { effort: 20_000, ..Rules::default() };
        let rota = plan(&people, &shifts, &rules);
        check(&people, &shifts, &rota);
        assert!(rota.uncovered.objective == 0.0);
        let hours = |pick: fn(u32, u32) -> u32| rota.shares.iter().map(|share| share[0]).reduce(pick);
        assert!(hours(u32::max).zip(hours(u32::min)).is_some_and(|(most, least)| most - least <= 16));
        assert_eq!(rota, plan(&people, &shifts, &rules));
    }

    #[test]
    fn too_few_people_leave_the_least_open_that_can_be_proven() {
        let shifts = round_the_clock(1, 7, 12);
        let mut people = vec![anyone(1, 7)];
        people[0].nights = false;
        let rota = plan(&people, &shifts, &Rules { effort: 5_000, ..Rules::default() });
        check(&people, &shifts, &rota);
        // Six day shifts of twelve hours are all that one person without nights can hold in a week.
        assert!((rota.uncovered.objective - (168.0 - 72.0)).abs() < 1e-9);
        assert!(rota.uncovered.is_optimal());
    }

    #[test]
    fn two_short_shifts_with_a_break_are_one_day_of_work() {
        let shifts = round_the_clock(1, 1, 6);
        let held = |rules: &Rules, hours: &[u32]| {
            let shift = |starts: u32| Shift { starts, ..shifts[0] };
            let before: Vec<Shift> = hours[1..].iter().map(|&starts| shift(starts)).collect();
            clash(&shift(hours[0]), &before.iter().collect::<Vec<_>>(), rules)
        };
        let rules = Rules::default();
        assert_eq!(held(&rules, &[14, 8]), None);
        assert_eq!(held(&rules, &[15, 8]), Some(Clash::Rest), "thirteen hours from first to last");
        assert_eq!(held(&rules, &[12, 8]), Some(Clash::Overlap));
        assert_eq!(held(&rules, &[20, 14, 8]), Some(Clash::LongDay));
        assert_eq!(held(&rules, &[25, 14, 8]), Some(Clash::Rest), "five hours after a whole day");
        assert_eq!(held(&rules, &[31, 14, 8]), None, "eleven hours after a whole day");
        // One person covers twelve of a day's twenty-four hours, and no rota covers more.
        let rota = plan(&[anyone(1, 1)], &shifts, &rules);
        check(&[anyone(1, 1)], &shifts, &rota);
        assert!((rota.uncovered.objective - 12.0).abs() < 1e-9 && rota.uncovered.is_optimal());
    }

    #[test]
    fn a_post_that_nobody_can_hold_stays_open_and_the_rest_is_planned() {
        let shifts = round_the_clock(2, 7, 8);
        let mut people: Vec<Person> = (0..6).map(|_| anyone(2, 7)).collect();
        people.iter_mut().for_each(|person| person.posts[1] = false);
        let rota = plan(&people, &shifts, &Rules { effort: 20_000, ..Rules::default() });
        check(&people, &shifts, &rota);
        assert!((rota.uncovered.objective - 168.0).abs() < 1e-9);
        assert!(rota.uncovered.is_optimal());
    }
}

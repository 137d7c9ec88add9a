//! People in cells, and the slots that anyone of a cell may come to want.
//!
//! Where a city has more people than it needs, going out of it costs about as much as staying, whichever way
//! and however far one goes: thousands of slots are worth about the same to each. A search for everyone by
//! herself would go through all of them, so people who live side by side share one: cells halve down to a
//! few people, and each keeps of its parent's slots those that may be the best of someone in it.

use super::slots::Slots;
use super::{MAX_ROLES, Roles};
use crate::parallel;

/// People in a cell at most.
const CELL: usize = 32;
/// Every cell keeps at least about so many slots.
const KEPT: usize = 24;
/// Subtrees of cells that are gone through by one thread each.
const SUBTREES: usize = 256;

/// The people in cells.
pub(super) struct Cells {
    /// People by cell, then in no order of meaning.
    order: Vec<u32>,
    groups: Vec<Group>,
    /// Cell per person.
    of: Vec<u32>,
}

/// The people of a subtree, all of the same roles, as a range of `order`.
#[derive(Clone, Copy)]
struct Group {
    from: usize,
    until: usize,
    roles: Roles,
}

/// What is known of the slots that a cell may want, at the prices at which it was asked.
#[derive(Default, Clone)]
pub(super) struct Wishes {
    /// No one of the cell finds the slot cheaper than this, least first.
    pub slots: Vec<(i32, u32)>,
    /// All other slots are worth at least this much.
    pub beyond: i64,
}

impl Cells {
    pub fn new(slots: &Slots) -> Self {
        let mut order: Vec<u32> = (0..slots.movers.len() as u32).collect();
        order.sort_by_key(|&mover| slots.movers[mover as usize].3);
        let mut groups = Vec::new();
        let mut from = 0;
        let most = slots.movers.len().div_ceil(SUBTREES).max(CELL);
        while from < order.len() {
            let roles = slots.movers[order[from] as usize].3;
            let alike = |&&mover: &&u32| slots.movers[mover as usize].3 == roles;
            let until = from + order[from..].iter().take_while(alike).count();
            halve(slots, &mut order, (from, until), most, &mut |from, until| {
                groups.push(Group { from, until, roles });
            });
            from = until;
        }
        let mut of = vec![0; order.len()];
        let mut cell = 0;
        for &Group { from, until, .. } in &groups {
            halve(slots, &mut order, (from, until), CELL, &mut |_, _| {});
            leaves((from, until), &mut |from, until| {
                order[from..until].iter().for_each(|&mover| of[mover as usize] = cell);
                cell += 1;
            });
        }
        Self { order, groups, of }
    }

    pub fn of(&self, mover: usize) -> usize {
        self.of[mover] as usize
    }

    /// What every cell may want at `prices`, and what is worth up to `margin` more.
    pub fn wishes(&self, slots: &Slots, prices: &[i64], margin: i64, workers: usize) -> Vec<Wishes> {
        let worth: Vec<(f64, f64, f64)> = slots
            .all
            .iter()
            .zip(prices)
            .map(|(slot, &price)| (slot.x as f64, slot.y as f64, price.saturating_add(slot.surcharge) as f64))
            .collect();
        let groups = parallel::map_long(self.groups.len(), workers, |index, scratch: &mut Vec<f64>| {
            let group = self.groups[index];
            let able = (0..MAX_ROLES).filter(|role| group.roles & (1 << role) != 0);
            let all: Vec<u32> =
                able.flat_map(|role| slots.starts[role] as u32..slots.starts[role + 1] as u32).collect();
            let mut found = Vec::new();
            let asking = Asking { cells: self, slots, worth: &worth, margin: margin as f64 };
            asking.ask((group.from, group.until), &all, f64::INFINITY, scratch, &mut found);
            found
        });
        groups.into_iter().flatten().collect()
    }
}

struct Asking<'a> {
    cells: &'a Cells,
    slots: &'a Slots,
    /// Place and price of every slot.
    worth: &'a [(f64, f64, f64)],
    margin: f64,
}

impl Asking<'_> {
    /// Narrows `known`, outside which nothing is worth less than `beyond`, to the people of `range`, and
    /// goes on with each half of them.
    fn ask(
        &self,
        range: (usize, usize),
        known: &[u32],
        beyond: f64,
        scratch: &mut Vec<f64>,
        found: &mut Vec<Wishes>,
    ) {
        let (x, y, radius) = self.circle(range);
        scratch.clear();
        let reach = self.slots.reach as f64 + radius + 1.0;
        let value = |&slot: &u32| {
            let (sx, sy, price) = self.worth[slot as usize];
            let distance = ((sx - x) * (sx - x) + (sy - y) * (sy - y)).sqrt();
            if distance > reach { f64::INFINITY } else { distance + price }
        };
        scratch.extend(known.iter().map(value));
        let mut sorted = scratch.clone();
        let least = sorted.iter().copied().fold(f64::INFINITY, f64::min);
        let enough = if sorted.len() > KEPT {
            *sorted.select_nth_unstable_by(KEPT, f64::total_cmp).1
        } else {
            f64::INFINITY
        };
        // Whoever lives in the circle is within its radius of the middle, so what is worth two radii more
        // there is worth more to all of them; a metre covers rounding.
        let cut = (enough.max(least + self.margin) + 2.0 * radius + 2.0)
            .min(self.slots.unplaced as f64 + radius + 2.0);
        let beyond = beyond.min(cut - radius - 1.0);
        if range.1 - range.0 <= CELL {
            let mut kept: Vec<(i32, u32)> = known
                .iter()
                .zip(scratch.iter())
                .filter(|&(_, &value)| value <= cut)
                .map(|(&slot, &value)| ((value - radius - 1.0).floor() as i32, slot))
                .collect();
            kept.sort_unstable();
            found.push(Wishes { slots: kept, beyond: beyond as i64 });
            return;
        }
        let kept: Vec<u32> = known
            .iter()
            .zip(scratch.iter())
            .filter(|&(_, &value)| value <= cut)
            .map(|(&slot, _)| slot)
            .collect();
        let middle = usize::midpoint(range.0, range.1);
        self.ask((range.0, middle), &kept, beyond, scratch, found);
        self.ask((middle, range.1), &kept, beyond, scratch, found);
    }

    /// A circle round the homes of some people: its middle and radius.
    fn circle(&self, (from, until): (usize, usize)) -> (f64, f64, f64) {
        let mut bounds = [i64::MAX, i64::MIN, i64::MAX, i64::MIN];
        for &mover in &self.cells.order[from..until] {
            let (_, x, y, _) = self.slots.movers[mover as usize];
            bounds = [bounds[0].min(x), bounds[1].max(x), bounds[2].min(y), bounds[3].max(y)];
        }
        let [left, right, low, high] = bounds.map(|bound| bound as f64);
        let radius = ((right - left).powi(2) + (high - low).powi(2)).sqrt() / 2.0;
        (f64::midpoint(left, right), f64::midpoint(low, high), radius)
    }
}

/// Halves a range of people by where they live until no part is larger than `most`, in place.
fn halve(
    slots: &Slots,
    order: &mut [u32],
    (from, until): (usize, usize),
    most: usize,
    each: &mut impl FnMut(usize, usize),
) {
    if until - from <= most {
        each(from, until);
        return;
    }
    let part = &mut order[from..until];
    let home = |mover: u32| {
        let (_, x, y, _) = slots.movers[mover as usize];
        (x, y)
    };
    let span = |pick: fn((i64, i64)) -> i64| {
        let all = || part.iter().map(|&mover| pick(home(mover)));
        all().max().unwrap_or(0) - all().min().unwrap_or(0)
    };
    let wide = span(|at| at.0) >= span(|at| at.1);
    let middle = usize::midpoint(from, until);
    part.select_nth_unstable_by_key(middle - from, |&mover| {
        let (x, y) = home(mover);
        (if wide { x } else { y }, mover)
    });
    halve(slots, order, (from, middle), most, each);
    halve(slots, order, (middle, until), most, each);
}

/// The cells of a range, in order.
fn leaves((from, until): (usize, usize), each: &mut impl FnMut(usize, usize)) {
    if until - from <= CELL {
        each(from, until);
        return;
    }
    let middle = usize::midpoint(from, until);
    leaves((from, middle), each);
    leaves((middle, until), each);
}

use super::{Deployment, Limits, MAX_ROLES, Need, Person, Place, Posting, Roles, Shortage, Unplaced};
use crate::Certificate;
pub(super) use crate::exact::NOWHERE;
use crate::exact::Transport;
use crate::space::{PricedTree, distance_m};

/// Slots of one place, one role and one rank of urgency: alike, so they share a price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub place: usize,
    pub role: usize,
    pub x: i64,
    pub y: i64,
    pub capacity: u32,
    /// Added to the distance: 0 below the minimum, large above it.
    pub surcharge: i64,
}

/// The problem as the solvers see it. Slots are ordered by role.
pub(super) struct Slots {
    pub all: Vec<Slot>,
    /// `all[starts[r]..starts[r + 1]]` are the slots of role `r`.
    pub starts: Vec<usize>,
    /// Per person with a home and a role asked for somewhere: index, x, y, roles.
    pub movers: Vec<(usize, i64, i64, Roles)>,
    pub reach: i64,
    /// What leaving one person unplaced costs.
    pub unplaced: i64,
}

impl Slots {
    pub fn new(people: &[Person], places: &[Place], limits: &Limits) -> Self {
        let demanded: Roles = places
            .iter()
            .filter(|place| place.at.is_some())
            .flat_map(|place| &place.needs)
            .filter(|need| need.count > 0 && need.role < MAX_ROLES)
            .fold(0, |roles, need| roles | 1 << need.role);
        let movers: Vec<_> = people
            .iter()
            .enumerate()
            .filter(|(_, person)| person.roles & demanded != 0)
            .filter_map(|(index, person)| person.home.map(|(x, y)| (index, x, y, person.roles & demanded)))
            .collect();
        let span = span_of(&movers, places);
        let surcharge = 4 * span + 1;
        let share = shared_minimum(places, movers.len());
        let mut all = Vec::new();
        let mut starts = vec![0];
        for role in 0..MAX_ROLES {
            for (index, place) in places.iter().enumerate() {
                let Some((x, y)) = place.at else { continue };
                for need in place.needs.iter().filter(|need| need.role == role) {
                    let minimum = share.minimum(need);
                    let slot = Slot { place: index, role, x, y, capacity: minimum, surcharge: 0 };
                    all.push(slot);
                    all.push(Slot { capacity: need.count - minimum, surcharge, ..slot });
                }
            }
            starts.push(all.len());
        }
        let mut kept = Self {
            starts: vec![0],
            all: Vec::with_capacity(all.len()),
            movers,
            reach: limits.max_m.unwrap_or(i64::MAX),
            unplaced: 8 * surcharge,
        };
        for range in starts.windows(2) {
            kept.all.extend(all[range[0]..range[1]].iter().filter(|slot| slot.capacity > 0));
            kept.starts.push(kept.all.len());
        }
        kept
    }

    /// What it costs person `mover` to fill slot `slot`, or `None` when she may not.
    pub fn cost(&self, mover: usize, slot: usize) -> Option<i64> {
        let (_, x, y, roles) = self.movers[mover];
        let slot = &self.all[slot];
        let distance = distance_m(x, y, slot.x, slot.y);
        (roles & (1 << slot.role) != 0 && distance <= self.reach).then_some(distance + slot.surcharge)
    }

    /// The problem for the exact solver.
    pub fn transport(&self) -> Transport<impl Fn(usize, usize) -> Option<i64> + '_> {
        Transport {
            people: self.movers.len(),
            capacities: self.all.iter().map(|slot| slot.capacity).collect(),
            unplaced: self.unplaced,
            cost: |mover, slot| self.cost(mover, slot),
        }
    }

    /// As [`Slots::cost`], and what it costs to be nowhere.
    pub fn cost_at(&self, mover: usize, slot: u32) -> i64 {
        let cost = if slot == NOWHERE { None } else { self.cost(mover, slot as usize) };
        cost.unwrap_or(self.unplaced)
    }

    /// Turns an assignment (slot per mover) and a bound on its total cost into the plan.
    pub fn report(
        &self,
        people: &[Person],
        places: &[Place],
        assigned: &[u32],
        bound: i128,
        exact: bool,
    ) -> Deployment {
        let mut postings: Vec<Result<Posting, Unplaced>> = people
            .iter()
            .map(|person| Err(if person.home.is_none() { Unplaced::NoHome } else { Unplaced::NoRole }))
            .collect();
        let mut filled = vec![0u32; self.all.len()];
        let (mut travel, mut penalties) = (0i128, 0i128);
        let trees = self.trees(|_| 0);
        for (mover, &slot) in assigned.iter().enumerate() {
            let (person, x, y, _) = self.movers[mover];
            postings[person] = if slot == NOWHERE {
                penalties += i128::from(self.unplaced);
                Err(self.why_unplaced(mover, &trees))
            } else {
                let at = &self.all[slot as usize];
                let distance_m = distance_m(x, y, at.x, at.y);
                filled[slot as usize] += 1;
                travel += i128::from(distance_m);
                penalties += i128::from(at.surcharge);
                Ok(Posting { place: at.place, role: at.role, distance_m })
            };
        }
        let lower_bound = (bound - penalties).clamp(0, travel);
        Deployment {
            postings,
            shortages: self.shortages(places, &filled),
            travel: Certificate { objective: travel as f64, lower_bound: lower_bound as f64 },
            exact,
        }
    }

    /// One tree per role over its slots, priced at the surcharge plus `price` of the slot.
    pub fn trees(&self, price: impl Fn(usize) -> i64) -> Vec<PricedTree> {
        self.starts
            .windows(2)
            .map(|range| {
                let slots = &self.all[range[0]..range[1]];
                let points: Vec<_> = slots.iter().map(|slot| (slot.x, slot.y)).collect();
                let prices: Vec<_> = slots
                    .iter()
                    .zip(range[0]..)
                    .map(|(slot, index)| slot.surcharge.saturating_add(price(index)))
                    .collect();
                PricedTree::new(&points, &prices)
            })
            .collect()
    }

    fn why_unplaced(&self, mover: usize, trees: &[PricedTree]) -> Unplaced {
        let (_, x, y, roles) = self.movers[mover];
        let mut found = Vec::new();
        let nearest = (0..MAX_ROLES)
            .filter(|role| roles & (1 << role) != 0)
            .filter_map(|role| {
                trees[role].nearest((x, y), i64::MAX, 1, i64::MAX, &mut found);
                found.first().map(|candidate| candidate.distance)
            })
            .min();
        match nearest {
            None => Unplaced::NoRole,
            Some(metres) if metres > self.reach => Unplaced::TooFar(metres),
            Some(_) => Unplaced::NoRoomLeft,
        }
    }

    fn shortages(&self, places: &[Place], filled: &[u32]) -> Vec<Shortage> {
        let mut got = vec![[0u32; MAX_ROLES]; places.len()];
        for (slot, &count) in self.all.iter().zip(filled) {
            got[slot.place][slot.role] += count;
        }
        let mut shortages = Vec::new();
        for (index, place) in places.iter().enumerate() {
            for need in &place.needs {
                let has = got[index].get(need.role).copied().unwrap_or(0);
                if has < need.count {
                    shortages.push(Shortage {
                        place: index,
                        role: need.role,
                        missing: need.count - has,
                        below_minimum: need.minimum.min(need.count).saturating_sub(has),
                    });
                }
            }
        }
        shortages
    }
}

/// How a need is split into what must be filled first and the rest.
struct Share {
    people: u64,
    needs: u64,
    stated: bool,
}

impl Share {
    fn minimum(&self, need: &Need) -> u32 {
        if self.stated {
            need.minimum.min(need.count)
        } else if self.needs <= self.people {
            need.count
        } else {
            u32::try_from(u64::from(need.count) * self.people / self.needs).unwrap_or(need.count)
        }
    }
}

fn shared_minimum(places: &[Place], people: usize) -> Share {
    let all = || places.iter().filter(|place| place.at.is_some()).flat_map(|place| &place.needs);
    Share {
        people: people as u64,
        needs: all().map(|need| u64::from(need.count)).sum(),
        stated: all().any(|need| need.minimum > 0),
    }
}

/// No trip is longer than this, in metres.
fn span_of(movers: &[(usize, i64, i64, Roles)], places: &[Place]) -> i64 {
    let points = movers.iter().map(|&(_, x, y, _)| (x, y)).chain(places.iter().filter_map(|place| place.at));
    let bounds = points.fold(None, |bounds: Option<[i64; 4]>, (x, y)| {
        Some(bounds.map_or([x, x, y, y], |[a, b, c, d]| [a.min(x), b.max(x), c.min(y), d.max(y)]))
    });
    bounds.map_or(1, |[left, right, low, high]| distance_m(left, low, right, high) + 1)
}

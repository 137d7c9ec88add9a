//! Deployment: staff to communities with needs by role, at the least total travel.
//!
//! The model is the transportation problem. A person fills one slot; a slot belongs to a place and a
//! role; the cost is straight-line distance in whole metres. Filling as many slots as possible comes
//! first, minimums before the rest of the need second, and travel third.

mod auction;
mod candidates;
mod cells;
mod chains;
mod coarse;
mod large;
mod network;
mod slots;
mod smooth;

use crate::{Certificate, exact};
use slots::Slots;

/// Roles as bits: role `r` is bit `1 << r`. At most [`MAX_ROLES`].
pub type Roles = u32;
/// The most roles a deployment can tell apart.
pub const MAX_ROLES: usize = 32;

/// Someone to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Where she sets out from, in metres; `None` when the record has no usable place.
    pub home: Option<(i64, i64)>,
    /// The roles she has the skill for and no limit against.
    pub roles: Roles,
}

/// What a place needs of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The role, below [`MAX_ROLES`].
    pub role: usize,
    /// How many people it asks for; never more are sent.
    pub count: u32,
    /// How many it must have before any place gets more than its own minimum.
    pub minimum: u32,
}

/// A community that asks for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it lies, in metres; `None` when the record has no usable place.
    pub at: Option<(i64, i64)>,
    /// At most one entry per role.
    pub needs: Vec<Need>,
}

/// What bounds the plan and the search for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Nobody travels farther than this, in metres.
    pub max_m: Option<i64>,
    /// Use the exact algorithm while people x slots stays within this.
    pub exact_up_to: usize,
    /// Above it, stop when the gap is at most this share.
    pub tolerance: f64,
    /// Threads to search with; the plan does not depend on it.
    pub workers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_m: None, exact_up_to: 4_000_000, tolerance: 0.0099, workers: 2 }
    }
}

/// Where one person goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Index of the place.
    pub place: usize,
    /// The role she fills there.
    pub role: usize,
    /// How far she travels, in whole metres.
    pub distance_m: i64,
}

/// Why someone was placed nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unplaced {
    /// Her record has no usable place.
    NoHome,
    /// No place asks for a role that she may fill.
    NoRole,
    /// The nearest place that asks for her is this many metres away, beyond the limit.
    TooFar(i64),
    /// Every place that she could reach has all it asked for.
    NoRoomLeft,
}

/// A place that gets fewer than it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Index of the place.
    pub place: usize,
    /// The role that is short.
    pub role: usize,
    /// How many people are missing.
    pub missing: u32,
    /// How many of the missing are below the minimum.
    pub below_minimum: u32,
}

/// A plan of who goes where.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// Per person, in the order given.
    pub postings: Vec<Result<Posting, Unplaced>>,
    /// Every place that stays short, by place and role.
    pub shortages: Vec<Shortage>,
    /// Total travel in metres, and the least that any plan with as many people placed could travel.
    pub travel: Certificate,
    /// True when the exact algorithm ran.
    pub exact: bool,
}

/// Plans who goes where.
///
/// When there are fewer people than needs and no place states a minimum, the shortage is shared: each
/// place's minimum is its need scaled to the people there are, rounded down.
#[must_use]
pub fn plan(people: &[Person], places: &[Place], limits: &Limits) -> Deployment {
    let slots = Slots::new(people, places, limits);
    let (assigned, bound, exact) = if people.len().saturating_mul(slots.all.len()) <= limits.exact_up_to {
        let (assigned, bound) = exact::solve(&slots.transport());
        (assigned, bound, true)
    } else {
        let (assigned, bound) = large::solve(&slots, limits);
        (assigned, bound, false)
    };
    slots.report(people, places, &assigned, bound, exact)
}

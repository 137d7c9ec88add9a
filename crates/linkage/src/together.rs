//! Households that moved together.
//!
//! Somebody seen at another door than her own, with no number and half a name, fits many. If somebody else was seen at
//! that door who surely is of a household listed elsewhere, the members of that household come into question first. How
//! much that says is measured: of two people seen at one door away from their own, how often are they of one household?

use crate::block::Key;
use crate::compare::{Field, Levels, compare_sides};
use crate::compete::Edge;
use crate::frequency::dwelling_key;
use crate::index::{Found, Haystack, SETTLED};
use crate::person::Register;

/// Log2 odds by which a settled pair must be ahead of its rivals.
const AHEAD: f32 = 10.0;
/// Pairs that the measurement is held against before it is believed.
const DOUBT: f64 = 20.0;
/// More people than this at one door are no household.
const CROWD: usize = 16;

/// Someone who surely was seen away from her own door.
struct Move {
    /// The door where she was seen.
    door: u64,
    /// The row of the observation, and her own.
    right: u32,
    left: u32,
}

/// Everyone who surely was seen away from her own door, by the door where she was seen.
pub(crate) struct Moves(Vec<Move>);

/// The edges of each row of the right list, in order.
fn by_row(edges: &[Edge]) -> impl Iterator<Item = &[Edge]> {
    edges.chunk_by(|one, other| one.right == other.right)
}

/// The pair that a row is settled by.
fn settled(edges: &[Edge]) -> Option<&Edge> {
    let best = edges.iter().max_by(|one, other| one.odds.total_cmp(&other.odds))?;
    let ahead = edges.iter().filter(|edge| edge.odds > best.odds - AHEAD).count() == 1;
    (ahead && f64::from(best.odds) >= SETTLED).then_some(best)
}

/// True where the dwellings of a pair tell that somebody moved: at her own door there is nothing to explain.
fn away(levels: Levels) -> bool {
    matches!(levels.get(Field::Dwelling), 1 | 3)
}

impl Moves {
    pub(crate) fn find(edges: &[Edge], left: &Register, right: &Register) -> Self {
        let moved = |edge: &Edge| {
            let seen = &right.people[edge.right as usize];
            if !away(edge.levels) || seen.has_street() {
                return None;
            }
            dwelling_key(&left.people[edge.left as usize], &left.texts)?;
            let door = dwelling_key(seen, &right.texts)?;
            Some(Move { door, right: edge.right, left: edge.left })
        };
        let mut moves: Vec<Move> = by_row(edges).filter_map(settled).filter_map(moved).collect();
        moves.sort_unstable_by_key(|moved| (moved.door, moved.right));
        Self(moves)
    }

    /// Those who were seen at one door; nobody where they are a crowd.
    fn at(&self, door: u64) -> &[Move] {
        let from = &self.0[self.0.partition_point(|moved| moved.door < door)..];
        let people = from.iter().take(CROWD + 1).take_while(|moved| moved.door == door).count();
        if people > CROWD { &[] } else { &from[..people] }
    }

    /// Of two people who were seen at one door away from their own, the share who are of one household.
    pub(crate) fn share(&self, left: &Register) -> f64 {
        let own = |moved: &Move| dwelling_key(&left.people[moved.left as usize], &left.texts);
        let (mut alike, mut all) = (0.0, DOUBT);
        let doors = self.0.chunk_by(|one, other| one.door == other.door);
        for people in doors.filter(|people| people.len() <= CROWD) {
            for (at, one) in people.iter().enumerate() {
                for other in &people[at + 1..] {
                    all += 1.0;
                    alike += f64::from(u8::from(own(one) == own(other)));
                }
            }
        }
        alike / all
    }

    /// Scores the unsettled rows against the households of those who were seen beside them. Changes the odds of pairs
    /// that are there, appends those from `keep` on that are not, and marks both.
    pub(crate) fn apply(
        &self,
        edges: &mut Vec<Edge>,
        hay: Haystack<'_>,
        right: &Register,
        share: f64,
        keep: f64,
    ) {
        if self.0.is_empty() || share <= 0.0 {
            return;
        }
        let mut found = Found::default();
        let mut more = Vec::new();
        let mut start = 0;
        for row in 0..right.len() as u32 {
            let edges = &mut edges[start..];
            let of_row = edges.iter().take_while(|edge| edge.right == row).count();
            let edges = &mut edges[..of_row];
            start += of_row;
            let seen = right.side(row);
            let done = settled(edges).is_some();
            let door = if done { None } else { dwelling_key(seen.person, seen.texts) };
            let beside = door.map_or(&[][..], |door| self.at(door));
            found.clear();
            for mover in beside.iter().filter(|mover| mover.right != row) {
                let mover = hay.list.side(mover.left);
                hay.blocks.find(&[Key::Dwelling], mover.person, mover.texts, &mut found);
            }
            for candidate in &found.rows {
                let side = hay.list.side(*candidate);
                let levels = compare_sides(side, seen);
                if !away(levels) {
                    continue;
                }
                let odds = hay.scorer.log_odds_together(levels, side.person, share);
                match edges.iter_mut().find(|edge| edge.left == *candidate) {
                    Some(edge) => (edge.odds, edge.together) = (odds as f32, true),
                    None if odds > keep => {
                        let (left, odds) = (*candidate, odds as f32);
                        more.push(Edge { right: row, left, odds, levels, together: true });
                    }
                    None => {}
                }
            }
        }
        if !more.is_empty() {
            edges.append(&mut more);
            // Two runs in order: merged, not sorted anew.
            edges.sort_by_key(|edge| (edge.right, edge.left));
        }
    }
}

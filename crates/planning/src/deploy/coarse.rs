//! Starting prices for the auction: everyone counted at the nearest place, only the surplus moved.

use super::network::Network;
use super::slots::Slots;
use crate::space::{PricedTree, distance_m};

const NEIGHBOURS: usize = 8;
const ROUNDS: usize = 6;
/// Above so many places, so many near ones count as one.
const MANY: usize = 10_000;
const BLOCK: usize = 4;
/// A price this near to consistent is left as it is, in metres.
const CLOSE: i64 = 50;

/// Where the auction starts.
pub(super) struct Start {
    /// One price per slot, in metres.
    pub prices: Vec<i64>,
    /// About what the plan will cost, in metres.
    pub cost: i64,
}

/// Solves the coarse problem.
pub(super) fn solve(slots: &Slots, workers: usize) -> Start {
    let mut sites: Vec<(usize, (i64, i64))> =
        slots.all.iter().map(|slot| (slot.place, (slot.x, slot.y))).collect();
    sites.sort_unstable();
    sites.dedup();
    let points: Vec<(i64, i64)> = sites.iter().map(|&(_, point)| point).collect();
    let site_of = |place: usize| sites.binary_search_by_key(&place, |&(place, _)| place).unwrap_or(0);

    let mut supply = vec![0i64; points.len()];
    let tree = PricedTree::new(&points, &vec![0; points.len()]);
    let nearest = crate::parallel::map(slots.movers.len(), workers, |mover, found| {
        let (_, x, y, _) = slots.movers[mover];
        tree.nearest((x, y), i64::MAX, 1, i64::MAX, found);
        found.first().map_or((0, 0), |candidate| (candidate.point, candidate.distance))
    });
    let mut nearby = 0;
    for (site, metres) in nearest {
        supply[site as usize] += 1;
        nearby += metres;
    }
    for slot in &slots.all {
        supply[site_of(slot.place)] -= i64::from(slot.capacity);
    }
    let sites_all = points;
    let group = if sites_all.len() > MANY { BLOCK } else { 1 };
    let blocks = Blocks::new(&sites_all, &tree, group);
    let points = blocks.middles.clone();
    let mut grouped = vec![0i64; points.len()];
    for (site, &amount) in supply.iter().enumerate() {
        grouped[blocks.of[site] as usize] += amount;
    }
    let supply = grouped;
    let mut tree = PricedTree::new(&points, &vec![0; points.len()]);
    // Too many people: those left over stay at home, which costs the same wherever they live.
    let short: i64 = supply.iter().sum();
    let far = slots.unplaced;
    let (up, down) = if short >= 0 { (0, far) } else { (far, 0) };
    let mut network = Network::new(&supply, up, down);
    for (a, b) in spanner(&points) {
        let metres = distance_m(points[a].0, points[a].1, points[b].0, points[b].1);
        network.add(a, b, metres);
        network.add(b, a, metres);
    }
    for _ in 0..ROUNDS {
        network.optimise(usize::MAX);
        for site in 0..points.len() {
            tree.set_price(site as u32, network.price(site));
        }
        let wanted = crate::parallel::map(points.len(), workers, |site, found| {
            tree.nearest(points[site], i64::MAX, 3, i64::MAX, found);
            let held = network.price(site);
            found.retain(|candidate| candidate.value + CLOSE < held);
            found.clone()
        });
        let mut added = 0;
        for (site, candidates) in wanted.iter().enumerate() {
            for candidate in candidates {
                network.add(site, candidate.point as usize, candidate.distance);
                added += 1;
            }
        }
        if added * 200 < points.len() {
            break;
        }
    }
    // With too few people prices are above zero, where the slots that stay idle lie; with too many they
    // are above what leaving one person out costs, less her travel.
    let offset = if short > 0 { far } else { 0 };
    let lowest =
        if short == 0 { (0..points.len()).map(|site| network.price(site)).min().unwrap_or(0) } else { 0 };
    let price: Vec<i64> =
        (0..points.len()).map(|site| (network.price(site) - lowest + offset).max(0)).collect();
    let price = if group == 1 { price } else { spread(&points, &price, &sites_all, workers) };
    Start {
        prices: slots.all.iter().map(|slot| price[site_of(slot.place)]).collect(),
        cost: network.travel() + nearby,
    }
}

/// Pairs of near points at every scale: all points with their neighbours, then every fourth, and so on.
fn spanner(points: &[(i64, i64)]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut level: Vec<usize> = (0..points.len()).collect();
    let mut found = Vec::new();
    loop {
        let here: Vec<(i64, i64)> = level.iter().map(|&point| points[point]).collect();
        let tree = PricedTree::new(&here, &vec![0; here.len()]);
        for (index, &at) in here.iter().enumerate() {
            tree.nearest(at, i64::MAX, NEIGHBOURS + 1, i64::MAX, &mut found);
            for candidate in found.iter().filter(|candidate| candidate.point as usize != index) {
                let (a, b) = (level[index], level[candidate.point as usize]);
                pairs.push((a.min(b), a.max(b)));
            }
        }
        if level.len() <= NEIGHBOURS {
            break;
        }
        level = tree
            .in_tree_order()
            .enumerate()
            .filter(|(at, _)| at % 4 == 0)
            .map(|(_, point)| level[point])
            .collect();
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Near points taken together.
struct Blocks {
    middles: Vec<(i64, i64)>,
    /// Block per point.
    of: Vec<u32>,
}

impl Blocks {
    /// Blocks of `size` points that follow each other in the tree.
    fn new(points: &[(i64, i64)], tree: &PricedTree, size: usize) -> Self {
        let order: Vec<usize> =
            if size == 1 { (0..points.len()).collect() } else { tree.in_tree_order().collect() };
        let mut of = vec![0; points.len()];
        let middles = order.chunks(size).zip(0u32..).map(|(chunk, block)| {
            chunk.iter().for_each(|&point| of[point] = block);
            let sum =
                chunk.iter().fold((0, 0), |sum, &point| (sum.0 + points[point].0, sum.1 + points[point].1));
            let count = chunk.len() as i64;
            (sum.0.div_euclid(count), sum.1.div_euclid(count))
        });
        let middles = middles.collect();
        Self { middles, of }
    }
}

/// Prices of all `sites` between those known at `points`: halfway between the highest and the lowest that a
/// metre of way for a metre of price allows.
fn spread(points: &[(i64, i64)], prices: &[i64], sites: &[(i64, i64)], workers: usize) -> Vec<i64> {
    let below: Vec<i64> = prices.iter().map(|price| -price).collect();
    let (upper, lower) = (PricedTree::new(points, prices), PricedTree::new(points, &below));
    crate::parallel::map(sites.len(), workers, |site, found| {
        let mut least = |tree: &PricedTree| {
            tree.nearest(sites[site], i64::MAX, 1, i64::MAX, found);
            found.first().map_or(0, |candidate| candidate.value)
        };
        i64::midpoint(least(&upper), -least(&lower)).max(0)
    })
}

//! What must hold for every plan, on small random problems.

use planning::deploy::{self, Limits, Need, Person, Place};
use planning::grids::{self, Adjacency, Boundary, Building, Community, Settings};
use planning::random::Random;
use planning::rota::{self, Rules, Shift};
use proptest::prelude::*;

fn staff() -> impl Strategy<Value = Vec<Person>> {
    prop::collection::vec((-5_000i64..5_000, -5_000i64..5_000, 1u32..4, 0u8..12), 0..40).prop_map(|rows| {
        rows.into_iter()
            .map(|(x, y, roles, lost)| Person { home: (lost > 0).then_some((x, y)), roles })
            .collect()
    })
}

fn places() -> impl Strategy<Value = Vec<Place>> {
    prop::collection::vec((-5_000i64..5_000, -5_000i64..5_000, 0u32..6, 0u32..3), 1..9).prop_map(|rows| {
        rows.into_iter()
            .map(|(x, y, anyone, skilled)| Place {
                at: Some((x, y)),
                needs: vec![
                    Need { role: 0, count: anyone, minimum: 0 },
                    Need { role: 1, count: skilled, minimum: 0 },
                ],
            })
            .collect()
    })
}

fn check(people: &[Person], places: &[Place], plan: &deploy::Deployment, limits: &Limits) {
    let mut filled = vec![[0u32; 2]; places.len()];
    for (person, posting) in people.iter().zip(&plan.postings) {
        let Ok(posting) = posting else { continue };
        assert!(person.roles & (1 << posting.role) != 0);
        assert!(limits.max_m.is_none_or(|most| posting.distance_m <= most));
        filled[posting.place][posting.role] += 1;
    }
    for (index, place) in places.iter().enumerate() {
        for need in &place.needs {
            assert!(filled[index][need.role] <= need.count, "over capacity");
            let short = plan.shortages.iter().find(|s| s.place == index && s.role == need.role);
            assert_eq!(need.count - filled[index][need.role], short.map_or(0, |s| s.missing));
        }
    }
    // Nobody who is free could fill what stays open.
    for (person, posting) in people.iter().zip(&plan.postings) {
        let (Err(_), Some((x, y))) = (posting, person.home) else { continue };
        for shortage in plan.shortages.iter().filter(|s| person.roles & (1 << s.role) != 0) {
            let Some((px, py)) = places[shortage.place].at else { continue };
            let metres = planning::space::distance_m(x, y, px, py);
            assert!(limits.max_m.is_some_and(|most| metres > most), "someone free could cover this");
        }
    }
    assert!(plan.travel.lower_bound <= plan.travel.objective);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_deployment_keeps_its_limits(people in staff(), places in places(), near in any::<bool>()) {
        let limits = Limits { max_m: near.then_some(3_000), ..Limits::default() };
        let exact = deploy::plan(&people, &places, &limits);
        prop_assert!(exact.exact && exact.travel.is_optimal());
        check(&people, &places, &exact, &limits);
        prop_assert_eq!(&exact, &deploy::plan(&people, &places, &limits));
    }

    #[test]
    fn the_auction_is_never_over_capacity_and_never_below_its_bound(
        homes in prop::collection::vec((-5_000i64..5_000, -5_000i64..5_000), 12),
        sites in prop::collection::vec((-5_000i64..5_000, -5_000i64..5_000), 4),
    ) {
        let people: Vec<Person> = homes.into_iter().map(|home| Person { home: Some(home), roles: 1 }).collect();
        let needs = vec![Need { role: 0, count: 3, minimum: 0 }];
        let places: Vec<Place> = sites.into_iter().map(|at| Place { at: Some(at), needs: needs.clone() }).collect();
        let exact = deploy::plan(&people, &places, &Limits::default());
        let limits = Limits { exact_up_to: 0, ..Limits::default() };
        let plan = deploy::plan(&people, &places, &limits);
        check(&people, &places, &plan, &limits);
        prop_assert!(plan.travel.lower_bound <= exact.travel.objective);
        prop_assert!(plan.travel.objective >= exact.travel.objective);
        prop_assert_eq!(&plan, &deploy::plan(&people, &places, &Limits { workers: 1, ..limits }));
    }

    #[test]
    fn deployment_at_scale_keeps_its_limits_and_its_bound(people in staff(), places in places(), near in any::<bool>()) {
        let limits = Limits { max_m: near.then_some(3_000), ..Limits::default() };
        let exact = deploy::plan(&people, &places, &limits);
        let limits = Limits { exact_up_to: 0, ..limits };
        let plan = deploy::plan(&people, &places, &limits);
        check(&people, &places, &plan, &limits);
        let placed = |plan: &deploy::Deployment| plan.postings.iter().filter(|posting| posting.is_ok()).count();
        prop_assert!(placed(&plan) <= placed(&exact));
        if placed(&plan) == placed(&exact) {
            prop_assert!(plan.travel.lower_bound <= exact.travel.objective);
        }
        prop_assert_eq!(&plan, &deploy::plan(&people, &places, &Limits { workers: 1, ..limits }));
    }

    #[test]
    fn the_exact_deployment_is_the_best_of_all(
        homes in prop::collection::vec((-5_000i64..5_000, -5_000i64..5_000), 6),
        sites in prop::collection::vec((-5_000i64..5_000, -5_000i64..5_000), 3),
    ) {
        let people: Vec<Person> = homes.iter().map(|&home| Person { home: Some(home), roles: 1 }).collect();
        let needs = vec![Need { role: 0, count: 2, minimum: 0 }];
        let places: Vec<Place> = sites.iter().map(|&at| Place { at: Some(at), needs: needs.clone() }).collect();
        let exact = deploy::plan(&people, &places, &Limits::default());
        let mut least = i64::MAX;
        for number in 0..3usize.pow(6) {
            let goes = |person: u32| number / 3usize.pow(person) % 3;
            if (0..3).any(|site| (0..6).filter(|&person| goes(person) == site).count() != 2) {
                continue;
            }
            let one = |person: u32| {
                let ((x, y), (px, py)) = (homes[person as usize], sites[goes(person)]);
                planning::space::distance_m(x, y, px, py)
            };
            least = least.min((0..6).map(one).sum());
        }
        prop_assert_eq!(exact.travel.objective as i64, least);
        prop_assert_eq!(exact.travel.lower_bound as i64, least);
    }

    #[test]
    fn no_shift_stays_open_while_someone_free_could_hold_it(
        people in prop::collection::vec((prop::collection::vec(any::<bool>(), 2), prop::collection::vec(0u8..5, 8), any::<bool>()), 1..6),
        lengths in prop::collection::vec(1u32..13, 2),
        need in 1u32..3,
    ) {
        let people: Vec<rota::Person> = people
            .into_iter()
            .map(|(posts, days, nights)| rota::Person { posts, days: days.iter().map(|&day| day > 0).collect(), nights })
            .collect();
        let shifts: Vec<Shift> = lengths
            .iter()
            .enumerate()
            .flat_map(|(post, &hours)| (0..8 * 24 / hours).map(move |number| (post, number * hours, hours)))
            .filter(|&(_, starts, hours)| starts + hours <= 8 * 24)
            .map(|(post, starts, hours)| Shift { post, starts, hours, need, night: starts % 24 < 6, weekend: starts >= 120 })
            .collect();
        let rules = Rules { effort: 2_000, ..Rules::default() };
        let plan = rota::plan(&people, &shifts, &rules);
        prop_assert_eq!(&plan, &rota::plan(&people, &shifts, &rules));
        prop_assert!(plan.uncovered.lower_bound <= plan.uncovered.objective);
        for (index, person) in people.iter().enumerate() {
            let (mine, other): (Vec<_>, Vec<_>) =
                shifts.iter().zip(&plan.held_by).partition(|(_, held)| held.contains(&index));
            let mine: Vec<&Shift> = mine.into_iter().map(|(shift, _)| shift).collect();
            let days = |shift: &Shift| (shift.starts / 24) as usize..=((shift.starts + shift.hours - 1) / 24) as usize;
            let may = |shift: &Shift| {
                person.posts[shift.post] && (person.nights || !shift.night) && days(shift).all(|day| person.days[day])
            };
            let rests = |held: &[&Shift]| {
                let mut busy = [false; 8];
                held.iter().for_each(|shift| busy[days(shift)].fill(true));
                busy.windows(7).all(|week| week.contains(&false))
            };
            for (at, &shift) in mine.iter().enumerate() {
                prop_assert!(may(shift) && rota::clash(shift, &mine[..at], &rules).is_none());
            }
            prop_assert!(rests(&mine));
            for (shift, held) in other {
                prop_assert!(held.len() <= need as usize, "over capacity");
                let mut with = mine.clone();
                with.push(shift);
                let free = may(shift) && rota::clash(shift, &mine, &rules).is_none() && rests(&with);
                prop_assert!(held.len() == need as usize || !free, "someone free could hold this");
            }
        }
    }

    #[test]
    fn grids_are_in_one_piece(wide in 2usize..9, high in 2usize..9, loads in prop::collection::vec(0u32..120, 64)) {
        let buildings = (0..wide * high)
            .map(|index| Building { households: loads[index % loads.len()], target: 0, today: None })
            .collect();
        let mut adjacencies = Vec::new();
        for at in 0..wide * high {
            if at % wide + 1 < wide {
                adjacencies.push(Adjacency { a: at, b: at + 1, boundary: Boundary::Open });
            }
            if at + wide < wide * high {
                adjacencies.push(Adjacency { a: at, b: at + wide, boundary: Boundary::Open });
            }
        }
        let community = Community { buildings, adjacencies };
        let plan = grids::plan(&community, &Settings::default());
        prop_assert_eq!(&plan, &grids::plan(&community, &Settings::default()));
        prop_assert!(plan.cut.lower_bound <= plan.cut.objective);
        let cut = community.adjacencies.iter().filter(|e| plan.grid_of[e.a] != plan.grid_of[e.b]).count();
        prop_assert_eq!(cut as f64, plan.cut.objective);
        // Joining what touches within a grid leaves as many pieces as there are grids.
        let mut piece: Vec<usize> = (0..wide * high).collect();
        for _ in 0..wide * high {
            for edge in &community.adjacencies {
                if plan.grid_of[edge.a] == plan.grid_of[edge.b] {
                    let least = piece[edge.a].min(piece[edge.b]);
                    piece[edge.a] = least;
                    piece[edge.b] = least;
                }
            }
        }
        piece.sort_unstable();
        piece.dedup();
        prop_assert_eq!(piece.len(), plan.count);
    }
}

/// A community of `wide` x `wide` buildings, each touching those beside it.
fn square(wide: usize, random: &mut Random) -> Community {
    let buildings = (0..wide * wide)
        .map(|_| Building { households: 5 + random.below(80) as u32, target: 0, today: None })
        .collect();
    let across = (0..wide * wide).filter(|at| at % wide + 1 < wide).map(|at| (at, at + 1));
    let along = (0..wide * (wide - 1)).map(|at| (at, at + wide));
    let adjacencies =
        across.chain(along).map(|(a, b)| Adjacency { a, b, boundary: Boundary::Open }).collect();
    Community { buildings, adjacencies }
}

#[test]
fn a_change_of_two_buildings_in_a_hundred_moves_under_one_household_in_twenty() {
    let mut random = Random::new(7);
    let (mut moved, mut households) = (0, 0);
    for _ in 0..12 {
        let mut community = square(11, &mut random);
        let before = grids::plan(&community, &Settings::default());
        for (building, &grid) in community.buildings.iter_mut().zip(&before.grid_of) {
            building.today = Some(grid);
        }
        for _ in 0..2 {
            let changed = random.below(community.buildings.len());
            community.buildings[changed].households = 5 + random.below(80) as u32;
        }
        let after = grids::plan(&community, &Settings::default());
        moved += after.moved_households;
        households += community.buildings.iter().map(|building| u64::from(building.households)).sum::<u64>();
        assert!(after.imbalance <= 1.10 + 1e-9, "{}", after.imbalance);
    }
    assert!(moved * 20 < households, "{moved} of {households}");
}

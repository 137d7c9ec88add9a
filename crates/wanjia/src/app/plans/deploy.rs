//! A deployment as the console drafts it: the lists of `wanjia plan deploy`.

use domain::plan::{Open, Slot};
use planning::deploy::{Limits, MAX_ROLES, Need, Person, Place, Roles, plan};

use super::located::{Coordinates, Point, apart};
use super::role::Role;
use super::sheet::{Sheet, Wrong};
use super::{Broken, Figure, Held, Idle, Input, Judged, LABEL_LIMIT, Leg, NAME_LIMIT, SLOTS, Solved, Way};

pub struct Deployment {
    pub staff: Vec<String>,
    pub slots: Vec<Slot>,
    people: Vec<Person>,
    places: Vec<Place>,
    /// Of each slot its community, its role and the least it must have.
    posts: Vec<(usize, usize, u32)>,
    max_m: Option<i64>,
}

impl Deployment {
    /// # Errors
    /// What is wrong with the lists, by file, row and column.
    pub fn read(input: &Input) -> Result<Self, Wrong> {
        let (staff, communities) = (input.sheet("staff")?, input.sheet("communities")?);
        let names = staff.names(staff.column("staff_id")?, NAME_LIMIT)?;
        let labels = communities.names(communities.column("community_id")?, LABEL_LIMIT)?;
        let (roles, places) = read_places(&communities)?;
        let people = read_people(&staff, &roles)?;
        let (mut slots, mut posts) = (Vec::new(), Vec::new());
        for (index, place) in places.iter().enumerate() {
            for need in &place.needs {
                posts.push((index, need.role, need.minimum));
                slots.push(Slot {
                    label: labels[index].clone(),
                    detail: roles[need.role].name().to_owned(),
                    need: need.count,
                    at: place.at,
                    ..Slot::default()
                });
            }
        }
        if slots.len() > SLOTS {
            return Err(Wrong::new(
                "communities",
                "too_large",
                format!("岗位超过 {SLOTS} 个；请分区域制定"),
                format!("more than {SLOTS} posts; plan by area"),
            ));
        }
        let max_m = input.max_km.map(|km| (km * 1000.0) as i64);
        Ok(Self { staff: names, slots, people, places, posts, max_m })
    }

    pub fn solve(&self) -> Solved {
        let deployment = plan(&self.people, &self.places, &Limits { max_m: self.max_m, ..Limits::default() });
        let held = deployment.postings.iter().map(|posting| match posting {
            Ok(posting) => {
                let same = |post: &&(usize, usize, u32)| post.0 == posting.place && post.1 == posting.role;
                let slot = self.posts.iter().position(|post| same(&post));
                slot.and_then(|slot| u32::try_from(slot).ok()).into_iter().collect()
            }
            Err(_) => Vec::new(),
        });
        Solved { held: held.collect(), bound: deployment.travel.lower_bound.max(0.0) as u64 }
    }

    fn metres(&self, person: usize, slot: usize) -> Option<i64> {
        Some(apart(self.people[person].home?, self.places[self.posts[slot].0].at?))
    }

    pub fn judge(&self, held: &Held, solved: &Solved) -> Judged {
        let mut filled = vec![0u32; self.slots.len()];
        let (mut broken, mut objective, mut farthest) = (Vec::new(), 0, 0);
        for (person, slots) in held.iter().enumerate() {
            for (at, slot) in slots.iter().enumerate() {
                let post = *slot as usize;
                filled[post] += 1;
                let metres = self.metres(person, post);
                objective += metres.unwrap_or(0);
                farthest = farthest.max(metres.unwrap_or(0));
                let rule = if at > 0 {
                    Some(("twice", "派到了不止一处", "is sent to more than one place"))
                } else if self.people[person].roles & (1 << self.posts[post].1) == 0 {
                    Some(("cannot_hold", "此人不能担任这个岗位", "this person cannot hold this post"))
                } else if filled[post] > self.slots[post].need {
                    Some(("over_need", "这里要的人已经够了", "this place has all it asked for"))
                } else if metres.is_none() {
                    Some(("no_place", "没有坐标，算不出路程", "has no place to reckon the way from"))
                } else if metres > self.max_m.or(Some(i64::MAX)) {
                    Some(("too_far", "超过最远距离", "is farther than the limit"))
                } else {
                    None
                };
                if let Some((code, zh, en)) = rule {
                    broken.push(Broken { holder: Some(person), slot: *slot, code, zh, en });
                }
            }
        }
        let placed = |held: &Held| held.iter().filter(|slots| !slots.is_empty()).count();
        let (now, then) = (placed(held), placed(&solved.held));
        Judged {
            objective: u64::try_from(objective).unwrap_or(0),
            bound: (now >= then).then_some(solved.bound),
            open: self.open(&filled, held.len() - now),
            broken,
            figures: vec![
                Figure { code: "placed", zh: "已派", en: "placed", value: now.to_string() },
                Figure {
                    code: "unplaced",
                    zh: "未派",
                    en: "not placed",
                    value: (held.len() - now).to_string(),
                },
                Figure {
                    code: "farthest", zh: "最远（米）", en: "farthest, m", value: farthest.to_string()
                },
            ],
            ways: (0..).zip(held).map(|(person, slots)| self.way(person, slots)).collect(),
            idle: (0..)
                .zip(held)
                .filter(|(_, slots)| slots.is_empty())
                .map(|(person, _)| self.idle(person, &filled))
                .collect(),
        }
    }

    fn way(&self, person: usize, slots: &[u32]) -> Way {
        let metres = |slot: &u32| self.metres(person, *slot as usize).and_then(|m| u64::try_from(m).ok());
        let legs: Vec<Leg> = slots.iter().map(|slot| Leg { metres: metres(slot), minute: None }).collect();
        Way { metres: legs.iter().filter_map(|leg| leg.metres).sum(), legs }
    }

    /// Why nothing is given to someone: what stands against it, or that a place which is short could have her.
    fn idle(&self, person: usize, filled: &[u32]) -> Idle {
        let who = &self.people[person];
        let suits = |slot: &usize| who.roles & (1 << self.posts[*slot].1) != 0;
        let (mut nearest, mut near, mut vacant) = (None, false, false);
        for slot in (0..self.slots.len()).filter(suits) {
            let Some(metres) = self.metres(person, slot) else { continue };
            nearest = Some(nearest.map_or(metres, |before: i64| before.min(metres)));
            if self.max_m.is_none_or(|limit| metres <= limit) {
                near = true;
                vacant |= filled[slot] < self.slots[slot].need;
            }
        }
        let (code, zh, en) = match nearest {
            _ if who.home.is_none() => ("no_place", "没有坐标".into(), "has no coordinates".into()),
            None => (
                "no_role",
                "没有能担任的岗位".into(),
                "no place asks for a role that this person can fill".into(),
            ),
            Some(metres) if !near => (
                "too_far",
                format!("最近的也有 {metres} 米，超过最远距离"),
                format!("the nearest is {metres} m away, beyond the limit"),
            ),
            Some(_) if vacant => {
                ("free", "还有缺人的地方可去".into(), "a place that is short could have this person".into())
            }
            Some(_) => (
                "no_room",
                "去得了的地方人都已够".into(),
                "every place within reach has all it asked for".into(),
            ),
        };
        Idle { holder: person, code, zh, en }
    }

    /// Who is not placed is told by number: the draft itself shows whom nothing is given.
    fn open(&self, filled: &[u32], unplaced: usize) -> Vec<Open> {
        let mut open = Vec::new();
        for (post, slot) in self.slots.iter().enumerate().filter(|(post, slot)| slot.need > filled[*post]) {
            let (name, missing) = (&slot.label, slot.need - filled[post]);
            let (zh_role, en_role) = match slot.detail.as_str() {
                "" => Default::default(),
                role => (format!("（{role}）"), format!(" ({role})")),
            };
            let (zh, en) = if filled[post] < self.posts[post].2 {
                ("，低于最低人数", ", below its minimum")
            } else {
                ("", "")
            };
            open.push(Open {
                code: "short_of_staff".into(),
                zh: format!("{name}{zh_role}缺 {missing} 人{zh}"),
                en: format!("{name}{en_role}: {missing} missing{en}"),
            });
        }
        if unplaced > 0 {
            open.push(Open {
                code: "unplaced".into(),
                zh: format!("{unplaced} 人没有派出"),
                en: match unplaced {
                    1 => "1 person is sent nowhere".into(),
                    _ => format!("{unplaced} people are sent nowhere"),
                },
            });
        }
        open
    }
}

fn read_places(sheet: &Sheet) -> Result<(Vec<Role>, Vec<Place>), Wrong> {
    let mut roles = vec![Role::Anyone];
    let mut columns = vec![sheet.optional("need")];
    for (column, name) in sheet.prefixed("need_") {
        roles.push(Role::Skill(name.to_owned()));
        columns.push(Some(column));
    }
    for (column, name) in sheet.prefixed("duty_") {
        roles.push(Role::Duty(name.to_owned()));
        columns.push(Some(column));
    }
    if roles.len() > MAX_ROLES {
        let most = MAX_ROLES - 1;
        return Err(Wrong::new(
            "communities",
            "too_many_roles",
            format!("最多 {most} 种岗位"),
            format!("at most {most} need_ and duty_ columns"),
        ));
    }
    if columns.iter().all(Option::is_none) {
        sheet.column("need")?;
    }
    let (coordinates, minimum) = (Coordinates::find(sheet)?, sheet.optional("minimum"));
    let mut places = Vec::with_capacity(sheet.rows());
    for row in 0..sheet.rows() {
        let mut needs = Vec::new();
        for (role, column) in columns.iter().enumerate() {
            if let Some(count) = sheet.number(row, *column, 10_000)?.filter(|count| *count > 0) {
                let least = if role == 0 { sheet.number(row, minimum, 10_000)?.unwrap_or(0) } else { 0 };
                needs.push(Need { role, count, minimum: least });
            }
        }
        places.push(Place { at: coordinates.read(sheet, row)?, needs });
    }
    Ok((roles, places))
}

fn read_people(sheet: &Sheet, roles: &[Role]) -> Result<Vec<Person>, Wrong> {
    let coordinates = Coordinates::find(sheet)?;
    let [skills, limits] = ["skills", "limits"].map(|title| sheet.optional(title));
    (0..sheet.rows())
        .map(|row| {
            let (skills, limits) = (sheet.text_of(row, skills), sheet.text_of(row, limits));
            let suits = (0..).zip(roles).filter(|(_, role)| role.suits(skills, limits));
            let roles = suits.fold(0, |bits: Roles, (bit, _): (u32, _)| bits | 1 << bit);
            let home: Option<Point> = coordinates.read(sheet, row)?;
            Ok(Person { home, roles })
        })
        .collect()
}

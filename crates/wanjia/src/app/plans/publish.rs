//! Putting a plan in force and taking it back.

use std::collections::BTreeMap;

use domain::area::{AreaNumber, Level};
use domain::fact::Body;
use domain::id::{ActorId, PlanId};
use domain::plan::{Holding, PartContent, PlanContent, PlanKind};
use domain::state::State as _;
use domain::time::{Day, Millis};
use intake::DoorLabel;
use store::{Control, NamedPart, Reader, Store};

use super::{Grids, Held, Judged, Solved, Task};
use crate::app::failure::{Failure, Result};

/// Whose phones are enrolled in an area, by what a list may call them: a name, or the phone's id.
#[derive(Debug, Default)]
pub struct Phones(BTreeMap<String, Vec<Worker>>);

/// Someone with a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub actor: ActorId,
    pub name: String,
}

impl Phones {
    /// The workers whom a list means by this name: one is whom it means, several are told apart by a phone's id.
    #[must_use]
    pub fn named(&self, name: &str) -> &[Worker] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The phones of an area and those below it that are in use.
///
/// # Errors
/// Those of the storage.
pub fn phones_of(reader: &mut Reader, control: &Control, area: AreaNumber) -> Result<Phones> {
    let mut phones = Phones::default();
    for row in reader.phones(area)?.into_iter().filter(|row| row.device.revoked_at.is_none()) {
        let name = control.phone(row.series)?.map(|phone| phone.worker_name).unwrap_or_default();
        let worker = Worker { actor: row.device.worker, name: name.trim().to_owned() };
        for called in [worker.name.clone(), row.series.to_string()] {
            let workers = phones.0.entry(called).or_default();
            if !workers.contains(&worker) {
                workers.push(worker.clone());
            }
        }
    }
    Ok(phones)
}

/// What a person wants in force.
pub struct Publication<'a> {
    pub kind: PlanKind,
    pub area: AreaNumber,
    pub days: (Option<Day>, Option<Day>),
    pub replaces: Option<PlanId>,
    pub task: &'a Task,
    pub held: &'a Held,
    pub solved: &'a Solved,
    /// How many open points she was shown.
    pub confirmed: usize,
    pub phones: &'a Phones,
}

/// What came of it.
pub enum Published {
    Done(PlanId),
    /// It breaks a rule.
    Broken(Judged),
    /// So many points are open, and another number was confirmed.
    Unconfirmed(Judged),
    /// Another plan stands for these days: it has to be named as the one replaced.
    Stands(PlanId),
    /// The plan that it would replace stands no more, or is another kind or area.
    Replaced,
}

/// Puts a plan in force, with everyone's part of it, in one commit.
///
/// # Errors
/// Those of the storage; nothing is written then.
pub fn publish(store: &mut Store, actor: ActorId, new: &Publication<'_>, now: Millis) -> Result<Published> {
    let judged = new.task.judge(new.held, new.solved);
    if !judged.broken.is_empty() {
        return Ok(Published::Broken(judged));
    }
    if judged.open.len() != new.confirmed {
        return Ok(Published::Unconfirmed(judged));
    }
    if let Some(refused) = in_the_way(store, new)? {
        return Ok(refused);
    }
    let area = store.book().areas.code(new.area).to_owned();
    let people = new.task.names_people();
    let holding =
        |(holder, slots): (&String, &Vec<u32>)| Holding { holder: holder.clone(), slots: slots.clone() };
    let held = || new.task.holders().iter().zip(new.held);
    let content = PlanContent {
        slots: new.task.slots().to_vec(),
        open: judged.open.clone(),
        holdings: held().filter(|(_, slots)| !people && !slots.is_empty()).map(holding).collect(),
    };
    let drawn = match new.task {
        Task::Grids(grids) => draw(store, grids, new)?,
        _ => Vec::new(),
    };
    let minute = |holder: usize, at: usize| judged.ways.get(holder)?.legs.get(at)?.minute;
    let parts: Vec<NamedPart> = held()
        .enumerate()
        .filter(|_| people)
        .map(|(holder, (called, slots))| {
            let worker = match new.phones.named(called) {
                [worker] => Some(worker),
                _ => None,
            };
            let name = worker.map_or(called, |worker| &worker.name).clone();
            let slots = slots.iter().enumerate().map(|(at, slot)| (*slot, minute(holder, at)));
            NamedPart {
                called: called.clone(),
                content: PartContent { name, slots: slots.collect() },
                worker: worker.map(|worker| worker.actor),
            }
        })
        .collect();
    // Below nothing is a bound that always holds.
    let bound = judged.bound.unwrap_or(0);
    let (kind, (from, until), replaces) = (new.kind, new.days, new.replaces);
    let plan = store.write(now, |batch| {
        let plan = batch.new_id()?;
        let body = Body::PlanPublished {
            plan,
            area: area.clone(),
            kind,
            from,
            until,
            replaces,
            objective: judged.objective,
            bound,
            open: judged.open.len() as u64,
            parts: parts.len() as u64,
        };
        batch.publish_plan(actor, (plan, &area), body, &content, &parts)?;
        for body in drawn {
            batch.append(actor, body, None)?;
        }
        Ok(plan)
    })?;
    Ok(Published::Done(plan))
}

/// The facts that draw the grids of a plan: what is new is registered, and every door of a building is counted under its
/// grid from now on.
fn draw(store: &Store, grids: &Grids, new: &Publication<'_>) -> Result<Vec<Body>> {
    let reader = Reader::open(&store.directory().root, None)?;
    let areas = &reader.book().areas;
    let mut facts = Vec::new();
    let mut grid_of: BTreeMap<String, &str> = BTreeMap::new();
    for (number, (code, slots)) in grids.grids.iter().zip(new.held).enumerate() {
        if slots.is_empty() {
            continue;
        }
        if number >= grids.known {
            facts.push(Body::AreaRegistered {
                code: code.clone(),
                name: format!("第{}网格", number + 1),
                level: Level::Grid,
                parent: Some(areas.code(new.area).to_owned()),
            });
        }
        for slot in slots {
            grid_of.insert(DoorLabel::building(&grids.slots[*slot as usize].label).key, code);
        }
    }
    for number in areas.subtree(new.area) {
        for door in reader.doors(0, number)? {
            let key = DoorLabel::building(&door.labels.building).key;
            if let Some(grid) = grid_of.get(&key).filter(|grid| **grid != areas.code(number)) {
                facts.push(Body::DwellingMoved { dwelling: door.id, area: (*grid).to_owned() });
            }
        }
    }
    Ok(facts)
}

/// What keeps a plan from being published beside those that stand.
fn in_the_way(store: &mut Store, new: &Publication<'_>) -> Result<Option<Published>> {
    if let Some(before) = new.replaces {
        let fits = store
            .state()
            .plan(before)?
            .is_some_and(|plan| plan.stands() && plan.area == new.area && plan.kind == new.kind);
        if !fits {
            return Ok(Some(Published::Replaced));
        }
    }
    let reader = Reader::open(&store.directory().root, None)?;
    let (from, until) = new.days;
    let other = reader
        .standing_plans(&[new.area], new.kind)?
        .into_iter()
        .find(|(id, plan)| Some(*id) != new.replaces && plan.meets(from, until));
    Ok(other.map(|(id, _)| Published::Stands(id)))
}

/// Takes a plan back.
///
/// # Errors
/// `plan_over` if it stands no more, and those of the storage.
pub fn withdraw(store: &mut Store, actor: ActorId, plan: PlanId, now: Millis) -> Result<()> {
    if !store.state().plan(plan)?.is_some_and(|plan| plan.stands()) {
        return Err(Failure::new("plan_over", "这份方案已经不再有效", "this plan is in force no more"));
    }
    store.write(now, |batch| batch.append(actor, Body::PlanWithdrawn { plan }, None))?;
    Ok(())
}

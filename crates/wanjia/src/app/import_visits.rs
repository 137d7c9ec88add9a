//! Importing visits and sightings that were written on paper or in a spreadsheet.

use domain::apply;
use domain::area::AreaNumber;
use domain::door::door_key;
use domain::fact::{Body, FoundBy, Light, Outcome, Place, evidence};
use domain::id::{ActorId, DwellingId, SweepId};
use domain::identity::Identity;
use domain::note::VisitNote;
use domain::state::{State, SweepNumber};
use domain::time::{Millis, day_of, end_of, to_day};
use intake::visits::{PersonItem, PersonReader, PersonRow, VisitItem, VisitReader, VisitRow};
use intake::{Cause, DoorLabel};
use rustc_hash::FxHashMap;
use store::{Batch, Sealed, Store};

use super::attempt::{Stop, Then, attempt};
use super::failure::{Failure, Result};
use super::import_roster::unknown_area;
use super::roster_rows::Refusals;

/// How many rows ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct VisitTally {
    pub visits: u64,
    pub persons: u64,
    /// Of the persons, those who were known already.
    pub recognised: u64,
    /// Doors that no roster knew.
    pub doors: u64,
    pub refused: u64,
    pub skipped: u64,
    /// Rows that say what is known from the same moment already.
    pub left: u64,
    /// Visits dated before the sweep was opened.
    pub early: u64,
    /// Cells that were left out of rows otherwise taken.
    pub notices: u64,
}

/// Days before a sweep was opened, or was due if that is earlier, from which on a visit may count in it: paper is typed late,
/// and a sweep is opened on the system after it began at the doors.
const PAST_DAYS: i64 = 31;

/// Imports visits, and then the people who were seen, into one sweep; all rows that can be read, or nothing. Beside each
/// table stands where its refused rows go.
///
/// # Errors
/// If a file cannot be read to its end, the sweep is not open, or the territory cannot be written; then nothing has
/// changed.
pub fn import_visits(
    store: &mut Store,
    sweep: SweepId,
    (visits, refused_visits): (VisitReader, &mut dyn Refusals),
    persons: Option<(PersonReader, &mut dyn Refusals)>,
    now: Millis,
) -> Result<VisitTally> {
    attempt(store, now, Then::Keep, |batch| {
        let mut import = Import::begin(batch, sweep)?;
        import.visits(visits, refused_visits)?;
        if let Some((persons, refused_persons)) = persons {
            import.persons(persons, refused_persons)?;
        }
        Ok(import.tally)
    })
}

struct Import<'b, 's> {
    batch: &'b mut Batch<'s>,
    sweep: SweepId,
    number: SweepNumber,
    scope: AreaNumber,
    opened_at: Millis,
    /// What is older was not done for this sweep.
    earliest: Millis,
    actor: ActorId,
    workers: FxHashMap<String, ActorId>,
    tally: VisitTally,
}

impl<'b, 's> Import<'b, 's> {
    fn begin(batch: &'b mut Batch<'s>, sweep: SweepId) -> Result<Self> {
        let book = batch.state().book();
        let Some((number, row)) = book.sweep(sweep) else {
            return Err(Failure::new(
                "unknown_sweep",
                format!("没有编号为 {sweep} 的排查；wanjia sweep list 列出所有排查"),
                format!("there is no sweep {sweep}; `wanjia sweep list` prints those there are"),
            ));
        };
        if row.closed_at.is_some() {
            return Err(Failure::new(
                "sweep_closed",
                format!("排查 {sweep} 已经结束，不能再导入"),
                format!("sweep {sweep} is closed; nothing can be imported into it"),
            ));
        }
        let (scope, opened_at, actor) = (row.area, row.opened_at, book.own_series);
        let earliest = opened_at.min(row.deadline) - PAST_DAYS * 86_400_000;
        let (workers, tally) = (FxHashMap::default(), VisitTally::default());
        Ok(Self { scope, number, opened_at, earliest, actor, sweep, workers, tally, batch })
    }

    fn visits(&mut self, mut reader: VisitReader, refusals: &mut dyn Refusals) -> Result<(), Stop> {
        while let Some(item) = reader.next() {
            match item.map_err(Failure::from)? {
                VisitItem::Row(row) => {
                    self.tally.notices += row.notices.len() as u64;
                    row.notices.iter().for_each(|notice| refusals.notice(row.row, notice));
                    match self.door(&row.area_code, [&row.building, &row.unit, &row.room], row.at_ms)? {
                        Ok(dwelling) => self.visit(&row, dwelling)?,
                        Err(cause) => {
                            self.tally.refused += 1;
                            refusals.refuse(&reader.refuse(cause))?;
                        }
                    }
                }
                VisitItem::Refused(refusal) => {
                    self.tally.refused += 1;
                    refusals.refuse(&refusal)?;
                }
                VisitItem::Skipped(_) => self.tally.skipped += 1,
            }
        }
        Ok(())
    }

    fn visit(&mut self, row: &VisitRow, dwelling: DwellingId) -> store::Result<()> {
        let light = Light::from_code(row.light.into()).unwrap_or_default();
        let outcome = Outcome::from_code(row.outcome.into()).unwrap_or(Outcome::NoAnswer);
        let recheck_on = row.recheck_on.map(to_day);
        let said = (row.at_ms, outcome, light, recheck_on);
        let known = self.batch.state().round(self.number, dwelling)?.and_then(|round| round.visit);
        if known.is_some_and(|visit| (visit.stamp.at, visit.outcome, visit.light, visit.recheck_on) == said) {
            self.tally.left += 1;
            return Ok(());
        }
        let actor = match self.workers.get(&row.worker) {
            _ if row.worker.is_empty() => self.actor,
            Some(actor) => *actor,
            None => {
                let actor = self.batch.new_id()?;
                self.workers.insert(row.worker.clone(), actor);
                actor
            }
        };
        let body = Body::Visited {
            sweep: self.sweep,
            dwelling,
            outcome,
            light,
            evidence: if light == Light::Unknown { 0 } else { evidence::LIGHT },
            recheck_on,
            occupants: None,
        };
        let content = (!row.note.is_empty() || !row.worker.is_empty()).then(|| {
            VisitNote { note: row.note.clone(), place: String::new(), worker: row.worker.clone() }.encode()
        });
        let sealed = content.as_ref().map(|plaintext| Sealed { owner: dwelling, plaintext, fresh: false });
        self.batch.append_at(row.at_ms, actor, body, sealed)?;
        self.tally.visits += 1;
        self.tally.early += u64::from(row.at_ms < self.opened_at);
        Ok(())
    }

    fn persons(&mut self, mut reader: PersonReader, refusals: &mut dyn Refusals) -> Result<(), Stop> {
        while let Some(item) = reader.next() {
            match item.map_err(Failure::from)? {
                PersonItem::Row(row) => {
                    self.tally.notices += row.warnings.len() as u64;
                    row.warnings.iter().for_each(|notice| refusals.notice(row.row, notice));
                    match self.door(&row.area_code, [&row.building, &row.unit, &row.room], row.at_ms)? {
                        Ok(dwelling) => self.person(&row, dwelling)?,
                        Err(cause) => {
                            self.tally.refused += 1;
                            refusals.refuse(&reader.refuse(cause))?;
                        }
                    }
                }
                PersonItem::Refused(refusal) => {
                    self.tally.refused += 1;
                    refusals.refuse(&refusal)?;
                }
                PersonItem::Skipped(_) => self.tally.skipped += 1,
            }
        }
        Ok(())
    }

    fn person(&mut self, row: &PersonRow, dwelling: DwellingId) -> store::Result<()> {
        let valid = row.id_number.clone().unwrap_or_default();
        let note = if valid.is_empty() { row.id_number_as_given.clone() } else { String::new() };
        let observed = Identity {
            name: row.name.clone(),
            sex: row.sex.clone(),
            birth_date: row.birth_date.clone(),
            id_number: valid,
            phone: row.phone.clone(),
            relation: String::new(),
            note,
        };
        let known = self.batch.find_person(&observed, dwelling, None)?;
        if let Some((person, _)) = known {
            let sightings = self.batch.state().sightings(self.number, person)?;
            if sightings.iter().any(|(at, stamp)| (*at, stamp.at) == (dwelling, row.at_ms)) {
                self.tally.left += 1;
                return Ok(());
            }
        }
        self.tally.persons += 1;
        let (person, plaintext) = match known {
            Some((person, _)) => {
                self.tally.recognised += 1;
                (person, None)
            }
            None => (self.batch.new_id()?, Some(observed.encode())),
        };
        let sealed = plaintext.as_ref().map(|plaintext| Sealed { owner: person, plaintext, fresh: true });
        let body = Body::PersonSeen { sweep: self.sweep, dwelling, person, by_phone: false };
        self.batch.append_at(row.at_ms, self.actor, body, sealed)?;
        if known.is_none() {
            self.batch.put_tags(person, &observed)?;
        }
        Ok(())
    }

    /// Finds the door at which someone was at a time, or registers it: a visit to a door that no roster knows puts it on
    /// the map.
    fn door(
        &mut self,
        area_code: &str,
        [building, unit, room]: [&DoorLabel; 3],
        at: Millis,
    ) -> Result<Result<DwellingId, Cause>, Stop> {
        // Paper is typed by the hour, so that only another day is sure to be wrong.
        if at > end_of(day_of(self.batch.now())) {
            return Ok(Err(day_to_come()));
        }
        if at < self.earliest {
            return Ok(Err(day_long_past()));
        }
        let Some(area) = self.batch.state().book().areas.number(area_code) else {
            return Ok(Err(unknown_area(area_code)));
        };
        let key = door_key(&building.shown, &unit.shown, &room.shown);
        let known = apply::find_door(self.batch.state(), area, &key)?;
        let counted_under = match known {
            Some(dwelling) => self.batch.state().dwelling(dwelling)?.map_or(area, |row| row.area),
            None => area,
        };
        if !self.batch.state().book().areas.is_within(counted_under, self.scope) {
            return Ok(Err(outside_sweep(area_code)));
        }
        if let Some(dwelling) = known {
            return Ok(Ok(dwelling));
        }
        let dwelling = self.batch.new_id()?;
        let body = Body::DwellingRegistered {
            dwelling,
            area: area_code.to_owned(),
            building: building.shown.clone(),
            unit: unit.shown.clone(),
            room: room.shown.clone(),
            place: Place::Home,
            found_by: FoundBy::Visit,
        };
        self.batch.append(self.actor, body, None)?;
        self.tally.doors += 1;
        Ok(Ok(dwelling))
    }
}

/// Nobody was at a door for a sweep that began so much later: a year is mistyped, or the sheet is of another sweep.
fn day_long_past() -> Cause {
    Cause {
        field: "at",
        code: "at_before_sweep",
        zh: format!("“走访时间”比这次排查早 {PAST_DAYS} 天以上"),
        en: format!("`at` is more than {PAST_DAYS} days before the sweep"),
        remedy_zh: "核对年份；若是以前的走访，请导入到当时的排查".into(),
        remedy_en: "check the year; a visit of former days belongs into the sweep of those days".into(),
    }
}

fn outside_sweep(code: &str) -> Cause {
    Cause {
        field: "area_code",
        code: "outside_sweep",
        zh: format!("{code} 不在这次排查的范围内"),
        en: format!("{code} is outside the sweep's area"),
        remedy_zh: "核对小区编码，或导入到另一次排查".into(),
        remedy_en: "check the code, or import into another sweep".into(),
    }
}

/// Nobody was at a door on a day that is still to come, and what is due would be counted from it.
fn day_to_come() -> Cause {
    Cause {
        field: "at",
        code: "at_in_future",
        zh: "“走访时间”在今天之后".into(),
        en: "`at` is on a day still to come".into(),
        remedy_zh: "改成实际走访的日期；若日期没错，请检查这台电脑的时钟".into(),
        remedy_en: "write the day of the visit; if it is right, look at this computer's clock".into(),
    }
}

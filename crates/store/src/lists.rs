//! Lists by page: doors not reached, lines of the reconcile, tasks. A page ends at a place in an order that facts do not
//! change (area, walking order, id), so nothing comes twice and nothing is skipped while facts arrive.

use std::cmp::Ordering;

use domain::area::AreaNumber;
use domain::door::{DoorText, walking_key};
use domain::id::{DwellingId, PersonId};
use domain::state::{Labels, State as _, SweepNumber};
use domain::sweep::{Kind, Reason, due_at};
use domain::time::Millis;

use crate::error::{Result, StoreError};
use crate::query::{Door, Line, Reader};

/// Where a page of doors ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorPlace {
    /// The area the door was counted under then.
    pub area: AreaNumber,
    pub dwelling: DwellingId,
}

/// Where a page of lines ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePlace {
    pub door: DoorPlace,
    /// None for the line of a door at which nobody was recorded: the last of its door.
    pub person: Option<PersonId>,
}

/// Where a page of tasks ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPlace {
    /// As [`Line::due`].
    pub due: String,
    pub line: LinePlace,
}

/// Rows, and where the next page goes on; none after the last.
#[derive(Clone, Debug)]
pub struct Page<Row, Place> {
    pub rows: Vec<Row>,
    pub next: Option<Place>,
}

/// Where a door stands in the walk of its area; ties are in the order of ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stand {
    pub walk: Vec<u8>,
    pub dwelling: DwellingId,
}

impl Stand {
    pub fn of(labels: &Labels, dwelling: DwellingId) -> Self {
        Self { walk: walking_key(&labels.building, &labels.unit, &labels.room), dwelling }
    }
}

/// Which doors of an area a list is of.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub reason: Option<Reason>,
    /// What is written on them.
    pub text: Option<DoorText>,
    /// The last place that belongs to it; none for all there are.
    pub until: Option<DoorPlace>,
}

/// So many doors are read at once while a page is filled.
const STRIDE: usize = 1000;

/// People before the door itself.
fn person_order(a: Option<PersonId>, b: Option<PersonId>) -> Ordering {
    a.is_none().cmp(&b.is_none()).then(a.cmp(&b))
}

impl Line {
    /// Where this line stands.
    #[must_use]
    pub fn place(&self) -> LinePlace {
        LinePlace { door: self.door.place(), person: self.person }
    }
}

impl Door {
    #[must_use]
    pub fn place(&self) -> DoorPlace {
        DoorPlace { area: self.dwelling.area, dwelling: self.id }
    }
}

impl Reader {
    /// The areas of a list from a place on, in the order of their codes, each with where in it to begin.
    fn areas_from(
        &mut self,
        areas: Vec<AreaNumber>,
        from: Option<DoorPlace>,
    ) -> Result<Vec<(AreaNumber, Option<Stand>)>> {
        let Some(from) = from else { return Ok(areas.into_iter().map(|area| (area, None)).collect()) };
        let stand = self.stand(from)?;
        let start = self.book().areas.code(from.area);
        let mut left = Vec::new();
        for area in areas {
            match self.book().areas.code(area).cmp(start) {
                Ordering::Less => {}
                Ordering::Equal => left.push((area, Some(stand.clone()))),
                Ordering::Greater => left.push((area, None)),
            }
        }
        Ok(left)
    }

    /// The doors of an area, from a place on, area by area; `from` itself is the first if it is still there.
    fn each_door(
        &mut self,
        sweep: SweepNumber,
        area: AreaNumber,
        from: Option<DoorPlace>,
        mut each: impl FnMut(&mut Self, Door) -> Result<bool>,
    ) -> Result<()> {
        let areas = self.areas_with_doors(area)?;
        for (number, mut begin) in self.areas_from(areas, from)? {
            loop {
                let mut doors = self.walk_from(sweep, number, begin.as_ref(), Some(STRIDE + 1))?;
                begin = (doors.len() > STRIDE)
                    .then(|| doors.pop())
                    .flatten()
                    .map(|door| Stand::of(&door.labels, door.id));
                for door in doors {
                    if !each(self, door)? {
                        return Ok(());
                    }
                }
                if begin.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn stand(&mut self, place: DoorPlace) -> Result<Stand> {
        Ok(Stand::of(&self.place_labels(place)?, place.dwelling))
    }

    fn place_labels(&mut self, place: DoorPlace) -> Result<Labels> {
        self.views.labels(place.dwelling)?.ok_or_else(|| {
            StoreError::refused(
                "cursor",
                "翻页标记不是本系统给出的；请从第一页重新开始",
                "the cursor was not given by this system; start again from the first page",
            )
        })
    }

    /// The doors of an area that are not accounted for, each with the area it is counted under and the reason, in
    /// walking order; of a closed sweep, those it was closed with.
    pub fn residual_page(
        &mut self,
        sweep: SweepNumber,
        area: AreaNumber,
        wanted: &Wanted,
        after: Option<DoorPlace>,
        limit: usize,
    ) -> Result<Page<(AreaNumber, Door, Reason), DoorPlace>> {
        let until = match wanted.until {
            Some(place) => Some((self.book().areas.code(place.area).to_owned(), self.stand(place)?)),
            None => None,
        };
        let mut rows: Vec<(AreaNumber, Door, Reason)> = Vec::new();
        let mut more = false;
        // Whether the list goes on after this door.
        let mut take = |reader: &mut Self, area: AreaNumber, door: Door, found: Option<Reason>| {
            let over = until.as_ref().is_some_and(|(last, stand)| {
                let code = reader.book().areas.code(area);
                code.cmp(last).then_with(|| Stand::of(&door.labels, door.id).cmp(stand)).is_gt()
            });
            if over {
                return false;
            }
            let Some(found) = found else { return true };
            let labels = &door.labels;
            let meant = after.is_none_or(|after| after.dwelling != door.id)
                && wanted.reason.is_none_or(|reason| reason == found)
                && wanted
                    .text
                    .as_ref()
                    .is_none_or(|text| text.is_part_of(&labels.building, &labels.unit, &labels.room));
            if !meant {
                return true;
            }
            if rows.len() == limit {
                more = true;
                return false;
            }
            rows.push((area, door, found));
            true
        };
        if self.book().is_open(sweep) {
            self.each_door(sweep, area, after, |reader, door| {
                let (area, found) = (door.dwelling.area, door.reason());
                Ok(take(reader, area, door, found))
            })?;
        } else {
            let mut areas = self.book().areas.subtree(area);
            areas.sort_by(|a, b| self.book().areas.code(*a).cmp(self.book().areas.code(*b)));
            'areas: for (number, begin) in self.areas_from(areas, after)? {
                for (door, found) in self.residual(sweep, number)? {
                    let before =
                        begin.as_ref().is_some_and(|begin| Stand::of(&door.labels, door.id) < *begin);
                    if !before && !take(self, number, door, Some(found)) {
                        break 'areas;
                    }
                }
            }
        }
        let place =
            |(area, door, _): &(AreaNumber, Door, Reason)| DoorPlace { area: *area, dwelling: door.id };
        let next = rows.last().map(place).filter(|_| more);
        Ok(Page { rows, next })
    }

    /// How many doors of an area are accounted for on which this is written. Of a closed sweep only its residual is kept, and none
    /// is told.
    pub fn accounted_called(&mut self, sweep: SweepNumber, area: AreaNumber, text: &DoorText) -> Result<u64> {
        let mut doors = 0;
        if self.book().is_open(sweep) {
            self.each_door(sweep, area, None, |_, door| {
                let labels = &door.labels;
                let is_meant = door.dwelling.on_roster
                    && door.reason().is_none()
                    && text.is_part_of(&labels.building, &labels.unit, &labels.room);
                doors += u64::from(is_meant);
                Ok(true)
            })?;
        }
        Ok(doors)
    }

    /// The lines of the reconcile, door by door in walking order.
    pub fn reconcile_page(
        &mut self,
        sweep: SweepNumber,
        area: AreaNumber,
        kind: Option<Kind>,
        after: Option<LinePlace>,
        limit: usize,
    ) -> Result<Page<Line, LinePlace>> {
        let mut rows: Vec<Line> = Vec::new();
        let mut more = false;
        self.each_door(sweep, area, after.map(|after| after.door), |reader, door| {
            let mut lines = Vec::new();
            let first = after.filter(|after| after.door.dwelling == door.id);
            reader.door_lines(sweep, door, &mut lines)?;
            lines.sort_by(|a, b| person_order(a.person, b.person));
            for line in lines {
                let passed = first.is_some_and(|after| person_order(line.person, after.person).is_le());
                if passed || kind.is_some_and(|kind| kind != line.kind) {
                    continue;
                }
                if rows.len() == limit {
                    more = true;
                    break;
                }
                rows.push(line);
            }
            Ok(!more)
        })?;
        let next = rows.last().map(Line::place).filter(|_| more);
        Ok(Page { rows, next })
    }

    /// The lines of the reconcile that someone has to do something about, soonest due first.
    pub fn task_page(
        &mut self,
        sweep: SweepNumber,
        area: AreaNumber,
        after: Option<TaskPlace>,
        limit: usize,
    ) -> Result<Page<Line, TaskPlace>> {
        let mut lines = Vec::new();
        self.each_door(sweep, area, None, |reader, door| {
            reader.door_lines(sweep, door, &mut lines)?;
            Ok(true)
        })?;
        lines.retain(|line| !line.kind.task().is_empty());
        let stand = after.as_ref().map(|after| self.stand(after.line.door)).transpose()?;
        let areas = &self.book().areas;
        // What is due at no known time comes last.
        let over = |due: &str| due_at(due).unwrap_or(Millis::MAX);
        type Order<'c> = (Millis, &'c str, Stand, bool, Option<PersonId>);
        let order = |due: &str, place: LinePlace, stand: Stand| -> Order<'_> {
            (over(due), areas.code(place.door.area), stand, place.person.is_none(), place.person)
        };
        let mut ordered: Vec<(Order<'_>, Line)> = lines
            .into_iter()
            .map(|line| (order(&line.due, line.place(), Stand::of(&line.door.labels, line.door.id)), line))
            .collect();
        if let (Some(after), Some(stand)) = (after, stand) {
            let before = order(&after.due, after.line, stand);
            ordered.retain(|(order, _)| *order > before);
        }
        ordered.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut lines: Vec<Line> = ordered.into_iter().map(|(_, line)| line).collect();
        let more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().map(|line| TaskPlace { due: line.due.clone(), line: line.place() });
        Ok(Page { rows: lines, next: next.filter(|_| more) })
    }
}

//! Lists by page: doors not reached, lines of the reconcile, tasks. A page ends at a place in an order that facts do not
//! change (area, walking order, id), so nothing comes twice and nothing is skipped while facts arrive.

use std::cmp::Ordering;

use domain::area::AreaNumber;
use domain::door::walking_order;
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

/// The door at which a list begins within an area; none for its first.
type Begin = Option<(Labels, DwellingId)>;

/// The order of doors within an area.
pub(crate) fn door_order(a: (&Labels, DwellingId), b: (&Labels, DwellingId)) -> Ordering {
    walking_order((&a.0.building, &a.0.unit, &a.0.room), (&b.0.building, &b.0.unit, &b.0.room))
        .then(a.1.cmp(&b.1))
}

/// People before the door itself.
fn person_order(a: Option<PersonId>, b: Option<PersonId>) -> Ordering {
    a.is_none().cmp(&b.is_none()).then(a.cmp(&b))
}

fn is_before(door: &Door, begin: Option<&(Labels, DwellingId)>) -> bool {
    begin.is_some_and(|(labels, id)| door_order((&door.labels, door.id), (labels, *id)).is_lt())
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
    ) -> Result<Vec<(AreaNumber, Begin)>> {
        let Some(from) = from else { return Ok(areas.into_iter().map(|area| (area, None)).collect()) };
        let labels = self.place_labels(from)?;
        let start = self.book().areas.code(from.area);
        let mut left = Vec::new();
        for area in areas {
            match self.book().areas.code(area).cmp(start) {
                Ordering::Less => {}
                Ordering::Equal => left.push((area, Some((labels.clone(), from.dwelling)))),
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
        for (number, begin) in self.areas_from(areas, from)? {
            for door in self.doors(sweep, number)? {
                if !is_before(&door, begin.as_ref()) && !each(self, door)? {
                    return Ok(());
                }
            }
        }
        Ok(())
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
        reason: Option<Reason>,
        after: Option<DoorPlace>,
        limit: usize,
    ) -> Result<Page<(AreaNumber, Door, Reason), DoorPlace>> {
        let mut areas = self.book().areas.subtree(area);
        areas.sort_by(|a, b| self.book().areas.code(*a).cmp(self.book().areas.code(*b)));
        let mut rows: Vec<(AreaNumber, Door, Reason)> = Vec::new();
        let mut more = false;
        'areas: for (number, begin) in self.areas_from(areas, after)? {
            for (door, found) in self.residual(sweep, number)? {
                let passed = after.is_some_and(|after| after.dwelling == door.id);
                if passed || is_before(&door, begin.as_ref()) || reason.is_some_and(|reason| reason != found)
                {
                    continue;
                }
                if rows.len() == limit {
                    more = true;
                    break 'areas;
                }
                rows.push((number, door, found));
            }
        }
        let place =
            |(area, door, _): &(AreaNumber, Door, Reason)| DoorPlace { area: *area, dwelling: door.id };
        let next = rows.last().map(place).filter(|_| more);
        Ok(Page { rows, next })
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
        let labels = after.as_ref().map(|after| self.place_labels(after.line.door)).transpose()?;
        let areas = &self.book().areas;
        // What is due at no known time comes last.
        let over = |due: &str| due_at(due).unwrap_or(Millis::MAX);
        let order = |a: (Millis, LinePlace, &Labels), b: (Millis, LinePlace, &Labels)| {
            a.0.cmp(&b.0)
                .then_with(|| areas.code(a.1.door.area).cmp(areas.code(b.1.door.area)))
                .then_with(|| door_order((a.2, a.1.door.dwelling), (b.2, b.1.door.dwelling)))
                .then_with(|| person_order(a.1.person, b.1.person))
        };
        if let (Some(after), Some(labels)) = (after, labels) {
            lines.retain(|line| {
                let before = (over(&after.due), after.line, &labels);
                order((over(&line.due), line.place(), &line.door.labels), before).is_gt()
            });
        }
        lines.sort_by(|a, b| {
            order((over(&a.due), a.place(), &a.door.labels), (over(&b.due), b.place(), &b.door.labels))
        });
        let more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().map(|line| TaskPlace { due: line.due.clone(), line: line.place() });
        Ok(Page { rows: lines, next: next.filter(|_| more) })
    }
}

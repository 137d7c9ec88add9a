//! What people of an area said in forms that a rule about areas of its level looks at: where, for which day, and at which
//! position. Whoever judges the area opens the newest of them and no more (ADR 0034).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::apply;
use domain::area::{AreaNumber, Level};
use domain::case::{Filled, Subject};
use domain::id::{AreaId, DwellingId, Id};
use domain::state::State as _;
use programme::Programme;
use programme::answer::Record;
use programme::condition::{MOST_PEOPLE, Needs};
use programme::form;
use programme::indicator;
use programme::level::{self, Speaks};
use rusqlite::{OptionalExtension, params};

use crate::cases::{FILLED, filled_from};
use crate::content::Content;
use crate::error::Result;
use crate::packs::if_readable;
use crate::views::{Views, get_id};

/// The forms of people that are looked at in areas, each with the levels at which.
pub(crate) type LookedAt = BTreeMap<String, BTreeSet<Level>>;

/// What people said in areas of a level, of each person and each household the forms that are hers.
pub(crate) type People = BTreeMap<level::Level, Vec<Vec<Record>>>;

/// How high areas of a level of a pack stand.
fn height(level: level::Level) -> Level {
    match level {
        level::Level::County => Level::County,
        level::Level::Township => Level::Township,
        level::Level::Community => Level::Community,
        level::Level::Compound => Level::Compound,
        level::Level::Grid => Level::Grid,
    }
}

/// The level of a pack at which an area stands; none of what is larger than a county, and of what nobody lives in.
#[must_use]
pub fn level_of(level: Level) -> Option<level::Level> {
    level::Level::ALL.into_iter().map(|(_, known)| known).find(|known| height(*known) == level)
}

/// The forms of its people that whatever is said of an area looks at.
fn looked_at(programme: &Programme) -> LookedAt {
    let mut found = LookedAt::new();
    let mut add = |forms: &BTreeSet<String>, level: level::Level| {
        for form in forms {
            found.entry(form.clone()).or_default().insert(height(level));
        }
    };
    for rule in programme.rules.iter().filter(|rule| rule.subject == form::Subject::Area) {
        if let Speaks::OfPeopleIn(level) = rule.speaks() {
            add(Needs::of([&rule.condition]).people(), level);
        }
    }
    for own in programme.indicators.iter().filter(|own| own.subject == form::Subject::Area) {
        if let Speaks::OfPeopleIn(level) = own.speaks() {
            add(indicator::needs(std::slice::from_ref(own), form::Subject::Area).people(), level);
        }
    }
    // What is shown of a community in its file.
    let mut needs = Needs::default();
    let figures = programme.figures.iter().filter(|figure| figure.subject == form::Subject::Area);
    figures.for_each(|figure| needs.add_figure(figure));
    let classes = programme.classes.iter().filter(|classes| classes.subject == form::Subject::Area);
    classes.for_each(|classes| needs.add_classes(classes));
    add(needs.people(), level::Level::Community);
    found
}

impl Views {
    /// The forms of people that some published version of a programme looks at in areas.
    fn forms_of_people(&mut self, code: &str) -> Result<Arc<LookedAt>> {
        if let Some(known) = self.forms_of_people.get(code) {
            return Ok(Arc::clone(known));
        }
        let editions = self.book().editions.iter().filter(|edition| edition.programme == code);
        let versions: Vec<String> = editions.map(|edition| edition.version.clone()).collect();
        let mut forms = LookedAt::new();
        for version in versions {
            if let Some(programme) = if_readable(self.programme(code, &version))? {
                for (form, levels) in looked_at(&programme) {
                    forms.entry(form).or_default().extend(levels);
                }
            }
        }
        let forms = Arc::new(forms);
        self.forms_of_people.insert(code.to_owned(), Arc::clone(&forms));
        Ok(forms)
    }

    /// Where a door lies at a level: in an area of that level, or, where it lies in none, in the smallest above.
    fn place_at(&mut self, dwelling: DwellingId, level: Level) -> Result<Option<AreaNumber>> {
        let Some(area) = self.dwelling(dwelling)?.map(|row| row.area) else { return Ok(None) };
        let areas = &self.book().areas;
        Ok(areas.path(area).find(|area| areas.get(*area).is_some_and(|row| row.level <= level)))
    }

    pub(crate) fn add_area_people(&mut self, filled: &Filled, counts_from: u64) -> Result<()> {
        if !matches!(filled.subject, Subject::Person(_) | Subject::Dwelling(_)) {
            return Ok(());
        }
        let forms = self.forms_of_people(&filled.programme)?;
        for level in forms.get(&filled.form).into_iter().flatten() {
            if let Some(area) = self.place_at(filled.dwelling, *level)? {
                self.put_area_people(area, *level, filled, counts_from)?;
            }
        }
        Ok(())
    }

    fn put_area_people(
        &mut self,
        area: AreaNumber,
        level: Level,
        filled: &Filled,
        counts_from: u64,
    ) -> Result<()> {
        self.cached(
            "insert or ignore into area_people (area, level, programme, form, on_day, position, subject, dwelling)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            area,
            level as u64,
            filled.programme,
            filled.form,
            filled.on,
            filled.position,
            filled.subject.id().0,
            filled.dwelling.0
        ])?;
        let judged = Subject::Area(Id::of_area(self.book().areas.code(area)));
        self.judge_anew(judged, false, counts_from)
    }

    /// What was filled in at a position says nothing more of its areas.
    pub(crate) fn remove_area_people(&mut self, position: u64, counts_from: u64) -> Result<()> {
        let areas: Vec<AreaNumber> = {
            let mut read = self.cached("delete from area_people where position = ?1 returning area")?;
            let rows = read.query_map([position], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for area in areas {
            let judged = Subject::Area(Id::of_area(self.book().areas.code(area)));
            self.judge_anew(judged, false, counts_from)?;
        }
        Ok(())
    }

    /// By which position the answers at another were replaced, if they were.
    pub(crate) fn replaced_by(&self, position: u64) -> Result<Option<u64>> {
        Ok(self
            .cached("select by_position from filled_replaced where position = ?1")?
            .query_row([position], |row| row.get(0))
            .optional()?)
    }

    /// A door is counted under another area now: so is what was filled in there, and both areas are looked at anew.
    pub(crate) fn move_area_people(&mut self, dwelling: DwellingId) -> Result<()> {
        let Some(row) = self.dwelling(dwelling)? else { return Ok(()) };
        let before: Vec<(u64, AreaNumber)> = {
            let mut read = self.cached("select distinct level, area from area_people where dwelling = ?1")?;
            let rows = read.query_map([dwelling.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for (code, before) in before {
            let Some(level) = Level::from_code(code) else { continue };
            let Some(after) = self.place_at(dwelling, level)?.filter(|after| *after != before) else {
                continue;
            };
            self.cached("update area_people set area = ?4 where dwelling = ?1 and level = ?2 and area = ?3")?
                .execute(params![dwelling.0, code, before, after])?;
            for area in [before, after] {
                let judged = Subject::Area(Id::of_area(self.book().areas.code(area)));
                self.judge_anew(judged, false, row.changed)?;
            }
        }
        Ok(())
    }

    /// A version that was published may look at forms that none before it looked at.
    pub(crate) fn look_back_at_people(&mut self) -> Result<()> {
        let Some(code) = self.book().editions.last().map(|edition| edition.programme.clone()) else {
            return Ok(());
        };
        let changed = self.book().changed;
        for (form, levels) in self.forms_of_people(&code)?.iter() {
            let known: BTreeSet<u64> = {
                let sql = "select distinct level from area_people where programme = ?1 and form = ?2";
                let mut read = self.cached(sql)?;
                let rows = read.query_map(params![code, form], |row| row.get(0))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            if levels.iter().all(|level| known.contains(&(*level as u64))) {
                continue;
            }
            let before: Vec<Filled> = {
                let mut read =
                    self.cached(&format!("select {FILLED} from filled where programme = ?1 and form = ?2"))?;
                let rows = read.query_map(params![code, form], filled_from)?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            for filled in before.into_iter().filter(|filled| filled.replaced.is_none()) {
                self.add_area_people(&filled, changed)?;
            }
        }
        Ok(())
    }

    /// What people of an area said in the forms that are looked at there, as many of each as a condition sees: at its own
    /// level, and of doors that lie in no area of a smaller one.
    pub(crate) fn people_of_area(
        &mut self,
        content: &mut Content,
        programme: &str,
        area: AreaId,
    ) -> Result<People> {
        let Some(number) = self.book().areas.of_id(area) else { return Ok(People::new()) };
        let forms = self.forms_of_people(programme)?;
        let mut found = People::new();
        for (_, level) in level::Level::ALL {
            let mut people: BTreeMap<Subject, Vec<Record>> = BTreeMap::new();
            for (form, _) in forms.iter().filter(|(_, levels)| levels.contains(&height(level))) {
                for (owner, position) in self.newest_people(number, level, (programme, form))? {
                    let filled = self
                        .cached(&format!("select {FILLED} from filled where subject = ?1 and position = ?2"))?
                        .query_row(params![owner.0, position], filled_from)?;
                    if let Some(record) = self.record_of(content, &filled)? {
                        let known = apply::canonical_subject(self, filled.subject)?;
                        people.entry(known).or_default().push(record);
                    }
                }
            }
            // As they were given: of several of one day the last counts.
            let people = people.into_values().map(|records| records.into_iter().rev().collect());
            let people: Vec<Vec<Record>> = people.collect();
            if !people.is_empty() {
                found.insert(level, people);
            }
        }
        Ok(found)
    }

    fn newest_people(
        &self,
        area: AreaNumber,
        level: level::Level,
        (programme, form): (&str, &str),
    ) -> Result<Vec<(Id, u64)>> {
        let mut read = self.cached(
            "select subject, position from area_people
             where area = ?1 and level = ?2 and programme = ?3 and form = ?4
             order by on_day desc, position desc limit ?5",
        )?;
        let about = params![area, height(level) as u64, programme, form, MOST_PEOPLE];
        let rows = read.query_map(about, |row| Ok((get_id(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

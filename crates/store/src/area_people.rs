//! What people of a community said in forms that a rule about the community looks at: where, for which day, and at which
//! position. Whoever judges the community opens the newest of them and no more (ADR 0034).

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
use rusqlite::params;

use crate::cases::{FILLED, filled_from};
use crate::content::Content;
use crate::error::Result;
use crate::packs::if_readable;
use crate::views::{Views, get_id};

/// The forms of its people that whatever is said of an area looks at.
fn looked_at(programme: &Programme) -> BTreeSet<String> {
    let rules = programme.rules.iter().filter(|rule| rule.subject == form::Subject::Area);
    let mut needs = Needs::of(rules.map(|rule| &rule.condition));
    needs.extend(&indicator::needs(&programme.indicators, form::Subject::Area));
    let figures = programme.figures.iter().filter(|figure| figure.subject == form::Subject::Area);
    figures.for_each(|figure| needs.add_figure(figure));
    let classes = programme.classes.iter().filter(|classes| classes.subject == form::Subject::Area);
    classes.for_each(|classes| needs.add_classes(classes));
    needs.people().clone()
}

impl Views {
    /// The forms of its people that some published version of a programme looks at in an area.
    fn forms_of_people(&mut self, code: &str) -> Result<Arc<BTreeSet<String>>> {
        if let Some(known) = self.forms_of_people.get(code) {
            return Ok(Arc::clone(known));
        }
        let editions = self.book().editions.iter().filter(|edition| edition.programme == code);
        let versions: Vec<String> = editions.map(|edition| edition.version.clone()).collect();
        let mut forms = BTreeSet::new();
        for version in versions {
            if let Some(programme) = if_readable(self.programme(code, &version))? {
                forms.extend(looked_at(&programme));
            }
        }
        let forms = Arc::new(forms);
        self.forms_of_people.insert(code.to_owned(), Arc::clone(&forms));
        Ok(forms)
    }

    /// The community that a door is counted under.
    fn community_of(&mut self, dwelling: DwellingId) -> Result<Option<AreaNumber>> {
        let Some(area) = self.dwelling(dwelling)?.map(|row| row.area) else { return Ok(None) };
        let areas = &self.book().areas;
        let mut above = areas.path(area);
        Ok(above.find(|area| areas.get(*area).is_some_and(|row| row.level == Level::Community)))
    }

    pub(crate) fn add_area_people(&mut self, filled: &Filled, counts_from: u64) -> Result<()> {
        if !matches!(filled.subject, Subject::Person(_) | Subject::Dwelling(_)) {
            return Ok(());
        }
        if !self.forms_of_people(&filled.programme)?.contains(&filled.form) {
            return Ok(());
        }
        let Some(area) = self.community_of(filled.dwelling)? else { return Ok(()) };
        self.put_area_people(area, filled, counts_from)
    }

    fn put_area_people(&mut self, area: AreaNumber, filled: &Filled, counts_from: u64) -> Result<()> {
        self.cached(
            "insert or ignore into area_people (area, programme, form, on_day, position, subject, dwelling)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            area,
            filled.programme,
            filled.form,
            filled.on,
            filled.position,
            filled.subject.id().0,
            filled.dwelling.0
        ])?;
        let community = Subject::Area(Id::of_area(self.book().areas.code(area)));
        self.judge_anew(community, false, counts_from)
    }

    /// A door is counted under another community now: so is what was filled in there.
    pub(crate) fn move_area_people(&mut self, dwelling: DwellingId) -> Result<()> {
        let area = self.community_of(dwelling)?;
        self.cached("update area_people set area = coalesce(?2, area) where dwelling = ?1")?
            .execute(params![dwelling.0, area])?;
        Ok(())
    }

    /// A version that was published may look at forms that none before it looked at.
    pub(crate) fn look_back_at_people(&mut self) -> Result<()> {
        let Some(code) = self.book().editions.last().map(|edition| edition.programme.clone()) else {
            return Ok(());
        };
        let changed = self.book().changed;
        for form in self.forms_of_people(&code)?.iter() {
            let known = self
                .cached("select 1 from area_people where programme = ?1 and form = ?2 limit 1")?
                .exists(params![code, form])?;
            if known {
                continue;
            }
            let before: Vec<Filled> = {
                let mut read =
                    self.cached(&format!("select {FILLED} from filled where programme = ?1 and form = ?2"))?;
                let rows = read.query_map(params![code, form], filled_from)?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            for filled in before {
                self.add_area_people(&filled, changed)?;
            }
        }
        Ok(())
    }

    /// What people of a community said in the forms that are looked at, as many of each as a condition sees: of each person
    /// and each household the forms that are hers.
    pub(crate) fn people_of_area(
        &mut self,
        content: &mut Content,
        programme: &str,
        area: AreaId,
    ) -> Result<Vec<Vec<Record>>> {
        let Some(number) = self.book().areas.of_id(area) else { return Ok(Vec::new()) };
        if self.book().areas.get(number).is_none_or(|row| row.level != Level::Community) {
            return Ok(Vec::new());
        }
        let mut people: BTreeMap<Subject, Vec<Record>> = BTreeMap::new();
        for form in self.forms_of_people(programme)?.iter() {
            let newest: Vec<(Id, u64)> = {
                let mut read = self.cached(
                    "select subject, position from area_people where area = ?1 and programme = ?2 and form = ?3
                     order by on_day desc, position desc limit ?4",
                )?;
                let rows = read.query_map(params![number, programme, form, MOST_PEOPLE], |row| {
                    Ok((get_id(row, 0)?, row.get(1)?))
                })?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            for (owner, position) in newest {
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
        Ok(people.into_values().map(|records| records.into_iter().rev().collect()).collect())
    }
}

//! What residents are asked for themselves, and which doors a line that was typed on the telephone may mean.

use domain::apply;
use domain::area::AreaNumber;
use domain::case::Subject;
use domain::door::{building_prefix, door_key};
use domain::id::{CaseId, DwellingId, Id, PersonId, SlipId};
use domain::state::State as _;
use domain::time::{Day, from_day, to_day};
use programme::calendar::local_day;
use rusqlite::params;

use crate::batch::Batch;
use crate::error::Result;
use crate::packs::if_readable;
use crate::query::Reader;
use crate::views::{Views, get_id};

/// Someone behind a door who is asked for a form, since her case stands where the pathway asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub case: CaseId,
    pub person: PersonId,
    pub programme: String,
    /// Under which the form is filled in: the case's, with the overlays that change it.
    pub version: String,
    pub form: String,
}

impl Views {
    fn asked_at(&mut self, dwelling: DwellingId, today: Day) -> Result<Vec<Asked>> {
        let territory = self.book().areas.shared_code().to_owned();
        let dwelling = apply::resolve_dwelling(self, dwelling)?;
        let open: Vec<(Id, Id, String, String, String, String)> = {
            let mut read = self.cached(
                "select id, subject, programme, version, pathway, state from case_file
                 where dwelling = ?1 and subject_kind = 0 and ended = 0 order by opened_at, id",
            )?;
            let rows = read.query_map([dwelling.0], |row| {
                Ok((get_id(row, 0)?, get_id(row, 1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut asked: Vec<Asked> = Vec::new();
        for (case, subject, programme, version, pathway, state) in open {
            let Some(read) = if_readable(self.programme(&programme, &version))? else { continue };
            let pathway = read.pathways.iter().find(|own| own.code.value == pathway);
            let form = pathway.and_then(|own| own.state(&state)).and_then(|state| state.asks.clone());
            let Subject::Person(person) = apply::canonical_subject(self, Subject::Person(subject))? else {
                continue;
            };
            // Someone who is asked by two cases is asked once.
            let known = |own: &Asked| own.person == person && Some(&own.form) == form.as_ref();
            if let Some(form) = form.clone().filter(|_| !asked.iter().any(known)) {
                let version = read.version_on(&form, &territory, from_day(today));
                asked.push(Asked { case, person, programme, version, form });
            }
        }
        Ok(asked)
    }
}

impl Batch<'_> {
    /// Who behind a door is asked for a form, as it is on a day.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn asked_at(&mut self, dwelling: DwellingId, today: Day) -> Result<Vec<Asked>> {
        self.store.views.refresh_cases()?;
        self.store.views.asked_at(dwelling, today)
    }

    /// How many forms were filled in with a slip on a day.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn filled_with(&self, slip: SlipId, on: Day) -> Result<u64> {
        Ok(self
            .store
            .views
            .connection()
            .prepare_cached("select count(*) from filled where slip = ?1 and on_day = ?2")?
            .query_row(params![slip.0, on], |row| row.get(0))?)
    }
}

impl Reader {
    /// Who behind a door is asked for a form, as it is on a day, with the day that is her day 1: of what she is held to, else of her case's state.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn asked_at(&mut self, dwelling: DwellingId, today: Day) -> Result<Vec<(Asked, Day)>> {
        let mut found = Vec::new();
        for asked in self.views.asked_at(dwelling, today)? {
            let Some(file) = self.case_file(asked.case)? else { continue };
            let standing = &file.standing;
            let held = standing.restricted_since.as_ref().map(|(_, since, first)| (*since, *first));
            let (since, first) = held.unwrap_or((standing.since, standing.counted_from));
            let counted = first.unwrap_or_else(|| local_day(since));
            found.push((asked, to_day(counted)));
        }
        Ok(found)
    }

    /// The doors of an area that have these labels: of a building, or of a unit or a room too if they are not empty.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn doors_called(
        &mut self,
        area: AreaNumber,
        (building, unit, room): (&str, &str, &str),
        limit: usize,
    ) -> Result<Vec<DwellingId>> {
        let prefix = building_prefix(building);
        let wanted = door_key(building, unit, room);
        let mut wanted = wanted.split('\u{1f}').skip(1);
        let (unit, room) = (wanted.next().unwrap_or_default(), wanted.next().unwrap_or_default());
        let mut read = self.views.connection().prepare_cached(
            "select door.key, door.dwelling from door join dwelling on dwelling.id = door.dwelling and dwelling.area = door.area
             where door.area = ?1 and substr(door.key, 1, ?3) = ?2 order by door.key",
        )?;
        let mut found = Vec::new();
        for area in self.book().areas.subtree(area) {
            let length = prefix.chars().count();
            let rows = read.query_map(params![area, prefix, length], |row| {
                Ok((row.get::<_, String>(0)?, get_id(row, 1)?))
            })?;
            for row in rows {
                let (key, dwelling) = row?;
                let mut parts = key.split('\u{1f}').skip(1);
                let fits = |wanted: &str, found: Option<&str>| wanted.is_empty() || found == Some(wanted);
                if fits(unit, parts.next()) && fits(room, parts.next()) && found.len() < limit {
                    found.push(dwelling);
                }
            }
        }
        Ok(found)
    }
}

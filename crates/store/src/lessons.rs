//! What was learnt from cases that have ended.

use domain::case::Lesson;
use domain::id::Id;
use rusqlite::params;

use crate::error::Result;
use crate::query::Reader;
use crate::views::get_id;

/// The most that are read at a time.
const MOST: usize = 200;

impl Reader {
    /// What was learnt under a programme, on one of its pathways or on any, with its text: the newest first, 200 at most.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn lessons(&mut self, programme: &str, pathway: Option<&str>) -> Result<Vec<(Id, Lesson, String)>> {
        let kept: Vec<(Id, Lesson)> = {
            let mut read = self.views.connection().prepare_cached(
                "select id, pathway, rule, at, position, series, sequence from lesson
                 where programme = ?1 and (?2 is null or pathway = ?2) order by position desc limit ?3",
            )?;
            let rows = read.query_map(params![programme, pathway, MOST], |row| {
                let lesson = Lesson {
                    programme: programme.to_owned(),
                    pathway: row.get(1)?,
                    rule: row.get(2)?,
                    at: row.get(3)?,
                    position: row.get(4)?,
                    series: get_id(row, 5)?,
                    sequence: row.get(6)?,
                };
                Ok((get_id(row, 0)?, lesson))
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut lessons = Vec::with_capacity(kept.len());
        for (id, lesson) in kept {
            let opened = self.content.open(id, lesson.position, lesson.series, lesson.sequence)?;
            let text = opened.and_then(|bytes| String::from_utf8(bytes).ok());
            lessons.extend(text.map(|text| (id, lesson, text)));
        }
        Ok(lessons)
    }
}

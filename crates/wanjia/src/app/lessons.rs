//! What was learnt from a case that has ended, for whoever has the next one: a text about nobody, kept by itself.

use domain::case::{Lesson, Subject};
use domain::fact::Body;
use domain::id::{CaseId, Id};
use domain::identity::Identity;
use domain::time::Millis;
use store::{Reader, Sealed, Store};

use super::cases::{self, Actor, unknown_case};
use super::failure::{Failure, Result};

/// The longest, in characters: what is read at a glance.
pub const LONGEST: usize = 300;
/// As many digits together are a telephone or an identity number.
const LONG_NUMBER: usize = 7;

/// Keeps what was learnt from a case. The fact holds the kind of case and not which: whom it was about is told by nothing.
///
/// # Errors
/// `unknown_case`, `not_in_role`, `case_not_ended`, `no_text`, `too_long`, `names_someone` if a long number, or a name
/// of someone behind the case's door, stands in it, and those of the storage.
pub fn note(store: &mut Store, actor: Actor, (case, text): (CaseId, &str), now: Millis) -> Result<()> {
    // Between two batches: nothing changes until this is done.
    let mut reader = Reader::open(&store.directory().root, store.key())?;
    let Some(file) = reader.case_file(case)? else { return Err(unknown_case()) };
    if !cases::may_see(&mut reader, actor, &file)? {
        return Err(unknown_case());
    }
    let ended =
        file.pathway().and_then(|own| own.state(&file.standing.state)).is_some_and(|own| own.duty.is_none());
    if !ended {
        return Err(Failure::new(
            "case_not_ended",
            "个案还没有结束；结束以后再写经验",
            "the case has not ended; what was learnt is written down after its end",
        ));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::new("no_text", "请写下经验", "write down what was learnt"));
    }
    if text.chars().count() > LONGEST {
        return Err(Failure::new(
            "too_long",
            format!("至多 {LONGEST} 个字"),
            format!("{LONGEST} characters at most"),
        ));
    }
    // A number so long is somebody's, whoever that is.
    let mut digits = 0;
    let numbered = text.chars().any(|letter| {
        digits = if letter.is_ascii_digit() { digits + 1 } else { 0 };
        digits >= LONG_NUMBER
    });
    if numbered {
        return Err(names_someone());
    }
    let mut people = reader.ids_listed_at(file.case.dwelling)?;
    if let Subject::Person(person) = file.case.subject {
        people.push(person);
    }
    for person in people {
        let known = domain::apply::canonical(reader.state(), person)?;
        if reader.identity(known)?.is_some_and(|identity| names(text, &identity)) {
            return Err(names_someone());
        }
    }
    let rule = file.reports.iter().find_map(|report| report.rule.clone());
    let (programme, pathway) = (file.case.programme.clone(), file.case.pathway.clone());
    drop(reader);
    Ok(store.write(now, |batch| {
        let lesson = batch.new_id()?;
        let sealed = Sealed { owner: lesson, plaintext: text.as_bytes(), fresh: true };
        let body = Body::LessonNoted { lesson, programme, pathway, rule };
        batch.append(actor.id, body, Some(sealed))?;
        Ok(())
    })?)
}

fn names_someone() -> Failure {
    Failure::new(
        "names_someone",
        "里面有姓名、证件号或电话。经验给以后的人看，请不要写是谁",
        "a name, a number or a telephone stands in it: others will read it, so leave out who it was",
    )
}

fn names(text: &str, identity: &Identity) -> bool {
    [&identity.name, &identity.id_number, &identity.phone]
        .into_iter()
        .any(|known| !known.is_empty() && text.contains(known.as_str()))
}

/// What was learnt from other cases of a kind, the newest first; of those reported by one of these rules before the others.
///
/// # Errors
/// Those of the storage.
pub fn like(
    reader: &mut Reader,
    (programme, pathway): (&str, &str),
    rules: &[&str],
    limit: usize,
) -> Result<Vec<(Id, Lesson, String)>> {
    let mut lessons = reader.lessons(programme, Some(pathway))?;
    lessons.sort_by_key(|(_, lesson, _)| !lesson.rule.as_deref().is_some_and(|rule| rules.contains(&rule)));
    lessons.truncate(limit);
    Ok(lessons)
}

//! Pages: how many rows, and the opaque text by which the next page is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::Id;
use store::command::UnansweredPlace;
use store::lists::{DoorPlace, LinePlace, TaskPlace};
use store::people::WaitingPlace;
use store::tasks::DuePlace;

use super::problem::Problem;

/// Rows of a page unless said.
const USUAL: usize = 100;
/// Rows of a page at most.
const MOST: usize = 1000;

/// # Errors
/// 422 unless it is 1 to 1,000.
pub fn limit(asked: Option<u64>) -> Result<usize, Problem> {
    let Some(asked) = asked else { return Ok(USUAL) };
    match usize::try_from(asked) {
        Ok(limit @ 1..=MOST) => Ok(limit),
        _ => Err(Problem::field(
            "limit",
            "limit",
            format!("每页行数应为 1 到 {MOST}"),
            format!("limit is a number from 1 to {MOST}"),
        )),
    }
}

/// A place at which a page may end.
pub trait Place: Sized {
    /// Tells the places of one list from those of another.
    const KIND: u8;
    fn put(&self, out: &mut Vec<u8>);
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

/// The text of a place.
pub fn text<P: Place>(place: &P) -> String {
    let mut bytes = vec![P::KIND];
    place.put(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the text of a place; none, or an empty one, is the beginning.
///
/// # Errors
/// 422 if this server did not write it.
pub fn parse<P: Place>(text: Option<&str>) -> Result<Option<P>, Problem> {
    parse_field("cursor", text)
}

/// As [`parse`], of a field of another name.
///
/// # Errors
/// 422 if this server did not write it.
pub fn parse_field<P: Place>(field: &'static str, text: Option<&str>) -> Result<Option<P>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let place = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| {
        let mut rest = bytes.strip_prefix(&[P::KIND])?;
        let place = P::take(&mut rest)?;
        rest.is_empty().then_some(place)
    });
    place.map(Some).ok_or_else(|| {
        Problem::field(
            field,
            "cursor",
            "翻页标记不是本系统给出的；请从第一页重新开始",
            "the cursor was not given by this system; start again from the first page",
        )
    })
}

/// The next bytes of a place, so many of them.
pub fn fixed<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

impl Place for DoorPlace {
    const KIND: u8 = 1;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.area.to_be_bytes());
        out.extend(self.dwelling.0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self { area: u32::from_be_bytes(fixed(bytes)?), dwelling: Id(fixed(bytes)?) })
    }
}

impl Place for Id {
    const KIND: u8 = 5;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        fixed(bytes).map(Self)
    }
}

impl Place for LinePlace {
    const KIND: u8 = 2;

    fn put(&self, out: &mut Vec<u8>) {
        self.door.put(out);
        out.push(u8::from(self.person.is_some()));
        out.extend(self.person.unwrap_or_default().0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let door = DoorPlace::take(bytes)?;
        let [somebody] = fixed(bytes)?;
        let person = Id(fixed(bytes)?);
        (somebody <= 1).then_some(Self { door, person: (somebody == 1).then_some(person) })
    }
}

impl Place for TaskPlace {
    const KIND: u8 = 3;

    fn put(&self, out: &mut Vec<u8>) {
        self.line.put(out);
        out.extend(self.due.as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let line = LinePlace::take(bytes)?;
        let due = std::str::from_utf8(std::mem::take(bytes)).ok()?.to_owned();
        Some(Self { due, line })
    }
}

impl Place for WaitingPlace {
    const KIND: u8 = 4;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.series.0);
        out.extend(self.sequence.to_be_bytes());
        out.extend(self.position.to_be_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        // The storage counts with 63 bits.
        let number = |bytes: &mut &[u8]| Some(u64::from_be_bytes(fixed(bytes)?) & (u64::MAX >> 1));
        Some(Self { series: Id(fixed(bytes)?), sequence: number(bytes)?, position: number(bytes)? })
    }
}

impl Place for DuePlace {
    const KIND: u8 = 6;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.at.to_be_bytes());
        out.extend(self.case.0);
        out.extend(self.task.as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (at, case) = (i64::from_be_bytes(fixed(bytes)?), Id(fixed(bytes)?));
        Some(Self { at, case, task: std::str::from_utf8(std::mem::take(bytes)).ok()?.to_owned() })
    }
}

impl Place for UnansweredPlace {
    const KIND: u8 = 7;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.at.to_be_bytes());
        out.extend(self.said.0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self { at: i64::from_be_bytes(fixed(bytes)?), said: Id(fixed(bytes)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_another_lists_does_not() {
        let door = DoorPlace { area: 70_000, dwelling: Id([7; 16]) };
        assert_eq!(parse(Some(&text(&door))).unwrap(), Some(door));
        for person in [None, Some(Id([8; 16]))] {
            let line = LinePlace { door, person };
            assert_eq!(parse(Some(&text(&line))).unwrap(), Some(line));
            for due in ["", "2020-02-20", "2020-02-20T19:00:00+08:00"] {
                let task = TaskPlace { due: due.into(), line };
                assert_eq!(parse(Some(&text(&task))).unwrap(), Some(task));
            }
        }
        let waiting = WaitingPlace { series: Id([1; 16]), sequence: 3, position: 900 };
        assert_eq!(parse(Some(&text(&waiting))).unwrap(), Some(waiting));
        let due = DuePlace { at: -5, case: Id([2; 16]), task: "wait:测温".into() };
        assert_eq!(parse(Some(&text(&due))).unwrap(), Some(due));
        assert_eq!(parse::<DoorPlace>(None).unwrap(), None);
        assert_eq!(parse::<DoorPlace>(Some("")).unwrap(), None);
        for strange in [text(&waiting), "x".into(), "AQ".into(), text(&door) + "AA"] {
            assert_eq!(parse::<DoorPlace>(Some(&strange)).unwrap_err().code(), "cursor");
        }
    }

    #[test]
    fn a_page_has_one_to_a_thousand_rows() {
        assert_eq!(
            (limit(None).unwrap(), limit(Some(1)).unwrap(), limit(Some(1000)).unwrap()),
            (100, 1, 1000)
        );
        for wrong in [0, 1001, u64::MAX] {
            assert_eq!(limit(Some(wrong)).unwrap_err().code(), "limit");
        }
    }
}

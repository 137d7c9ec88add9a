//! Plans that were published: what kind they are, and what their sealed content says.

use minicbor::{Decoder, Encoder};

use crate::named::named;
use crate::time::Day;

named! {
    /// What is planned. The numbers are those of the facts and never change.
    pub enum PlanKind {
        /// A community's buildings to grids.
        Grids = 0 => "grids",
        /// Staff to communities.
        Deployment = 1 => "deployment",
        /// Units to the places they look after.
        Pairing = 2 => "pairing",
        /// People to shifts.
        Rota = 3 => "rota",
        /// Stops to rounds, in order.
        Rounds = 4 => "rounds",
    }
}

/// Something that is held in a plan: a shift, a place in a community, a building, a stop. It names no person.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Slot {
    /// The post, community, building or stop as the input names it.
    pub label: String,
    /// The role or the unit's stairwell; may be empty.
    pub detail: String,
    pub day: Option<Day>,
    /// Minutes from the beginning of the day.
    pub starts: Option<u32>,
    /// How long it lasts, in minutes.
    pub minutes: Option<u32>,
    /// How many hold it together.
    pub need: u32,
    /// East and north, in metres.
    pub at: Option<(i64, i64)>,
    /// Households behind it, where that is what is divided.
    pub households: u32,
}

/// Something that a plan leaves uncovered or in question, in both languages. It names no person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub code: String,
    pub zh: String,
    pub en: String,
}

/// A holder that is no person: a grid, by its code, with the slots it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    pub holder: String,
    pub slots: Vec<u32>,
}

/// A plan's own sealed content.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PlanContent {
    pub slots: Vec<Slot>,
    pub open: Vec<Open>,
    pub holdings: Vec<Holding>,
}

/// A person's sealed part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PartContent {
    pub name: String,
    /// Indices of the plan's slots, in order, each with the minute of the day at which she comes to it where that is
    /// hers to know and not the slot's.
    pub slots: Vec<(u32, Option<u32>)>,
}

type Out = Encoder<Vec<u8>>;

fn optional<T>(out: &mut Out, value: Option<T>, write: impl FnOnce(&mut Out, T)) {
    match value {
        Some(value) => write(out, value),
        None => {
            let _ = out.null();
        }
    }
}

fn write_number(out: &mut Out, number: u32) {
    let _ = out.u32(number);
}

fn write_day(out: &mut Out, day: Day) {
    let _ = out.i32(day);
}

fn read_optional<'b, T>(
    read: &mut Decoder<'b>,
    value: impl FnOnce(&mut Decoder<'b>) -> Result<T, minicbor::decode::Error>,
) -> Option<Option<T>> {
    if read.datatype().ok()? == minicbor::data::Type::Null {
        read.null().ok()?;
        return Some(None);
    }
    value(read).ok().map(Some)
}

fn array(read: &mut Decoder<'_>, length: u64) -> Option<()> {
    (read.array().ok()?? == length).then_some(())
}

/// Reads a list, without believing its length before the items are there.
fn list<'b, T>(
    read: &mut Decoder<'b>,
    mut item: impl FnMut(&mut Decoder<'b>) -> Option<T>,
) -> Option<Vec<T>> {
    let length = read.array().ok()??;
    let mut items = Vec::new();
    for _ in 0..length {
        items.push(item(read)?);
    }
    Some(items)
}

fn text(read: &mut Decoder<'_>) -> Option<String> {
    read.str().ok().map(str::to_owned)
}

// Writing into a Vec cannot fail: its error type has no values.
impl Slot {
    fn write(&self, out: &mut Out) {
        let _ = out.array(8).and_then(|out| out.str(&self.label)).and_then(|out| out.str(&self.detail));
        optional(out, self.day, write_day);
        optional(out, self.starts, write_number);
        optional(out, self.minutes, write_number);
        let _ = out.u32(self.need);
        optional(out, self.at, |out, (east, north)| {
            let _ = out.array(2).and_then(|out| out.i64(east)).and_then(|out| out.i64(north));
        });
        let _ = out.u32(self.households);
    }

    fn read(read: &mut Decoder<'_>) -> Option<Self> {
        array(read, 8)?;
        Some(Self {
            label: text(read)?,
            detail: text(read)?,
            day: read_optional(read, Decoder::i32)?,
            starts: read_optional(read, Decoder::u32)?,
            minutes: read_optional(read, Decoder::u32)?,
            need: read.u32().ok()?,
            at: read_optional(read, |read| {
                if read.array()? == Some(2) {
                    Ok((read.i64()?, read.i64()?))
                } else {
                    Err(minicbor::decode::Error::message("two numbers were expected"))
                }
            })?,
            households: read.u32().ok()?,
        })
    }
}

impl PlanContent {
    /// The canonical bytes that are sealed under the plan's id.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::with_capacity(64 * self.slots.len() + 64));
        let _ = out.array(3).and_then(|out| out.array(self.slots.len() as u64));
        self.slots.iter().for_each(|slot| slot.write(&mut out));
        let _ = out.array(self.open.len() as u64);
        for open in &self.open {
            let _ = out.array(3);
            for said in [&open.code, &open.zh, &open.en] {
                let _ = out.str(said);
            }
        }
        let _ = out.array(self.holdings.len() as u64);
        for holding in &self.holdings {
            let _ = out.array(2).and_then(|out| out.str(&holding.holder));
            let _ = out.array(holding.slots.len() as u64);
            for slot in &holding.slots {
                let _ = out.u32(*slot);
            }
        }
        out.into_writer()
    }

    /// Reads what [`PlanContent::encode`] wrote; none if the bytes are anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut read = Decoder::new(bytes);
        array(&mut read, 3)?;
        let found = Self {
            slots: list(&mut read, Slot::read)?,
            open: list(&mut read, |read| {
                array(read, 3)?;
                Some(Open { code: text(read)?, zh: text(read)?, en: text(read)? })
            })?,
            holdings: list(&mut read, |read| {
                array(read, 2)?;
                Some(Holding { holder: text(read)?, slots: list(read, |read| read.u32().ok())? })
            })?,
        };
        (found.encode() == bytes).then_some(found)
    }
}

impl PartContent {
    /// The canonical bytes that are sealed under the person's pseudonym.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::with_capacity(16 + 8 * self.slots.len()));
        let _ = out.array(2).and_then(|out| out.str(&self.name));
        let _ = out.array(self.slots.len() as u64);
        for (slot, minute) in &self.slots {
            let _ = out.array(2).and_then(|out| out.u32(*slot));
            optional(&mut out, *minute, write_number);
        }
        out.into_writer()
    }

    /// Reads what [`PartContent::encode`] wrote; none if the bytes are anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut read = Decoder::new(bytes);
        array(&mut read, 2)?;
        let found = Self {
            name: text(&mut read)?,
            slots: list(&mut read, |read| {
                array(read, 2)?;
                Some((read.u32().ok()?, read_optional(read, Decoder::u32)?))
            })?,
        };
        (found.encode() == bytes).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> PlanContent {
        PlanContent {
            slots: vec![
                Slot {
                    label: "南门".into(),
                    detail: "测温".into(),
                    day: Some(18_309),
                    starts: Some(480),
                    minutes: Some(480),
                    need: 2,
                    at: None,
                    households: 0,
                },
                Slot { label: "3".into(), need: 1, at: Some((-7, 120)), households: 96, ..Slot::default() },
            ],
            open: vec![Open { code: "nobody_free".into(), zh: "缺 8 小时".into(), en: "8 hours".into() }],
            holdings: vec![Holding { holder: "420102002003001".into(), slots: vec![1] }],
        }
    }

    #[test]
    fn contents_read_back_and_have_one_shape() {
        let content = content();
        assert_eq!(PlanContent::decode(&content.encode()), Some(content.clone()));
        let part = PartContent { name: "陈小燕".into(), slots: vec![(0, None), (7, Some(615))] };
        assert_eq!(PartContent::decode(&part.encode()), Some(part.clone()));
        for bytes in [content.encode(), part.encode()] {
            let mut longer = bytes.clone();
            longer.push(0);
            assert_eq!((PlanContent::decode(&longer), PartContent::decode(&longer)), (None, None));
            for cut in 0..bytes.len() {
                assert_eq!(PlanContent::decode(&bytes[..cut]), None);
                assert_eq!(PartContent::decode(&bytes[..cut]), None);
            }
        }
        // A list that claims to be longer than memory ends where its bytes do.
        assert_eq!(PlanContent::decode(&[0x83, 0x9b, 255, 255, 255, 255, 255, 255, 255, 255]), None);
    }

    #[test]
    fn a_part_has_these_bytes() {
        let part = PartContent { name: "A".into(), slots: vec![(2, None), (3, Some(600))] };
        let golden = [0x82, 0x61, 0x41, 0x82, 0x82, 0x02, 0xf6, 0x82, 0x03, 0x19, 0x02, 0x58];
        assert_eq!(part.encode(), golden);
    }

    #[test]
    fn names_and_numbers_of_kinds_lead_back() {
        for kind in PlanKind::ALL {
            assert_eq!(PlanKind::from_name(kind.as_str()), Some(kind));
            assert_eq!(PlanKind::from_code(kind as u64), Some(kind));
        }
    }
}

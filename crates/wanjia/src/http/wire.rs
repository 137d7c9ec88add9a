//! How bytes, instants and sweeps are written in JSON.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::id::SweepId;
use domain::state::{Book, Visit};
use domain::time::{CAMPAIGN_OFFSET_HOURS, Millis};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use store::query::Door;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// An instant as RFC 3339 in UTC, always with milliseconds: `received_at` is in the ledger's leaf, so none may be lost.
#[must_use]
pub fn instant(at: Millis) -> String {
    let timestamp =
        Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
    timestamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The days of the campaign.
#[derive(Serialize, ToSchema)]
pub struct Campaign {
    /// In which days are counted.
    offset_hours: i8,
}

impl Campaign {
    /// That of this deployment.
    #[must_use]
    pub fn own() -> Self {
        Self { offset_hours: CAMPAIGN_OFFSET_HOURS }
    }
}

/// A sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sweep {
    #[schema(value_type = String, format = "uuid")]
    pub id: SweepId,
    pub area_code: String,
    pub area_name: String,
    pub programme: String,
    #[schema(format = DateTime)]
    pub opened_at: String,
    #[schema(format = DateTime)]
    pub deadline: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
    /// Why it was taken back, if it was: `area`, `deadline`, `name`, `twice` or `unwanted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<&'static str>,
}

impl Sweep {
    #[must_use]
    pub fn of(book: &Book, sweep: &domain::state::Sweep) -> Self {
        Self {
            id: sweep.id,
            area_code: book.areas.code(sweep.area).to_owned(),
            area_name: book.areas.get(sweep.area).map(|area| area.name.clone()).unwrap_or_default(),
            programme: sweep.programme.clone(),
            opened_at: instant(sweep.opened_at),
            deadline: instant(sweep.deadline),
            closed_at: sweep.closed_at.map(instant),
            withdrawn: sweep.withdrawn.map(domain::fact::Misopened::as_str),
        }
    }
}

/// A visit that reached people, as it is told beside one that came after it and reached nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Found {
    #[schema(format = DateTime)]
    pub at: String,
    /// `met` or `phone`
    pub outcome: &'static str,
    /// How many of those who are listed were reached in this sweep.
    pub reached: u32,
}

impl Found {
    #[must_use]
    pub fn of(visit: Visit, reached: u32) -> Self {
        Self { at: instant(visit.stamp.at), outcome: visit.outcome.as_str(), reached }
    }

    /// What is told of a door whose latest visit reached nobody.
    #[must_use]
    pub fn before(door: &Door) -> Option<Self> {
        door.found_before().map(|(visit, reached)| Self::of(visit, reached))
    }
}

/// Bytes of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

/// The hash of a tree or a series.
pub type Base64Hash = Base64Of<32>;

/// Exactly `N` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base64Of<const N: usize>(pub [u8; N]);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<const N: usize> Serialize for Base64Of<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    STANDARD
        .decode(text.as_bytes())
        .map_err(|_| de::Error::custom("standard base64 with padding was expected"))
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode(deserializer).map(Self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Base64Of<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = decode(deserializer)?;
        let found = bytes.len();
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| de::Error::custom(format_args!("base64 of {N} bytes was expected, {found} came")))
    }
}

fn schema(description: String) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Byte)))
        .description(Some(description))
        .into()
}

impl PartialSchema for Base64 {
    fn schema() -> RefOr<Schema> {
        schema("standard base64 with padding".into())
    }
}

impl ToSchema for Base64 {
    fn name() -> Cow<'static, str> {
        "Base64".into()
    }
}

impl<const N: usize> PartialSchema for Base64Of<N> {
    fn schema() -> RefOr<Schema> {
        schema(format!("standard base64, with padding, of {N} bytes"))
    }
}

impl<const N: usize> ToSchema for Base64Of<N> {
    fn name() -> Cow<'static, str> {
        format!("Base64Of{N}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_keeps_its_milliseconds_even_when_they_are_none() {
        assert_eq!(instant(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(instant(1_582_000_000_007), "2020-02-18T04:26:40.007Z");
        assert_eq!(instant(-1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn bytes_go_there_and_back_and_nothing_else_is_taken_for_them() {
        let bytes: Base64Of<3> = serde_json::from_str("\"AAEC\"").unwrap();
        assert_eq!(bytes, Base64Of([0, 1, 2]));
        assert_eq!(serde_json::to_string(&bytes).unwrap(), "\"AAEC\"");
        for wrong in ["\"AAE\"", "\"AAECAw==\"", "\"AA-_\"", "\"AAEC\\n\"", "7", "null"] {
            assert!(serde_json::from_str::<Base64Of<3>>(wrong).is_err(), "{wrong}");
        }
    }
}

//! Why a pair is, or is not, one person: evidence field by field, as plain data.

use serde::Serialize;

use crate::compare::{Field, Levels};
use crate::model::{Scorer, log2_sum, probability};
use crate::person::{Column, Person, Raw};

/// What one field says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The field.
    pub field: Field,
    /// The field's name in Chinese.
    pub field_zh: &'static str,
    /// The field's name in English.
    pub field_en: &'static str,
    /// The value on the left, as it was given.
    pub left: String,
    /// The value on the right, as it was given.
    pub right: String,
    /// Level of agreement, see [`Levels`].
    pub level: u8,
    /// What agreed, in Chinese.
    pub agreement_zh: &'static str,
    /// What agreed, in English.
    pub agreement_en: &'static str,
    /// Weight in bits: above 0 it speaks for one person.
    pub weight: f64,
    /// Log2 odds after this field.
    pub total: f64,
}

/// The evidence of a pair. Bars of a waterfall: `prior`, then each weight; `total` is where each bar ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Log2 odds before any field is looked at.
    pub prior: f64,
    /// The fields, in the order of [`Field::ALL`].
    pub evidence: Vec<Evidence>,
    /// Log2 odds of the pair by itself.
    pub total: f64,
    /// Probability of the pair by itself.
    pub probability: f64,
    /// Probabilities that the two are one person, two of one household, two strangers.
    pub kinds: [f64; 3],
}

/// Names of a field: Chinese, English.
#[must_use]
pub const fn field_name(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Name => ("姓名", "name"),
        Field::Birth => ("出生日期", "birth date"),
        Field::Identifier => ("证件号码", "identity number"),
        Field::Phone => ("电话", "telephone"),
        Field::Sex => ("性别", "sex"),
        Field::Dwelling => ("住处", "dwelling"),
    }
}

/// What a level means: Chinese, English. `letters`: the name is in letters or the address is a western one.
#[must_use]
pub const fn level_name(field: Field, level: usize, letters: bool) -> (&'static str, &'static str) {
    match (field, level) {
        (_, 0) => ("至少一方没有", "missing on a side"),
        (Field::Name, 1) => ("不同", "different"),
        (Field::Name, 2) if letters => ("一部分相近", "one part is alike"),
        (Field::Name, 2) => ("同姓，名不同", "same surname, other given name"),
        (Field::Name, 3) => ("同名，姓不同", "same given name, other surname"),
        (Field::Name, 4) if letters => ("同姓，名不同", "same family name, other given name"),
        (Field::Name, 4) => ("称呼相符（只有姓）", "fits a form of address (surname only)"),
        (Field::Name, 5) if letters => ("一部分相近，另一部分不全", "one part alike, the other in doubt"),
        (Field::Name, 5) => ("同姓，名有一字相同或同音", "same surname, one given character shared"),
        (Field::Name, 6) if letters => ("一部分相同，另一部分不全", "one part the same, the other in doubt"),
        (Field::Name, 6) => ("近音（平翘舌、前后鼻音、n/l）或形近", "alike in southern speech, or in shape"),
        (Field::Name, 7) if letters => ("姓名互换，或拼写相近", "exchanged or spelled alike"),
        (Field::Name, 7) => ("同音", "same sound"),
        (Field::Name, _) => ("完全相同", "the same"),
        (Field::Birth, 1) => ("不同", "different"),
        (Field::Birth, 2) => ("年相同或差一年", "same year, or a year apart"),
        (Field::Birth, 3) => ("年月日中两项相同", "two of year, month and day"),
        (Field::Birth, 4) => ("差一位或一项差一", "one digit, or one part by one"),
        (Field::Birth, 5) => ("日月互换", "day and month exchanged"),
        (Field::Birth, 6) => {
            ("年份相符，月日不详或记作1月1日", "the year fits, the day is not known or is put as 1 January")
        }
        (Field::Birth, _) => ("完全相同", "the same"),
        (Field::Identifier, 1) => ("不同", "different"),
        (Field::Identifier, 2) => ("不同，有一方校验位不对", "different, one has a wrong check character"),
        (Field::Identifier, 3) => ("一处笔误", "one slip of the hand apart"),
        (Field::Identifier, _) => ("完全相同", "the same"),
        (Field::Phone, 1) => ("不同", "different"),
        (Field::Phone, 2) => ("一处笔误", "one slip of the hand apart"),
        (Field::Phone, _) => ("完全相同", "the same"),
        (Field::Sex, 1) => ("不同", "different"),
        (Field::Sex, _) => ("相同", "the same"),
        (Field::Dwelling, 1) if letters => ("无一项相同", "no part agrees"),
        (Field::Dwelling, 1) => ("不在同一社区", "different communities"),
        (Field::Dwelling, 2) if letters => ("一项相同", "one part agrees"),
        (Field::Dwelling, 3) if letters => ("两项相同", "two parts agree"),
        (Field::Dwelling, 2 | 3) => ("同社区", "same community"),
        (Field::Dwelling, 4) if letters => ("三项相同", "three parts agree"),
        (Field::Dwelling, 4) => ("同楼栋", "same building"),
        (Field::Dwelling, 5) if letters => ("仅一项不同或不全", "all parts but one agree"),
        (Field::Dwelling, 5) => ("同楼栋，房号或单元差一处", "same building, room or unit a slip apart"),
        (Field::Dwelling, _) => ("同一户", "the same dwelling"),
    }
}

fn shown(raw: &Raw<'_>, field: Field) -> String {
    let columns: &[Column] = match field {
        Field::Name => &[Column::Name, Column::FamilyName, Column::GivenName],
        Field::Birth => &[Column::BirthDate],
        Field::Identifier => &[Column::IdNumber],
        Field::Phone => &[Column::Phone],
        Field::Sex => &[Column::Sex],
        Field::Dwelling => &[
            Column::Address,
            Column::Community,
            Column::Building,
            Column::Unit,
            Column::Room,
            Column::StreetNumber,
            Column::Street,
            Column::SecondLine,
            Column::Suburb,
            Column::Postcode,
        ],
    };
    let parts: Vec<&str> =
        columns.iter().map(|column| raw.get(*column)).filter(|text| !text.is_empty()).collect();
    parts.join(" ")
}

/// Explains a pair: `levels` as compared, `person` the left row whose rarities are known, `raw` both rows as given.
#[must_use]
pub fn explain(scorer: &Scorer, levels: Levels, person: &Person, raw: [&Raw<'_>; 2]) -> Explanation {
    let mut logs = [scorer.prior()[0], scorer.prior()[1], 0.0];
    let odds = |logs: [f64; 3]| logs[0] - log2_sum(logs[1], logs[2]);
    let prior = odds(logs);
    let mut total = prior;
    let evidence = Field::ALL
        .into_iter()
        .map(|field| {
            let level = levels.get(field);
            for (log, part) in logs.iter_mut().zip(scorer.parts(field, levels, person)) {
                *log += part;
            }
            let before = std::mem::replace(&mut total, odds(logs));
            let letters = match field {
                Field::Name => person.is_text(),
                _ => person.has_street(),
            };
            let ((field_zh, field_en), (agreement_zh, agreement_en)) =
                (field_name(field), level_name(field, level, letters));
            Evidence {
                field,
                field_zh,
                field_en,
                left: shown(raw[0], field),
                right: shown(raw[1], field),
                level: level as u8,
                agreement_zh,
                agreement_en,
                weight: total - before,
                total,
            }
        })
        .collect();
    Explanation {
        prior,
        evidence,
        total,
        probability: probability(total),
        kinds: scorer.posterior(levels, person),
    }
}

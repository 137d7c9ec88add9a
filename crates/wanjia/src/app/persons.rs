//! What someone says of a person, read field by field as a roster's cells are.

use domain::identity::Identity;
use domain::time::campaign_zone;
use intake::cell::{self, IdNumber};
use jiff::Timestamp;

pub use super::import_roster::merge;

/// The longest text of one field, in characters.
const FIELD_LIMIT: usize = 100;

/// What was said; a field that is missing says nothing.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    pub name: Option<&'a str>,
    pub sex: Option<&'a str>,
    pub birth_date: Option<&'a str>,
    pub id_number: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub relation: Option<&'a str>,
}

/// Which field is wrong and why, without what stood in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: &'static str,
    pub code: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
}

fn wrong(field: &'static str, zh: &'static str, en: &'static str) -> Wrong {
    Wrong { field, code: field, zh, en }
}

fn within_limit<'a>(field: &'static str, text: Option<&'a str>) -> Result<&'a str, Wrong> {
    let text = text.unwrap_or_default();
    if text.chars().count() > FIELD_LIMIT {
        return Err(Wrong {
            field,
            code: "too_long",
            zh: "内容太长，不超过 100 个字",
            en: "the text is longer than 100 characters",
        });
    }
    Ok(text)
}

/// Reads what was said. The sex and the birth date follow from an ID number where they are not said.
///
/// # Errors
/// [`Wrong`] for the first field that cannot be, or that contradicts the ID number.
pub fn read(said: &Said<'_>) -> Result<Identity, Wrong> {
    let name = cell::name(within_limit("name", said.name)?);
    if !name.is_empty() && !name.chars().any(char::is_alphabetic) {
        return Err(wrong("name", "姓名里没有文字", "there are no letters in the name"));
    }
    let sex_text = within_limit("sex", said.sex)?;
    let sex = cell::sex(sex_text)
        .ok_or_else(|| wrong("sex", "性别应为 男 或 女", "the sex is written 男 or 女 (male or female)"))?;
    let birth = cell::birth_date(within_limit("birth_date", said.birth_date)?).map_err(|_| {
        wrong("birth_date", "出生日期应写成 1970-01-31", "a birth date is written as 1970-01-31")
    })?;
    let today = campaign_zone().to_datetime(Timestamp::now()).date();
    if birth.is_some_and(|birth| birth > today || birth.year() < 1880) {
        return Err(wrong("birth_date", "出生日期不可能", "nobody alive was born on this day"));
    }
    let number = match cell::id_number(within_limit("id_number", said.id_number)?) {
        IdNumber::Empty => None,
        IdNumber::Valid(number) => Some(number),
        IdNumber::Impossible(_) => {
            return Err(wrong(
                "id_number",
                "身份证号不对：应为 18 位，且校验位相符",
                "the ID number is not possible: it has 18 characters, of which the last is a check",
            ));
        }
    };
    if let Some(number) = &number {
        if birth.is_some_and(|birth| birth != number.birth_date) {
            return Err(wrong(
                "birth_date",
                "出生日期与身份证号不符",
                "the birth date contradicts the ID number",
            ));
        }
        if !sex.is_empty() && sex != number.sex {
            return Err(wrong("sex", "性别与身份证号不符", "the sex contradicts the ID number"));
        }
    }
    let phone = cell::phone(within_limit("phone", said.phone)?)
        .map_err(|_| wrong("phone", "电话号码不对", "the telephone number is not possible"))?;
    let birth = birth.or(number.as_ref().map(|number| number.birth_date));
    Ok(Identity {
        name,
        sex: number.as_ref().map_or(sex, |number| number.sex).to_owned(),
        birth_date: birth.map(|birth| birth.to_string()).unwrap_or_default(),
        id_number: number.map(|number| number.number).unwrap_or_default(),
        phone,
        relation: cell::plain(within_limit("relation", said.relation)?),
        note: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number with a region code that was never assigned: nobody's.
    fn number() -> String {
        let first = b"99000019800101100";
        format!("{}{}", std::str::from_utf8(first).unwrap(), char::from(cell::check_character(first)))
    }

    fn fault(said: Said<'_>) -> &'static str {
        read(&said).unwrap_err().field
    }

    #[test]
    fn fields_are_read_as_a_rosters_cells_are() {
        let number = number();
        let said = Said {
            name: Some(" 王 伟 "),
            id_number: Some(&number),
            phone: Some("+86 138-0000-0000"),
            relation: Some("户主"),
            ..Said::default()
        };
        let identity = read(&said).unwrap();
        assert_eq!((identity.name.as_str(), identity.birth_date.as_str()), ("王伟", "1980-01-01"));
        assert_eq!((identity.phone.as_str(), identity.sex.as_str()), ("13800000000", "女"));
        assert_eq!(read(&Said::default()).unwrap(), Identity::default());
    }

    #[test]
    fn a_field_that_cannot_be_is_named() {
        let number = number();
        assert_eq!(fault(Said { name: Some("123"), ..Said::default() }), "name");
        assert_eq!(fault(Said { sex: Some("?"), ..Said::default() }), "sex");
        for birth_date in ["1980-02-30", "yesterday", "2999-01-01", "1700-01-01"] {
            assert_eq!(fault(Said { birth_date: Some(birth_date), ..Said::default() }), "birth_date");
        }
        assert_eq!(fault(Said { id_number: Some("123"), ..Said::default() }), "id_number");
        assert_eq!(fault(Said { phone: Some("abc"), ..Said::default() }), "phone");
        let contradicted =
            Said { id_number: Some(&number), birth_date: Some("1980-01-02"), ..Said::default() };
        assert_eq!(fault(contradicted), "birth_date");
        assert_eq!(fault(Said { id_number: Some(&number), sex: Some("男"), ..Said::default() }), "sex");
        let long = "长".repeat(101);
        assert_eq!(read(&Said { relation: Some(&long), ..Said::default() }).unwrap_err().code, "too_long");
    }
}

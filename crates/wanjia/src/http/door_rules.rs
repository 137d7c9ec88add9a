//! The rules that a phone can judge by itself while a form is filled in: what matters at the door is said at the door.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::area::AreaNumber;
use domain::state::Book;
use domain::time::{Day, day_of, from_day};
use programme::parameter::Unit;
use programme::pathway::Pathway;
use programme::portable::{Expression, portable};
use programme::rule::Rule;
use programme::text::Texts;
use programme::{Number, Programme};
use serde::Serialize;
use serde_json::{Value, json};
use store::packs::if_readable;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::Named;
use super::extract::{Caller, Json};
use super::problem::Problem;
use crate::cli::now;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(rules))
}

#[derive(Serialize, ToSchema)]
struct DoorRules {
    rules: Vec<DoorRule>,
}

/// A rule that looks at the answers to one form and at nothing else.
#[derive(Serialize, ToSchema)]
struct DoorRule {
    id: String,
    programme: String,
    version: String,
    form: String,
    /// What holds when it flags.
    says: Said,
    /// What would settle it.
    resolved_by: Said,
    /// The role that must look at it.
    tells: Named,
    /// The case that comes of it; none if none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens: Option<Opens>,
    /// As docs/API-DESIGN.md has it, with the parameters that hold in the caller's area today put in.
    #[schema(value_type = Object)]
    when: Value,
}

/// The case that a rule asks for, as it begins.
#[derive(Serialize, ToSchema)]
struct Opens {
    pathway: Named,
    /// The role that answers for it.
    owner: Named,
    /// So long after it is opened it is due, by what holds in the caller's area today; none where that is counted otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<Within>,
}

#[derive(Serialize, ToSchema)]
struct Within {
    amount: i64,
    /// `minutes`, `hours`, `days` or `working_days`
    unit: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Said {
    zh: String,
    en: String,
}

impl Said {
    fn of(texts: &Texts) -> Self {
        let text = |language| texts.get(language).unwrap_or_default().to_owned();
        Self { zh: text("zh"), en: text("en") }
    }
}

fn opens(programme: &Programme, rule: &Rule, parameters: &BTreeMap<&str, Number>) -> Option<Opens> {
    let asks = |pathway: &&Pathway| {
        pathway.asked_by.contains(&rule.id.value) && pathway.subject.is_kept_as(rule.subject)
    };
    let pathway = programme.pathways.iter().find(asks)?;
    let begins = pathway.brought_to(&rule.id.value).map(|(_, state)| state).or(pathway.start())?;
    let duty = begins.duty.as_ref()?;
    // What is counted from a day that was said, or waits for something first, is not due so long after its opening.
    let code = Some(&duty.within).filter(|_| duty.counted_from.is_none() && begins.waits.is_none());
    let within = code.and_then(|code| {
        let unit = programme.parameters.get(code)?.unit;
        let is_time = matches!(unit, Unit::Minutes | Unit::Hours | Unit::Days | Unit::WorkingDays);
        match parameters.get(code.as_str())? {
            Number::Whole(amount) if is_time => Some(Within { amount: *amount, unit: unit.name() }),
            Number::Whole(_) | Number::Decimal(_) => None,
        }
    });
    let role = programme.manifest.roles.iter().find(|role| role.code.value == duty.owner);
    Some(Opens {
        pathway: Named::of(&pathway.code.value, Some(&pathway.name)),
        owner: Named::of(&duty.owner, role.map(|role| &role.name)),
        within,
    })
}

/// Changes with every edition that comes into force, and each day, since parameters hold by the day.
#[must_use]
pub fn forms_known(book: &Book, area: AreaNumber, today: Day) -> String {
    let mut hasher = DefaultHasher::new();
    (book.areas.code(area), today).hash(&mut hasher);
    for edition in in_force(book, today) {
        (&edition.0, &edition.1).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The programmes in force on a day, with their versions.
fn in_force(book: &Book, today: Day) -> Vec<(String, String)> {
    let mut programmes: Vec<&str> = book.editions.iter().map(|edition| edition.programme.as_str()).collect();
    programmes.sort_unstable();
    programmes.dedup();
    let version = |code: &str| book.edition_on(code, today).map(|edition| edition.version.clone());
    programmes.into_iter().filter_map(|code| Some((code.to_owned(), version(code)?))).collect()
}

fn tree(expression: &Expression) -> Value {
    let all = |parts: &[Expression]| parts.iter().map(tree).collect::<Vec<_>>();
    match expression {
        Expression::Truth(value) => json!({ "value": value }),
        Expression::Number(value) => json!({ "value": value }),
        Expression::Text(value) => json!({ "value": value }),
        Expression::Field(name) => json!({ "field": name }),
        Expression::Day(name) => json!({ "day": name }),
        Expression::Today => json!({ "today": true }),
        Expression::On => json!({ "on": true }),
        Expression::Bound(at) => json!({ "bound": at }),
        Expression::List(parts) => json!({ "list": all(parts) }),
        Expression::Call(op, parts) => json!({ "op": op, "of": all(parts) }),
        Expression::Some { of, holds } => json!({ "some": tree(of), "holds": tree(holds) }),
        Expression::Every { of, holds } => json!({ "every": tree(of), "holds": tree(holds) }),
    }
}

/// The rules in force that can be judged on a phone.
#[utoipa::path(
    get, path = "/v1/rules", tag = "cases",
    responses((status = 200, body = DoorRules), (status = 403, body = Problem))
)]
async fn rules(State(site): State<Site>, caller: Caller) -> Result<Json<DoorRules>, Problem> {
    let area = caller.grant.area;
    caller.may(Action::Pull, Scope::Area(area))?;
    let today = day_of(now());
    let rules = site
        .territory
        .read(move |reader| {
            let code = reader.book().areas.code(area).to_owned();
            let territory = reader.book().areas.shared_code().to_owned();
            let mut rules = Vec::new();
            for (programme, version) in in_force(reader.book(), today) {
                let Some(read) = if_readable(reader.programme(&programme, &version))? else { continue };
                let parameters = read.parameters.on(&code, from_day(today));
                for rule in &read.rules {
                    let on_phone = read
                        .forms
                        .iter()
                        .find_map(|form| Some((form, portable(&rule.condition, form, &parameters)?)));
                    let Some((form, when)) = on_phone else { continue };
                    let role = read.manifest.roles.iter().find(|role| role.code.value == rule.tells);
                    rules.push(DoorRule {
                        id: rule.id.value.clone(),
                        programme: programme.clone(),
                        version: read.version_on(&form.code.value, &territory, from_day(today)),
                        form: form.code.value.clone(),
                        says: Said::of(&rule.says),
                        resolved_by: Said::of(&rule.resolved_by),
                        tells: Named::of(&rule.tells, role.map(|role| &role.name)),
                        opens: opens(&read, rule, &parameters),
                        when: tree(&when),
                    });
                }
            }
            Ok(rules)
        })
        .await?;
    Ok(Json(DoorRules { rules }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use programme::answer::{self, Given, Record};
    use programme::judge::{Judgement, Situation, judge};

    use super::*;

    fn pack(code: &str) -> Programme {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes");
        programme::read(&crate::app::pack_files::read_pack_files(&root.join(code)).unwrap()).unwrap()
    }

    #[test]
    fn whoever_is_told_of_a_case_is_told_with_the_rule_that_opens_it() {
        let read = pack("epidemic");
        let parameters = read.parameters.on("420102002003", "2020-03-10".parse().unwrap());
        let opened = |id: &str| {
            let rule = read.rules.iter().find(|rule| rule.id.value == id).unwrap();
            let Opens { pathway, owner, within } = opens(&read, rule, &parameters).unwrap();
            (pathway.code, owner.code, within.map(|within| (within.amount, within.unit)))
        };
        let doctor = |within| ("fever".to_owned(), "doctor".to_owned(), Some(within));
        assert_eq!(opened("E-R05"), doctor((2, "hours")));
        let (pathway, _, within) = opened("E-R04");
        assert_eq!((pathway.as_str(), within), ("observe_home", Some((12, "hours"))), "until she is told");
    }

    fn text(text: &str) -> Given {
        Given::Text(text.into())
    }

    /// A programme, one of its forms, and answers to it.
    type Case = (&'static str, &'static str, Vec<(&'static str, Given)>);

    fn cases() -> Vec<Case> {
        let symptoms = |names: &[&str]| Given::List(names.iter().map(|name| text(name)).collect());
        let mut cases = Vec::new();
        for temperature in
            [Given::Decimal(36.6), Given::Decimal(37.2), Given::Decimal(37.3), Given::Whole(38)]
        {
            for signs in [&["none"][..], &["cough", "fever"], &[]] {
                let answers = vec![("temp_c", temperature.clone()), ("symptom", symptoms(signs))];
                cases.push(("epidemic", "twice_daily", answers.clone()));
                for day in ["2020-03-10", "2020-03-07", "2020-02-25", "2020-02-24"] {
                    let arrived = [("arrived_on", text(day))];
                    cases.push(("epidemic", "returnee", answers.iter().cloned().chain(arrived).collect()));
                }
            }
            // The other answer is missing: it decides in one case and not in the other.
            cases.push(("epidemic", "twice_daily", vec![("temp_c", temperature)]));
        }
        cases.push(("epidemic", "twice_daily", vec![("symptom", symptoms(&["cough"]))]));
        cases.push(("epidemic", "twice_daily", Vec::new()));
        for (room, cooling) in
            [(Given::Whole(31), "fan"), (Given::Decimal(36.5), "fan"), (Given::Whole(40), "air")]
        {
            cases.push(("heat", "look_in", vec![("room_c", room), ("cooling", text(cooling))]));
        }
        cases.push(("heat", "look_in", vec![("cooling", text("air"))]));
        cases
    }

    fn plain(given: &Given) -> Value {
        match given {
            Given::Text(text) => json!(text),
            Given::Whole(number) => json!(number),
            Given::Decimal(number) => json!(number),
            Given::List(items) => items.iter().map(plain).collect(),
        }
    }

    /// What the server says of a few answers to forms is committed, and the phone's own tests are held to the same.
    #[test]
    fn a_phone_is_held_to_what_the_server_judges() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let today = "2020-03-10".parse().unwrap();
        let (mut rules, mut judged) = (serde_json::Map::new(), Vec::new());
        for code in ["epidemic", "heat"] {
            let files = crate::app::pack_files::read_pack_files(&root.join("programmes").join(code)).unwrap();
            let read = programme::read(&files).unwrap();
            let parameters = read.parameters.on("420102002003", today);
            for (_, form, answers) in cases().into_iter().filter(|(programme, ..)| *programme == code) {
                let form = read.form(form).unwrap();
                let given: BTreeMap<String, Given> =
                    answers.iter().map(|(name, given)| ((*name).to_owned(), given.clone())).collect();
                // Forms that are half filled in are judged as well: at the door that is what there is.
                let mut whole = form.clone();
                whole.fields.iter_mut().for_each(|field| field.required = false);
                let values = answer::fit(&whole, &given).unwrap();
                let at = programme::calendar::midnight_before(today);
                let record = Record { form: form.code.value.clone(), on: today, at, values };
                let situation = Situation { own: vec![&record], ..Situation::default() };
                let mut verdicts = serde_json::Map::new();
                for rule in &read.rules {
                    let Some(when) = portable(&rule.condition, form, &parameters) else { continue };
                    rules.insert(rule.id.value.clone(), tree(&when));
                    let verdict = match judge(&rule.condition, &situation, &parameters, today) {
                        Judgement::Flags(_) => json!(true),
                        Judgement::Clear => json!(false),
                        Judgement::Unknown => Value::Null,
                        Judgement::Failed(why) => panic!("{}: {why}", rule.id.value),
                    };
                    verdicts.insert(rule.id.value.clone(), verdict);
                }
                let answers: serde_json::Map<String, Value> =
                    given.iter().map(|(name, given)| (name.clone(), plain(given))).collect();
                judged.push(json!({ "answers": answers, "verdicts": verdicts }));
            }
        }
        for rule in ["E-R04", "E-R05", "E-R05-arrival", "H-R01", "H-R02"] {
            assert!(rules.contains_key(rule), "{rule} is judged on the phone");
        }
        for rule in ["E-R06", "E-R07-home", "H-R04"] {
            assert!(!rules.contains_key(rule), "{rule} looks at more than one form");
        }
        let made = json!({ "today": domain::time::to_day(today), "rules": rules, "judged": judged });
        let path = root.join("web/tests/door-rules.json");
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            std::fs::write(&path, format!("{made:#}\n")).unwrap();
        }
        let committed: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(committed, made, "run with UPDATE_VECTORS=1 and look at what changed");
    }
}

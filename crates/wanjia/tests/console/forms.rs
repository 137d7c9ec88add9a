//! Forms over HTTP: what a caller may fill in, and the XForm behind each.

use std::collections::BTreeMap;

use axum::body::Body as HttpBody;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Role;
use domain::case::Subject;
use domain::fact::Body;
use domain::id::Id;
use domain::time::{Day, day_of, from_day};
use ledger::series::DeviceKey;
use programme::answer::{self, Given};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wanjia::cli::now;

use super::cases;
use super::place::{Answer, OTHER, OWN, Place, Who, account, authorization};

const DOCTOR: Who = Who::Role(Role::DepartmentObserver);

async fn offered(place: &Place, who: Who) -> Vec<Value> {
    let answer = place.ask(who, "GET", "/v1/forms", None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["forms"].as_array().unwrap().clone()
}

fn codes(forms: &[Value]) -> Vec<&str> {
    forms.iter().map(|form| form["form"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_offered_what_its_worker_fills_in_and_an_appointment_offers_more() {
    let place = Place::new().await;
    assert!(offered(&place, Who::Role(Role::GridWorker)).await.is_empty(), "nothing is published");
    cases::publish(&place).await;
    let own = offered(&place, Who::Role(Role::GridWorker)).await;
    let codes_of_hers = codes(&own);
    assert!(
        codes_of_hers.contains(&"twice_daily") && !codes_of_hers.contains(&"category"),
        "{codes_of_hers:?}"
    );
    assert_eq!(offered(&place, Who::Role(Role::Clerk)).await.len(), 22, "a clerk types in every form");
    assert!(offered(&place, DOCTOR).await.is_empty());
    let appointed = Body::Appointed {
        who: account(DOCTOR).id,
        programme: "epidemic".into(),
        role: "doctor".into(),
        area: Some(OWN.into()),
    };
    place.facts(vec![appointed]).await;
    let doctors = offered(&place, DOCTOR).await;
    assert!(codes(&doctors).contains(&"category"));
    let daily = own.iter().find(|form| form["form"] == "twice_daily").unwrap();
    assert_eq!(
        (&daily["zh"], &daily["en"], &daily["about"], &daily["version"]),
        (&json!("每日两测"), &json!("Twice-daily check"), &json!("person"), &json!("2020-03"))
    );
    assert_eq!(daily["hint"], "被观察的人早晚各测一次：体温和症状。");
    for form in offered(&place, Who::Role(Role::Clerk)).await {
        assert!(form["hint"].is_string() && form["hint_en"].is_string(), "what it is for is said: {form}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_an_xform_with_its_digest_and_is_not_sent_twice() {
    let place = Place::new().await;
    cases::publish(&place).await;
    let rows = offered(&place, Who::Role(Role::GridWorker)).await;
    for row in &rows {
        let uri = format!("/v1/forms/epidemic/2020-03/{}", row["form"].as_str().unwrap());
        let answer = place.ask(Who::Role(Role::GridWorker), "GET", &uri, None).await;
        assert_eq!(answer.status, 200);
        let digest: String = Sha256::digest(&answer.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(row["digest"], digest);
        let tag = format!("\"{digest}\"");
        assert_eq!(answer.headers["etag"], tag);
        assert!(answer.text.contains("<h:html") && answer.text.contains("instanceID"), "{uri}");
        let again = Request::builder()
            .uri(&uri)
            .header("authorization", authorization(&place.own_phone))
            .header("if-none-match", &tag);
        let again = place.send(again.body(HttpBody::empty()).unwrap()).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    }
    for uri in ["/v1/forms/epidemic/2020-03/nothing", "/v1/forms/epidemic/1999/twice_daily"] {
        let answer = place.ask(Who::Role(Role::GridWorker), "GET", uri, None).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "unknown_form"));
    }
}

/// An appointment of a console's account or a phone's worker to a role of the livelihood programme.
fn livelihood(who: Id, role: &str, area: Option<&str>) -> Body {
    let area = area.map(str::to_owned);
    Body::Appointed { who, programme: "livelihood".into(), role: role.into(), area }
}

fn village(area: &str, roles: &[&str]) -> Value {
    let acts_as: Vec<Value> =
        roles.iter().map(|role| json!({"programme": "livelihood", "role": role})).collect();
    json!({"worker_name": "米第一书记", "area_code": area, "role": "grid_worker", "acts_as": acts_as})
}

async fn enrolled(place: &Place, invited: &Answer, number: u8) -> Answer {
    let body = json!({
        "invitation": invited.json()["invitation"],
        "series": Id([number; 16]),
        "public_key": STANDARD.encode(DeviceKey::from_seed([number; 32]).public()),
    });
    place.ask(Who::Nobody, "POST", "/v1/devices", Some(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_of_the_village_acts_as_whoever_invited_it_lets_it_and_no_further() {
    let place = Place::new().await;
    cases::publish_pack(&place, "livelihood", &[]).await;
    let secretary = Who::Role(Role::CommunitySecretary);
    let own = account(secretary).id;
    let invite =
        async |body: Value| place.ask(secretary, "POST", "/v1/devices/invitations", Some(body)).await;
    // She has no role of the programme herself.
    let refused = invite(village(OWN, &["village_cadre"])).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "role".into()), "{}", refused.text);
    place
        .facts(vec![livelihood(own, "village_cadre", Some(OWN)), livelihood(own, "helper", Some(OWN))])
        .await;
    for role in ["county_officer", "nobody", "community_secretary"] {
        assert_eq!(invite(village(OWN, &["village_cadre", role])).await.status, 422, "{role}");
    }
    assert_eq!(invite(village(OTHER, &["village_cadre"])).await.status, 403, "not her community");
    let invited = invite(village(OWN, &["village_cadre", "helper", "helper"])).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let late = invite(village(OWN, &["helper"])).await;
    let phone = enrolled(&place, &invited, 71).await;
    assert_eq!(phone.status, 201, "{}", phone.text);
    let authorization = format!("Device {}:{}", Id([71; 16]), phone.json()["token"].as_str().unwrap());
    let by_phone = async |uri: String| {
        let request = Request::builder().uri(uri).header("authorization", &authorization);
        let request = request.header("host", "wanjia.example").body(HttpBody::empty()).unwrap();
        place.send(request).await.json()
    };

    let forms = by_phone("/v1/forms".into()).await["forms"].as_array().unwrap().clone();
    let codes = codes(&forms);
    for form in ["clue", "household_file", "income", "measure", "revisit", "verification", "work"] {
        assert!(codes.contains(&form), "{form}: {codes:?}");
    }
    for form in ["recognition", "clearance", "issue", "department_alert"] {
        assert!(!codes.contains(&form), "{form} is the county's");
    }
    // What is found at one of its doors is in its list, and not in that of a phone without the role.
    let home = place.home(false).await;
    let clue = json!({
        "programme": "livelihood", "form": "clue", "dwelling": home,
        "answers": {"source": "self", "risk": "illness", "channel": "paper"},
    });
    assert_eq!(place.ask(Who::Role(Role::Clerk), "POST", "/v1/answers", Some(clue)).await.status, 204);
    cases::judged(&place).await;
    let due = by_phone("/v1/pull?tasks=".into()).await["tasks"].clone();
    let asked: Vec<&str> =
        due["rows"].as_array().unwrap().iter().map(|row| row["pathway"]["code"].as_str().unwrap()).collect();
    assert!(asked.contains(&"monitor"), "{due}");
    let roles: Vec<&str> =
        due["roles"].as_array().unwrap().iter().map(|role| role["role"]["code"].as_str().unwrap()).collect();
    assert_eq!(roles, ["helper", "village_cadre"]);
    let other = place.ask(Who::Role(Role::GridWorker), "GET", "/v1/pull?tasks=", None).await.json();
    assert!(other["tasks"]["rows"].as_array().unwrap().is_empty(), "{other}");

    let listed = place.ask(secretary, "GET", &format!("/v1/devices?area={OWN}"), None).await.json();
    let of = |series: Id| {
        let phones = listed["devices"].as_array().unwrap();
        phones.iter().find(|phone| phone["series"] == json!(series)).unwrap()["acts_as"].clone()
    };
    assert_eq!(of(place.own_phone.series), json!([]));
    assert_eq!(of(Id([71; 16]))[1]["en"], "village cadre or village team");

    // Whoever invited is no helper any more: nobody becomes one by her picture.
    place.facts(vec![livelihood(own, "helper", None)]).await;
    let void = enrolled(&place, &late, 72).await;
    assert_eq!((void.status.as_u16(), void.code()), (409, "invitation_void".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_village_is_offered_the_forms_of_the_role_that_it_was_given() {
    let place = Place::new().await;
    cases::publish_pack(&place, "livelihood", &[]).await;
    let secretary = Who::Role(Role::CommunitySecretary);
    place.facts(vec![livelihood(account(secretary).id, "village_cadre", Some(OWN))]).await;
    let listed = async |roles: &[&str]| {
        let mut body = village(OWN, roles);
        body.as_object_mut().unwrap().remove("role");
        let made = place.ask(secretary, "POST", "/v1/odk-users", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let address = made.json()["server_url"].as_str().unwrap().to_owned();
        let path = &address[address.find("/openrosa").unwrap()..];
        let request = Request::builder().uri(format!("{path}/formList")).header("host", "wanjia.example");
        let request = request.header("x-openrosa-version", "1.0").body(HttpBody::empty()).unwrap();
        place.send(request).await.text
    };
    assert!(!listed(&[]).await.contains("<formID>"));
    let forms = listed(&["village_cadre"]).await;
    assert!(forms.contains("<formID>livelihood.clue</formID>"), "{forms}");
    assert!(forms.contains("<formID>livelihood.verification</formID>"), "{forms}");
    assert!(!forms.contains("recognition"), "{forms}");
    let body = village(OWN, &["helper"]);
    assert_eq!(place.ask(secretary, "POST", "/v1/devices/invitations", Some(body)).await.status, 422);
}

/// A form that an overlay changes is offered to phones and to the console from its day on; what was asked before reads as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overlay_changes_a_form_from_its_day_on() {
    const CLERK: Who = Who::Role(Role::Clerk);
    let today = day_of(now());
    let clue = async |place: &Place| -> Value {
        let forms = offered(place, CLERK).await;
        let others = forms.iter().filter(|form| form["form"] != "clue");
        assert!(others.into_iter().all(|form| form["version"] == "2020-03"), "no other is changed");
        forms.iter().find(|form| form["form"] == "clue").unwrap().clone()
    };
    let early = Place::new().await;
    cases::publish_pack(&early, "livelihood", &[("anhui", today + 1)]).await;
    let before = clue(&early).await;
    assert_eq!(before["version"], "2020-03", "its day is to come");

    let place = Place::new().await;
    cases::publish_pack(&place, "livelihood", &[("anhui", today)]).await;
    let row = clue(&place).await;
    assert_eq!(row["version"], "2020-03+anhui");
    assert_ne!(row["digest"], before["digest"]);
    assert_eq!(row["hint"], "一码申报：户主、证件和地区随门牌带出，这里问其余。");
    let get = async |version: &str, more: &str| {
        place.ask(CLERK, "GET", &format!("/v1/forms/livelihood/{version}/clue{more}"), None).await
    };
    let changed = get("2020-03%2Banhui", "").await;
    let digest: String = Sha256::digest(&changed.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(row["digest"], digest);
    assert!(changed.text.contains("difficulty") && changed.text.contains("风险类型"));
    assert!(!get("2020-03", "").await.text.contains("difficulty"), "as it was, for what was begun under it");
    assert_eq!(get("2020-03%2Bhainan", "").await.status, 404, "that one changes no form");
    let questions = get("2020-03+anhui", "/questions").await.json();
    assert_eq!(questions["questions"][3]["question"]["code"], "phone", "{questions}");

    // What is typed in is held to the form of its day.
    let home = place.home(false).await;
    let typed = async |on: Day, answers: Value| {
        let body = json!({
            "programme": "livelihood", "form": "clue", "dwelling": home, "on": from_day(on).to_string(), "answers": answers,
        });
        place.ask(CLERK, "POST", "/v1/answers", Some(body)).await
    };
    let old = json!({"source": "self", "risk": "illness", "channel": "paper"});
    let mut new = old.clone();
    new["difficulty"] = json!("住院");
    new["phone"] = json!("13900000000");
    let refused = typed(today, old.clone()).await;
    assert!(refused.status == 422 && refused.text.contains("difficulty"), "{}", refused.text);
    assert_eq!(typed(today, new.clone()).await.status, 204);
    assert_eq!(typed(today - 1, old).await.status, 204);
    assert_eq!(typed(today - 1, new).await.status, 422, "nobody was asked for that yesterday");

    // A phone says under which form it asked.
    let who = place.own_phone.series;
    place.facts(vec![livelihood(who, "village_cadre", Some(OWN))]).await;
    let pushed = async |version: &str, phone: Option<&str>| {
        let text = |text: &str| Given::Text(text.to_owned());
        let mut answers = BTreeMap::from([
            ("source".to_owned(), text("self")),
            ("risk".to_owned(), text("illness")),
            ("channel".to_owned(), text("visit")),
        ]);
        if let Some(phone) = phone {
            answers.insert("difficulty".to_owned(), text("住院"));
            answers.insert("phone".to_owned(), text(phone));
        }
        let body = Body::Answered {
            subject: Subject::Dwelling(home),
            dwelling: home,
            case: None,
            programme: "livelihood".into(),
            version: version.into(),
            form: "clue".into(),
            on: today,
            replaces: None,
        };
        let (push, _) = place.own_phone.push_sealed(body, home, &answer::encode(&answers));
        let answer = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["receipts"][0]["reason"].as_str().map(str::to_owned)
    };
    assert_eq!(pushed("2020-03+anhui", Some("13900000001")).await, None);
    assert_eq!(pushed("2020-03", None).await, None, "a phone that has not synchronised since");
    assert_eq!(pushed("2020-03+anhui", Some("139")).await.as_deref(), Some("answer_misfit"));
    assert_eq!(pushed("2020-03+anhui", None).await.as_deref(), Some("answer_misfit"));
    assert_eq!(pushed("2020-03+hainan", None).await.as_deref(), Some("unknown_programme"));
    assert_eq!(pushed("2021", None).await.as_deref(), Some("unknown_programme"));

    // All of it reads, each under what was asked, and the rules judge all of it.
    let known = place.site.territory.read(move |reader| {
        let known = reader.known_of("livelihood", Subject::Dwelling(home))?;
        let own = known.situation().own.into_iter();
        Ok(own.map(|record| record.values.contains_key("phone")).collect::<Vec<bool>>())
    });
    let known = known.await.unwrap();
    assert_eq!((known.len(), known.iter().filter(|asked| **asked).count()), (4, 2));
    let rules = place.by_phone(&place.own_phone, "GET", "/v1/rules", None).await.json();
    for rule in rules["rules"].as_array().unwrap() {
        let wanted = if rule["form"] == "clue" { "2020-03+anhui" } else { "2020-03" };
        assert_eq!(rule["version"], wanted, "a rule names the form that is on the phone");
    }
}

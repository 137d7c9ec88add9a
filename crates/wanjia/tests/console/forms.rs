//! Forms over HTTP: what a caller may fill in, and the XForm behind each.

use axum::body::Body as HttpBody;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Role;
use domain::fact::Body;
use domain::id::Id;
use ledger::series::DeviceKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

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

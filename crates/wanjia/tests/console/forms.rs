//! Forms over HTTP: what a caller may fill in, and the XForm behind each.

use axum::body::Body as HttpBody;
use axum::http::Request;
use domain::access::Role;
use domain::fact::Body;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::cases;
use super::place::{OWN, Place, Who, account, authorization};

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

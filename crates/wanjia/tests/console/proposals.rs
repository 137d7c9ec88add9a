//! Whom someone on no list may be: proposed by itself, explained with a record, decided by a person, and nothing of
//! another's community told.

use domain::access::{Purpose, Role};
use domain::fact::{Body, Light, Outcome};
use domain::id::Id;
use domain::identity::Identity;
use serde_json::{Value, json};

use super::place::{COUNTY, OWN, Place, SWEEP, Who, account};

const CLERK: Who = Who::Role(Role::Clerk);

fn who(name: &str, sex: &str, birth_date: &str) -> Identity {
    Identity { name: name.into(), sex: sex.into(), birth_date: birth_date.into(), ..Identity::default() }
}

async fn catch_up(place: &Place) {
    place.site.matching.catch_up(&place.site.territory).await.unwrap();
}

/// What the reconcile says of someone on no list.
async fn proposals(place: &Place, person: Id) -> Value {
    let uri = format!("/v1/sweeps/{SWEEP}/reconcile?area={OWN}&kind=lit_unlisted");
    let page = place.ask(CLERK, "GET", &uri, None).await.json();
    let rows = page["rows"].as_array().unwrap();
    rows.iter()
        .find(|row| row["person_id"] == json!(person))
        .map_or(Value::Null, |row| row["proposals"].clone())
}

async fn lit_unlisted(place: &Place) -> Value {
    let uri = format!("/v1/sweeps/{SWEEP}/coverage?area={OWN}");
    place.ask(CLERK, "GET", &uri, None).await.json()["area"]["lit_unlisted"].clone()
}

async fn post(place: &Place, path: &str, pair: &Value) -> (u16, Value) {
    let answer = place.ask(CLERK, "POST", path, Some(pair.clone())).await;
    (answer.status.as_u16(), if answer.text.is_empty() { Value::Null } else { answer.json() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_typed_by_its_sound_is_proposed_explained_linked_and_two_again() {
    let place = Place::new().await;
    let (door, home) = (place.door(OWN, "3", "2", "501").await, place.home(false).await);
    place.visit(SWEEP, door, Outcome::Met, Light::On).await;
    let listed = {
        let mut found = None;
        for person in place.people(home).await {
            let uri = format!("/v1/persons/{person}?purpose=reconcile");
            if place.ask(CLERK, "GET", &uri, None).await.json()["name"] == "王东军" {
                found = Some(person);
            }
        }
        found.unwrap()
    };
    catch_up(&place).await;
    let seen = place.seen_as(door, who("王冬军", "男", "1970-01-01")).await;
    assert_eq!(proposals(&place, seen).await, Value::Null, "nothing on the push's own path");
    catch_up(&place).await;
    let told = proposals(&place, seen).await;
    let rows = told.as_array().unwrap();
    assert_eq!((&rows[0]["candidate"], &rows[0]["in_area"]), (&json!(listed), &json!(true)), "{told}");
    assert!(rows[0]["per_mille"].as_u64().unwrap() > 500, "{told}");
    assert_eq!(lit_unlisted(&place).await, 1);

    let before = place.revealed().await.len();
    let pair = json!({"from": seen, "to": listed});
    let (status, why) = post(&place, "/v1/links/evidence", &pair).await;
    assert_eq!(status, 200, "{why}");
    let clerk = account(CLERK).id;
    let read = Purpose::Reconcile as u64;
    assert_eq!(place.revealed().await[before..], [(clerk, seen, read), (clerk, listed, read)]);
    let fields: Vec<&str> =
        why["evidence"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["name", "birth", "identifier", "phone", "sex", "dwelling"]);
    let name = &why["evidence"][0];
    assert_eq!(
        (&name["left"], &name["right"], &name["agreement_zh"], &name["agreement_en"]),
        (&json!("王东军"), &json!("王冬军"), &json!("同音"), &json!("same sound"))
    );
    let weights: f64 =
        why["evidence"].as_array().unwrap().iter().map(|f| f["weight"].as_f64().unwrap()).sum();
    let (prior, total) = (why["prior"].as_f64().unwrap(), why["total"].as_f64().unwrap());
    assert!((prior + weights - total).abs() < 1e-9);
    assert_eq!((&why["persons"][0]["room"], &why["persons"][1]["room"]), (&json!("501"), &json!("402")));

    assert_eq!(post(&place, "/v1/links", &pair).await.0, 204);
    assert_eq!(proposals(&place, seen).await, Value::Null);
    assert_eq!(lit_unlisted(&place).await, 0);
    assert_eq!(post(&place, "/v1/links/evidence", &pair).await.1["type"], "urn:wanjia:problem:no_proposal");
    assert_eq!(place.ask(CLERK, "DELETE", "/v1/links", Some(pair.clone())).await.status, 204);
    assert_eq!((lit_unlisted(&place).await, proposals(&place, seen).await), (json!(1), told));

    assert_eq!(post(&place, "/v1/links/declined", &pair).await.0, 204);
    assert_eq!(post(&place, "/v1/links/declined", &pair).await.0, 404, "it waits no more");
    // Seen again: what a person declined is not proposed anew.
    place.facts(vec![Body::PersonSeen { sweep: SWEEP, dwelling: door, person: seen, by_phone: false }]).await;
    catch_up(&place).await;
    let left = proposals(&place, seen).await;
    assert!(!left.to_string().contains(&listed.to_string()), "{left}");
    assert_eq!(lit_unlisted(&place).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_candidate_elsewhere_nothing_is_told_but_that_there_is_one() {
    let place = Place::new().await;
    let door = place.home(false).await;
    place.visit(SWEEP, door, Outcome::Met, Light::On).await;
    let seen = place.seen_as(door, who("郭靖", "男", "1988-08-08")).await;
    catch_up(&place).await;
    let told = proposals(&place, seen).await;
    assert_eq!(told[0]["in_area"], json!(false), "{told}");
    assert!(told[0]["per_mille"].as_u64().unwrap() > 500 && told[0].get("candidate").is_none(), "{told}");
    let elsewhere = place.people(place.door(super::place::OTHER, "1", "1", "102").await).await[0];
    let pair = json!({"from": seen, "to": elsewhere});
    let before = place.revealed().await.len();
    for path in ["/v1/links/evidence", "/v1/links/declined", "/v1/links"] {
        let (status, answer) = post(&place, path, &pair).await;
        assert_eq!((status, &answer["type"]), (404, &json!("urn:wanjia:problem:unknown_person")), "{path}");
        assert!(!answer.to_string().contains("兰陵"), "{answer}");
    }
    assert_eq!(place.revealed().await.len(), before);
    // A clerk whose area holds both.
    let body = Body::GrantGiven { account: account(CLERK).id, role: Role::Clerk as u64, area: COUNTY.into() };
    place.facts(vec![body]).await;
    assert_eq!(proposals(&place, seen).await[0]["candidate"], json!(elsewhere));
    let (status, why) = post(&place, "/v1/links/evidence", &pair).await;
    assert_eq!((status, &why["persons"][1]["area_name"]), (200, &json!("兰陵社区")), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_the_lists_are_read_nothing_is_explained_and_nobody_is_read() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (from, to) = (place.seen_as(home, who("王冬军", "", "")).await, place.people(home).await[0]);
    place.facts(vec![Body::LinkProposed { from, to, per_mille: 300, model: [1; 32] }]).await;
    let before = place.revealed().await.len();
    let answer = place.ask(CLERK, "POST", "/v1/links/evidence", Some(json!({"from": from, "to": to}))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "preparing"));
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(place.revealed().await.len(), before);
    place.facts(vec![Body::Erased { person: to, reason: 0 }]).await;
    catch_up(&place).await;
    assert_eq!(proposals(&place, from).await, Value::Null, "nothing is left of the erased");
}

//! Residents' slips: what a code opens, what it never shows, and that nothing counts before a person says so.

use axum::body::Body as HttpBody;
use axum::http::Request;
use domain::access::{Purpose, Role};
use domain::fact::{Body, Light, Outcome};
use domain::id::Id;
use domain::identity::Identity;
use domain::slip::{Decision, Reason, What};
use domain::time::parse_instant;
use serde_json::{Value, json};
use store::Sealed;
use wanjia::app::accounts::random;
use wanjia::cli::now;

use super::cases::publish;
use super::place::{Answer, DAY, OTHER, OWN, Place, SWEEP, Who, account};

const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const CLERK: Who = Who::Role(Role::Clerk);

/// A slip as the ledger and the codes' file know it, and its code.
pub async fn laid_down(place: &Place, dwelling: Id) -> (Id, String) {
    good_until(place, dwelling, now() + DAY).await
}

async fn good_until(place: &Place, dwelling: Id, expires_at: i64) -> (Id, String) {
    let slip = Id::from_time(now(), random().unwrap());
    place.facts(vec![Body::SlipIssued { slip, dwelling, expires_at }]).await;
    let code = domain::slip::code(u64::from_be_bytes(random().unwrap()));
    place.site.control.add_slips(&[(slip, code.clone())], "02782812345").unwrap();
    (slip, code)
}

/// Something that waits, said at a door.
pub async fn said(place: &Place, dwelling: Id) -> Id {
    let (slip, _) = laid_down(place, dwelling).await;
    let said = Id::from_time(now(), random().unwrap());
    let body = Body::Said { said, slip, dwelling, what: What::Help, about: None };
    place
        .site
        .territory
        .write(move |store, now| {
            let plaintext = Identity { note: "要药".into(), ..Identity::default() }.encode();
            let sealed = Sealed { owner: said, plaintext: &plaintext, fresh: true };
            store.write(now, |batch| batch.append(slip, body, Some(sealed)))?;
            Ok(())
        })
        .await
        .unwrap();
    said
}

async fn with(place: &Place, code: &str, method: &str, uri: &str, body: Option<Value>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Slip {code}"))
        .header("content-type", "application/json");
    let body = body.map_or_else(HttpBody::empty, |body| HttpBody::from(body.to_string()));
    place.send(request.body(body).unwrap()).await
}

async fn report(place: &Place, code: &str, people: Value) -> Answer {
    with(place, code, "POST", "/v1/slip/people", Some(json!({"people": people}))).await
}

async fn record(place: &Place, code: &str) -> Value {
    let answer = with(place, code, "GET", "/v1/slip/record", None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn waiting(place: &Place) -> Vec<Value> {
    let answer = place.ask(SECRETARY, "GET", &format!("/v1/said?area={OWN}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["rows"].as_array().unwrap().clone()
}

async fn settle(place: &Place, said: &Value, confirmed: bool) -> Answer {
    let body = match confirmed {
        true => json!({"decision": "confirmed"}),
        false => json!({"decision": "declined", "reason": "unclear"}),
    };
    decide(place, said, body).await
}

async fn decide(place: &Place, said: &Value, body: Value) -> Answer {
    let uri = format!("/v1/said/{}/settle", said["said"].as_str().unwrap());
    place.ask(SECRETARY, "POST", &uri, Some(body)).await
}

fn read_by_secretary(record: &Value) -> usize {
    let readings = record["readings"].as_array().unwrap();
    readings.iter().filter(|row| row["role"] == "community_secretary" && row["whole_list"] == false).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_resident_reports_counts_when_a_person_says_so_and_shows_her_own_words_alone() {
    let place = Place::new().await;
    let home = place.home(false).await;
    place.visit(SWEEP, home, Outcome::NoAnswer, Light::On).await;
    let new = json!({"dwellings": [home], "office_phone": "027-82812345", "days": 30});
    let issued = place.ask(SECRETARY, "POST", "/v1/slips", Some(new)).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    let slip = issued.json()["slips"][0].clone();
    let code = slip["code"].as_str().unwrap();
    assert_eq!((&slip["room"], &slip["area_code"]), (&json!("402"), &json!(OWN)));
    assert!(slip["url"].as_str().unwrap().ends_with(&format!("/home/#{code}")), "{slip}");
    assert!(slip["qr_svg"].as_str().unwrap().contains("<svg"));

    // However it is typed.
    let opened = with(&place, &code.to_lowercase().replace('-', ""), "GET", "/v1/slip", None).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    assert_eq!(opened.json()["office_phone"], "027-82812345");
    assert_eq!(opened.json()["door"]["room"], "402");
    let empty = record(&place, code).await;
    assert_eq!((empty["said"].clone(), empty["readings"].clone()), (json!([]), json!([])));
    assert_eq!(empty["visits"][0]["outcome"], "no_answer");

    let people = json!([
        {"name": "孙小雨", "relation": "租客", "phone": "13800009999"},
        // Who is on the list of this door, by her telephone.
        {"name": "王东军", "phone": "10013800001"},
    ]);
    let answer = report(&place, code, people).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["receipts"].as_array().unwrap().len(), 2);
    assert_eq!(place.people(home).await.len(), 2, "nothing counts yet");

    // Under pseudonyms, until someone reads one, which is a fact.
    let rows = waiting(&place).await;
    assert_eq!(rows.len(), 2);
    assert!(!json!(rows).to_string().contains("孙小雨"));
    let before = place.revealed().await.len();
    let uri = format!("/v1/said/{}", rows[0]["said"].as_str().unwrap());
    let words = place.ask(SECRETARY, "GET", &uri, None).await.json();
    assert_eq!((&words["name"], &words["relation"]), (&json!("孙小雨"), &json!("租客")));
    let revealed = place.revealed().await;
    assert_eq!(revealed.len(), before + 1);
    assert_eq!(revealed.last().unwrap().2, Purpose::Reconcile as u64);

    for row in &rows {
        let answer = settle(&place, row, true).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        assert_eq!(settle(&place, row, true).await.code(), "unknown_said");
    }
    assert_eq!(waiting(&place).await.len(), 0);
    // One is new, the other is who she was.
    assert_eq!(place.people(home).await.len(), 3);

    let shown = record(&place, code).await;
    let said = shown["said"].as_array().unwrap();
    assert!(said.iter().all(|said| said["state"] == "confirmed"), "{shown}");
    let text = shown.to_string();
    assert!(text.contains("孙小雨") && text.contains("10013800001"), "{text}");
    // What the list knows of her, and whom else it knows, is not the slip's.
    assert!(!text.contains("1970-01-01") && !text.contains("李梅"), "{text}");
    let readings = shown["readings"].as_array().unwrap();
    assert!(
        readings.iter().any(|row| row["role"] == "community_secretary"
            && row["purpose"] == "reconcile"
            && row["area_name"] == "桃源社区"),
        "{shown}"
    );
    assert!(!text.contains("陈主任"), "a worker's name is hers: {text}");
    // Reading is told of at the next reading.
    let again = record(&place, code).await;
    assert!(again["readings"].as_array().unwrap().iter().any(|row| row["role"] == "resident"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_of_whoever_she_turned_out_to_be_are_told_too() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let listed = place.people(home).await[0];
    place.ask(CLERK, "GET", &format!("/v1/persons/{listed}?purpose=correction"), None).await;
    let (_, code) = laid_down(&place, home).await;
    report(&place, &code, json!([{"name": "王东军", "phone": "10013800001"}])).await;
    let told = |record: &Value| {
        record["readings"].as_array().unwrap().iter().filter(|row| row["role"] == "clerk").count()
    };
    assert_eq!(told(&record(&place, &code).await), 0);
    let rows = waiting(&place).await;
    assert_eq!(settle(&place, &rows[0], true).await.status, 204);
    assert_eq!(told(&record(&place, &code).await), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_shown_to_its_slip_alone_and_gone_a_day_after_it_is_settled() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (slip, code) = laid_down(&place, home).await;
    let secret = "婆婆的降压药没有了";
    let ask = |what: &str, about: Option<&str>| {
        let mut body = json!({"what": what, "text": secret, "phone": "13800001111"});
        if let Some(about) = about {
            body["about"] = json!(about);
        }
        body
    };
    let help = with(&place, &code, "POST", "/v1/slip/requests", Some(ask("help", None))).await;
    assert_eq!(help.status, 201, "{}", help.text);
    report(&place, &code, json!([{"name": "孙小雨"}])).await;
    let rows = waiting(&place).await;
    let reported = rows.iter().find(|row| row["what"] == "person").unwrap();
    let about = reported["said"].as_str();
    let correction = with(&place, &code, "POST", "/v1/slip/requests", Some(ask("correction", about))).await;
    assert_eq!(correction.status, 201, "{}", correction.text);
    // Nobody who was reported with another slip.
    let (_, other) = laid_down(&place, home).await;
    let refused = with(&place, &other, "POST", "/v1/slip/requests", Some(ask("correction", about))).await;
    assert_eq!((refused.status.as_u16(), refused.json()["field"].as_str()), (422, Some("about")));
    let shown = record(&place, &code).await;
    let words: Vec<&Value> = shown["said"].as_array().unwrap().iter().map(|said| &said["words"]).collect();
    assert_eq!(words.iter().filter(|words| words["text"] == secret).count(), 2, "{shown}");
    assert_eq!(record(&place, &other).await["said"], json!([]));

    for row in waiting(&place).await {
        let person = row["what"] == "person";
        let uri = format!("/v1/said/{}", row["said"].as_str().unwrap());
        let words = place.ask(SECRETARY, "GET", &uri, None).await.json();
        assert_eq!(words["text"].as_str(), (!person).then_some(secret), "{words}");
        // Whom a correction speaks of stands in its own words, also when she was sent back before.
        let name = if row["what"] == "help" { None } else { Some("孙小雨") };
        assert_eq!(words["name"].as_str(), name, "{words}");
        assert_eq!(settle(&place, &row, !person).await.status, 204);
        assert_eq!(place.ask(SECRETARY, "GET", &uri, None).await.code(), "unknown_said");
    }
    let shown = record(&place, &code).await;
    let states: Vec<&str> =
        shown["said"].as_array().unwrap().iter().map(|said| said["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["settled", "declined", "settled"]);
    assert!(!shown.to_string().contains("孙小雨") && !shown.to_string().contains(secret), "{shown}");
    assert_eq!(shown["said"][1]["reason"], "unclear");
    assert_eq!(read_by_secretary(&shown), 3, "each of the three was read, and she is told: {shown}");
    assert_eq!(place.people(home).await.len(), 2);
    // For a day it is kept, for a mistake to be taken back; then not a word of it is left.
    assert_eq!(place.words_left(slip).await, 3);
    place.site.judging.catch_up(&place.site.territory, now() + DAY - 3_600_000).await.unwrap();
    assert_eq!(place.words_left(slip).await, 3);
    place.site.judging.catch_up(&place.site.territory, now() + DAY + 1).await.unwrap();
    assert_eq!(place.words_left(slip).await, 0);
    assert!(!record(&place, &code).await.to_string().contains(secret));
}

impl Place {
    /// Of how much that was said with a slip the words are still kept.
    async fn words_left(&self, slip: Id) -> usize {
        let read = self.site.territory.read(move |reader| {
            let record = reader.slip_record(slip)?;
            let words: Vec<_> =
                record.said.iter().map(|(said, _)| reader.words(*said)).collect::<Result<_, _>>()?;
            Ok(words.into_iter().flatten().count())
        });
        read.await.unwrap()
    }
}

async fn withdraw(place: &Place, code: &str, said: &Value) -> Answer {
    let uri = format!("/v1/slip/said/{}/withdraw", said["said"].as_str().unwrap());
    with(place, code, "POST", &uri, None).await
}

async fn reopen(place: &Place, who: Who, said: &Value) -> Answer {
    let uri = format!("/v1/said/{}/reopen", said["said"].as_str().unwrap());
    place.ask(who, "POST", &uri, None).await
}

async fn decided(place: &Place) -> Vec<Value> {
    let answer = place.ask(SECRETARY, "GET", &format!("/v1/said?area={OWN}&decided=true"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["rows"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_withdraws_what_waits_with_its_own_slip_and_its_words_go_at_once() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (slip, code) = laid_down(&place, home).await;
    let (_, other) = laid_down(&place, home).await;
    let ask = json!({"what": "help", "text": "两天的胰岛素", "kinds": ["medicine"]});
    assert_eq!(with(&place, &code, "POST", "/v1/slip/requests", Some(ask)).await.status, 201);
    assert_eq!(report(&place, &code, json!([{"name": "孙小雨"}])).await.status, 201);
    let rows = waiting(&place).await;
    // Nobody else, also of the same household, and nobody who has no slip.
    assert_eq!(withdraw(&place, &other, &rows[0]).await.code(), "unknown_said");
    let said = rows[0]["said"].as_str().unwrap().parse().unwrap();
    place.facts(vec![Body::SaidWithdrawn { said }]).await;
    assert_eq!(waiting(&place).await.len(), 2, "a fact that says so and is not of its slip changes nothing");
    for row in &rows {
        assert_eq!(withdraw(&place, &code, row).await.status, 204);
        let again = withdraw(&place, &code, row).await;
        assert_eq!((again.status.as_u16(), again.code()), (409, "decided".into()));
        // It is nothing that an office decided, so none takes it back, and none decides on it.
        assert_eq!(reopen(&place, SECRETARY, row).await.code(), "stays_decided");
        assert_eq!(settle(&place, row, true).await.code(), "unknown_said");
    }
    assert_eq!((waiting(&place).await.len(), place.words_left(slip).await), (0, 0));
    let shown = record(&place, &code).await;
    let states: Vec<&Value> = shown["said"].as_array().unwrap().iter().map(|said| &said["state"]).collect();
    assert_eq!(states, ["withdrawn", "withdrawn"]);
    assert!(shown["said"][0]["receipt"].is_string(), "the receipt stays: {shown}");
    assert!(!shown.to_string().contains("孙小雨") && !shown.to_string().contains("胰岛素"), "{shown}");
    // The office is told, since whoever holds a slip need not be the one who asked.
    let told = decided(&place).await;
    assert!(told.len() == 2 && told.iter().all(|row| row["state"] == "withdrawn"), "{told:?}");
    assert!(told.iter().all(|row| row["reopens_until"].is_null()), "{told:?}");
    assert_eq!(place.people(home).await.len(), 2);
    // What was withdrawn takes its place for a day: asking and withdrawing fills no ledger.
    let ten = json!(vec![json!({"name": "周九"}); 10]);
    assert_eq!(report(&place, &code, ten.clone()).await.status, 201);
    assert_eq!(report(&place, &code, ten).await.code(), "slip_full");
    // It is known in the ledger that both were said, and that both were withdrawn with the slip.
    let facts = place.every_fact().into_iter();
    let withdrawn =
        facts.filter(|fact| matches!(fact.body, Body::SaidWithdrawn { .. }) && fact.actor == slip);
    assert_eq!(withdrawn.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_by_mistake_is_taken_back_within_a_day_and_she_reads_that_it_was() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (slip, code) = laid_down(&place, home).await;
    let ask = json!({"what": "help", "text": "两天的胰岛素", "kinds": ["medicine"], "phone": "13800001111"});
    assert_eq!(with(&place, &code, "POST", "/v1/slip/requests", Some(ask)).await.status, 201);
    let row = waiting(&place).await[0].clone();
    assert_eq!(reopen(&place, SECRETARY, &row).await.code(), "unknown_said", "nothing was decided yet");
    assert_eq!(decide(&place, &row, json!({"decision": "taken_on"})).await.status, 204);
    assert_eq!(settle(&place, &row, true).await.status, 204);
    assert_eq!(decided(&place).await[0]["state"], "settled");
    assert!(decided(&place).await[0]["reopens_until"].is_string());
    // Whoever may decide there may take it back.
    assert_eq!(reopen(&place, CLERK, &row).await.status, 204);
    assert_eq!(reopen(&place, CLERK, &row).await.code(), "unknown_said");
    let again = waiting(&place).await[0].clone();
    assert!(again["reopened_at"].is_string() && again["taken_on_at"].is_string(), "{again}");
    let uri = format!("/v1/said/{}", row["said"].as_str().unwrap());
    let words = place.ask(SECRETARY, "GET", &uri, None).await.json();
    assert_eq!((&words["phone"], &words["text"]), (&json!("13800001111"), &json!("买药：两天的胰岛素")));
    let shown = record(&place, &code).await["said"][0].clone();
    assert_eq!((&shown["state"], &shown["words"]["text"]), (&json!("taken_on"), &json!("两天的胰岛素")));
    assert!(shown["reopened_at"].is_string(), "{shown}");
    // Decided anew, its kinds are sealed once.
    assert_eq!(decide(&place, &row, json!({"decision": "declined", "reason": "no_means"})).await.status, 204);
    let shown = record(&place, &code).await["said"][0].clone();
    assert_eq!((&shown["state"], &shown["help"]), (&json!("declined"), &json!(["medicine"])));
    assert!(shown["reopened_at"].is_null(), "{shown}");
    let kept: Vec<_> = place.every_fact();
    let kept =
        kept.iter().filter(|fact| matches!(fact.body, Body::SaidSettled { kept: Some(_), .. })).count();
    assert_eq!(kept, 1);

    // After a day nothing is there to be taken back to, and someone on the list is put right on her own page.
    place.site.judging.catch_up(&place.site.territory, now() + DAY + 1).await.unwrap();
    assert_eq!(place.words_left(slip).await, 0);
    assert_eq!(reopen(&place, SECRETARY, &row).await.code(), "stays_decided");
    assert_eq!(report(&place, &code, json!([{"name": "孙小雨"}])).await.status, 201);
    let person = waiting(&place).await[0].clone();
    assert_eq!(
        decide(&place, &person, json!({"decision": "declined", "reason": "unclear"})).await.status,
        204
    );
    assert_eq!(record(&place, &code).await["said"][0]["reason"], "unclear");
    assert_eq!(reopen(&place, SECRETARY, &person).await.status, 204);
    assert_eq!(record(&place, &code).await["said"][0]["reason"], Value::Null, "it waits for another");
    assert_eq!(settle(&place, &person, true).await.status, 204);
    assert_eq!(reopen(&place, SECRETARY, &person).await.code(), "stays_decided");
    assert_eq!(place.people(home).await.len(), 3);
    // Nobody else's: a door of another community is not there.
    let elsewhere = said(&place, place.home(true).await).await;
    let (decision, reason) = (Decision::Declined, Some(Reason::Unclear));
    place.facts(vec![Body::SaidSettled { said: elsewhere, decision, reason, kept: None }]).await;
    assert_eq!(reopen(&place, SECRETARY, &json!({"said": elsewhere})).await.code(), "unknown_said");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_has_the_limit_of_the_pathway_that_a_programme_names_until_somebody_sees_to_it() {
    let place = Place::new().await;
    let home = place.home(false).await;
    said(&place, home).await;
    assert_eq!(waiting(&place).await[0].get("due"), None, "no programme says so");
    publish(&place).await;
    let row = waiting(&place).await[0].clone();
    let at = |name: &str| parse_instant(row[name].as_str().unwrap()).unwrap();
    assert_eq!(at("due") - at("said_at"), 4 * 3_600_000, "as a need that is written down: {row}");
    assert_eq!(decide(&place, &row, json!({"decision": "taken_on"})).await.status, 204);
    assert_eq!(waiting(&place).await[0].get("due"), None, "it is answered");
    let (_, code) = laid_down(&place, home).await;
    assert_eq!(report(&place, &code, json!([{"name": "孙八"}])).await.status, 201);
    let rows = waiting(&place).await;
    let reported = rows.iter().find(|row| row["what"] == "person").unwrap();
    assert_eq!(reported.get("due"), None, "a report is no request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_is_taken_on_and_then_done_or_declined_for_a_reason_that_she_reads() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (_, code) = laid_down(&place, home).await;
    let ask = json!({"what": "help", "text": "两天的胰岛素", "kinds": ["ride", "medicine"], "phone": "13800001111"});
    assert_eq!(with(&place, &code, "POST", "/v1/slip/requests", Some(ask)).await.status, 201);
    let told = |record: &Value| record["said"][0].clone();
    let shown = told(&record(&place, &code).await);
    assert_eq!(
        (&shown["state"], &shown["words"]["text"], &shown["words"]["phone"]),
        (&json!("waiting"), &json!("两天的胰岛素"), &json!("13800001111"))
    );

    let row = waiting(&place).await[0].clone();
    for (body, field) in [
        (json!({"decision": "later"}), "decision"),
        (json!({"decision": "declined"}), "reason"),
        (json!({"decision": "declined", "reason": "她太麻烦"}), "reason"),
        (json!({"decision": "declined", "reason": "not_here"}), "reason"),
        (json!({"decision": "confirmed", "reason": "no_means"}), "reason"),
    ] {
        let answer = decide(&place, &row, body).await;
        assert_eq!((answer.status.as_u16(), answer.json()["field"].as_str()), (422, Some(field)));
    }
    assert_eq!(decide(&place, &row, json!({"decision": "taken_on"})).await.status, 204);
    let row = waiting(&place).await[0].clone();
    assert!(row["taken_on_at"].is_string(), "it goes on waiting: {row}");
    let shown = told(&record(&place, &code).await);
    assert_eq!((&shown["state"], &shown["words"]["text"]), (&json!("taken_on"), &json!("两天的胰岛素")));

    assert_eq!(decide(&place, &row, json!({"decision": "declined", "reason": "no_means"})).await.status, 204);
    let shown = told(&record(&place, &code).await);
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("declined"), &json!("no_means")));
    assert_eq!((&shown["help"], &shown["words"]), (&json!(["ride", "medicine"]), &Value::Null));
    // Erasing someone of the door takes along what was asked for there.
    let listed = place.people(home).await[0];
    let erased = place.site.territory.write(move |store, now| {
        store::erase::erase(store, listed, listed, 0, now)?;
        Ok(())
    });
    erased.await.unwrap();
    let shown = told(&record(&place, &code).await);
    assert_eq!((&shown["state"], &shown["help"]), (&json!("declined"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_that_is_over_opens_nothing_and_guessing_comes_to_an_end() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let code_of = |answer: Answer| (answer.status.as_u16(), answer.code());
    let (_, expired) = good_until(&place, home, now() - 1).await;
    assert_eq!(code_of(with(&place, &expired, "GET", "/v1/slip", None).await), (401, "slip_expired".into()));
    let (slip, code) = laid_down(&place, home).await;
    assert_eq!(with(&place, &code, "GET", "/v1/slip", None).await.status, 200);
    assert_eq!(place.ask(SECRETARY, "DELETE", &format!("/v1/slips/{slip}"), None).await.status, 204);
    for (method, uri) in [("GET", "/v1/slip"), ("GET", "/v1/slip/record"), ("POST", "/v1/slip/people")] {
        let answer = with(&place, &code, method, uri, Some(json!({"people": [{"name": "周九"}]}))).await;
        assert_eq!(code_of(answer), (401, "slip_revoked".into()), "{uri}");
    }
    let slips = place.ask(CLERK, "GET", &format!("/v1/slips?area={OWN}"), None).await;
    assert!(slips.json()["slips"].as_array().unwrap().iter().any(|row| row["revoked_at"].is_string()));
    assert!(!slips.text.contains(&code));

    let wrong = || {
        Request::builder()
            .uri("/v1/slip")
            .header("authorization", "Slip 0000-0000-0000")
            .header("x-forwarded-for", "198.51.100.7")
    };
    for _ in 0..50 {
        let request = wrong().body(HttpBody::empty()).unwrap();
        assert_eq!(place.send_from([127, 0, 0, 1], request).await.status, 401);
    }
    let answer = place.send_from([127, 0, 0, 1], wrong().body(HttpBody::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (429, "too_often".into()));
    assert!(answer.headers.contains_key("retry-after"));

    // The codes are in no file.
    let (_, code) = laid_down(&place, home).await;
    let printed = domain::slip::printed(&code);
    for file in std::fs::read_dir(place.folder.path().join("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for text in [&code, &printed] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_takes_no_more_than_people_can_answer_and_nothing_that_cannot_be() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (_, code) = laid_down(&place, home).await;
    let ten = json!(vec![json!({"name": "周九"}); 10]);
    let nothing = report(&place, &code, json!([])).await;
    assert_eq!(nothing.json()["field"], "people");
    let wrong =
        report(&place, &code, json!([{"name": "周九"}, {"name": "吴十", "birth_date": "2020-13-01"}])).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["row"]), (422, &json!(2)));
    assert_eq!(waiting(&place).await.len(), 0, "all of it or nothing");
    assert_eq!(report(&place, &code, ten.clone()).await.status, 201);
    assert_eq!(report(&place, &code, ten.clone()).await.status, 201);
    let full = report(&place, &code, json!([{"name": "周九"}])).await;
    assert_eq!((full.status.as_u16(), full.code()), (409, "slip_full".into()));
    assert_eq!(waiting(&place).await.len(), 20);

    for _ in 0..20 {
        record(&place, &code).await;
    }
    assert_eq!(with(&place, &code, "GET", "/v1/slip/record", None).await.code(), "too_often");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_known_elsewhere_is_not_moved_by_a_slip_and_the_slip_learns_nothing() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (_, code) = laid_down(&place, home).await;
    // The telephone of someone in the other community.
    assert_eq!(report(&place, &code, json!([{"name": "黄蓉", "phone": "10013700004"}])).await.status, 201);
    let rows = waiting(&place).await;
    assert_eq!(settle(&place, &rows[0], true).await.code(), "known_elsewhere");
    assert_eq!(waiting(&place).await.len(), 1);
    let shown = record(&place, &code).await;
    assert_eq!(shown["said"][0]["state"], "waiting");
    assert!(!shown.to_string().contains(OTHER) && !shown.to_string().contains("兰陵"), "{shown}");
    // That it was learnt is written down.
    let secretary = account(SECRETARY).id;
    let learnt = (secretary, Purpose::Correction as u64);
    assert!(place.revealed().await.iter().any(|(actor, _, purpose)| (*actor, *purpose) == learnt));
}

//! A case of someone who moves: sent, received or refused, and carried on where she goes; by one community at every moment.

use domain::access::Role;
use domain::case::{Deed, Subject};
use domain::fact::Body;
use domain::id::Id;
use serde_json::{Value, json};
use wanjia::cli::now;

use super::cases::SECRETARY;
use super::checks::observed;
use super::place::{Answer, COUNTY, OTHER, OWN, Place, Who, account};

/// The secretary of the other community, and its clerk.
const THERE: Who = Who::Ended;
const CLERK_THERE: Who = Who::Role(Role::City);

async fn settle(place: &Place) {
    let grant = |who: Who, role: Role| Body::GrantGiven {
        account: account(who).id,
        role: role as u64,
        area: OTHER.into(),
    };
    place.facts(vec![grant(THERE, Role::CommunitySecretary), grant(CLERK_THERE, Role::Clerk)]).await;
}

/// Someone in her third day, and her case.
async fn third_day(place: &Place) -> (Id, Id, Id) {
    settle(place).await;
    let door = place.home(false).await;
    let person = place.people(door).await[0];
    let case = observed(place, door, person, 2).await;
    (case, person, door)
}

async fn seen(place: &Place, who: Who, case: Id) -> Answer {
    place.ask(who, "GET", &format!("/v1/cases/{case}"), None).await
}

async fn deed(place: &Place, who: Who, case: Id, deed: &str, more: Value) -> (u16, String) {
    let turn = place
        .site
        .territory
        .read(move |reader| Ok(reader.case_file(case)?.map(|file| file.standing.ran.len())))
        .await
        .unwrap();
    let mut body = json!({"deed": deed, "role": "community_secretary", "turn": turn});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = place.ask(who, "POST", &format!("/v1/cases/{case}/deeds"), Some(body)).await;
    let code = if answer.status == 204 { String::new() } else { answer.code() };
    (answer.status.as_u16(), code)
}

fn done() -> (u16, String) {
    (204, String::new())
}

fn kinds(case: &Value) -> Vec<&str> {
    case["tasks"].as_array().unwrap().iter().map(|task| task["kind"].as_str().unwrap()).collect()
}

async fn list(place: &Place, who: Who) -> Value {
    place.ask(who, "GET", "/v1/tasks?until=2099-01-01", None).await.json()
}

async fn judged(place: &Place) {
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
}

/// In whose lists something is due of the case, and how many cases there are of her.
async fn owners(place: &Place, case: Id, person: Id) -> (Vec<&'static str>, usize) {
    let mut found = Vec::new();
    for (who, area) in [(SECRETARY, OWN), (THERE, OTHER)] {
        let open = place.ask(who, "GET", &format!("/v1/cases?area={area}"), None).await.json();
        let rows = open["rows"].as_array().unwrap();
        if rows.iter().any(|row| row["case"] == json!(case)) {
            found.push(area);
        }
    }
    let cases =
        place.site.territory.read(move |reader| Ok(reader.cases_of(Subject::Person(person))?)).await.unwrap();
    (found, cases.iter().filter(|line| line.pathway == "observe_home").count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_goes_where_she_moves_with_a_receipt_and_without_a_gap() {
    let place = Place::new().await;
    let (case, person, door) = third_day(&place).await;
    let before = seen(&place, SECRETARY, case).await.json();
    assert_eq!(before["tasks"][0]["days"]["day"], 3, "{before}");
    let to = json!({"area": OTHER});
    // Until it is sent there, nobody there knows of it.
    assert_eq!(seen(&place, THERE, case).await.status, 404);
    for (name, more) in [("receive", to.clone()), ("sign", json!({"step": "release"})), ("take", json!({}))] {
        assert_eq!(deed(&place, THERE, case, name, more).await, (404, "unknown_case".into()), "{name}");
    }
    assert!(list(&place, THERE).await.get("offers").is_none());
    for wrong in [OWN, COUNTY, "999999"] {
        let told = deed(&place, SECRETARY, case, "send", json!({"area": wrong})).await;
        assert_eq!(told, (422, "unknown_place".into()), "{wrong}");
    }
    let places =
        place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}/places?find=兰陵"), None).await.json();
    assert_eq!(
        places["places"],
        json!([{"area_code": OTHER, "area_name": "兰陵社区", "within": "大智街道"}])
    );

    let why = json!({"area": OTHER, "why": "周三搬去女儿家"});
    assert_eq!(deed(&place, SECRETARY, case, "send", why).await, done());
    let sent = seen(&place, SECRETARY, case).await.json();
    assert_eq!(
        (&sent["moving"], &sent["may_recall"], &sent["seen"]),
        (&json!(true), &json!(true), &json!("whole"))
    );
    assert_eq!(kinds(&sent), ["hand_over", "leave", "release"]);
    assert_eq!(sent["tasks"][2]["due"], before["tasks"][1]["due"], "what she is held to ends when it did");
    assert_eq!(owners(&place, case, person).await, (vec![OWN], 1));
    let offer = list(&place, THERE).await["offers"][0].clone();
    assert_eq!((&offer["case"], &offer["to"]["area_code"]), (&json!(case), &json!(OTHER)));
    assert_eq!((&offer["about"]["area_code"], offer["about"].get("dwelling")), (&json!(OWN), None));
    assert_eq!(offer["due"], sent["tasks"][0]["due"]);
    // She sees what she needs to answer, and no more; nobody else there sees it.
    let part = seen(&place, THERE, case).await.json();
    assert_eq!((&part["seen"], &part["answers_in"]["area_code"]), (&json!("sent"), &json!(OTHER)));
    assert_eq!((&part["state"]["code"], &part["tasks"][1]["days"]["day"]), (&json!("observing"), &json!(3)));
    assert_eq!((&part["reports"], &part["next"], &part["lessons"]), (&json!([]), &json!([]), &json!([])));
    assert_eq!((&part["events"].as_array().unwrap().len(), &part["events"][0]["deed"]), (&1, &json!("send")));
    assert_eq!(part["about"].get("dwelling"), None);
    let why = format!("/v1/cases/{case}/why?purpose=service");
    let read = place.ask(THERE, "GET", &why, None).await.json();
    assert_eq!(
        (&read["reasons"], &read["evidence"], &read["said"]),
        (&json!(["周三搬去女儿家"]), &json!([]), &json!([]))
    );
    assert_eq!(seen(&place, CLERK_THERE, case).await.status, 403, "a clerk reads no cases");
    let uri = format!("/v1/cases/{case}");
    assert_eq!(
        place.by_phone(&place.other_phone, "GET", &uri, None).await.status,
        404,
        "nor does a worker there"
    );
    for closed in [
        format!("/v1/cases/{case}/tree"),
        format!("/v1/cases/{case}/hands"),
        format!("/v1/cases/{case}/reach"),
        format!("/v1/cases/{case}/places?find="),
        format!("/v1/households/{door}"),
        format!("/v1/persons/{person}?purpose=service"),
    ] {
        assert_eq!(place.ask(THERE, "GET", &closed, None).await.status, 404, "{closed}");
    }
    assert_eq!(deed(&place, THERE, case, "take", json!({})).await.0, 404);
    assert_eq!(
        deed(&place, SECRETARY, case, "receive", to.clone()).await.0,
        404,
        "nobody receives for another"
    );

    // A refusal says why, and is back with who sent it, by the same limit.
    assert_eq!(deed(&place, THERE, case, "refuse", to.clone()).await, (422, "no_reason".into()));
    let no = json!({"area": OTHER, "why": "她不住我们社区"});
    assert_eq!(deed(&place, THERE, case, "refuse", no).await, done());
    assert_eq!(seen(&place, THERE, case).await.status, 404);
    let refused = seen(&place, SECRETARY, case).await.json();
    assert_eq!(refused["passages"][0]["answer"], "refused");
    assert_eq!(refused["tasks"][0]["due"], sent["tasks"][0]["due"], "nothing is put off");
    let read = place.ask(SECRETARY, "GET", &why, None).await.json();
    assert!(read["reasons"].as_array().unwrap().contains(&json!("她不住我们社区")));
    assert_eq!(owners(&place, case, person).await, (vec![OWN], 1));

    assert_eq!(deed(&place, SECRETARY, case, "send", to.clone()).await, done());
    judged(&place).await;
    assert_eq!(owners(&place, case, person).await, (vec![OWN], 1));
    assert_eq!(deed(&place, THERE, case, "receive", to.clone()).await, done());
    judged(&place).await;
    assert_eq!(owners(&place, case, person).await, (vec![OTHER], 1));
    // There it goes on in its third day, and she is to be registered.
    let whole = seen(&place, THERE, case).await.json();
    assert_eq!((&whole["seen"], &whole["state"]["code"]), (&json!("whole"), &json!("observing")));
    assert_eq!(
        place.by_phone(&place.other_phone, "GET", &uri, None).await.status,
        200,
        "it is her worker's too"
    );
    assert_eq!(place.by_phone(&place.own_phone, "GET", &uri, None).await.json()["seen"], "handed_over");
    assert_eq!(kinds(&whole), ["register", "leave", "release"]);
    assert_eq!(whole["tasks"][2]["days"], before["tasks"][1]["days"]);
    assert_eq!((&whole["may_register"], &whole["about"]["area_code"]), (&json!(true), &json!(OTHER)));
    assert_eq!(whole["about"].get("dwelling"), None, "the door that she left is not told");
    // Where she left: that it was received, by whom and when, and nothing since.
    let gone = seen(&place, SECRETARY, case).await.json();
    assert_eq!(
        (&gone["seen"], &gone["state"]["en"], &gone["ended"]),
        (&json!("handed_over"), &json!("handed over"), &json!(true))
    );
    let receipt = gone["passages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&receipt["answer"], &receipt["answered_by"]),
        (&json!("received"), &json!(account(THERE).id))
    );
    assert_eq!((&gone["tasks"], &gone["reports"], gone.get("holder")), (&json!([]), &json!([]), None));
    let receipts = list(&place, SECRETARY).await;
    assert_eq!(receipts["handed_over"][0]["to"]["area_name"], "兰陵社区");
    assert!(receipts["rows"].as_array().unwrap().iter().all(|row| row["case"] != json!(case)));
    let left = place.ask(SECRETARY, "GET", &format!("/v1/households/{door}"), None).await.json();
    assert!(left["cases"].as_array().unwrap().iter().all(|row| row["case"] != json!(case)), "{left}");
    for (name, more) in [("recall", json!({})), ("step", json!({"step": "symptom"})), ("take", json!({}))] {
        assert_eq!(deed(&place, SECRETARY, case, name, more).await.0, 404, "{name}");
    }

    // Registered at a door there, her case is behind it, and a form from there opens no second one.
    let home = place.home(true).await;
    let register = json!({"dwelling": home, "person": person});
    let listed = place.ask(THERE, "POST", "/v1/persons", Some(register)).await;
    assert_eq!(listed.status, 201, "{}", listed.text);
    let there = seen(&place, THERE, case).await.json();
    assert_eq!((kinds(&there), &there["about"]["dwelling"]), (vec!["leave", "release"], &json!(home)));
    let check = json!({
        "programme": "epidemic", "form": "twice_daily", "person": person, "dwelling": home,
        "answers": {"slot": "am", "temp_c": 36.5, "symptom": ["none"], "told_by": "self"},
    });
    assert_eq!(place.ask(THERE, "POST", "/v1/answers", Some(check)).await.status, 204);
    judged(&place).await;
    assert_eq!(owners(&place, case, person).await, (vec![OTHER], 1));
    assert_eq!(deed(&place, THERE, case, "step", json!({"step": "symptom"})).await, done());
    let gone = seen(&place, SECRETARY, case).await.json();
    assert!(!gone.to_string().contains("at_doctor") && !gone.to_string().contains("symptom"), "{gone}");

    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert_eq!(difference, None, "what a rebuild makes is what was there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_the_territory_a_case_stays_until_the_receipt_is_written_down() {
    let place = Place::new().await;
    let (case, person, _) = third_day(&place).await;
    let receipt = json!({"step": "received"});
    let steps = |case: &Value| -> Vec<String> {
        let next = case["next"].as_array().unwrap().iter();
        next.map(|next| next["step"]["code"].as_str().unwrap().to_owned()).collect()
    };
    assert!(!steps(&seen(&place, SECRETARY, case).await.json()).contains(&"received".to_owned()));
    assert_eq!(
        deed(&place, SECRETARY, case, "step", receipt.clone()).await,
        (409, "step_not_possible".into())
    );
    assert_eq!(deed(&place, SECRETARY, case, "send", json!({})).await, done());
    assert_eq!(deed(&place, SECRETARY, case, "send", json!({})).await.0, 409);
    let sent = seen(&place, SECRETARY, case).await.json();
    assert_eq!((kinds(&sent), sent["passages"][0].get("to")), (vec!["hand_over", "leave", "release"], None));
    assert!(steps(&sent).contains(&"received".to_owned()));
    // She does not go after all; and then she does.
    assert_eq!(deed(&place, SECRETARY, case, "recall", json!({})).await, done());
    assert_eq!(kinds(&seen(&place, SECRETARY, case).await.json()), ["leave", "release"]);
    assert_eq!(deed(&place, SECRETARY, case, "step", receipt.clone()).await.0, 409);
    assert_eq!(deed(&place, SECRETARY, case, "send", json!({})).await, done());
    assert_eq!(deed(&place, SECRETARY, case, "step", receipt).await, (422, "no_reason".into()));
    assert_eq!(owners(&place, case, person).await, (vec![OWN], 1));
    let receipt = json!({"step": "received", "why": "孝感市书院社区李书记，回执 17 号"});
    assert_eq!(deed(&place, SECRETARY, case, "step", receipt).await, done());
    let ended = seen(&place, SECRETARY, case).await.json();
    assert_eq!((&ended["ended"], &ended["state"]["code"]), (&json!(true), &json!("handed_over")));
    judged(&place).await;
    assert_eq!(owners(&place, case, person).await, (vec![], 1), "it is another place's now");
}

/// Whose case it is is said at the console, where everybody sees it at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_hands_no_case_over() {
    let place = Place::new().await;
    let (case, ..) = third_day(&place).await;
    let sends = Deed::Send { to: Some(Id::of_area(OTHER)) };
    let said = Body::CaseActed { case, turn: 1, role: "grid_worker".into(), deed: sends };
    let push = place.own_phone.push(said);
    let answer = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.json();
    assert_eq!(answer["receipts"][0]["reason"], "not_in_role", "{answer}");
}

/// A cadre goes home: what her role alone answered for is its next level's from that moment on, and not only when it is late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cadre_answered_for_is_somebodys_once_her_deployment_is_over() {
    let place = Place::new().await;
    let (case, ..) = third_day(&place).await;
    // Nobody else is a grid worker there.
    place.facts(vec![Body::GrantEnded { account: account(Who::Role(Role::GridWorker)).id }]).await;
    let take = Body::CaseActed { case, turn: 1, role: "grid_worker".into(), deed: Deed::Take };
    let push = place.own_phone.push(take);
    assert_eq!(place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.status, 200);
    let leaves = |tasks: &Value| {
        let rows = tasks["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["case"] == json!(case) && row["kind"] == "leave").cloned().collect::<Vec<_>>()
    };
    assert_eq!(leaves(&list(&place, SECRETARY).await).len(), 0, "it is the worker's, who has taken it over");
    let series = place.own_phone.series;
    place.facts(vec![Body::DeviceTerm { series, ends_at: now() - 1 }]).await;
    let hers = leaves(&list(&place, SECRETARY).await);
    assert_eq!(hers.len(), 1);
    assert_eq!((&hers[0]["taken"], &hers[0]["waits_for_others"]), (&json!(false), &json!(false)));
    let file = seen(&place, SECRETARY, case).await.json();
    assert_eq!(file.get("holder"), None, "a hand that can act no more is no hand");
    let hands = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}/hands"), None).await.json();
    assert!(hands["hands"].as_array().unwrap().iter().all(|hand| hand["id"] != json!(series)), "{hands}");
}

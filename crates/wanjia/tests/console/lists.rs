//! Areas, sweeps, numbers and lists: what they say on a small territory, page by page, and how they refuse.

use std::collections::BTreeSet;

use domain::access::Role;
use domain::fact::{Body, Light, Outcome};
use domain::id::Id;
use serde_json::{Value, json};

use super::place::{COUNTY, DAY, OTHER, OWN, Place, SWEEP, Who, visited};

const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const CLERK: Who = Who::Role(Role::Clerk);
const STREET: Who = Who::Role(Role::Street);

async fn get(place: &Place, uri: &str) -> Value {
    let answer = place.ask(SECRETARY, "GET", uri, None).await;
    assert_eq!(answer.status, 200, "{uri}: {}", answer.text);
    answer.json()
}

/// Every page of a list, each of at most `limit` rows.
async fn pages(place: &Place, uri: &str, limit: usize) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(place, &format!("{uri}&limit={limit}&cursor={cursor}")).await;
        let found = page["rows"].as_array().unwrap();
        assert!(found.len() <= limit);
        rows.extend(found.iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return rows,
        }
    }
}

/// What a person reads of a refusal, for a snapshot.
async fn refused(place: &Place, who: Who, method: &str, uri: &str, body: Option<Value>) -> String {
    let answer = place.ask(who, method, uri, body).await;
    let problem = answer.json();
    let field = problem["field"].as_str().unwrap_or("-");
    let (zh, en) = (problem["detail"].as_str().unwrap(), problem["detail_en"].as_str().unwrap());
    format!("{} {} {field}: {zh} / {en}", answer.status.as_u16(), answer.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn areas_are_ones_own_and_those_below() {
    let place = Place::new().await;
    let own = json!({"code": OWN, "name": "桃源社区", "level": "community", "parent_code": "420102001"});
    assert_eq!(get(&place, "/v1/areas").await, json!({"areas": [own]}));
    assert_eq!(get(&place, &format!("/v1/areas?parent={OWN}")).await, json!({"areas": []}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_follow_what_phones_send() {
    let place = Place::new().await;
    let uri = format!("/v1/sweeps/{SWEEP}/coverage");
    let before = get(&place, &uri).await;
    assert_eq!(
        (&before["area"]["code"], &before["area"]["dwellings"], &before["area"]["persons_listed"]),
        (&json!(OWN), &json!(2), &json!(3))
    );
    assert_eq!((&before["devices_reported"], &before["devices_total"]), (&json!(0), &json!(1)));
    let home = place.home(false).await;
    let push = place.own_phone.push(visited(SWEEP, home, Outcome::Vacant, Light::Off));
    let pushed = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await;
    assert_eq!(pushed.status, 200, "{}", pushed.text);
    let after = get(&place, &uri).await;
    assert_eq!(
        (&after["area"]["accounted"], &after["area"]["residual"], &after["area"]["listed_dark"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!((&after["devices_reported"], &after["devices_total"]), (&json!(1), &json!(1)));
    assert_eq!(after["as_of"], pushed.json()["receipts"][0]["received_at"]);
    assert_eq!(after["children"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_unreached_come_page_by_page_in_walking_order_while_facts_arrive() {
    let place = Place::new().await;
    let mut doors = Vec::new();
    for room in 0..7 {
        doors.push(Body::DwellingRegistered {
            dwelling: Id([200 + room; 16]),
            area: OWN.into(),
            building: "7栋".into(),
            unit: String::new(),
            room: format!("{}", 101 + u32::from(room)),
            place: domain::fact::Place::Home,
            found_by: domain::fact::FoundBy::Roster,
        });
    }
    place.facts(doors).await;
    let uri = format!("/v1/sweeps/{SWEEP}/residual?area={OWN}");
    let all = pages(&place, &uri, 1000).await;
    assert_eq!(all.len(), 9);
    let rooms: Vec<&str> = all.iter().map(|row| row["room"].as_str().unwrap()).collect();
    assert_eq!(rooms, ["501", "402", "101", "102", "103", "104", "105", "106", "107"]);
    assert!(all.iter().all(|row| row["reason"] == "never_visited" && row["outcome"].is_null()));
    for limit in [1, 2, 4] {
        assert_eq!(pages(&place, &uri, limit).await, all);
    }
    // The door at which a page ended is reached, and so is one before and one after.
    let first = get(&place, &format!("{uri}&limit=4")).await;
    for door in [Id([201; 16]), Id([200; 16]), Id([203; 16])] {
        place.visit(SWEEP, door, Outcome::Vacant, Light::Off).await;
    }
    let next = first["next"].as_str().unwrap();
    let rest = get(&place, &format!("{uri}&limit=100&cursor={next}")).await;
    let rooms: Vec<&str> =
        rest["rows"].as_array().unwrap().iter().map(|row| row["room"].as_str().unwrap()).collect();
    assert_eq!(rooms, ["103", "105", "106", "107"]);

    // The first page again, by where it begins and ends: the door at its end is gone, and nothing after it is given.
    let again = get(&place, &format!("{uri}&limit=100&until={next}")).await;
    let rooms: Vec<&str> =
        again["rows"].as_array().unwrap().iter().map(|row| row["room"].as_str().unwrap()).collect();
    assert_eq!((rooms, &again["next"]), (vec!["501", "402"], &json!(null)));
    for (wanted, expected) in [
        ("106", vec!["106"]),
        ("7%E6%A0%8B", vec!["103", "105", "106", "107"]),
        ("7-10", vec!["103", "105", "106", "107"]),
        ("%20", vec!["501", "402", "103", "105", "106", "107"]),
        ("999", vec![]),
    ] {
        let found = pages(&place, &format!("{uri}&find={wanted}"), 2).await;
        let rooms: Vec<&str> = found.iter().map(|row| row["room"].as_str().unwrap()).collect();
        assert_eq!(rooms, expected, "{wanted}");
    }

    place.visit(SWEEP, Id([204; 16]), Outcome::Refused, Light::On).await;
    let signed = get(&place, &format!("{uri}&reason=refused_unsigned")).await;
    assert_eq!(signed["rows"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&signed["rows"][0]["room"], &signed["rows"][0]["outcome"]),
        (&json!("105"), &json!("refused"))
    );
}

/// Most people leave out the unit, and the list finds the door as the line of the telephone does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_unreached_are_found_by_building_and_room_alone() {
    let place = Place::new().await;
    let uri = format!("/v1/sweeps/{SWEEP}/residual?area={OWN}");
    let find = async |wanted: &str| {
        let wanted: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
        get(&place, &format!("{uri}&find={wanted}")).await
    };
    // The doors are 3栋2单元402 and 501.
    for wanted in [
        "3栋402",
        "3栋 402",
        "3 栋 402室",
        "3-402",
        "３栋４０２",
        "三号楼402",
        "3#402",
        "3栋40",
        "3栋2单元402",
    ] {
        let found = find(wanted).await;
        let rooms: Vec<_> = found["rows"].as_array().unwrap().iter().map(|row| &row["room"]).collect();
        assert_eq!((rooms, &found["accounted"]), (vec![&json!("402")], &json!(null)), "{wanted}");
    }
    for wanted in ["3栋403", "13-402", "3栋1单元402"] {
        let found = find(wanted).await;
        assert_eq!((&found["rows"], &found["accounted"]), (&json!([]), &json!(null)), "{wanted}");
    }
    // Whoever looks for a door that was reached is told so, and not that there is none.
    place.visit(SWEEP, place.home(false).await, Outcome::Vacant, Light::Off).await;
    let found = find("3栋402").await;
    assert_eq!((&found["rows"], &found["accounted"]), (&json!([]), &json!(1)));
    assert_eq!(find("3栋").await["accounted"], json!(null), "the other door is in the list");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reconcile_and_its_tasks_hold_no_names() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let stranger = place.newcomer_seen(SWEEP, home).await;
    place
        .facts(vec![Body::PersonSeen { sweep: SWEEP, dwelling: home, person: people[0], by_phone: false }])
        .await;
    place.visit(SWEEP, home, Outcome::Met, Light::On).await;
    let uri = format!("/v1/sweeps/{SWEEP}/reconcile?area={OWN}");
    let all = pages(&place, &uri, 1000).await;
    let kinds: Vec<(&str, &str)> =
        all.iter().map(|row| (row["kind"].as_str().unwrap(), row["task"].as_str().unwrap_or(""))).collect();
    let mut expected = vec![
        ("confirmed", ""),
        ("listed_dark", "phone"),
        ("lit_unlisted", "register"),
        ("unresolved", "visit"),
    ];
    expected.sort_unstable();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    for limit in [1, 3] {
        assert_eq!(pages(&place, &uri, limit).await, all);
    }
    let of_kind = get(&place, &format!("{uri}&kind=lit_unlisted")).await;
    assert_eq!(of_kind["rows"][0]["person_id"], json!(stranger));

    let uri = format!("/v1/sweeps/{SWEEP}/tasks?area={OWN}");
    let tasks = pages(&place, &uri, 1000).await;
    let dues: Vec<&str> = tasks.iter().map(|row| row["due"].as_str().unwrap()).collect();
    assert_eq!(tasks.len(), 3);
    assert!(dues.is_sorted(), "{dues:?}");
    assert!(tasks.iter().all(|task| task["overdue"] == false));
    for limit in [1, 2] {
        assert_eq!(pages(&place, &uri, limit).await, tasks);
    }
    // Someone seen elsewhere since: a task of another kind, and where she was.
    let other = place.door(OWN, "3", "2", "501").await;
    place
        .facts(vec![Body::PersonSeen { sweep: SWEEP, dwelling: other, person: people[1], by_phone: false }])
        .await;
    let moved = get(&place, &format!("/v1/sweeps/{SWEEP}/reconcile?area={OWN}&kind=moved")).await;
    assert_eq!(
        moved["rows"][0]["seen_at"],
        json!({"area_code": OWN, "building": "3栋", "unit": "2单元", "room": "501"})
    );
    for uri in ["reconcile", "tasks", "residual"] {
        let text =
            place.ask(SECRETARY, "GET", &format!("/v1/sweeps/{SWEEP}/{uri}?area={OWN}"), None).await.text;
        for name in ["王东军", "李梅", "张三丰", "10013800001"] {
            assert!(!text.contains(name), "{uri}: {text}");
        }
    }
    assert_eq!(place.revealed().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_building_stands_floor_by_floor() {
    let place = Place::new().await;
    let home = place.home(false).await;
    place.visit(SWEEP, home, Outcome::Met, Light::On).await;
    let found = Body::DwellingRegistered {
        dwelling: Id([210; 16]),
        area: OWN.into(),
        building: "3".into(),
        unit: "2单元".into(),
        room: "502".into(),
        place: domain::fact::Place::Home,
        found_by: domain::fact::FoundBy::Visit,
    };
    place.facts(vec![found]).await;
    let buildings = get(&place, &format!("/v1/sweeps/{SWEEP}/buildings?area={OWN}")).await;
    let building = &buildings["buildings"][0];
    assert_eq!(buildings["buildings"].as_array().unwrap().len(), 1);
    assert_eq!(
        [&building["building"], &building["key"], &building["dwellings"], &building["accounted"]],
        [&json!("3栋"), &json!("3"), &json!(3), &json!(1)]
    );
    assert!(building["visited_at"].is_string(), "{building}");
    let matrix = get(&place, &format!("/v1/sweeps/{SWEEP}/matrix?area={OWN}&building=3")).await;
    let floors = &matrix["units"][0]["floors"];
    assert_eq!((&floors[0]["floor"], &floors[1]["floor"]), (&json!(5), &json!(4)));
    let states: Vec<(&str, &str)> = floors
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|floor| floor["doors"].as_array().unwrap())
        .map(|door| (door["room"].as_str().unwrap(), door["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [("501", "residual"), ("502", "discovered"), ("402", "accounted")]);
    assert_eq!(floors[1]["doors"][0]["listed"], 2);
    let none =
        refused(&place, SECRETARY, "GET", &format!("/v1/sweeps/{SWEEP}/matrix?building=99"), None).await;
    assert_eq!(none, "404 unknown_building -: 没有这栋楼 / there is no such building");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_is_opened_signed_and_closed_with_every_door_named() {
    let place = Place::new().await;
    let deadline = wanjia::http::wire::instant(wanjia::cli::now() + DAY);
    let body = json!({"area_code": OWN, "programme": "复查", "deadline": deadline});
    let opened = place.ask(STREET, "POST", "/v1/sweeps", Some(body)).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let opened = opened.json();
    assert_eq!(
        (&opened["programme"], &opened["area_name"], &opened["deadline"]),
        (&json!("复查"), &json!("桃源社区"), &json!(deadline))
    );
    let sweep: Id = serde_json::from_value(opened["id"].clone()).unwrap();
    let listed = get(&place, "/v1/sweeps").await;
    assert_eq!(listed["sweeps"].as_array().unwrap().len(), 2);

    let (a, b) = (place.home(false).await, place.door(OWN, "3", "2", "501").await);
    let sign = |door: Id| Some(json!({"dwelling": door, "reason": "refusal"}));
    let sign_uri = format!("/v1/sweeps/{sweep}/sign");
    assert_eq!(
        refused(&place, SECRETARY, "POST", &sign_uri, sign(a)).await,
        "409 not_refused -: 这户最近一次走访不是“拒绝”，不需要签字 / the dwelling's latest visit is not a refusal; there is nothing to sign"
    );
    place.visit(sweep, a, Outcome::Refused, Light::On).await;
    assert_eq!(place.ask(SECRETARY, "POST", &sign_uri, sign(a)).await.status, 204);

    let close = format!("/v1/sweeps/{sweep}/close");
    let open = place.ask(STREET, "POST", &close, Some(json!({"signatures": []}))).await;
    let problem = open.json();
    assert_eq!(
        (open.status.as_u16(), open.code().as_str(), &problem["unsigned"]),
        (409, "residual", &json!(1))
    );
    assert_eq!(
        problem["first"],
        json!({"area_code": OWN, "building": "3栋", "unit": "2单元", "room": "501"})
    );
    // A door of another community is not signed for by naming it here.
    let elsewhere = place.home(true).await;
    let named = json!({"signatures": [b, elsewhere, a]});
    assert_eq!(place.ask(STREET, "POST", &close, Some(named)).await.status, 204);
    let signed = place
        .site
        .territory
        .read(move |reader| {
            let number = reader.sweep(sweep)?;
            Ok(reader.door(number, elsewhere)?.unwrap().round.signed_closing)
        })
        .await
        .unwrap();
    assert!(!signed);
    let again = place.ask(STREET, "POST", &close, Some(json!({"signatures": []}))).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "sweep_closed"));
    let left = get(&place, &format!("/v1/sweeps/{sweep}/residual?area={OWN}")).await;
    assert_eq!(left["rows"].as_array().unwrap().len(), 1, "a closed sweep keeps its list");
}

/// What is told before a sweep is closed is what its lists hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_sweep_leaves_open_is_counted_as_its_lists_are() {
    let place = Place::new().await;
    let sweep = place.sweep(OWN).await;
    let left = async |place: &Place| -> Value {
        let answer = place.ask(STREET, "GET", &format!("/v1/sweeps/{sweep}/left"), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    };
    let doors = pages(&place, &format!("/v1/sweeps/{sweep}/residual?area={OWN}"), 100).await;
    let ids: Vec<Id> =
        doors.iter().map(|row| serde_json::from_value(row["dwelling"].clone()).unwrap()).collect();
    let fresh = left(&place).await;
    assert_eq!((&fresh["never_visited"], &fresh["recorded"]), (&json!(doors.len()), &json!(0)));
    place.visit(sweep, ids[0], Outcome::Refused, Light::On).await;
    place.visit(sweep, ids[1], Outcome::NoAnswer, Light::Off).await;
    place.newcomer_seen(sweep, ids[1]).await;
    let told = left(&place).await;
    for reason in ["never_visited", "no_answer", "refused_unsigned"] {
        let rows =
            pages(&place, &format!("/v1/sweeps/{sweep}/residual?area={OWN}&reason={reason}"), 100).await;
        assert_eq!(told[reason], json!(rows.len()), "{reason}: {told}");
    }
    assert_eq!((&told["no_answer"], &told["refused_unsigned"]), (&json!(1), &json!(1)));
    for kind in ["listed_dark", "moved", "away", "lit_unlisted"] {
        let rows = pages(&place, &format!("/v1/sweeps/{sweep}/reconcile?area={OWN}&kind={kind}"), 100).await;
        assert_eq!(told[kind], json!(rows.len()), "{kind}: {told}");
    }
    assert_eq!((&told["lit_unlisted"], &told["recorded"], &told["held"]), (&json!(1), &json!(2), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_opened_by_mistake_is_taken_back_as_long_as_nothing_is_recorded_in_it() {
    let place = Place::new().await;
    let (mistaken, used) = (place.sweep(OWN).await, place.sweep(OWN).await);
    let home = place.home(false).await;
    let uri = |sweep: Id| format!("/v1/sweeps/{sweep}/withdraw");
    let because = |reason: &str| Some(json!({"reason": reason}));
    assert!(
        refused(&place, STREET, "POST", &uri(mistaken), because("mood"))
            .await
            .starts_with("422 reason reason")
    );

    // What was recorded is not dropped: it is said, and closing is offered.
    place.visit(used, home, Outcome::Met, Light::On).await;
    let answer = place.ask(STREET, "POST", &uri(used), because("twice")).await;
    let problem = answer.json();
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "sweep_recorded".into()));
    assert_eq!((&problem["doors"], &problem["held"]), (&json!(1), &json!(0)));
    assert!(problem["detail"].as_str().unwrap().contains("请改为结束这次排查"), "{problem}");

    assert_eq!(place.ask(STREET, "POST", &uri(mistaken), because("area")).await.status, 204);
    let sweeps = get(&place, "/v1/sweeps").await;
    let row = |sweep: Id| {
        let rows = sweeps["sweeps"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == json!(sweep)).unwrap().clone()
    };
    assert_eq!((&row(mistaken)["withdrawn"], &row(used)["withdrawn"]), (&json!("area"), &Value::Null));
    assert!(row(mistaken)["closed_at"].is_string());
    let again = place.ask(STREET, "POST", &uri(mistaken), because("area")).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "sweep_closed".into()));
    let numbers = get(&place, &format!("/v1/sweeps/{mistaken}/coverage")).await;
    assert_eq!(
        (&numbers["area"]["dwellings"], &numbers["area"]["residual"]),
        (&json!(0), &json!(0)),
        "nobody was missed in it"
    );

    // A phone that had begun it is told what to do; its record is kept, and can be refused, never counted there.
    let push = place.own_phone.push(visited(mistaken, home, Outcome::Met, Light::On));
    let answer = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.json();
    let receipt = &answer["receipts"][0];
    assert_eq!(receipt["reason"], "sweep_withdrawn");
    assert!(receipt["message"].as_str().unwrap().contains("重新登记"), "{receipt}");
    let held = format!("/v1/quarantine/{}/{}", place.own_phone.series, receipt["sequence"]);
    let release = place.ask(SECRETARY, "POST", &format!("{held}/release"), None).await;
    assert_eq!(release.status, 409, "{}", release.text);
    let refuse = place.ask(SECRETARY, "POST", &format!("{held}/refuse"), because("mistaken")).await;
    assert_eq!(refuse.status, 204, "{}", refuse.text);

    // The ledger has both, and the views are made again from it as they are.
    let root = place.folder.path().join("data");
    assert_eq!(store::rebuild::check(&root, &mut |_| {}).unwrap().1, None);
}

/// Nobody takes back what waits to be counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_of_which_a_record_is_held_is_not_taken_back() {
    let place = Place::new().await;
    let sweep = place.sweep(OWN).await;
    let elsewhere = place.home(true).await;
    let push = place.own_phone.push(visited(sweep, elsewhere, Outcome::Met, Light::On));
    let answer = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.json();
    assert_eq!(answer["receipts"][0]["reason"], "outside_sweep");
    let body = Some(json!({"reason": "twice"}));
    let answer = place.ask(STREET, "POST", &format!("/v1/sweeps/{sweep}/withdraw"), body).await;
    assert_eq!((answer.code().as_str(), &answer.json()["held"]), ("sweep_recorded", &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dark_household_said_on_the_telephone_is_recorded_once() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let uri = format!("/v1/sweeps/{SWEEP}/calls");
    let reached = json!({"dwelling": home, "outcome": "phone"});
    let call = |body: &Value| place.ask(SECRETARY, "POST", &uri, Some(body.clone()));
    let coverage = format!("/v1/sweeps/{SWEEP}/coverage");
    let dark = || get(&place, &coverage);
    let kind = async |kind: &str| {
        let found = get(&place, &format!("/v1/sweeps/{SWEEP}/reconcile?kind={kind}")).await;
        found["rows"].as_array().unwrap().len()
    };
    assert_eq!(call(&reached).await.code(), "not_to_call", "nobody was there yet");
    place.visit(SWEEP, home, Outcome::NoAnswer, Light::Off).await;
    assert_eq!(dark().await["area"]["listed_dark"], 2);

    // Who is away is looked for again, and may be telephoned then.
    let away = json!({"dwelling": home, "outcome": "away", "recheck_on": "2999-01-01"});
    let head = || place.site.territory.head().size;
    let before = head();
    for (body, field) in [
        (json!({"dwelling": home, "outcome": "away"}), "recheck_on"),
        (json!({"dwelling": home, "outcome": "away", "recheck_on": "2019-12-31"}), "recheck_on"),
        (json!({"dwelling": home, "outcome": "phone", "recheck_on": "2999-01-01"}), "recheck_on"),
        (json!({"dwelling": home, "outcome": "no_answer", "recheck_on": "2999-01-01"}), "recheck_on"),
        (json!({"dwelling": home, "outcome": "busy"}), "outcome"),
    ] {
        let answer = call(&body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (422, &json!(field)), "{body}");
    }
    assert_eq!(head(), before, "nothing was recorded of what was refused");
    assert_eq!(call(&away).await.status, 200);
    assert_eq!((kind("away").await, kind("listed_dark").await), (2, 0));

    let before = head();
    assert_eq!(call(&reached).await.status, 200);
    assert_eq!(call(&reached).await.status, 200, "an answer that was lost is asked for again");
    assert_eq!(head(), before + 1);
    assert_eq!((kind("confirmed").await, kind("away").await), (2, 0));
    let now = dark().await;
    assert_eq!((&now["area"]["persons_reached"], &now["area"]["accounted"]), (&json!(2), &json!(1)));
    assert_eq!(call(&away).await.code(), "not_to_call", "she was reached meanwhile");

    // Whoever is put on the list after the call was not reached by it; the next one counts whole.
    let body = json!({"dwelling": home, "name": "孙晓芳", "sex": "女"});
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/persons", Some(body)).await.status, 201);
    assert_eq!((kind("confirmed").await, kind("listed_dark").await), (2, 1));
    assert_eq!(dark().await["area"]["persons_reached"], 2);
    assert_eq!(call(&reached).await.status, 200);
    assert_eq!((kind("confirmed").await, kind("listed_dark").await), (3, 0));
    let elsewhere = json!({"dwelling": place.home(true).await, "outcome": "phone"});
    assert_eq!(call(&elsewhere).await.code(), "unknown_dwelling");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_reaches_whom_it_names_and_leaves_the_others_unreached() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let uri = format!("/v1/sweeps/{SWEEP}/calls");
    let call = async |reached: Value| {
        let body = json!({"dwelling": home, "outcome": "phone", "reached": reached});
        place.ask(SECRETARY, "POST", &uri, Some(body)).await
    };
    place.visit(SWEEP, home, Outcome::NoAnswer, Light::Off).await;
    let coverage = async || get(&place, &format!("/v1/sweeps/{SWEEP}/coverage")).await["area"].clone();
    let dark = async || {
        let rows =
            get(&place, &format!("/v1/sweeps/{SWEEP}/reconcile?kind=listed_dark")).await["rows"].clone();
        rows.as_array().unwrap().iter().map(|row| row["person_id"].clone()).collect::<Vec<_>>()
    };
    let (before, missing) = (coverage().await, dark().await);
    assert_eq!(missing.len(), 2);

    for (reached, code) in [(json!([]), "reached"), (json!([Id([250; 16])]), "not_listed_here")] {
        assert_eq!(call(reached.clone()).await.code(), code, "{reached}");
    }
    let away = json!({
        "dwelling": home, "outcome": "away", "recheck_on": "2999-01-01", "reached": [people[0]],
    });
    let away = place.ask(SECRETARY, "POST", &uri, Some(away)).await;
    assert_eq!((away.status.as_u16(), &away.json()["field"]), (422, &json!("reached")));
    assert_eq!(coverage().await, before, "nothing was recorded of what was refused");

    let first = call(json!([people[0]])).await.json();
    assert_eq!(dark().await, [json!(people[1])], "the other is still to be found");
    let now = coverage().await;
    assert_eq!((&now["persons_reached"], &now["accounted"]), (&json!(1), &json!(0)), "nor is the door done");
    assert_eq!(call(json!([people[0]])).await.json(), json!({}), "said twice, it is written once");

    // Whoever is left answers too: nobody of the household is to be found any more.
    let second = call(json!([people[1]])).await.json();
    assert_eq!((coverage().await["persons_reached"].clone(), dark().await.len()), (json!(2), 0));
    assert_eq!(coverage().await["accounted"], 1);
    let undo = async |record: &Value| {
        place.ask(SECRETARY, "DELETE", &format!("{uri}/{}", record["record"]), None).await
    };
    assert_eq!(undo(&second).await.status, 204);
    assert_eq!(coverage().await, now);
    assert_eq!(undo(&first).await.status, 204);
    assert_eq!((coverage().await, dark().await), (before.clone(), missing.clone()));
    let head = place.site.territory.head().size;
    assert_eq!(undo(&first).await.status, 204, "an answer that was lost is asked for again");
    assert_eq!(place.site.territory.head().size, head);

    // Everyone at once is the visit by telephone that it always was, and is taken back as one.
    let all = call(json!(people)).await.json();
    assert_eq!(coverage().await["accounted"], 1);
    assert_eq!(undo(&all).await.status, 204);
    assert_eq!(coverage().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_reached_nobody_is_told_beside_the_line_and_moves_nothing() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let uri = format!("/v1/sweeps/{SWEEP}/calls");
    let call = |outcome: &str| {
        place.ask(SECRETARY, "POST", &uri, Some(json!({"dwelling": home, "outcome": outcome})))
    };
    assert_eq!(call("no_answer").await.code(), "not_to_call", "nobody was there yet");
    place.visit(SWEEP, home, Outcome::NoAnswer, Light::Off).await;
    let coverage = async || get(&place, &format!("/v1/sweeps/{SWEEP}/coverage")).await["area"].clone();
    let rows =
        async || get(&place, &format!("/v1/sweeps/{SWEEP}/reconcile?kind=listed_dark")).await["rows"].clone();
    let (before, lines) = (coverage().await, rows().await);
    assert_eq!(lines[0].get("calls"), None);

    let first = call("no_answer").await.json();
    assert_eq!(call("no_answer").await.json(), json!({}), "an answer that was lost is asked for again");
    let second = call("switched_off").await.json();
    assert_eq!(coverage().await, before, "nobody was reached");
    let now = rows().await;
    assert_eq!((&now[0]["calls"]["count"], &now[0]["calls"]["last"]), (&json!(2), &json!("switched_off")));
    assert_eq!(
        (&now[0]["task"], &now[0]["due"]),
        (&lines[0]["task"], &lines[0]["due"]),
        "it is still to be phoned"
    );
    let tasks = get(&place, &format!("/v1/sweeps/{SWEEP}/tasks")).await;
    assert_eq!(tasks["rows"][0]["calls"], now[0]["calls"]);

    let undo = async |who: Who, record: &Value| {
        place.ask(who, "DELETE", &format!("{uri}/{}", record["record"]), None).await
    };
    assert_eq!(undo(CLERK, &second).await.code(), "unknown_call", "another's");
    assert_eq!(undo(SECRETARY, &json!({"record": 0})).await.code(), "unknown_call", "it is no call");
    assert_eq!(undo(SECRETARY, &json!({"record": 99_999})).await.code(), "unknown_call");
    assert_eq!(undo(SECRETARY, &second).await.status, 204);
    assert_eq!(rows().await[0]["calls"]["last"], "no_answer");
    let head = place.site.territory.head().size;
    assert_eq!(undo(SECRETARY, &second).await.status, 204, "an answer that was lost is asked for again");
    assert_eq!(place.site.territory.head().size, head);
    assert_eq!(undo(SECRETARY, &first).await.status, 204);
    assert_eq!(rows().await, lines);

    // One that reached someone is taken back as well, and the door is dark again.
    let reached = call("phone").await.json();
    assert_ne!(coverage().await, before);
    assert_eq!(undo(SECRETARY, &reached).await.status, 204);
    assert_eq!((coverage().await, rows().await), (before, lines));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_name_the_field_in_both_languages() {
    let place = Place::new().await;
    let of_sweep = |name: &str| format!("/v1/sweeps/{SWEEP}/{name}");
    let nothing = of_sweep("x").replace(&SWEEP.to_string(), &Id([1; 16]).to_string());
    let mut told = Vec::new();
    for uri in [
        of_sweep("residual?reason=lost"),
        of_sweep("residual?until=AQ"),
        of_sweep("residual?limit=0"),
        of_sweep("residual?cursor=nonsense"),
        of_sweep("residual?are=1"),
        of_sweep("residual?area=999"),
        of_sweep(&format!("residual?area={OTHER}")),
        of_sweep(&format!("residual?area={COUNTY}")),
        of_sweep("reconcile?kind=lost"),
        of_sweep("matrix"),
        nothing.replace("/x", "/coverage"),
        "/v1/sweeps/none/coverage".to_owned(),
        "/v1/areas?parent=999".to_owned(),
        "/v1/quarantine?limit=1001".to_owned(),
    ] {
        told.push(refused(&place, SECRETARY, "GET", &uri, None).await);
    }
    for body in [
        json!({"area_code": "999", "programme": "x", "deadline": "2999-01-01T00:00:00+08:00"}),
        json!({"area_code": OWN, "programme": " ", "deadline": "2999-01-01T00:00:00+08:00"}),
        json!({"area_code": OWN, "programme": "x", "deadline": "2020-01-01T00:00:00+08:00"}),
        json!({"area_code": OWN, "programme": "x", "deadline": "tomorrow"}),
        json!({"area_code": OWN, "programme": "x"}),
    ] {
        told.push(refused(&place, STREET, "POST", "/v1/sweeps", Some(body)).await);
    }
    let expected = "\
422 reason reason: reason 可用 never_visited、no_answer、refused_unsigned / reason is never_visited, no_answer or refused_unsigned
422 cursor until: 翻页标记不是本系统给出的；请从第一页重新开始 / the cursor was not given by this system; start again from the first page
422 limit limit: 每页行数应为 1 到 1000 / limit is a number from 1 to 1000
422 cursor cursor: 翻页标记不是本系统给出的；请从第一页重新开始 / the cursor was not given by this system; start again from the first page
422 field are: 字段 are：没有这个字段 `are`, 可用的有 `area`, `reason`, `find`, `cursor`, `until`, `limit` / field are: unknown field `are`, expected one of `area`, `reason`, `find`, `cursor`, `until`, `limit`
422 unknown_area area: 没有这个编码的区域 / no area has this code
403 outside_area -: 这不在您负责的范围内 / this lies outside the area you are responsible for
403 outside_area -: 这不在您负责的范围内 / this lies outside the area you are responsible for
422 kind kind: kind 可用 confirmed、moved、away、listed_dark、lit_unlisted、unresolved / kind is confirmed, moved, away, listed_dark, lit_unlisted or unresolved
422 field building: 字段 building：缺少字段 `building` / field building: missing field `building`
404 unknown_sweep -: 没有这次排查 / there is no such sweep
404 no_such_path -: 没有这个地址 / there is nothing at this address
422 unknown_area parent: 没有这个编码的区域 / no area has this code
422 limit limit: 每页行数应为 1 到 1000 / limit is a number from 1 to 1000
422 unknown_area area_code: 没有这个编码的区域 / no area has this code
422 programme programme: 排查要有名称，不超过 200 字节 / a sweep needs a name of at most 200 bytes
422 deadline deadline: 截止时间应是将来的时间，写成 2020-02-19T23:59:59+08:00 / the deadline is a time to come, written as 2020-02-19T23:59:59+08:00
422 deadline deadline: 截止时间应是将来的时间，写成 2020-02-19T23:59:59+08:00 / the deadline is a time to come, written as 2020-02-19T23:59:59+08:00
422 field deadline: 字段 deadline：缺少字段 `deadline` / field deadline: missing field `deadline`";
    assert_eq!(told.join("\n"), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_asked_for_by_community_and_numbers_at_every_level() {
    let place = Place::new().await;
    let county = super::place::account(Who::Role(Role::County)).id;
    let role = Role::County as u64;
    place.facts(vec![Body::GrantGiven { account: county, role, area: COUNTY.into() }]).await;
    let ask = |name: &str| {
        let uri = format!("/v1/sweeps/{SWEEP}/{name}");
        let place = &place;
        async move { place.ask(Who::Role(Role::County), "GET", &uri, None).await }
    };
    for list in ["residual", "reconcile", "tasks", "buildings", "matrix?building=1"] {
        let answer = ask(list).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "area_too_large"), "{list}");
    }
    let numbers = ask("coverage").await.json();
    assert_eq!((&numbers["area"]["dwellings"], &numbers["devices_total"]), (&json!(4), &json!(2)));
    assert_eq!(numbers["children"][0]["code"], "420102001");
    let below = ask("coverage?area=420102001").await.json();
    let codes: BTreeSet<&str> =
        below["children"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!(codes, BTreeSet::from([OWN, OTHER]));
    let other = ask(&format!("residual?area={OTHER}")).await.json();
    assert_eq!(other["rows"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_knock_says_whom_it_came_after_and_opens_a_door_only_while_someone_is_missing() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let residual = format!("/v1/sweeps/{SWEEP}/residual?area={OWN}&find=402");
    let seen = |person: Id| Body::PersonSeen { sweep: SWEEP, dwelling: home, person, by_phone: false };
    place.visit(SWEEP, home, Outcome::Met, Light::On).await;
    place.facts(vec![seen(people[0])]).await;
    assert_eq!(get(&place, &residual).await["rows"], json!([]));

    place.visit(SWEEP, home, Outcome::NoAnswer, Light::Unknown).await;
    let rows = get(&place, &residual).await["rows"].clone();
    let row = &rows[0];
    assert_eq!((&row["reason"], &row["listed"]), (&json!("no_answer"), &json!(people.len())));
    assert_eq!(
        (&row["found_before"]["outcome"], &row["found_before"]["reached"]),
        (&json!("met"), &json!(1))
    );
    assert!(row["found_before"]["at"].as_str() < row["at"].as_str(), "{row}");

    place.facts(people[1..].iter().map(|person| seen(*person)).collect()).await;
    assert_eq!(get(&place, &residual).await["rows"], json!([]), "nobody is missing any more");
    let matrix = get(&place, &format!("/v1/sweeps/{SWEEP}/matrix?area={OWN}&building=3")).await;
    let doors =
        matrix["units"].as_array().unwrap().iter().flat_map(|unit| unit["floors"].as_array().unwrap());
    let doors: Vec<_> = doors.flat_map(|floor| floor["doors"].as_array().unwrap()).collect();
    let door = doors.iter().find(|door| door["dwelling"] == json!(home)).unwrap();
    assert_eq!((&door["outcome"], &door["state"]), (&json!("no_answer"), &json!("accounted")));
    assert_eq!(door["found_before"]["reached"], json!(people.len()));

    // Someone who is put on the list now is missing.
    place.newcomer(home).await;
    let rows = get(&place, &residual).await["rows"].clone();
    assert_eq!(rows[0]["found_before"]["reached"], json!(people.len()), "{rows}");

    // A refusal says something: it is told, and so is that people were met before.
    place.visit(SWEEP, home, Outcome::Refused, Light::On).await;
    let rows = get(&place, &residual).await["rows"].clone();
    assert_eq!(
        (&rows[0]["reason"], &rows[0]["found_before"]["outcome"]),
        (&json!("refused_unsigned"), &json!("met"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_takes_back_what_it_recorded_wrongly_and_nothing_of_others() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let push = async |body: Body| {
        let body = place.own_phone.push(body);
        let answer = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(body)).await.json();
        assert_eq!(answer["receipts"][0]["status"], "accepted", "{answer}");
        answer["receipts"][0]["sequence"].as_u64().unwrap()
    };
    let standing = async || {
        let coverage = get(&place, &format!("/v1/sweeps/{SWEEP}/coverage?area={OWN}")).await;
        let residual = get(&place, &format!("/v1/sweeps/{SWEEP}/residual?area={OWN}&find=402")).await;
        (coverage["area"]["persons_reached"].clone(), residual["rows"][0]["reason"].clone())
    };
    let first = push(visited(SWEEP, home, Outcome::Met, Light::On)).await;
    push(Body::PersonSeen { sweep: SWEEP, dwelling: home, person: people[0], by_phone: false }).await;
    push(Body::PersonSeen { sweep: SWEEP, dwelling: home, person: people[1], by_phone: false }).await;
    // Another saw one of them too.
    place
        .facts(vec![Body::PersonSeen { sweep: SWEEP, dwelling: home, person: people[0], by_phone: false }])
        .await;
    assert_eq!(standing().await, (json!(2), Value::Null));

    push(visited(SWEEP, home, Outcome::NoAnswer, Light::Unknown)).await;
    push(Body::VisitTakenBack { sweep: SWEEP, dwelling: home, first, facts: 3 }).await;
    assert_eq!(standing().await, (json!(1), json!("no_answer")), "whom another saw stays seen");
    // It names numbers of its own series only, and what came before it only.
    place.visit(SWEEP, home, Outcome::Met, Light::On).await;
    push(Body::VisitTakenBack { sweep: SWEEP, dwelling: home, first: 0, facts: 5 }).await;
    push(Body::VisitTakenBack { sweep: SWEEP, dwelling: home, first: 0, facts: 1000 }).await;
    assert_eq!(standing().await, (json!(1), Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_is_none_is_taken_out_and_one_with_people_stays() {
    let place = Place::new().await;
    let clerk = Who::Role(Role::Clerk);
    let dwelling = Id([222; 16]);
    let door = Body::DwellingRegistered {
        dwelling,
        area: OWN.into(),
        building: "3".into(),
        unit: "2".into(),
        room: "4O2".into(),
        place: domain::fact::Place::Home,
        found_by: domain::fact::FoundBy::Roster,
    };
    let count = async || {
        let coverage = get(&place, &format!("/v1/sweeps/{SWEEP}/coverage?area={OWN}")).await["area"].clone();
        (coverage["dwellings"].as_i64().unwrap(), coverage["accounted"].as_i64().unwrap())
    };
    let before = count().await;
    place.facts(vec![door.clone()]).await;
    place.visit(SWEEP, dwelling, Outcome::NotExist, Light::Unknown).await;
    assert_eq!(count().await, (before.0 + 1, before.1 + 1));

    let home = place.home(false).await;
    let take = async |dwellings: &[Id]| {
        let body = Some(json!({"dwellings": dwellings}));
        place.ask(clerk, "POST", "/v1/dwellings/removed", body).await
    };
    // What would become of them is said before, and nothing is written; someone who was only seen keeps a door too.
    let passed = Id([223; 16]);
    let other = Body::DwellingRegistered {
        dwelling: passed,
        area: OWN.into(),
        building: "3".into(),
        unit: "2".into(),
        room: "4O3".into(),
        place: domain::fact::Place::Home,
        found_by: domain::fact::FoundBy::Roster,
    };
    place.facts(vec![other]).await;
    place.newcomer_seen(SWEEP, passed).await;
    let (before, added) = ((before.0 + 1, before.1), count().await);
    let would = Some(json!({"dwellings": [dwelling, home, passed], "dry_run": true}));
    let would = place.ask(clerk, "POST", "/v1/dwellings/removed", would).await.json();
    let stay = json!([{"dwelling": home, "by": "people"}, {"dwelling": passed, "by": "seen"}]);
    assert_eq!(would, json!({"removed": 1, "kept": stay}));
    assert_eq!(count().await, added);
    let told = take(&[dwelling, home]).await.json();
    assert_eq!(told, json!({"removed": 1, "kept": [{"dwelling": home, "by": "people"}]}));
    assert_eq!(count().await, before);
    let left = get(&place, &format!("/v1/sweeps/{SWEEP}/residual?area={OWN}&find=4O2")).await;
    assert_eq!(left["rows"], json!([]));
    // It is none any more, for anyone.
    assert_eq!(take(&[dwelling]).await.status, 404);
    assert_eq!(take(&[place.home(true).await]).await.status, 404, "another community's door is none of hers");
    assert_eq!(take(&[]).await.status, 422);
    // Put on record again it is another beginning, without the visits of before.
    place.facts(vec![door]).await;
    assert_eq!(count().await, (before.0 + 1, before.1));
}

//! Phones pull what changed, names are written down before they are shown, and pages hear of changes.

use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::access::Purpose;
use domain::fact::{Body as FactBody, Fact, FoundBy, Outcome};
use domain::id::Id;
use domain::identity::Identity;
use domain::state::State as _;
use ledger::envelope::Envelope;
use ledger::tree;
use serde_json::{Value, json};
use tokio_stream::StreamExt as _;

use crate::ground::{
    Answer, DOOR, Door, Ground, NAME, PERSON, Phone, SWEEP, door, hashes, now, open_checkpoint,
};

async fn pull(door: &Door, phone: &Phone, after: &str, known_size: u64) -> Answer {
    let answer = door.get(phone, &format!("/v1/pull?after={after}&known_size={known_size}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.bytes));
    answer
}

/// How many times a person was shown, by the facts.
fn revealed(ground: &Ground, person: Id) -> usize {
    let file = rusqlite::Connection::open(ground.root().join("territory-test.db")).unwrap();
    let mut read = file.prepare("select fact from facts").unwrap();
    let facts = read.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let shown = facts.filter(|bytes| {
        let envelope = Envelope::decode(bytes.as_ref().unwrap()).unwrap();
        let body = Fact::decode(&envelope.payload).unwrap().body;
        body == FactBody::Revealed { person, purpose: Purpose::Visit as u64 }
    });
    shown.count()
}

#[tokio::test]
async fn a_phone_gets_its_doors_once_then_only_what_changed() {
    let mut ground = Ground::new(2);
    let opened = ground.open().await;
    let all = pull(&opened, &ground.phones[0], "", 0).await.json();
    let doors = all["doors"].as_array().unwrap();
    assert_eq!(doors.len(), 1, "only the doors of its own area");
    assert_eq!(doors[0]["dwelling"], json!(DOOR));
    assert_eq!(doors[0]["members"], json!([{"person": PERSON, "name": NAME, "relation": "户主"}]));
    assert_eq!(doors[0]["floor"], 4);
    assert_eq!(all["sweeps"][0]["id"], json!(SWEEP));
    assert_eq!((&all["more"], &all["removed"]), (&json!(false), &json!([])));
    let known = open_checkpoint(all["checkpoint"].as_str().unwrap());
    assert_eq!(revealed(&ground, PERSON), 1, "who was shown is written down, in the head that came with it");
    assert_eq!(known.size, opened.territory.head().size);

    let cursor = all["cursor"].as_str().unwrap();
    let none = pull(&opened, &ground.phones[0], cursor, known.size).await.json();
    assert_eq!(none["doors"], json!([]));

    // Another phone knocks: the door comes again, its names do not, for its list is as it was.
    ground.phones[1].visit(now(), DOOR, Outcome::NoAnswer);
    opened.push(&ground.phones[1], 0, 1, 0).await;
    let news = pull(&opened, &ground.phones[0], cursor, known.size).await.json();
    let changed = &news["doors"][0];
    assert_eq!(changed["sweeps"][0]["outcome"], "no_answer");
    assert_eq!(changed["sweeps"][0]["reason"], "no_answer");
    assert_eq!(changed.get("members"), None);
    assert_eq!(revealed(&ground, PERSON), 1);
    let head = open_checkpoint(news["checkpoint"].as_str().unwrap());
    let proof = hashes(&news["consistency"]);
    tree::verify_consistency(known.size, &known.root, head.size, &head.root, &proof).unwrap();

    for wrong in ["after=x", "after=1.2.3", "known_size=-1", "limit=5"] {
        let answer = opened.get(&ground.phones[0], &format!("/v1/pull?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert_eq!(answer.json()["field"], wrong.split('=').next().unwrap());
    }
    opened.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn whoever_was_seen_and_is_on_no_list_is_told_with_her_door_until_she_is() {
    let mut ground = Ground::new(2);
    let opened = ground.open().await;
    let stranger = Id([77; 16]);
    let identity = Identity { name: "张三".into(), ..Identity::default() };
    let phone = &mut ground.phones[1];
    phone.visit(now(), DOOR, Outcome::Met);
    let seen = FactBody::PersonSeen { sweep: SWEEP, dwelling: DOOR, person: stranger, by_phone: false };
    phone.record(now(), seen, Some((stranger, &identity)));
    opened.push(phone, 0, 2, 0).await;
    let told = pull(&opened, &ground.phones[0], "", 0).await.json();
    assert_eq!(told["doors"][0]["sweeps"][0]["unlisted"], json!([stranger]));
    assert!(!told.to_string().contains("张三"), "how she is called is known to the phone that recorded her");

    let listed = FactBody::PersonRegistered { person: stranger, dwelling: DOOR };
    opened
        .territory
        .write(move |store, now| {
            let content = store::Sealed { owner: stranger, plaintext: &identity.encode(), fresh: false };
            store.write(now, |batch| batch.append(Id([9; 16]), listed, Some(content)))?;
            Ok(())
        })
        .await
        .unwrap();
    let told = pull(&opened, &ground.phones[0], told["cursor"].as_str().unwrap(), 0).await.json();
    assert_eq!(told["doors"][0]["sweeps"][0].get("unlisted"), None, "{told}");
    opened.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn many_doors_come_in_pages_and_nothing_falls_between_them() {
    let ground = Ground::new(1);
    let opened = ground.open().await;
    let add = |from: u16, to: u16| {
        opened.territory.write(move |store, now| {
            Ok(store.write(now, |batch| {
                for number in from..to {
                    let mut id = [5; 16];
                    id[..2].copy_from_slice(&number.to_be_bytes());
                    batch.append(
                        Id([9; 16]),
                        door(Id(id), "A", &number.to_string(), FoundBy::Roster),
                        None,
                    )?;
                }
                Ok(())
            })?)
        })
    };
    add(1000, 1450).await.unwrap();
    let phone = &ground.phones[0];
    let first = pull(&opened, phone, "", 0).await.json();
    assert_eq!((first["doors"].as_array().unwrap().len(), &first["more"]), (200, &json!(true)));
    // While it pages, a door appears that the pages have passed.
    add(10, 11).await.unwrap();
    let mut rooms: Vec<Value> = Vec::new();
    let mut page = first;
    loop {
        rooms.extend(page["doors"].as_array().unwrap().iter().map(|door| door["room"].clone()));
        let cursor = page["cursor"].as_str().unwrap().to_owned();
        if page["more"] == json!(false) {
            let late = pull(&opened, phone, &cursor, 0).await.json();
            rooms.extend(late["doors"].as_array().unwrap().iter().map(|door| door["room"].clone()));
            break;
        }
        page = pull(&opened, phone, &cursor, 0).await.json();
    }
    rooms.sort_by_key(|room| room.as_str().unwrap().to_owned());
    rooms.dedup();
    assert_eq!(rooms.len(), 452);
}

#[tokio::test]
async fn proofs_and_heads_can_be_asked_for() {
    let mut ground = Ground::new(1);
    let opened = ground.open().await;
    let phone = &mut ground.phones[0];
    phone.visit(now(), DOOR, Outcome::Met);
    let before =
        open_checkpoint(std::str::from_utf8(&opened.get(phone, "/v1/checkpoint").await.bytes).unwrap());
    let pushed = opened.push(phone, 0, 1, 0).await.json();
    let answer = opened.get(phone, "/v1/checkpoint").await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    let head = open_checkpoint(std::str::from_utf8(&answer.bytes).unwrap());
    let proof = opened.get(phone, &format!("/v1/proof/{}/0", phone.series)).await.json();
    assert_eq!(proof["position"], pushed["receipts"][0]["position"]);
    let leaf = crate::ground::hash(&proof["leaf"]);
    let position = proof["position"].as_u64().unwrap();
    assert_eq!(proof["size"], head.size);
    tree::verify_inclusion(&head.root, head.size, position, &leaf, &hashes(&proof["proof"])).unwrap();
    let path = format!("/v1/consistency?from={}&to={}", before.size, head.size);
    let consistency = opened.get(phone, &path).await.json();
    let proof = hashes(&consistency["proof"]);
    tree::verify_consistency(before.size, &before.root, head.size, &head.root, &proof).unwrap();
    for (path, status, code) in [
        (format!("/v1/proof/{}/1", phone.series), StatusCode::NOT_FOUND, "no_such_fact"),
        (format!("/v1/proof/{}/0", Id([0; 16])), StatusCode::NOT_FOUND, "no_such_fact"),
        ("/v1/proof/x/0".into(), StatusCode::NOT_FOUND, "no_such_path"),
        ("/v1/consistency?from=0&to=99999".into(), StatusCode::UNPROCESSABLE_ENTITY, "beyond"),
        ("/v1/consistency?from=3&to=2".into(), StatusCode::UNPROCESSABLE_ENTITY, "beyond"),
        ("/v1/consistency?from=3".into(), StatusCode::UNPROCESSABLE_ENTITY, "field"),
    ] {
        let answer = opened.get(phone, &path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{path}");
    }
}

#[tokio::test]
async fn a_page_that_listens_hears_of_a_push() {
    let mut ground = Ground::new(1);
    let opened = ground.open().await;
    let phone = &mut ground.phones[0];
    phone.visit(now(), DOOR, Outcome::Met);
    let request = phone.request("GET", "/v1/events").body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(opened.router.clone(), request).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let open = stream.next().await.unwrap().unwrap();
    assert!(open.starts_with(b":"), "it says at once that it is heard");
    let pushed = opened.push(phone, 0, 1, 0).await.json();
    let told = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    let data = told.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    assert!(told.lines().any(|line| line == "event: changed"), "{told}");
    let size = open_checkpoint(pushed["checkpoint"].as_str().unwrap()).size;
    assert_eq!(serde_json::from_str::<Value>(data).unwrap(), json!({"size": size, "sweeps": [SWEEP]}));
    // A stop ends it.
    opened.stop.send_replace(true);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn an_erased_person_is_not_shown_again() {
    let ground = Ground::new(1);
    let opened = ground.open().await;
    opened
        .territory
        .write(|store, now| Ok(store::erase::erase(store, Id([9; 16]), PERSON, 0, now).map(drop)?))
        .await
        .unwrap();
    let all = pull(&opened, &ground.phones[0], "", 0).await;
    assert!(!String::from_utf8(all.bytes).unwrap().contains(NAME));
    let known = opened.territory.read(|reader| Ok(reader.state().is_erased(PERSON)?)).await.unwrap();
    assert!(known);
}

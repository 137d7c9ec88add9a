//! Phones push: twice, out of order, with wrong clocks, many at once. Nothing is lost or doubled, every answer proves
//! itself, and a bad push fails for itself only.

use crate::ground::{
    Answer, DOOR, Door, FAR_DOOR, Ground, PERSON, Phone, SWEEP, door, hash, hashes, join_all, now,
    open_checkpoint,
};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::fact::{Body as FactBody, FoundBy, Outcome};
use domain::id::Id;
use domain::identity::Identity;
use ledger::{envelope, tree};
use serde_json::{Value, json};

/// Checks what a phone checks: signature, inclusion of its last fact, and that the head extends the one it knew.
fn check(phone: &Phone, to: usize, answer: &Answer, known: Option<(u64, [u8; 32])>) -> (u64, [u8; 32]) {
    assert_eq!(answer.status, StatusCode::OK, "{:?}", String::from_utf8_lossy(&answer.bytes));
    let body = answer.json();
    let head = open_checkpoint(body["checkpoint"].as_str().unwrap());
    let last = body["receipts"].as_array().unwrap().last().unwrap();
    let received: jiff::Timestamp = last["received_at"].as_str().unwrap().parse().unwrap();
    let leaf = tree::leaf(
        &phone.made[to - 1].envelope,
        received.as_millisecond(),
        last["verdict"].as_u64().unwrap(),
    );
    let position = body["inclusion"]["position"].as_u64().unwrap();
    assert_eq!(body["inclusion"]["position"], last["position"]);
    tree::verify_inclusion(&head.root, head.size, position, &leaf, &hashes(&body["inclusion"]["proof"]))
        .unwrap();
    if let Some((size, root)) = known {
        tree::verify_consistency(size, &root, head.size, &head.root, &hashes(&body["consistency"])).unwrap();
    }
    (head.size, head.root)
}

fn column(answer: &Answer, name: &str) -> Vec<Value> {
    answer.json()["receipts"].as_array().unwrap().iter().map(|receipt| receipt[name].clone()).collect()
}

async fn accounted(door: &Door) -> i64 {
    door.territory.read(|reader| Ok(reader.coverage(0, 0)?)).await.unwrap().accounted
}

#[tokio::test]
async fn sent_twice_and_out_of_order_counts_once_and_proves_itself() {
    let mut ground = Ground::new(1);
    let door = ground.open().await;
    let phone = &mut ground.phones[0];
    for outcome in [Outcome::NoAnswer, Outcome::NoAnswer, Outcome::Met] {
        phone.visit(now(), DOOR, outcome);
    }
    let early = door.push(phone, 1, 3, 0).await;
    assert_eq!((early.status, early.problem()), (StatusCode::CONFLICT, "gap".into()));
    assert_eq!(early.json()["expected"], 0);
    assert_eq!(
        door.get(phone, &format!("/v1/facts/head?series={}", phone.series)).await.problem(),
        "no_facts"
    );

    let first = door.push(phone, 0, 2, 0).await;
    let known = check(phone, 2, &first, None);
    assert_eq!(column(&first, "status"), ["accepted", "accepted"]);
    let again = door.push(phone, 0, 2, known.0).await;
    check(phone, 2, &again, Some(known));
    assert_eq!(column(&again, "status"), ["duplicate", "duplicate"]);
    for name in ["position", "received_at", "verdict", "sequence"] {
        assert_eq!(column(&first, name), column(&again, name));
    }
    let rest = door.push(phone, 0, 3, known.0).await;
    let known = check(phone, 3, &rest, Some(known));
    assert_eq!(column(&rest, "status"), ["duplicate", "duplicate", "accepted"]);
    let head = door.get(phone, &format!("/v1/facts/head?series={}", phone.series)).await.json();
    assert_eq!(head, rest.json()["head"]);
    assert_eq!(head["sequence"], 2);
    assert_eq!(hash(&head["hash"]), envelope::hash(&phone.made[2].envelope));
    assert_eq!(accounted(&door).await, 1);

    // A phone that knows a larger tree is shown the smaller head, and can tell.
    let more = door.push(phone, 0, 3, known.0 + 5).await;
    assert_eq!(more.json()["consistency"], json!([]));
    assert_eq!(open_checkpoint(more.json()["checkpoint"].as_str().unwrap()).size, known.0);
    door.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn what_does_not_read_names_its_field_and_stores_nothing() {
    let mut ground = Ground::new(2);
    let door = ground.open().await;
    ground.phones[1].visit(now(), DOOR, Outcome::Met);
    let other = ground.phones[1].push(0, 1, 0);
    let phone = &mut ground.phones[0];
    phone.visit(now(), DOOR, Outcome::Met);
    phone.visit(now(), DOOR, Outcome::Met);
    let sound = phone.push(0, 2, 0);
    let size = door.territory.head().size;
    let wrong = |pointer: &str, value: Value| {
        let mut body = sound.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let cases = [
        (wrong("/signature", json!("AAAA")), "field", "signature"),
        (wrong("/signature", json!("!")), "field", "signature"),
        (wrong("/signature", other["signature"].clone()), "bad_signature", "signature"),
        (wrong("/facts/1/fact", json!("AAAA")), "unreadable", "facts[1].fact"),
        (wrong("/facts/1/fact", json!("王东军")), "field", "facts[1].fact"),
        (wrong("/facts/1/fact", json!(7)), "field", "facts[1].fact"),
        (wrong("/facts/0", other["facts"][0].clone()), "unreadable", "facts[0].fact"),
        (wrong("/facts/1", json!({"fact": "AAAA", "name": "王东军"})), "field", "facts[1].name"),
        (wrong("/facts/1", json!({})), "field", "facts[1].fact"),
        (wrong("/facts", json!([])), "empty", "facts"),
        (wrong("/series", other["series"].clone()), "series", "series"),
        (wrong("/series", json!("王东军")), "field", "series"),
        (wrong("/known_size", json!(-1)), "field", "known_size"),
        (json!({"series": phone.series}), "field", "facts"),
    ];
    for (body, code, field) in cases {
        let answer = door.post(phone, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!((answer.problem().as_str(), &answer.json()["field"]), (code, &json!(field)), "{body}");
        let text = String::from_utf8(answer.bytes).unwrap();
        assert!(!text.contains("王东军"), "an answer repeats a value: {text}");
    }
    assert_eq!(door.territory.head().size, size);
    assert_eq!(door.post(phone, sound.to_string()).await.status, StatusCode::OK);
    door.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn torn_large_or_mislabelled_bodies_are_sent_back() {
    let mut ground = Ground::new(1);
    let door = ground.open().await;
    let phone = &mut ground.phones[0];
    for _ in 0..201 {
        phone.visit(now(), DOOR, Outcome::NoAnswer);
    }
    let text = phone.push(0, 1, 0).to_string();
    let torn = door.post(phone, text[..text.len() / 2].to_owned()).await;
    assert_eq!((torn.status, torn.problem()), (StatusCode::BAD_REQUEST, "not_json".into()));
    let twice = door.post(phone, format!("{text}{text}")).await;
    assert_eq!((twice.status, twice.problem()), (StatusCode::BAD_REQUEST, "not_json".into()));
    let large = door.post(phone, " ".repeat(2 << 20)).await;
    assert_eq!((large.status, large.problem()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large".into()));
    let many = door.push(phone, 0, 201, 0).await;
    assert_eq!((many.status, many.problem()), (StatusCode::PAYLOAD_TOO_LARGE, "too_many".into()));
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = phone.request("POST", "/v1/facts").header(header::CONTENT_TYPE, kind);
        let answer = door.ask(request.body(Body::from(text.clone())).unwrap()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type".into())
        );
    }
    assert_eq!(door.push(phone, 0, 200, 0).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stranger_a_wrong_token_and_no_token_are_nobody() {
    let mut ground = Ground::new(1);
    let door = ground.open().await;
    ground.phones[0].visit(now(), DOOR, Outcome::Met);
    let mut stranger = Phone::new(250);
    stranger.visit(now(), DOOR, Outcome::Met);
    let answer = door.push(&stranger, 0, 1, 0).await;
    assert_eq!((answer.status, answer.problem()), (StatusCode::UNAUTHORIZED, "sign_in".into()));
    let phone = &ground.phones[0];
    let good = phone.authorization();
    for header in [
        String::new(),
        "Device".into(),
        format!("{good}x"),
        good.replace("Device", "Bearer"),
        good.replace(':', " "),
    ] {
        let request = axum::http::Request::post("/v1/facts")
            .header(header::AUTHORIZATION, &header)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = door.ask(request.body(Body::from(phone.push(0, 1, 0).to_string())).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
    }
    let head = door.get(phone, "/v1/facts/head?series=00000000-0000-0000-0000-000000000000").await;
    assert_eq!(head.status, StatusCode::NOT_FOUND, "another series is nobody's business");
}

#[tokio::test]
async fn wrong_clocks_foreign_doors_copies_and_revoked_phones_lose_nothing() {
    let mut ground = Ground::new(1);
    let door = ground.open().await;
    let phone = &mut ground.phones[0];
    phone.visit(12, DOOR, Outcome::Met);
    phone.visit(now(), FAR_DOOR, Outcome::Met);
    phone.visit(now(), Id([200; 16]), Outcome::Met);
    let answer = door.push(phone, 0, 3, 0).await;
    let known = check(phone, 3, &answer, None);
    assert_eq!(column(&answer, "status"), ["accepted", "quarantined", "quarantined"]);
    assert_eq!(column(&answer, "reason"), [Value::Null, json!("outside_rights"), json!("unknown_dwelling")]);
    for receipt in &answer.json()["receipts"].as_array().unwrap()[1..] {
        assert!(receipt["message"].is_string() && receipt["message_en"].is_string());
    }
    let visited = door.territory.read(|reader| Ok(reader.door(0, DOOR)?)).await.unwrap().unwrap();
    assert!(
        now() - visited.round.visit.unwrap().stamp.at < 60_000,
        "1970 is replaced by the time of arrival"
    );

    let mut copy = Phone::new(100);
    copy.visit(12, DOOR, Outcome::Met);
    copy.visit(now(), DOOR, Outcome::Vacant);
    let fork = door.push(&copy, 0, 2, known.0).await;
    check(&copy, 2, &fork, Some(known));
    assert_eq!(column(&fork, "reason"), [Value::Null, json!("fork")]);
    assert_eq!(fork.json()["head"]["sequence"], 2, "the series goes on from its first story");

    let series = ground.phones[0].series;
    door.territory
        .write(move |store, now| {
            let revoked = FactBody::DeviceRevoked { series };
            Ok(store.write(now, |batch| batch.append(Id([9; 16]), revoked, None))?)
        })
        .await
        .unwrap();
    let phone = &mut ground.phones[0];
    phone.visit(now(), DOOR, Outcome::Vacant);
    let late = door.push(phone, 3, 4, 0).await;
    check(phone, 4, &late, None);
    assert_eq!(column(&late, "reason"), [json!("device_revoked")]);
    for path in ["/v1/pull", "/v1/checkpoint", "/v1/events", "/v1/consistency?from=0&to=1"] {
        let answer = door.get(phone, path).await;
        assert_eq!((answer.status, answer.problem()), (StatusCode::FORBIDDEN, "device_revoked".into()));
    }
    assert_eq!(accounted(&door).await, 1);
    door.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn a_locked_phone_is_known_by_its_signature_alone_and_may_only_push() {
    let mut ground = Ground::new(2);
    let door = ground.open().await;
    let [phone, other] = &mut ground.phones[..] else { unreachable!() };
    phone.visit(now(), DOOR, Outcome::Met);
    other.visit(now(), DOOR, Outcome::Met);
    let bare = |body: Value| {
        let request = axum::http::Request::post("/v1/facts").header(header::CONTENT_TYPE, "application/json");
        door.ask(request.body(Body::from(body.to_string())).unwrap())
    };
    let mut forged = phone.push(0, 1, 0);
    forged["signature"] = other.push(0, 1, 0)["signature"].clone();
    assert_eq!(bare(forged).await.status, StatusCode::UNAUTHORIZED);
    let mut unknown = phone.push(0, 1, 0);
    unknown["series"] = json!(Id([77; 16]));
    assert_eq!(bare(unknown).await.status, StatusCode::UNAUTHORIZED);
    let known = check(phone, 1, &bare(phone.push(0, 1, 0)).await, None);
    check(phone, 1, &bare(phone.push(0, 1, known.0)).await, Some(known));
    assert_eq!(accounted(&door).await, 1);
    // A wrong token is not overlooked because the signature is right.
    let request = axum::http::Request::post("/v1/facts")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Device {}:wrong", phone.series));
    let answer = door.ask(request.body(Body::from(phone.push(0, 1, 0).to_string())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    door.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn after_the_end_of_its_deployment_a_phone_reads_nothing_and_only_what_it_saw_before_counts() {
    let mut ground = Ground::new(1);
    let door = ground.open().await;
    let phone = &mut ground.phones[0];
    let (series, end) = (phone.series, now() - 60_000);
    door.territory
        .write(move |store, now| {
            let term = FactBody::DeviceTerm { series, ends_at: end };
            Ok(store.write(now, |batch| batch.append(Id([9; 16]), term, None))?)
        })
        .await
        .unwrap();
    phone.visit(end - 1000, DOOR, Outcome::NoAnswer);
    phone.visit(end + 1000, DOOR, Outcome::Met);
    let answer = door.push(phone, 0, 2, 0).await;
    check(phone, 2, &answer, None);
    assert_eq!(column(&answer, "reason"), [Value::Null, json!("device_ended")]);
    let standing = format!("/v1/devices/{series}/standing");
    let bare = |path: &str| axum::http::Request::get(path).body(Body::empty()).unwrap();
    for request in [phone.request("GET", "/v1/pull").body(Body::empty()).unwrap(), bare(&standing)] {
        let refused = door.ask(request).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "device_ended".into()));
    }
    assert_eq!(
        door.ask(bare(&format!("/v1/devices/{}/standing", Id([7; 16])))).await.status,
        StatusCode::NOT_FOUND
    );
    door.territory
        .write(move |store, now| {
            let longer = FactBody::DeviceTerm { series, ends_at: now + 60_000 };
            Ok(store.write(now, |batch| batch.append(Id([9; 16]), longer, None))?)
        })
        .await
        .unwrap();
    let pulled = door.get(phone, "/v1/pull").await;
    assert_eq!(pulled.status, StatusCode::OK);
    assert_eq!(door.ask(bare(&standing)).await.status, StatusCode::NO_CONTENT);
    assert!(pulled.json()["ends_at"].is_string() && pulled.json()["recovery_key"].is_string());
    door.territory.stop().await;
    ground.prove();
}

/// Holds the writer until all of them wait for it, then lets it take them as one batch.
async fn together<T>(door: &Door, pushes: Vec<impl Future<Output = T>>) -> Vec<T> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hold = door.territory.write(move |_, _| {
        let _ = held.recv();
        Ok(())
    });
    // Polled in this order: the writer is held, the pushes queue up, the writer is let go.
    let (held, done, ()) = tokio::join!(hold, join_all(pushes), async move { drop(release) });
    held.unwrap();
    done
}

fn checked(phone: &Phone, from: usize, to: usize) -> store::CheckedPush {
    let facts = phone.made[from..to].iter().map(|made| store::Pushed {
        envelope: made.envelope.clone(),
        ciphertext: made.content.as_ref().map(|(content, _)| content.clone()),
        data_key: made.content.as_ref().map(|(_, key)| *key),
        impossible_number: false,
    });
    let last = envelope::hash(&phone.made[to - 1].envelope);
    let signature = phone.key.sign_head(&phone.series.0, to as u64 - 1, &last);
    store::CheckedPush::check(phone.series, phone.key.public(), facts.collect(), signature).unwrap()
}

#[tokio::test]
async fn pushes_that_wait_together_share_one_commit_and_keep_their_own_outcomes() {
    let mut ground = Ground::new(40);
    let door = ground.open().await;
    for phone in &mut ground.phones {
        for outcome in [Outcome::NoAnswer, Outcome::Met] {
            phone.visit(now(), DOOR, outcome);
        }
    }
    let size = door.territory.head().size;
    // One of them has a gap: the others do not notice.
    let pushes = ground.phones.iter().enumerate().map(|(number, phone)| {
        let from = usize::from(number == 7);
        door.territory.push(checked(phone, from, 2))
    });
    let answers = together(&door, pushes.collect()).await;
    let mut sizes = Vec::new();
    for (number, answer) in answers.into_iter().enumerate() {
        match answer.unwrap() {
            Ok(done) => sizes.push(done.head.size),
            Err(refused) => {
                assert_eq!((number, refused), (7, store::PushRefused::Gap { expected: 0 }));
            }
        }
    }
    assert_eq!(sizes, vec![size + 78; 39], "one head for all of them");
    assert_eq!(accounted(&door).await, 1);
    door.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn a_push_that_the_storage_fails_on_fails_alone() {
    let mut ground = Ground::new(5);
    let door = ground.open().await;
    for phone in &mut ground.phones {
        phone.visit(now(), DOOR, Outcome::Met);
    }
    // Whoever is said to be seen at this door is compared with the one who is listed there, whose fact is damaged now.
    let observed = Identity { name: "老王".into(), ..Identity::default() };
    let seen = FactBody::PersonSeen { sweep: SWEEP, dwelling: DOOR, person: Id([61; 16]), by_phone: false };
    ground.phones[2].record(now(), seen, Some((Id([61; 16]), &observed)));
    let file = ground.root().join("territory-test.db");
    let position: u64 = rusqlite::Connection::open(&file)
        .unwrap()
        .query_row("select content from person where id = ?1", [PERSON.0], |row| row.get(0))
        .unwrap();
    let spoil = |fact: &[u8]| {
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection
            .execute("update facts set fact = ?2 where position = ?1", rusqlite::params![position, fact])
            .unwrap();
    };
    let sound: Vec<u8> = rusqlite::Connection::open(&file)
        .unwrap()
        .query_row("select fact from facts where position = ?1", [position], |row| row.get(0))
        .unwrap();
    spoil(&[0]);
    let pushes = ground.phones.iter().map(|phone| door.territory.push(checked(phone, 0, phone.made.len())));
    let answers = together(&door, pushes.collect()).await;
    let failed: Vec<bool> = answers.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, false, true, false, false]);
    spoil(&sound);
    // Nothing of it was kept, and it can be sent again.
    let again = door.push(&ground.phones[2], 0, 2, 0).await;
    assert_eq!(column(&again, "status"), ["accepted", "accepted"]);
    // A panic on the writer's thread is survived as well.
    let panicked = door.territory.write::<()>(|_, _| panic!("on purpose")).await;
    assert_eq!(panicked.unwrap_err().code, "broken");
    let phone = &mut ground.phones[0];
    phone.visit(now(), DOOR, Outcome::Met);
    assert_eq!(door.push(phone, 1, 2, 0).await.status, StatusCode::OK);
    door.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn a_number_that_nobody_can_have_is_left_out_and_its_people_are_admitted() {
    let mut ground = Ground::new(2);
    let door = ground.open().await;
    let check =
        |first: &str| format!("{first}{}", char::from(intake::cell::check_character(first.as_bytes())));
    // There is no month 13, whatever its check says; the other is nobody's, and possible.
    let (impossible, possible) = (check("99000019801301100"), check("99000019800101100"));
    let mut people = Vec::new();
    for (at, (name, number)) in
        [("甲", &impossible), ("乙", &impossible), ("丙", &possible), ("丁", &possible)]
            .into_iter()
            .enumerate()
    {
        let person = Id([70 + u8::try_from(at).unwrap(); 16]);
        let said = Identity { name: name.into(), id_number: number.clone(), ..Identity::default() };
        let seen = FactBody::PersonSeen { sweep: SWEEP, dwelling: DOOR, person, by_phone: false };
        ground.phones[at % 2].record(now(), seen, Some((person, &said)));
        people.push(person);
    }
    for phone in &ground.phones {
        assert_eq!(column(&door.push(phone, 0, 2, 0).await, "status"), ["accepted", "accepted"]);
    }
    let same = door
        .territory
        .read(move |reader| {
            let known = |at: usize| people[at];
            let mut canonical = Vec::new();
            for at in 0..4 {
                canonical.push(domain::apply::canonical(reader.state(), known(at))?);
            }
            Ok((canonical[0] == canonical[1], canonical[2] == canonical[3]))
        })
        .await
        .unwrap();
    assert_eq!(same, (false, true), "two who are said to have an impossible number are not one for that");
    door.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn a_stop_finishes_what_was_accepted_and_refuses_the_rest() {
    let mut ground = Ground::new(10);
    let opened = ground.open().await;
    for phone in &mut ground.phones {
        phone.visit(now(), DOOR, Outcome::Met);
    }
    let pushes = ground.phones.iter().map(|phone| opened.push(phone, 0, 1, 0));
    let answers = join_all(pushes.collect()).await;
    opened.territory.stop().await;
    let late = opened.push(&ground.phones[0], 0, 1, 0).await;
    assert_eq!((late.status, late.problem()), (StatusCode::SERVICE_UNAVAILABLE, "stopping".into()));
    assert!(late.headers.contains_key(header::RETRY_AFTER));
    let door_again = ground.open().await;
    for (phone, answer) in ground.phones.iter().zip(answers) {
        let known = check(phone, 1, &answer, None);
        let again = door_again.push(phone, 0, 1, known.0).await;
        assert_eq!(column(&again, "status"), ["duplicate"]);
        assert_eq!(column(&again, "position"), column(&answer, "position"));
    }
    // A new door registered by a phone is there for everyone at once.
    let phone = &mut ground.phones[3];
    phone.record(now(), door(Id([90; 16]), "A", "501", FoundBy::Visit), None);
    assert_eq!(door_again.push(phone, 1, 2, 0).await.status, StatusCode::OK);
    let dwellings = door_again.territory.read(|reader| Ok(reader.coverage(0, 0)?)).await.unwrap().dwellings;
    assert_eq!(dwellings, 3);
    door_again.territory.stop().await;
    ground.prove();
}

//! Doors go to a colleague only when she takes them, and both have the receipt.

use axum::http::StatusCode;
use domain::fact::{Body, Outcome};
use domain::hand_over::Answer;
use domain::id::Id;
use serde_json::{Value, json};

use crate::ground::{DOOR, Door, FAR_DOOR, Ground, Phone, SWEEP, now};

const OFFER: Id = Id([54; 16]);

fn offer(to: &Phone, hand_over: Id, door: Id) -> Body {
    Body::DoorsOffered { hand_over, sweep: SWEEP, to: to.series, doors: vec![door] }
}

fn answer(hand_over: Id, answer: Answer) -> Body {
    Body::DoorsAnswered { hand_over, answer }
}

/// Sends what the phone made last, and gives why it waits, if it does.
async fn send(opened: &Door, phone: &Phone) -> Option<String> {
    let made = phone.made.len();
    let answer = opened.push(phone, made - 1, made, 0).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.bytes));
    answer.json()["receipts"][0]["reason"].as_str().map(str::to_owned)
}

async fn told(opened: &Door, phone: &Phone) -> (Value, String) {
    let pulled = opened.get(phone, "/v1/pull").await.json();
    (pulled["hand_overs"].clone(), pulled["cursor"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn doors_stay_with_the_first_until_the_second_takes_them_and_both_have_the_receipt() {
    let mut ground = Ground::new(3);
    let opened = ground.open().await;
    let [first, second, third] = &mut ground.phones[..] else { panic!("three phones") };

    first.record(now(), offer(second, OFFER, DOOR), None);
    assert_eq!(send(&opened, first).await, None);
    let (rows, cursor) = told(&opened, second).await;
    assert_eq!(rows[0]["doors"], json!([DOOR]));
    assert_eq!(
        (&rows[0]["giver"]["worker"], &rows[0]["taker"]["worker"]),
        (&json!(first.series), &json!(second.series))
    );
    assert_eq!(rows[0].get("answer"), None);

    // Nobody else takes it, and nobody takes back what another offered.
    for wrong in [Answer::Taken, Answer::Withdrawn] {
        third.record(now(), answer(OFFER, wrong), None);
        assert_eq!(send(&opened, third).await.as_deref(), Some("not_in_role"));
    }
    second.record(now(), answer(OFFER, Answer::Taken), None);
    assert_eq!(send(&opened, second).await, None);
    let (rows, _) = told(&opened, first).await;
    assert_eq!((&rows[0]["answer"], rows[0]["answered_at"].is_string()), (&json!("taken"), true));

    // Too late to take it back; what was said is kept, and changes nothing.
    first.record(now(), answer(OFFER, Answer::Withdrawn), None);
    assert_eq!(send(&opened, first).await.as_deref(), Some("not_offered"));
    assert_eq!(told(&opened, third).await.0[0]["answer"], "taken");

    // A phone is told anew only when something was offered or answered.
    let later = told(&opened, second).await.1;
    let after = |cursor: &str| format!("/v1/pull?after={cursor}");
    assert!(opened.get(second, &after(&cursor)).await.json()["hand_overs"].is_array());
    second.visit(now(), DOOR, Outcome::NoAnswer);
    assert_eq!(send(&opened, second).await, None);
    assert_eq!(opened.get(second, &after(&later)).await.json().get("hand_overs"), None);
    opened.territory.stop().await;
    ground.prove();
}

#[tokio::test]
async fn what_cannot_be_handed_over_waits_with_its_reason() {
    let mut ground = Ground::new(2);
    let opened = ground.open().await;
    let [first, second] = &mut ground.phones[..] else { panic!("two phones") };
    let unknown = Id([55; 16]);
    for (body, reason) in [
        (offer(second, OFFER, FAR_DOOR), "outside_rights"),
        (offer(second, OFFER, Id([99; 16])), "unknown_dwelling"),
        (answer(unknown, Answer::Withdrawn), "not_offered"),
    ] {
        first.record(now(), body, None);
        assert_eq!(send(&opened, first).await.as_deref(), Some(reason));
    }
    let own = Body::DoorsOffered { hand_over: OFFER, sweep: SWEEP, to: first.series, doors: vec![DOOR] };
    first.record(now(), own, None);
    assert_eq!(send(&opened, first).await.as_deref(), Some("not_in_role"));
    assert_eq!(told(&opened, second).await.0, json!([]));

    // One offer, one answer: declined, the doors are the first's, who offers them anew.
    first.record(now(), offer(second, OFFER, DOOR), None);
    assert_eq!(send(&opened, first).await, None);
    for said in [None, None, Some("not_offered")] {
        let again = if said.is_none() { Answer::Declined } else { Answer::Taken };
        second.record(now(), answer(OFFER, again), None);
        assert_eq!(send(&opened, second).await.as_deref(), said);
    }
    first.record(now(), offer(second, unknown, DOOR), None);
    assert_eq!(send(&opened, first).await, None);
    let answers: Vec<_> =
        told(&opened, second).await.0.as_array().unwrap().iter().map(|row| row["answer"].clone()).collect();
    assert_eq!(answers.len(), 2);
    assert!(answers.contains(&json!("declined")) && answers.contains(&Value::Null));
    opened.territory.stop().await;
    ground.prove();
}

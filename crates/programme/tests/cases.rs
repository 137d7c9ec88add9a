//! Cases: to the day, and under every order in which offline devices may send.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::LazyLock;

use jiff::{Span, Timestamp};
use programme::calendar::{Calendar, local_day, midnight_before};
use programme::case::{
    Case, Deed, Event, Guard, Level, Opening, Report, Stamp, Terms, What, add_up, part, tasks,
};
use programme::pathway::Pathway;
use programme::{Programme, read};
use proptest::prelude::*;

mod common;

static EPIDEMIC: LazyLock<Programme> = LazyLock::new(|| read(&common::pack("epidemic")).unwrap());
static LIVELIHOOD: LazyLock<Programme> = LazyLock::new(|| read(&common::pack("livelihood")).unwrap());

fn epidemic() -> &'static Programme {
    &EPIDEMIC
}

fn terms<'p>(pack: &'p Programme, pathway: &'p Pathway) -> Terms<'p> {
    Terms {
        pathway,
        parameters: &pack.parameters,
        calendar: &pack.calendar,
        restrictions: &pack.manifest.restrictions,
        area: "420102",
    }
}

fn pathway<'p>(pack: &'p Programme, code: &str) -> &'p Pathway {
    pack.pathways.iter().find(|pathway| pathway.code.value == code).unwrap()
}

fn at(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().unwrap()
}

fn event(number: u64, when: Timestamp, actor: u128, role: &str, turn: u32, deed: Deed) -> Event {
    Event {
        stamp: Stamp { at: when, series: actor, sequence: number },
        actor,
        role: role.to_owned(),
        turn,
        deed,
    }
}

fn step(code: &str) -> Deed {
    Deed::Step { step: code.to_owned(), guard: Guard::Held, counted_from: None }
}

/// A flag says where a case begins that nobody has taken a step of, gives no more time, and is the same however late it comes.
#[test]
fn a_flag_brings_a_case_where_its_state_says_until_a_step_ran() {
    let (pack, path) = (epidemic(), pathway(epidemic(), "need"));
    let opened = at("2020-03-08T09:00");
    let flagged = |flags: &[(&str, &str)]| Opening {
        at: opened,
        counted_from: None,
        flagged: flags.iter().map(|(rule, when)| ((*rule).to_owned(), at(when))).collect(),
    };
    let stands = |opening: &Opening, events: &[Event]| {
        let case = add_up(path, opening, events).unwrap();
        let due = tasks(&terms(pack, path), &case, opened).first().map(|task| task.due);
        (case.state, due, case.overtaken.len())
    };
    let need = ("E-R13-need", "2020-03-08T09:00");
    let due = |when| Some(at(when));
    assert_eq!(stands(&flagged(&[need]), &[]), ("raised".into(), due("2020-03-08T13:00"), 0));
    let both = flagged(&[("E-R13-urgent", "2020-03-08T09:00"), need]);
    assert_eq!(stands(&both, &[]), ("urgent".into(), due("2020-03-08T09:30"), 0));
    let later = flagged(&[need, ("E-R13-urgent", "2020-03-08T11:00")]);
    assert_eq!(stands(&later, &[]), ("urgent".into(), due("2020-03-08T11:30"), 0));
    let too_late = flagged(&[need, ("E-R13-urgent", "2020-03-08T12:50")]);
    assert_eq!(stands(&too_late, &[]), ("urgent".into(), due("2020-03-08T13:00"), 0));
    // Whoever was faster than the flag had the case as it stood then, and a flag after a step moves nothing.
    let does = |code, when| event(1, at(when), 7, "grid_worker", 0, step(code));
    let matched = stands(&later, &[does("match", "2020-03-08T10:00")]);
    assert_eq!(matched, ("matched".into(), due("2020-03-09T10:00"), 0));
    let said = stands(&later, &[does("make_urgent", "2020-03-08T10:50")]);
    assert_eq!(said, ("urgent".into(), due("2020-03-08T11:20"), 0));
    let again = stands(&later, &[does("make_urgent", "2020-03-08T11:10")]);
    assert_eq!(again, ("urgent".into(), due("2020-03-08T11:30"), 1));
}

/// What flags anew while somebody has the matter in hand leads back, gives no more time, and is the same however late it comes.
#[test]
fn a_new_flag_brings_a_case_back_that_went_on() {
    let (pack, path) = (epidemic(), pathway(epidemic(), "dependant"));
    let opened = at("2020-03-08T10:00");
    let flagged = |moments: &[&str]| Opening {
        at: opened,
        counted_from: None,
        flagged: moments.iter().map(|when| ("E-R09".to_owned(), at(when))).collect(),
    };
    let named = event(1, at("2020-03-08T11:00"), 7, "grid_worker", 0, step("carer_named"));
    let logged = |turn, when| event(u64::from(turn) + 1, at(when), 8, "carer", turn, step("logged"));
    let stands = |opening: &Opening, events: &[Event]| {
        let case = add_up(path, opening, events).unwrap();
        let due = tasks(&terms(pack, path), &case, opened).first().map(|task| task.due);
        (case.state, due, case.overtaken.len())
    };
    let due = |when| Some(at(when));
    let once = flagged(&["2020-03-08T10:00"]);
    assert_eq!(stands(&once, std::slice::from_ref(&named)), ("cared".into(), due("2020-03-08T19:00"), 0));
    let again = flagged(&["2020-03-08T15:00", "2020-03-08T10:00"]);
    assert_eq!(stands(&again, &[]), ("opened".into(), due("2020-03-08T12:00"), 0));
    assert_eq!(stands(&again, std::slice::from_ref(&named)), ("opened".into(), due("2020-03-08T17:00"), 0));
    // No time is gained by it.
    let late = flagged(&["2020-03-08T10:00", "2020-03-08T18:30"]);
    assert_eq!(stands(&late, std::slice::from_ref(&named)), ("opened".into(), due("2020-03-08T19:00"), 0));
    // A step that was taken before the flag ran where the case stood then; one after it does not fit any more.
    let before = stands(&again, &[named.clone(), logged(1, "2020-03-08T14:00")]);
    assert_eq!(before, ("opened".into(), due("2020-03-08T17:00"), 0));
    let after = stands(&again, &[named.clone(), logged(1, "2020-03-08T15:30")]);
    assert_eq!(after, ("opened".into(), due("2020-03-08T17:00"), 1));
    let anew = event(5, at("2020-03-08T16:00"), 7, "grid_worker", 1, step("carer_named"));
    assert_eq!(stands(&again, &[named.clone(), anew]), ("cared".into(), due("2020-03-09T00:00"), 0));
    // Nothing leads out of an end.
    let ended = event(1, at("2020-03-08T11:00"), 7, "grid_worker", 0, step("nobody_left_behind"));
    assert_eq!(stands(&again, &[ended]).0, "nobody_left");
}

/// Whatever is done again and again in a state, its case is due in all by a moment that nothing moves.
#[test]
fn steps_to_their_own_state_put_nothing_off_for_ever() {
    let (pack, path) = (epidemic(), pathway(epidemic(), "refusal"));
    let opening = Opening { at: at("2020-03-08T10:00"), counted_from: None, flagged: Vec::new() };
    for hours in 1..=6_u32 {
        let attempts: Vec<Event> = (0..40)
            .map(|turn| {
                let when = at("2020-03-08T10:00") + Span::new().minutes(i64::from((turn + 1) * hours * 30));
                event(u64::from(turn), when, 7, "grid_worker", turn, step("attempt"))
            })
            .collect();
        for taken in 0..=attempts.len() {
            let case = add_up(path, &opening, &attempts[..taken]).unwrap();
            let task = tasks(&terms(pack, path), &case, at("2020-03-09T10:00")).remove(0);
            assert_eq!(case.state, "persuading");
            assert!(task.due <= at("2020-03-09T10:00"), "{hours} {taken} {}", task.due);
            assert_eq!(task.told.first().map(String::as_str), Some("community_secretary"));
        }
    }
}

fn counted(code: &str, day: &str) -> Deed {
    Deed::Step { step: code.to_owned(), guard: Guard::Held, counted_from: Some(day.parse().unwrap()) }
}

#[test]
fn observation_ends_with_the_fourteenth_day_and_holding_longer_is_an_alarm() {
    let pack = epidemic();
    let terms = terms(pack, pathway(pack, "observe_home"));
    let opening = Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() };
    let told = event(1, at("2020-03-01T20:00"), 1, "grid_worker", 0, counted("told", "2020-03-01"));
    let case = add_up(terms.pathway, &opening, std::slice::from_ref(&told)).unwrap();
    assert_eq!(case.state, "observing");
    let due = tasks(&terms, &case, at("2020-03-14T23:59"));
    assert_eq!(due.iter().map(|task| &task.due).collect::<Vec<_>>(), [&at("2020-03-15T00:00"); 2]);
    assert_eq!(due[1].what, What::Release { restriction: "home_observation".into() });
    assert_eq!(due[1].level, Level::Reminded);
    let late = tasks(&terms, &case, at("2020-03-15T00:00"));
    assert_eq!(
        (late[1].level, late[1].told.as_slice()),
        (Level::Over(0), &["community_secretary".to_owned()][..])
    );
    // Over and waiting for its notice, the limit of twelve hours is new; being held counts on from the arrival.
    let over = event(2, at("2020-03-15T09:00"), 1, "grid_worker", 1, counted("completed", "2020-03-01"));
    let case = add_up(terms.pathway, &opening, &[told, over]).unwrap();
    let waiting = tasks(&terms, &case, at("2020-03-15T10:00"));
    assert_eq!(waiting[0].due, at("2020-03-15T21:00"));
    assert_eq!(waiting[1].due, at("2020-03-15T00:00"));
}

#[test]
fn a_carer_within_two_hours_and_at_80_in_a_hundred_a_reminder() {
    let pack = epidemic();
    let terms = terms(pack, pathway(pack, "dependant"));
    let case = add_up(
        terms.pathway,
        &Opening { at: at("2020-03-08T10:00"), counted_from: None, flagged: Vec::new() },
        &[],
    )
    .unwrap();
    let level = |now: &str| {
        let task = tasks(&terms, &case, at(now)).remove(0);
        assert_eq!(task.due, at("2020-03-08T12:00"));
        assert_eq!(task.remind_at, at("2020-03-08T11:36"));
        (task.level, task.told.len())
    };
    assert_eq!(level("2020-03-08T11:35"), (Level::Open, 0));
    assert_eq!(level("2020-03-08T11:36"), (Level::Reminded, 0));
    assert_eq!(level("2020-03-08T12:00"), (Level::Over(0), 1));
    assert_eq!(level("2020-03-08T14:00"), (Level::Over(1), 1));
}

#[test]
fn two_devices_that_take_one_step_take_it_once() {
    let pack = epidemic();
    let path = pathway(pack, "dependant");
    let opening = Opening { at: at("2020-03-08T10:00"), counted_from: None, flagged: Vec::new() };
    let one = event(1, at("2020-03-08T11:00"), 1, "grid_worker", 0, step("carer_named"));
    let two = event(1, at("2020-03-08T10:30"), 2, "community_secretary", 0, step("carer_named"));
    let after = event(2, at("2020-03-08T09:00"), 1, "carer", 1, step("logged"));
    // The clock of the third is slow: it comes after all the same, since she had seen the first.
    let case = add_up(path, &opening, &[after.clone(), one.clone(), two.clone()]).unwrap();
    let ran: Vec<&Stamp> = case.ran.iter().map(|ran| &ran.stamp).collect();
    assert_eq!(ran, [&two.stamp, &after.stamp]);
    assert_eq!(case.overtaken, vec![one.stamp.clone()]);
    // What has seen more than has arrived waits for it.
    let early = add_up(path, &opening, std::slice::from_ref(&after)).unwrap();
    assert_eq!((early.state.as_str(), early.ahead), ("opened", vec![after.stamp]));
}

#[test]
fn a_signature_is_another_persons() {
    let pack = epidemic();
    let path = pathway(pack, "four_categories");
    let opening = Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() };
    let place = event(1, at("2020-03-02T09:00"), 1, "doctor", 0, step("place"));
    let died = event(2, at("2020-03-02T10:00"), 1, "doctor", 1, step("die"));
    let sign = Deed::Sign { step: "die".into() };
    let own = event(3, at("2020-03-02T10:01"), 1, "doctor", 1, sign.clone());
    let wrong = event(4, at("2020-03-02T10:02"), 2, "grid_worker", 1, sign.clone());
    let right = event(5, at("2020-03-02T10:03"), 3, "doctor", 1, sign);
    let case = add_up(path, &opening, &[place.clone(), died.clone(), own.clone(), wrong.clone()]).unwrap();
    assert_eq!(case.state, "placed");
    assert_eq!(case.waiting.get("die").map(Vec::as_slice), Some(&["doctor".to_owned()][..]));
    let due = tasks(&terms(pack, path), &case, at("2020-03-02T11:00"));
    assert!(due.iter().any(|task| task.what == What::Sign { step: "die".into() }));
    let case = add_up(path, &opening, &[place, died, own, wrong, right]).unwrap();
    assert_eq!((case.state.as_str(), case.since), ("died", at("2020-03-02T10:03")));
    assert!(tasks(&terms(pack, path), &case, at("2020-03-02T11:00")).is_empty());
}

/// Of someone who moves.
mod moving {
    use super::*;

    const OLD: u128 = 1;
    const NEW: u128 = 2;
    const SECRETARY: &str = "community_secretary";

    fn opening() -> Opening {
        Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() }
    }

    fn told() -> Event {
        event(0, at("2020-03-01T20:00"), 7, "grid_worker", 0, counted("told", "2020-03-01"))
    }

    fn send(number: u64, when: &str, to: Option<u128>) -> Event {
        event(number, at(when), OLD, SECRETARY, 1, Deed::Send { to })
    }

    fn stands(events: &[Event]) -> Case {
        add_up(pathway(epidemic(), "observe_home"), &opening(), events).unwrap()
    }

    fn due(case: &Case, what: &What) -> Option<(Timestamp, String)> {
        let pack = epidemic();
        let tasks = tasks(&terms(pack, pathway(pack, "observe_home")), case, at("2020-03-04T12:00"));
        tasks.into_iter().find(|task| task.what == *what).map(|task| (task.due, task.owner))
    }

    #[test]
    fn the_days_and_what_she_is_held_to_go_on_where_she_goes() {
        let receive = event(3, at("2020-03-04T15:00"), NEW, SECRETARY, 1, Deed::Receive { area: 8 });
        let (before, sent) = (stands(&[told()]), stands(&[told(), send(1, "2020-03-04T09:00", Some(8))]));
        let after = stands(&[told(), send(1, "2020-03-04T09:00", Some(8)), receive]);
        assert_eq!(due(&sent, &What::HandOver), Some((at("2020-03-05T09:00"), SECRETARY.into())));
        assert_eq!((due(&before, &What::HandOver), due(&after, &What::HandOver)), (None, None));
        assert_eq!(after.received().map(|(area, receipt)| (area, receipt.by)), Some((8, NEW)));
        for what in [
            What::Leave { state: "observing".into() },
            What::Release { restriction: "home_observation".into() },
        ] {
            let until = due(&before, &what).unwrap();
            assert_eq!(until.0, at("2020-03-15T00:00"));
            assert_eq!((due(&sent, &what), due(&after, &what)), (Some(until.clone()), Some(until)));
        }
        let unregistered = Case { unregistered: true, ..after };
        assert_eq!(due(&unregistered, &What::Register), Some((at("2020-03-05T15:00"), SECRETARY.into())));
    }

    #[test]
    fn a_refusal_and_another_place_put_nothing_off_and_a_step_in_between_ends_no_hand_over() {
        let refuse = event(3, at("2020-03-04T12:00"), NEW, SECRETARY, 1, Deed::Refuse { area: 8 });
        let (first, second) = (send(1, "2020-03-04T09:00", Some(8)), send(4, "2020-03-04T20:00", Some(9)));
        let refused = stands(&[told(), first.clone(), refuse.clone()]);
        assert!(refused.sent().is_none() && refused.received().is_none());
        let limit = Some((at("2020-03-05T09:00"), SECRETARY.into()));
        assert_eq!(due(&refused, &What::HandOver), limit);
        let again = stands(&[told(), first.clone(), refuse, second.clone()]);
        assert_eq!((again.sent().and_then(|sent| sent.to), due(&again, &What::HandOver)), (Some(9), limit));
        // A fever in between is the doctor's, and the case goes on to be handed over.
        let ill = event(5, at("2020-03-04T21:00"), 7, "grid_worker", 1, step("symptom"));
        let ill = stands(&[told(), first, second, ill]);
        assert_eq!((ill.state.as_str(), ill.sent().and_then(|sent| sent.to)), ("at_doctor", Some(9)));
    }

    #[test]
    fn out_of_the_territory_it_ends_with_the_receipt_and_not_before() {
        let receipt = event(2, at("2020-03-04T10:00"), OLD, SECRETARY, 1, step("received"));
        let without = stands(&[told(), receipt.clone()]);
        assert_eq!((without.state.as_str(), without.overtaken.len()), ("observing", 1));
        let to_an_area = stands(&[told(), send(1, "2020-03-04T09:00", Some(8)), receipt.clone()]);
        assert_eq!(to_an_area.state, "observing", "there she is received, and by nobody else");
        let gone = stands(&[told(), send(1, "2020-03-04T09:00", None), receipt]);
        assert_eq!((gone.state.as_str(), gone.moving_since), ("handed_over", None));
    }

    #[test]
    fn a_receipt_holds_though_a_sending_elsewhere_that_came_first_is_told_later() {
        let (first, other) = (send(1, "2020-03-04T09:00", Some(8)), send(2, "2020-03-04T09:30", Some(9)));
        let receive = event(3, at("2020-03-04T10:00"), NEW, SECRETARY, 1, Deed::Receive { area: 8 });
        let late = stands(&[told(), first, other, receive]);
        assert_eq!((late.received().map(|(area, _)| area), late.sent().is_some()), (Some(8), false));
    }

    /// What may be done, by whom: two of each of three places, and someone of no role.
    fn deed() -> impl Strategy<Value = (i64, u128, &'static str, Deed)> {
        let area = 0..3_u128;
        let deed = prop_oneof![
            prop::option::of(area.clone()).prop_map(|to| Deed::Send { to }),
            area.clone().prop_map(|area| Deed::Receive { area }),
            area.prop_map(|area| Deed::Refuse { area }),
            Just(Deed::Recall),
            Just(Deed::Take),
            Just(step("symptom")),
            Just(step("received")),
        ];
        (0..600_i64, 0..6_u128, prop::sample::select(vec![SECRETARY, "grid_worker"]), deed)
    }

    proptest! {
        /// At every moment it is one place's: where it began, until another that was asked has received it, by another hand than
        /// sent it; whatever order its events come in. While it is neither received nor taken back it is due to be handed over,
        /// and her own limits are what they were.
        #[test]
        fn it_has_one_owner_at_every_moment(deeds in prop::collection::vec(deed(), 0..12), shuffle in any::<u64>()) {
            let mut deeds = deeds;
            deeds.sort_by_key(|(minute, ..)| *minute);
            let mut events = vec![told()];
            for (number, (minute, actor, role, deed)) in (1..).zip(deeds) {
                let when = at("2020-03-04T09:00") + Span::new().minutes(minute).seconds(i64::try_from(number).unwrap());
                let turn = u32::try_from(stands(&events).ran.len()).unwrap();
                events.push(event(number, when, actor, role, turn, deed));
            }
            let pack = epidemic();
            let path = pathway(pack, "observe_home");
            let mut owners: Vec<Option<u128>> = vec![None];
            for until in 1..=events.len() {
                let case = stands(&events[..until]);
                let own = case.received().map(|(area, _)| area);
                let last = &events[until - 1];
                if own != *owners.last().unwrap() {
                    // Nobody comes by it but who was asked, and says so in the role that receives.
                    let asked = case.passages.iter().any(|sent| sent.to == own && sent.by != last.actor);
                    let receives = matches!(last.deed, Deed::Receive { .. }) && last.role == SECRETARY;
                    prop_assert!(asked && receives, "{case:?}");
                    owners.push(own);
                }
                let ended = path.state(&case.state).unwrap().duty.is_none();
                let due = tasks(&terms(pack, path), &case, last.stamp.at);
                let handed = due.iter().filter(|task| task.what == What::HandOver).count();
                prop_assert_eq!(handed == 1, case.moving_since.is_some() && !ended);
                prop_assert!(!(case.sent().is_some() && case.moving_since.is_none()));
                prop_assert_eq!(due.is_empty(), ended, "never nobody's");
                if case.state == "observing" {
                    let leave = due.iter().find(|task| matches!(task.what, What::Leave { .. })).unwrap();
                    prop_assert_eq!(leave.due, at("2020-03-15T00:00"));
                }
            }
            let mut again = events.clone();
            again.sort_by_key(|event| (event.stamp.sequence ^ shuffle).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            prop_assert_eq!(stands(&again), stands(&events));
        }
    }
}

#[test]
fn two_signatures_are_two_peoples_whatever_their_order() {
    let pack = epidemic();
    let mut path = pathway(pack, "fever").clone();
    path.steps.iter_mut().find(|step| step.code.value == "no_need").unwrap().signed_by =
        vec!["community_secretary".into(), "health_department".into()];
    let opening = Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() };
    let sign = |number, actor, role| {
        event(number, at("2020-03-01T16:00"), actor, role, 0, Deed::Sign { step: "no_need".into() })
    };
    let taken = event(1, at("2020-03-01T15:30"), 1, "doctor", 0, step("no_need"));
    let both = [taken, sign(2, 2, "community_secretary"), sign(3, 2, "health_department")];
    let case = add_up(&path, &opening, &both).unwrap();
    assert_eq!((case.state.as_str(), case.waiting.len()), ("flagged", 1), "one person is no two");
    let mut three = both.to_vec();
    three.push(sign(4, 3, "community_secretary"));
    assert_eq!(add_up(&path, &opening, &three).unwrap().state, "excluded");
}

#[test]
fn whoever_offers_a_case_holds_it_until_it_is_accepted() {
    let pack = epidemic();
    let path = pathway(pack, "fever");
    let opening = Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() };
    let took = event(1, at("2020-03-01T15:10"), 1, "doctor", 0, Deed::Take);
    let offer = event(2, at("2020-03-01T15:20"), 1, "doctor", 0, Deed::Offer { to: 2 });
    let accept = event(1, at("2020-03-01T16:00"), 2, "doctor", 0, Deed::Take);
    let case = add_up(path, &opening, &[took.clone(), offer.clone()]).unwrap();
    assert_eq!((case.holder, case.offered), (Some(1), Some(2)));
    let after = add_up(path, &opening, &[accept.clone(), offer.clone(), took.clone()]).unwrap();
    assert_eq!((after.holder, after.offered), (Some(2), None));
    let declines = |who, minute| event(3, at(minute), who, "doctor", 0, Deed::Decline);
    let declined = [took.clone(), offer.clone(), declines(2, "2020-03-01T15:40")];
    let kept = add_up(path, &opening, &declined).unwrap();
    assert_eq!((kept.holder, kept.offered, kept.declined), (Some(1), None, Some(2)));
    let withdrawn = [took.clone(), offer.clone(), declines(1, "2020-03-01T15:40"), accept.clone()];
    let back = add_up(path, &opening, &withdrawn[..3]).unwrap();
    assert_eq!((back.holder, back.offered, back.declined), (Some(1), None, None));
    let nobodys =
        add_up(path, &opening, &[took.clone(), offer.clone(), declines(3, "2020-03-01T15:40")]).unwrap();
    assert_eq!(
        (nobodys.offered, nobodys.declined),
        (Some(2), None),
        "whose it is not to answer changes nothing"
    );
    let due = |case: &Case| tasks(&terms(pack, path), case, at("2020-03-01T16:00"))[0].due;
    assert_eq!(due(&after), due(&case), "handing over moves no limit");
}

#[test]
fn a_question_stands_until_someone_else_answers_it_or_a_step_runs() {
    let pack = epidemic();
    let path = pathway(pack, "dependant");
    let duty = path.start().unwrap().duty.as_ref().unwrap();
    let (owner, above) = (duty.owner.as_str(), duty.climbs_to[0].as_str());
    let opening = Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() };
    let asks = |role| event(1, at("2020-03-02T15:00"), 9, role, 0, Deed::Ask);
    let replies = |who| event(2, at("2020-03-02T16:00"), who, owner, 0, Deed::Reply);
    let asked = |events: &[Event]| add_up(path, &opening, events).unwrap().asked;
    assert_eq!(asked(&[asks(above)]), Some(9));
    assert_eq!(asked(&[asks("nobody's role")]), None, "it does not climb to her");
    assert_eq!(asked(&[asks(above), replies(9)]), Some(9), "she does not answer herself");
    assert_eq!(asked(&[replies(1), asks(above)]), None);
    let again = event(3, at("2020-03-03T15:00"), 9, above, 0, Deed::Ask);
    assert_eq!(asked(&[asks(above), replies(1), again]), Some(9), "it can be asked again");
    let first = path.steps.iter().find(|step| step.from.contains(&path.start().unwrap().code.value)).unwrap();
    let went = event(4, at("2020-03-02T17:00"), 1, &first.by[0], 0, step(&first.code.value));
    let (before, after) = (add_up(path, &opening, &[asks(above)]).unwrap(), [asks(above), went]);
    assert_eq!(asked(&after), None, "a step is an answer, too");
    let quiet = add_up(path, &opening, &[]).unwrap();
    assert_eq!((&before.holder, &before.state, before.since), (&quiet.holder, &quiet.state, quiet.since));
}

/// One thing that a device does, by the numbers of its choices.
#[derive(Clone, Debug)]
struct Doing {
    device: u128,
    minute: i64,
    choice: usize,
    role: usize,
    /// Whether the device hears first what the server has.
    hears: bool,
    /// Whether what the device did is delivered then, or only at the end.
    delivers: bool,
}

fn doing() -> impl Strategy<Value = Doing> {
    (0..4_u128, 0..6_000_i64, any::<usize>(), any::<usize>(), any::<bool>(), any::<bool>()).prop_map(
        |(device, minute, choice, role, hears, delivers)| Doing {
            device,
            minute,
            choice,
            role,
            hears,
            delivers,
        },
    )
}

const ROLES: [&str; 5] = ["grid_worker", "community_secretary", "doctor", "health_department", "carer"];

/// What a device does that knows some events: most often a step that fits what it sees.
fn act(path: &Pathway, opening: &Opening, known: &[Event], doing: &Doing, number: u64) -> Event {
    let case = add_up(path, opening, known).unwrap();
    let turn = u32::try_from(case.ran.len()).unwrap();
    let fitting: Vec<_> = path.steps.iter().filter(|step| step.from.contains(&case.state)).collect();
    let role = ROLES[doing.role % ROLES.len()];
    let when = opening.at + Span::new().minutes(doing.minute);
    // A signature that a step asks for, by whoever: also by the one who takes it.
    let signed: Vec<_> = fitting.iter().filter(|step| !step.signed_by.is_empty()).collect();
    if let (2, Some(step)) = (doing.choice % 9, signed.get(doing.role % signed.len().max(1)))
        && doing.hears
    {
        let by = step.signed_by[doing.choice % step.signed_by.len()].clone();
        return event(number, when, doing.device, &by, turn, Deed::Sign { step: step.code.value.clone() });
    }
    let deed = match doing.choice % 9 {
        0 => Deed::Take,
        1 | 4 if case.waits => Deed::Resume,
        1 => Deed::Offer { to: doing.device + 1 },
        2 => Deed::Sign { step: path.steps[doing.role % path.steps.len()].code.value.clone() },
        3 => step(&path.steps[doing.role % path.steps.len()].code.value),
        4 => Deed::Decline,
        _ => match fitting.get(doing.role % fitting.len().max(1)) {
            Some(fits) => {
                let by = fits.by[doing.choice % fits.by.len()].clone();
                let code = &fits.code.value;
                let deed = if doing.hears { step(code) } else { counted(code, "2020-03-02") };
                return event(number, when, doing.device, &by, turn, deed);
            }
            None => Deed::Take,
        },
    };
    event(number, when, doing.device, role, turn, deed)
}

/// When a step that someone took was complete, told by trying every choice of people for its signatures: each another person
/// than whoever takes it and than each other.
fn complete(path: &Pathway, state: &str, taken: &Event, of_turn: &[&Event]) -> Option<Timestamp> {
    let Deed::Step { step: code, .. } = &taken.deed else { return None };
    let step = path
        .step(code)
        .filter(|step| step.from.iter().any(|from| from == state) && step.by.contains(&taken.role))
        // Nobody says here that she leaves.
        .filter(|step| !step.outside)?;
    let mut choices = vec![(vec![taken.actor], taken.stamp.at)];
    for role in &step.signed_by {
        let signs = |event: &&&Event| event.role == *role && event.deed == Deed::Sign { step: code.clone() };
        let mut longer = Vec::new();
        for (people, at) in &choices {
            for signed in of_turn.iter().filter(signs).filter(|event| !people.contains(&event.actor)) {
                let people = people.iter().copied().chain([signed.actor]).collect();
                longer.push((people, signed.stamp.at.max(*at)));
            }
        }
        choices = longer;
    }
    choices.into_iter().map(|(_, at)| at).min()
}

/// Whose it is, since when and until when its limits run, and what she is held to: turn by turn, as one reckons it by hand.
fn by_hand(
    pack: &Programme,
    path: &Pathway,
    opening: &Opening,
    (arrived, case): (&[Event], &Case),
) -> Result<(), TestCaseError> {
    let mut in_order: Vec<&Event> = arrived.iter().collect();
    in_order.sort_by_key(|event| event.stamp.clone());
    let mut state = path.start().unwrap();
    let (mut since, mut first, mut waits) = (opening.at, opening.counted_from, state.waits.is_some());
    let mut held = state.restriction.clone().map(|code| (code, since, first));
    let (mut holder, mut offer, mut declined) = (None, None, None);
    for turn in 0.. {
        let of_turn: Vec<&Event> = in_order.iter().copied().filter(|event| event.turn == turn).collect();
        for event in &of_turn {
            match (&event.deed, offer) {
                (Deed::Offer { to }, _) => (offer, declined) = (Some((*to, event.actor)), None),
                (Deed::Take, _) => (holder, offer, declined) = (Some(event.actor), None, None),
                (Deed::Decline, Some((to, _))) if to == event.actor => (offer, declined) = (None, Some(to)),
                (Deed::Decline, Some((_, by))) if by == event.actor => offer = None,
                _ => {}
            }
        }
        let here =
            of_turn.iter().filter(|event| event.deed == Deed::Resume).map(|event| event.stamp.at).min();
        let done = of_turn
            .iter()
            .filter_map(|event| Some((complete(path, &state.code.value, event, &of_turn)?, *event)));
        let earliest = done.min_by_key(|(at, event)| (*at, event.stamp.clone()));
        let ran = case.ran.get(usize::try_from(turn).unwrap());
        prop_assert_eq!(
            ran.map(|ran| (ran.complete, ran.stamp.clone())),
            earliest.map(|(at, event)| (at, event.stamp.clone())),
            "what was complete first ran"
        );
        let Some((at, event)) = earliest else {
            if let (true, Some(here)) = (waits, here) {
                (since, waits) = (since.max(here), false);
            }
            break;
        };
        let Deed::Step { step: code, counted_from, .. } = &event.deed else { unreachable!() };
        state = path.state(&path.step(code).unwrap().to).unwrap();
        (since, first, waits) = (since.max(at), *counted_from, state.waits.is_some());
        (offer, declined) = (None, None);
        held = match (&state.restriction, held) {
            (Some(code), Some(before)) if before.0 == *code => Some(before),
            (Some(code), _) => Some((code.clone(), since, first)),
            (None, _) => None,
        };
    }
    prop_assert_eq!((case.since, case.counted_from, case.waits), (since, first, waits));
    prop_assert_eq!(&case.restricted_since, &held, "held to the same, it counts from when it began");
    prop_assert_eq!(
        (case.holder, case.offered.zip(case.offered_by), case.declined),
        (holder, offer, declined)
    );
    let Some(duty) = &state.duty else { return Ok(()) };
    let first = first.filter(|_| duty.counted_from.is_some());
    let within = state.waits.as_ref().filter(|_| waits).map_or(&duty.within, |wait| &wait.look_within);
    let parameter = pack.parameters.get(within).unwrap();
    let begins = first.map_or(since, midnight_before);
    let due = pack.calendar.end(begins, parameter.value, parameter.unit);
    let terms = terms(pack, path);
    let own = |now| tasks(&terms, case, now).remove(0);
    let (before, at) = (own(due - Span::new().milliseconds(1)), own(due));
    prop_assert_eq!((at.since, at.due, at.level), (begins, due, Level::Over(0)));
    prop_assert_eq!(
        at.told.first(),
        duty.climbs_to.first(),
        "it has climbed with the moment at which it is due"
    );
    prop_assert!(before.told.is_empty() && before.level < Level::Over(0));
    Ok(())
}

/// What held of a case whenever something arrived.
fn check(
    path: &Pathway,
    pack: &Programme,
    opening: &Opening,
    arrived: &[Event],
) -> Result<Case, TestCaseError> {
    let case = add_up(path, opening, arrived).unwrap();
    let terms = terms(pack, path);
    let now = opening.at + Span::new().hours(50);
    let due = tasks(&terms, &case, now);
    let ended = path.state(&case.state).unwrap().duty.is_none();
    prop_assert_eq!(due.is_empty(), ended, "what has not ended is due");
    // Every turn ran one step, the one that its number says, and the ways fit together.
    let mut state = path.start().unwrap().code.value.clone();
    for (turn, ran) in case.ran.iter().enumerate() {
        let event = arrived.iter().find(|event| event.stamp == ran.stamp).unwrap();
        prop_assert_eq!(usize::try_from(event.turn).unwrap(), turn);
        let step = path.step(&ran.step).unwrap();
        prop_assert!(step.from.contains(&state) && step.by.contains(&event.role));
        state.clone_from(&step.to);
    }
    prop_assert_eq!(&state, &case.state);
    // Nothing is lost: a step ran, was overtaken, is ahead or waits for a signature.
    for event in arrived {
        if let Deed::Step { step, .. } = &event.deed {
            let ran = case.ran.iter().filter(|ran| ran.stamp == event.stamp).count();
            let told = case.overtaken.contains(&event.stamp) || case.ahead.contains(&event.stamp);
            prop_assert!(ran == 1 || told || case.waiting.contains_key(step));
            prop_assert!(!(ran == 1 && told));
        }
    }
    by_hand(pack, path, opening, (arrived, &case))?;
    // Offers and takings move no limit.
    let steps: Vec<Event> = arrived
        .iter()
        .filter(|event| {
            !matches!(event.deed, Deed::Take | Deed::Decline | Deed::Ask | Deed::Reply | Deed::Offer { .. })
        })
        .cloned()
        .collect();
    let without = add_up(path, opening, &steps).unwrap();
    prop_assert_eq!(tasks(&terms, &without, now), due);
    Ok(case)
}

#[test]
fn what_waits_is_due_to_be_looked_at_until_what_it_waits_for_is_there() {
    let pack = &*LIVELIHOOD;
    let terms = terms(pack, pathway(pack, "venture"));
    let opening = Opening { at: at("2020-03-10T09:00"), counted_from: None, flagged: Vec::new() };
    let here = event(1, at("2020-04-08T07:00"), 9, "", 0, Deed::Resume);
    let on = event(1, at("2020-03-25T10:00"), 1, "helper", 0, step("wait_on"));
    let after = |events: &[Event]| {
        let case = add_up(terms.pathway, &opening, events).unwrap();
        let due = tasks(&terms, &case, at("2020-04-08T08:00")).remove(0);
        (case.waits, due.what, due.since)
    };
    let planned = || "planned".to_owned();
    assert_eq!(after(&[]), (true, What::Wait { state: planned() }, opening.at));
    let resumed = (false, What::Leave { state: planned() }, at("2020-04-08T07:00"));
    assert_eq!(after(std::slice::from_ref(&here)), resumed);
    // Of another turn it says nothing: where the step led is looked at by itself.
    let asked = (true, What::Wait { state: planned() }, at("2020-03-25T10:00"));
    assert_eq!(after(&[on.clone(), here.clone()]), asked);
    let again = event(2, at("2020-04-08T07:00"), 9, "", 1, Deed::Resume);
    assert_eq!(after(&[here, again, on]), resumed);
    // Whoever went before the program had noticed went when she says.
    let went = event(2, at("2020-04-07T10:00"), 1, "helper", 0, step("travel"));
    let here = event(3, at("2020-04-08T07:00"), 9, "", 0, Deed::Resume);
    let case = add_up(terms.pathway, &opening, &[here, went]).unwrap();
    assert_eq!((case.state.as_str(), case.since), ("visited", at("2020-04-07T10:00")));
}

proptest! {
    #[test]
    fn no_interleaving_of_offline_devices_loses_a_limit_or_runs_a_step_twice(
        code in prop::sample::select(vec!["observe_home", "fever", "dependant", "venture"]),
        doings in prop::collection::vec(doing(), 1..24),
        shuffle in any::<u64>(),
    ) {
        let pack = if code == "venture" { &*LIVELIHOOD } else { epidemic() };
        let path = pathway(pack, code);
        let opening = Opening { at: at("2020-03-01T15:00"), counted_from: Some("2020-03-01".parse().unwrap()), flagged: Vec::new() };
        let (mut server, mut late): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
        let mut devices: Vec<Vec<Event>> = vec![Vec::new(); 4];
        for (number, doing) in doings.iter().enumerate() {
            let device = usize::try_from(doing.device).unwrap();
            if doing.hears {
                let news: Vec<Event> = server.iter().filter(|event| !devices[device].contains(event)).cloned().collect();
                devices[device].extend(news);
            }
            let done = act(path, &opening, &devices[device], doing, u64::try_from(number).unwrap());
            devices[device].push(done.clone());
            if doing.delivers { server.push(done) } else { late.push(done) }
            check(path, pack, &opening, &server)?;
        }
        for event in late {
            server.push(event);
            check(path, pack, &opening, &server)?;
        }
        let case = check(path, pack, &opening, &server)?;
        // Every step that someone took ran, or is named among those that did not: overtaken, ahead, or waiting for signatures.
        for event in &server {
            let Deed::Step { step, .. } = &event.deed else { continue };
            let ran = case.ran.iter().filter(|ran| ran.stamp == event.stamp).count();
            let put_aside = case.overtaken.iter().chain(&case.ahead).filter(|stamp| **stamp == event.stamp).count();
            let now = usize::try_from(event.turn).unwrap() == case.ran.len();
            let waits = usize::from(ran + put_aside == 0 && now && case.waiting.contains_key(step));
            prop_assert_eq!(ran + put_aside + waits, 1, "{:?} of {:?}", event, case);
        }
        // In another order, and each twice.
        let mut again = server.clone();
        again.extend(server.iter().cloned());
        again.sort_by_key(|event| (event.stamp.sequence ^ shuffle).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        prop_assert_eq!(add_up(path, &opening, &again).unwrap(), case);
    }

    /// Of phones that report and act without having met: whatever is reported is in exactly one case, no end swallows what
    /// was reported after it, and whatever has not ended is due.
    #[test]
    fn reports_add_up_to_the_same_cases_in_whatever_order_they_come(
        code in prop::sample::select(vec!["observe_home", "fever", "dependant", "need", "refusal"]),
        minutes in prop::collection::vec((0..12_i64).prop_map(|half_day| half_day * 500), 1..6),
        mut doings in prop::collection::vec(doing(), 0..20),
        shuffle in any::<u64>(),
    ) {
        let pack = epidemic();
        // Reports and steps often fall on the same moment.
        doings.iter_mut().for_each(|doing| doing.minute -= doing.minute % 500);
        let path = pathway(pack, code);
        let mut reports: Vec<Report> = (0..).zip(&minutes).map(|(named, minute)| {
            let at = at("2020-03-01T15:00") + Span::new().minutes(*minute);
            let rule = [None, Some("E-R13-need"), Some("E-R13-urgent")][usize::try_from(minute % 3).unwrap()];
            Report { named, at, counted_from: None, rule: rule.map(str::to_owned) }
        }).collect();
        let mut events: Vec<(u128, Event)> = Vec::new();
        for (number, doing) in (0..).zip(&doings) {
            let named = doing.device % u128::try_from(minutes.len()).unwrap();
            let opening = Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() };
            let own: Vec<Event> = events.iter().filter(|(of, _)| *of == named).map(|(_, event)| event.clone()).collect();
            events.push((named, act(path, &opening, &own, doing, number)));
        }
        let parts = part(path, &reports, &events).unwrap();
        let names: Vec<u128> = parts.iter().flat_map(|part| part.names.iter().copied()).collect();
        prop_assert_eq!(names.len(), minutes.len());
        for part in &parts {
            let ended = path.state(&part.case.state).unwrap().duty.is_none();
            prop_assert_eq!(tasks(&terms(pack, path), &part.case, part.opening.at).is_empty(), ended);
            for report in reports.iter().filter(|report| part.names.contains(&report.named)) {
                prop_assert!(report.at >= part.opening.at);
                prop_assert!(!ended || report.named == part.named || report.at < part.case.since);
            }
        }
        let order = |number: u64| (number ^ shuffle).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        reports.sort_by_key(|report| order(u64::try_from(report.named).unwrap()));
        events.sort_by_key(|(_, event)| order(event.stamp.sequence));
        let twice: Vec<(u128, Event)> = events.iter().chain(&events).cloned().collect();
        prop_assert_eq!(part(path, &reports, &twice).unwrap(), parts);
    }

    /// The day of arrival is day 1, day 4 is three days on, and it is over with the fourteenth midnight after the arrival:
    /// in whatever time zone a phone writes the instant down, and at whichever minute of the day.
    #[test]
    fn days_are_counted_in_the_country_wherever_a_clock_stands(
        arrived in 18_000..25_000_i32, minute in 0..1_440_i64, hours in -12..=14_i8,
    ) {
        let first = programme::code::Day::new(1970, 1, 1).unwrap() + Span::new().days(arrived);
        let calendar = Calendar::default();
        let moment = midnight_before(first) + Span::new().minutes(minute);
        let zone = jiff::tz::Offset::constant(hours);
        let read: Timestamp = format!("{}{zone}", zone.to_datetime(moment)).parse().unwrap();
        prop_assert_eq!(local_day(read), first);
        let day = |number: i64| midnight_before(first) + Span::new().hours(24 * (number - 1)) + Span::new().minutes(minute);
        prop_assert_eq!(local_day(day(4)), first + Span::new().days(3));
        let over = calendar.end_of_days(local_day(read), 14);
        prop_assert_eq!(over, midnight_before(first + Span::new().days(14)));
        prop_assert_eq!(local_day(over - Span::new().milliseconds(1)), first + Span::new().days(13));
        prop_assert_eq!(calendar.end(read, programme::Number::Whole(14), programme::parameter::Unit::Days), over);
    }

    #[test]
    fn a_task_only_climbs(code in prop::sample::select(vec!["observe_home", "fever", "dependant"]), one in 0..60_000_i64, other in 0..60_000_i64) {
        let pack = epidemic();
        let path = pathway(pack, code);
        let opening = Opening { at: at("2020-03-01T15:00"), counted_from: None, flagged: Vec::new() };
        let case = add_up(path, &opening, &[]).unwrap();
        let task = |minute: i64| tasks(&terms(pack, path), &case, opening.at + Span::new().minutes(minute)).remove(0);
        let (earlier, later) = (task(one.min(other)), task(one.max(other)));
        prop_assert!(earlier.level <= later.level && earlier.told.len() <= later.told.len());
        prop_assert_eq!(earlier.due, later.due);
    }
}

/// A walk along a pathway: each step by its role at its moment, with the signatures that it needs.
fn walk(pack: &Programme, code: &str, opened: &str, steps: &[(&str, &str, &str)]) -> Case {
    let path = pathway(pack, code);
    let opening = Opening { at: at(opened), counted_from: None, flagged: Vec::new() };
    let mut events = Vec::new();
    for (turn, (role, name, when)) in (0_u32..).zip(steps) {
        let known = path.steps.iter().find(|step| step.code.value == *name).unwrap();
        let number = u64::from(turn) + 1;
        for (signer, role) in (100_u128..).zip(&known.signed_by) {
            let sign = Deed::Sign { step: (*name).to_owned() };
            events.push(event(number, at(when), signer, role, turn, sign));
        }
        events.push(event(number, at(when), 1, role, turn, step(name)));
    }
    let case = add_up(path, &opening, &events).unwrap();
    assert_eq!(case.ran.len(), steps.len(), "{code}: {:?}", case.state);
    case
}

/// Suspended by a fever, restored, cancelled by a confirmed case, and applied for again: never without someone who is due.
#[test]
fn a_compound_free_of_cases_is_suspended_restored_and_cancelled() {
    let pack = epidemic();
    let way = [
        ("health_department", "check", "2020-03-02T09:00"),
        ("health_department", "certify", "2020-03-05T09:00"),
        ("community_secretary", "suspend", "2020-03-08T09:00"),
        ("health_department", "restore", "2020-03-09T09:00"),
        ("health_department", "cancel", "2020-03-12T09:00"),
        ("community_secretary", "apply_again", "2020-03-26T09:00"),
    ];
    let states = ["applying", "on_notice", "certified", "suspended", "certified", "cancelled", "applying"];
    for (taken, state) in states.iter().enumerate() {
        let case = walk(pack, "case_free", "2020-03-01T09:00", &way[..taken]);
        assert_eq!(case.state, *state);
        assert!(!tasks(&terms(pack, pathway(pack, "case_free")), &case, at("2020-03-26T09:00")).is_empty());
    }
}

/// The child's carer signs; central isolation ends with the fourteenth day after the last contact.
#[test]
fn a_contact_is_isolated_for_fourteen_days_from_the_last_contact_and_no_longer() {
    let pack = epidemic();
    let terms = terms(pack, pathway(pack, "contact"));
    let opening = Opening { at: at("2020-03-07T10:00"), counted_from: None, flagged: Vec::new() };
    let events = [
        event(1, at("2020-03-07T12:00"), 1, "grid_worker", 0, step("tell")),
        event(2, at("2020-03-07T20:00"), 2, "community_secretary", 1, counted("move", "2020-03-05")),
    ];
    let case = add_up(terms.pathway, &opening, &events).unwrap();
    assert_eq!(case.state, "central");
    let due = tasks(&terms, &case, at("2020-03-19T00:00"));
    assert!(due.iter().all(|task| task.due == at("2020-03-19T00:00")), "{due:?}");
    let held = What::Release { restriction: "central_isolation".into() };
    assert!(due.iter().any(|task| task.what == held && task.level == Level::Over(0)));
}

/// Sudden hardship is helped within 48 hours and its paper follows; recognised, cleared, followed and taken back, it stays one
/// case; a household that is refused is told within five working days.
#[test]
fn a_household_is_helped_first_cleared_followed_and_taken_back() {
    let pack = &*LIVELIHOOD;
    let due = |case: &Case| tasks(&terms(pack, pathway(pack, "monitor")), case, case_now()).remove(0).due;
    fn case_now() -> Timestamp {
        at("2020-05-01T09:00")
    }
    let way = [
        ("village_cadre", "sudden", "2020-04-27T09:00"),
        ("village_cadre", "help_first", "2020-04-28T09:00"),
        ("village_cadre", "back_fill", "2020-05-06T09:00"),
        ("township_officer", "compare", "2020-05-07T09:00"),
        ("village_cadre", "review", "2020-05-08T09:00"),
        ("village_cadre", "notice_over", "2020-05-14T09:00"),
        ("township_officer", "township_agrees", "2020-05-15T09:00"),
        ("county_officer", "recognise", "2020-05-18T09:00"),
        ("helper", "begin_help", "2020-05-20T09:00"),
        ("helper", "visit", "2020-06-10T09:00"),
        ("helper", "become_steady", "2020-07-10T09:00"),
        ("village_cadre", "propose_clear", "2021-01-10T09:00"),
        ("county_officer", "clear", "2021-01-20T09:00"),
        ("helper", "taken_back", "2021-03-01T09:00"),
    ];
    let emergency = walk(pack, "monitor", "2020-04-26T09:00", &way[..1]);
    assert_eq!((emergency.state.as_str(), due(&emergency)), ("emergency", at("2020-04-29T09:00")));
    assert_eq!(walk(pack, "monitor", "2020-04-26T09:00", &way[..13]).state, "tail");
    assert_eq!(walk(pack, "monitor", "2020-04-26T09:00", &way).state, "helped");
    // Refused before the holiday of May: the five working days end after it, and 9 May is worked.
    let refused =
        walk(pack, "monitor", "2020-04-26T09:00", &[("township_officer", "refuse", "2020-04-30T09:00")]);
    assert_eq!((refused.state.as_str(), due(&refused)), ("refused", at("2020-05-12T00:00")));
}

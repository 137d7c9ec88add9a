//! A fact's bytes come from strangers: nothing panics, and what is read is written back as the same bytes.

use domain::area::Level;
use domain::case::{Deed, Source, Subject};
use domain::fact::{
    Body, CallFailure, Fact, FactError, FoundBy, Light, Misopened, Outcome, Place, SignReason,
};
use domain::hand_over::Answer;
use domain::held::Refusal;
use domain::id::Id;
use domain::identity::Identity;
use domain::plan::{PartContent, PlanContent, PlanKind};
use domain::slip::{Decision, Reason, What};
use domain::subscription::{RowsOf, Use};
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn id() -> impl Strategy<Value = Id> {
    any::<[u8; 16]>().prop_map(Id)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{0,12}", "\\PC{0,20}"]
}

fn body() -> impl Strategy<Value = Body> {
    let visit = (
        id(),
        id(),
        select(Outcome::ALL.to_vec()),
        0..3_u64,
        0..32_u64,
        any::<Option<i32>>(),
        prop::option::of(0..=999_u64),
    )
        .prop_map(|(sweep, dwelling, outcome, light, evidence, recheck_on, occupants)| Body::Visited {
            sweep,
            dwelling,
            outcome,
            light: Light::from_code(light).unwrap_or_default(),
            evidence,
            recheck_on,
            occupants,
        });
    prop_oneof![
        (text(), text(), any::<[u8; 32]>()).prop_map(|(territory, origin, checkpoint_key)| Body::Founded {
            territory,
            origin,
            checkpoint_key
        }),
        (text(), text(), prop::option::of(text())).prop_map(|(code, name, parent)| Body::AreaRegistered {
            code,
            name,
            level: Level::Community,
            parent
        }),
        (id(), text(), text(), text(), text()).prop_map(|(dwelling, area, building, unit, room)| {
            Body::DwellingRegistered {
                dwelling,
                area,
                building,
                unit,
                room,
                place: Place::Home,
                found_by: FoundBy::Visit,
            }
        }),
        visit,
        (id(), id(), id(), any::<bool>()).prop_map(|(sweep, dwelling, person, by_phone)| Body::PersonSeen {
            sweep,
            dwelling,
            person,
            by_phone
        }),
        id().prop_map(|dwelling| Body::DwellingRemoved { dwelling }),
        (id(), id(), any::<[u64; 2]>()).prop_map(|(sweep, dwelling, [first, facts])| {
            Body::VisitTakenBack { sweep, dwelling, first, facts }
        }),
        (id(), id(), select(CallFailure::ALL.to_vec()))
            .prop_map(|(sweep, dwelling, failure)| Body::CallFailed { sweep, dwelling, failure }),
        (id(), id()).prop_map(|(from, to)| Body::Linked { from, to }),
        (id(), id()).prop_map(|(from, to)| Body::LinkDeclined { from, to }),
        (id(), id(), 0..=1000_u64, any::<[u8; 32]>())
            .prop_map(|(from, to, per_mille, model)| { Body::LinkProposed { from, to, per_mille, model } }),
        (
            id(),
            text(),
            select(PlanKind::ALL.to_vec()),
            any::<[Option<i32>; 2]>(),
            any::<[u64; 4]>(),
            any::<bool>()
        )
            .prop_map(
                |(plan, area, kind, [from, until], [objective, bound, open, parts], replaces)| {
                    let replaces = replaces.then_some(Id([8; 16]));
                    Body::PlanPublished {
                        plan,
                        area,
                        kind,
                        from,
                        until,
                        replaces,
                        objective,
                        bound,
                        open,
                        parts,
                    }
                }
            ),
        (id(), id(), prop::option::of(id())).prop_map(|(plan, person, worker)| Body::PlanPart {
            plan,
            person,
            worker
        }),
        id().prop_map(|plan| Body::PlanWithdrawn { plan }),
        (id(), id(), id(), prop::collection::vec(id(), 1..5))
            .prop_map(|(hand_over, sweep, to, doors)| { Body::DoorsOffered { hand_over, sweep, to, doors } }),
        (id(), select(Answer::ALL.to_vec()))
            .prop_map(|(hand_over, answer)| Body::DoorsAnswered { hand_over, answer }),
        (text(), text(), any::<i32>(), any::<i32>(), any::<[u8; 32]>()).prop_map(
            |(programme, version, from, sunset, digest)| Body::ProgrammePublished {
                programme,
                version,
                from,
                sunset,
                digest
            }
        ),
        (subject(), id(), prop::option::of(id()), text(), text(), text(), any::<i32>()).prop_map(
            |(subject, dwelling, case, programme, version, form, on)| Body::Answered {
                subject,
                dwelling,
                case,
                programme,
                version,
                form,
                on
            }
        ),
        (
            id(),
            text(),
            subject(),
            id(),
            select(Source::ALL.to_vec()),
            prop::option::of(text()),
            any::<Option<i32>>()
        )
            .prop_map(|(case, name, subject, dwelling, source, rule, counted_from)| {
                Body::CaseReported {
                    case,
                    programme: name.clone(),
                    version: name.clone(),
                    pathway: name,
                    subject,
                    dwelling,
                    source,
                    rule,
                    counted_from,
                }
            }),
        (id(), any::<u64>(), text(), deed()).prop_map(|(case, turn, role, deed)| Body::CaseActed {
            case,
            turn,
            role,
            deed
        }),
        (id(), any::<u64>()).prop_map(|(case, turn)| Body::CaseResumed { case, turn }),
        (id(), text(), text(), prop::option::of(text())).prop_map(|(lesson, programme, pathway, rule)| {
            Body::LessonNoted { lesson, programme, pathway, rule }
        }),
        (id(), text(), text(), any::<i64>()).prop_map(|(case, task, role, due)| Body::CaseClimbed {
            case,
            task,
            role,
            due
        }),
        (id(), text(), text(), prop::option::of(text()))
            .prop_map(|(who, programme, role, area)| Body::Appointed { who, programme, role, area }),
        (id(), id(), any::<i64>()).prop_map(|(slip, dwelling, expires_at)| Body::SlipIssued {
            slip,
            dwelling,
            expires_at
        }),
        id().prop_map(|slip| Body::SlipRevoked { slip }),
        id().prop_map(|said| Body::SaidWithdrawn { said }),
        id().prop_map(|said| Body::SaidReopened { said }),
        (id(), select(Misopened::ALL.to_vec()))
            .prop_map(|(sweep, reason)| Body::SweepWithdrawn { sweep, reason }),
        (id(), any::<u64>(), prop::option::of(select(Refusal::ALL.to_vec())))
            .prop_map(|(series, sequence, refusal)| Body::HeldRefused { series, sequence, refusal }),
        (id(), any::<i64>()).prop_map(|(series, ends_at)| Body::DeviceTerm { series, ends_at }),
        (id(), id(), id(), select(What::ALL.to_vec()), prop::option::of(id()))
            .prop_map(|(said, slip, dwelling, what, about)| Body::Said { said, slip, dwelling, what, about }),
        (
            id(),
            select(vec![Decision::Declined, Decision::Confirmed, Decision::TakenOn]),
            prop::option::of(select(Reason::ALL.to_vec())),
            prop::option::of(id()),
        )
            .prop_map(|(said, decision, reason, kept)| Body::SaidSettled {
                said,
                decision,
                reason,
                kept
            }),
        (id(), subject(), id(), text(), text(), text(), any::<i32>()).prop_map(
            |(slip, subject, dwelling, programme, version, form, on)| Body::AnsweredWithSlip {
                slip,
                subject,
                dwelling,
                programme,
                version,
                form,
                on
            }
        ),
        (id(), text(), text(), text(), text()).prop_map(|(person, programme, bridge, to, role)| {
            Body::BridgeCrossed { person, programme, bridge, to, role }
        }),
        (id(), id()).prop_map(|(sweep, dwelling)| Body::SignedOff {
            sweep,
            dwelling,
            reason: SignReason::Refusal
        }),
        (id(), any::<u64>()).prop_map(|(series, sequence)| Body::Released { series, sequence }),
        (id(), any::<u64>()).prop_map(|(person, reason)| Body::Erased { person, reason }),
        (id(), any::<u64>(), any::<u64>()).prop_map(|(owner, position, reason)| Body::AnswersErased {
            owner,
            position,
            reason,
        }),
        (id(), id(), any::<u64>(), any::<u64>()).prop_map(|(owner, series, sequence, files)| {
            Body::AttachmentsNamed { owner, series, sequence, files }
        }),
        (id(), id(), any::<u64>(), any::<u64>()).prop_map(|(owner, series, sequence, number)| {
            Body::AttachmentKept { owner, series, sequence, number }
        }),
        (text(), text(), any::<[u8; 32]>(), any::<u64>())
            .prop_map(|(area, source, digest, shapes)| Body::MapDrawn { area, source, digest, shapes }),
        (
            id(),
            text(),
            select(RowsOf::ALL.to_vec()),
            text(),
            any::<i32>(),
            prop::collection::vec(text(), 0..5)
        )
            .prop_map(|(subscription, area, rows, said, last_day, fields)| Body::Subscribed {
                subscription,
                area,
                rows,
                department: said.clone(),
                name: said.clone(),
                basis: said,
                last_day,
                fields,
            }),
        (id(), select(vec![Use::Approved, Use::Taken { rows: 0 }, Use::Taken { rows: 3000 }, Use::Ended]))
            .prop_map(|(subscription, with)| Body::SubscriptionUsed { subscription, with }),
    ]
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        id().prop_map(Subject::Person),
        id().prop_map(Subject::Dwelling),
        id().prop_map(Subject::Area),
        id().prop_map(Subject::Worker)
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (text(), any::<bool>(), any::<Option<i32>>())
            .prop_map(|(step, overridden, counted_from)| Deed::Step { step, overridden, counted_from }),
        text().prop_map(|step| Deed::Sign { step }),
        id().prop_map(|to| Deed::Offer { to }),
        Just(Deed::Take),
        Just(Deed::Decline),
        Just(Deed::Ask),
        Just(Deed::Reply),
        prop::option::of(id()).prop_map(|to| Deed::Send { to }),
        id().prop_map(|area| Deed::Receive { area }),
        id().prop_map(|area| Deed::Refuse { area }),
        Just(Deed::Recall),
    ]
}

fn fact() -> impl Strategy<Value = Fact> {
    (any::<i64>(), id(), body()).prop_map(|(at, actor, body)| Fact { at, actor, body })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_is_read_back(fact in fact()) {
        prop_assert_eq!(Fact::decode(&fact.encode()), Ok(fact));
    }

    #[test]
    fn damaged_facts_never_panic_and_have_one_encoding(
        fact in fact(),
        at in any::<Index>(),
        byte in any::<u8>(),
        how in 0..4_u8,
    ) {
        let mut bytes = fact.encode();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => bytes.truncate(at),
            2 => bytes.insert(at, byte),
            _ => bytes.push(byte),
        }
        if let Ok(read) = Fact::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = Fact::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        if let Some(read) = Identity::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        if let Some(read) = PlanContent::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        if let Some(read) = PartContent::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}

#[test]
fn a_proposal_has_these_bytes_and_no_probability_above_one() {
    let fact = |per_mille| Fact {
        at: 1000,
        actor: Id([1; 16]),
        body: Body::LinkProposed { from: Id([2; 16]), to: Id([3; 16]), per_mille, model: [4; 32] },
    };
    let mut golden = vec![0x84, 0x18, 26, 0x19, 0x03, 0xe8, 0x50];
    golden.extend([1; 16]);
    golden.extend([0x84, 0x50]);
    golden.extend([2; 16]);
    golden.push(0x50);
    golden.extend([3; 16]);
    golden.extend([0x19, 0x03, 0xb6, 0x58, 32]);
    golden.extend([4; 32]);
    assert_eq!(fact(950).encode(), golden);
    assert!(matches!(
        Fact::decode(&fact(1001).encode()),
        Err(FactError::BadValue { kind: 26, field: "per mille", value: 1001 })
    ));
}

#[test]
fn a_plan_and_its_parts_have_these_bytes_and_no_unknown_kind() {
    let bytes = |body| Fact { at: 1000, actor: Id([1; 16]), body }.encode();
    let id = |byte: u8| std::iter::once(0x50).chain([byte; 16]);
    let beginning = |kind: u8| {
        let mut bytes = vec![0x84, 0x18, kind, 0x19, 0x03, 0xe8];
        bytes.extend(id(1));
        bytes
    };
    let published = bytes(Body::PlanPublished {
        plan: Id([2; 16]),
        area: "42".into(),
        kind: PlanKind::Rota,
        from: Some(18_309),
        until: None,
        replaces: Some(Id([3; 16])),
        objective: 24,
        bound: 8,
        open: 1,
        parts: 40,
    });
    let mut golden = beginning(28);
    golden.push(0x8a);
    golden.extend(id(2));
    golden.extend([0x62, 0x34, 0x32, 0x03, 0x19, 0x47, 0x85, 0xf6]);
    golden.extend(id(3));
    golden.extend([0x18, 24, 0x08, 0x01, 0x18, 40]);
    assert_eq!(published, golden);
    let kind_at = golden.len() - 6 - 17 - 1 - 3 - 1;
    assert_eq!(golden[kind_at], 3);
    golden[kind_at] = 5;
    assert!(matches!(Fact::decode(&golden), Err(FactError::BadValue { kind: 28, field: "kind", value: 5 })));

    let mut golden = beginning(29);
    golden.push(0x83);
    golden.extend(id(2).chain(id(4)).chain(id(5)));
    let part = |worker| Body::PlanPart { plan: Id([2; 16]), person: Id([4; 16]), worker };
    assert_eq!(bytes(part(Some(Id([5; 16])))), golden);
    golden.truncate(golden.len() - 17);
    golden.push(0xf6);
    assert_eq!(bytes(part(None)), golden);

    let mut golden = beginning(30);
    golden.push(0x81);
    golden.extend(id(2));
    assert_eq!(bytes(Body::PlanWithdrawn { plan: Id([2; 16]) }), golden);
}

#[test]
fn attachments_have_these_bytes() {
    let golden = |kind: u8, number: u8| {
        let mut golden = vec![0x84, 0x18, kind, 0x19, 0x03, 0xe8, 0x50];
        golden.extend([1; 16]);
        golden.push(0x84);
        golden.push(0x50);
        golden.extend([2; 16]);
        golden.push(0x50);
        golden.extend([3; 16]);
        golden.extend([7, number]);
        golden
    };
    let (owner, series) = (Id([2; 16]), Id([3; 16]));
    let named = Body::AttachmentsNamed { owner, series, sequence: 7, files: 2 };
    assert_eq!(Fact { at: 1000, actor: Id([1; 16]), body: named }.encode(), golden(50, 2));
    let kept = Body::AttachmentKept { owner, series, sequence: 7, number: 1 };
    assert_eq!(Fact { at: 1000, actor: Id([1; 16]), body: kept }.encode(), golden(51, 1));
}

#[test]
fn a_map_has_these_bytes() {
    let body = Body::MapDrawn { area: "42".into(), source: "a".into(), digest: [4; 32], shapes: 300 };
    let mut golden = vec![0x84, 0x18, 55, 0x19, 0x03, 0xe8, 0x50];
    golden.extend([1; 16]);
    golden.extend([0x84, 0x62, 0x34, 0x32, 0x61, 0x61, 0x58, 32]);
    golden.extend([4; 32]);
    golden.extend([0x19, 0x01, 0x2c]);
    assert_eq!(Fact { at: 1000, actor: Id([1; 16]), body }.encode(), golden);
}

#[test]
fn a_departments_sheet_has_these_bytes_and_no_unknown_meaning() {
    let bytes = |body| Fact { at: 1000, actor: Id([1; 16]), body }.encode();
    let beginning = |kind: u8| {
        let mut bytes = vec![0x84, 0x18, kind, 0x19, 0x03, 0xe8, 0x50];
        bytes.extend([1; 16]);
        bytes
    };
    let mut golden = beginning(52);
    golden.extend([0x88, 0x50]);
    golden.extend([2; 16]);
    golden.extend([0x62, 0x34, 0x32, 0x00, 0x61, 0x64, 0x61, 0x6e, 0x61, 0x62, 0x18, 100]);
    golden.extend([0x82, 0x64, 0x6e, 0x61, 0x6d, 0x65, 0x63, 0x73, 0x65, 0x78]);
    let body = Body::Subscribed {
        subscription: Id([2; 16]),
        area: "42".into(),
        rows: RowsOf::People,
        department: "d".into(),
        name: "n".into(),
        basis: "b".into(),
        last_day: 100,
        fields: vec!["name".into(), "sex".into()],
    };
    assert_eq!(bytes(body), golden);

    let mut golden = beginning(53);
    golden.extend([0x83, 0x50]);
    golden.extend([2; 16]);
    golden.extend([0x01, 0x07]);
    let used = |with| Body::SubscriptionUsed { subscription: Id([2; 16]), with };
    assert_eq!(bytes(used(Use::Taken { rows: 7 })), golden);
    // An end with rows, and a use that nobody knows.
    for (at, wrong) in [(1, 2), (1, 9), (0, 0xf6)] {
        let mut bytes = golden.clone();
        let place = bytes.len() - 1 - at;
        bytes[place] = wrong;
        assert!(Fact::decode(&bytes).is_err(), "{wrong}");
    }
}

#[test]
fn what_a_slip_and_a_term_say_has_these_bytes_and_no_unknown_meaning() {
    let bytes = |body| Fact { at: 1000, actor: Id([1; 16]), body }.encode();
    let id = |byte: u8| std::iter::once(0x50).chain([byte; 16]);
    let beginning = |kind: u8, length: u8| {
        let mut bytes = vec![0x84, 0x18, kind, 0x19, 0x03, 0xe8];
        bytes.extend(id(1));
        bytes.push(0x80 + length);
        bytes
    };
    let mut golden = beginning(40, 3);
    golden.extend(id(2).chain(id(3)).chain([0x19, 0x07, 0xd0]));
    let issued = Body::SlipIssued { slip: Id([2; 16]), dwelling: Id([3; 16]), expires_at: 2000 };
    assert_eq!(bytes(issued), golden);

    let mut golden = beginning(41, 1);
    golden.extend(id(2));
    assert_eq!(bytes(Body::SlipRevoked { slip: Id([2; 16]) }), golden);

    let mut golden = beginning(60, 2);
    golden.extend(id(2).chain([0x19, 0x07, 0xd0]));
    assert_eq!(bytes(Body::DeviceTerm { series: Id([2; 16]), ends_at: 2000 }), golden);

    let said = |about| Body::Said {
        said: Id([4; 16]),
        slip: Id([2; 16]),
        dwelling: Id([3; 16]),
        what: What::Correction,
        about,
    };
    let mut golden = beginning(42, 5);
    golden.extend(id(4).chain(id(2)).chain(id(3)).chain([2]).chain(id(5)));
    assert_eq!(bytes(said(Some(Id([5; 16])))), golden);
    let what_at = golden.len() - 18;
    golden[what_at] = 4;
    assert!(matches!(Fact::decode(&golden), Err(FactError::BadValue { kind: 42, field: "what", value: 4 })));

    let mut golden = beginning(43, 2);
    golden.extend(id(4).chain([1]));
    let settled = |decision, reason, kept| Body::SaidSettled { said: Id([4; 16]), decision, reason, kept };
    assert_eq!(bytes(settled(Decision::Confirmed, None, None)), golden);
    *golden.last_mut().unwrap() = 3;
    assert!(matches!(
        Fact::decode(&golden),
        Err(FactError::BadValue { kind: 43, field: "decision", value: 3 })
    ));
    let mut golden = beginning(43, 4);
    golden.extend(id(4).chain([0, 3]).chain(id(5)));
    assert_eq!(bytes(settled(Decision::Declined, Some(Reason::NoMeans), Some(Id([5; 16])))), golden);
    // What says nothing more is written in the older way alone.
    let mut golden = beginning(43, 4);
    golden.extend(id(4).chain([1, 0xf6, 0xf6]));
    assert!(matches!(Fact::decode(&golden), Err(FactError::NotCanonical(_))));

    let mut golden = beginning(57, 1);
    golden.extend(id(4));
    assert_eq!(bytes(Body::SaidWithdrawn { said: Id([4; 16]) }), golden);
    let mut golden = beginning(58, 1);
    golden.extend(id(4));
    assert_eq!(bytes(Body::SaidReopened { said: Id([4; 16]) }), golden);
    let refused = |refusal| Body::HeldRefused { series: Id([2; 16]), sequence: 9, refusal };
    let mut golden = beginning(59, 3);
    golden.extend(id(2).chain([9, 0xf6]));
    assert_eq!(bytes(refused(None)), golden);
    *golden.last_mut().unwrap() = 3;
    assert_eq!(bytes(refused(Some(Refusal::TooLate))), golden);
    *golden.last_mut().unwrap() = 5;
    assert!(matches!(
        Fact::decode(&golden),
        Err(FactError::BadValue { kind: 59, field: "refusal", value: 5 })
    ));

    let mut golden = beginning(44, 8);
    golden.extend(id(2).chain([0]).chain(id(4)).chain(id(3)).chain(*b"\x61p\x61v\x61f\x18\x64"));
    let answered = Body::AnsweredWithSlip {
        slip: Id([2; 16]),
        subject: Subject::Person(Id([4; 16])),
        dwelling: Id([3; 16]),
        programme: "p".into(),
        version: "v".into(),
        form: "f".into(),
        on: 100,
    };
    assert_eq!(bytes(answered), golden);

    let mut golden = beginning(45, 5);
    golden.extend(id(4).chain(*b"\x61p\x61b\x61t\x61r"));
    let crossed = Body::BridgeCrossed {
        person: Id([4; 16]),
        programme: "p".into(),
        bridge: "b".into(),
        to: "t".into(),
        role: "r".into(),
    };
    assert_eq!(bytes(crossed), golden);
}

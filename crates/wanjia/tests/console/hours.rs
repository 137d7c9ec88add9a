//! Rules that name hours: what is late is told at its hour, whenever somebody was judged last, and once.

use domain::access::Role;
use domain::case::Subject;
use domain::id::Id;
use domain::time::{Millis, day_of, from_day, parse_instant};
use serde_json::json;
use wanjia::app::judging::Judging;
use wanjia::cli::now;

use super::cases::{SECRETARY, appoint, publish, publish_version};
use super::checks::{observed, with};
use super::place::{Place, Who};
use super::reach::{checked, returned};
use super::slips;

/// An hour of today, as a clock in the country shows it.
fn at(clock: &str) -> Millis {
    parse_instant(&format!("{} {clock}", from_day(day_of(now())))).unwrap()
}

async fn judged_at(place: &Place, judging: &Judging, clock: &str) {
    judging.catch_up(&place.site.territory, at(clock)).await.unwrap();
}

/// Where the case of someone's checks stands, whether it has ended, and the rules that asked for it.
async fn missed(place: &Place, person: Id) -> Option<(String, bool, Vec<String>)> {
    let subject = Subject::Person(person);
    let read = move |reader: &mut store::Reader| {
        Ok(reader.newest_case("epidemic", "missed_check", subject)?.map(|case| {
            let rules = case.rules.into_iter().map(|(rule, _)| rule).collect();
            (case.state, case.ended, rules)
        }))
    };
    place.site.territory.read(read).await.unwrap()
}

/// How many reports each of these cases has.
async fn reports(place: &Place, person: Id) -> Vec<usize> {
    let read = move |reader: &mut store::Reader| {
        let cases = reader.cases_of(Subject::Person(person))?;
        let mut reports = Vec::new();
        for case in cases.iter().filter(|case| case.pathway == "missed_check") {
            reports.push(reader.case_file(case.id)?.map_or(0, |file| file.reports.len()));
        }
        Ok(reports)
    };
    place.site.territory.read(read).await.unwrap()
}

/// Someone observed since three days, who told both checks of yesterday and the day before and none of today.
async fn silent_today(place: &Place) -> (Id, Id) {
    let home = place.home(false).await;
    let person = place.people(home).await[0];
    let who = (home, Some(person));
    returned(place, who, 3, 3).await;
    for days in [2, 1] {
        for slot in ["am", "pm"] {
            checked(place, who, days, slot).await;
        }
    }
    (home, person)
}

fn stands(state: &str, ended: bool, rules: &[&str]) -> Option<(String, bool, Vec<String>)> {
    Some((state.to_owned(), ended, rules.iter().map(|rule| (*rule).to_owned()).collect()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_is_late_at_eleven_and_not_a_minute_before_whenever_she_was_judged_last() {
    for before in [&[][..], &["00:00"], &["10:58", "10:59"], &["00:00", "09:30", "10:59"]] {
        let place = Place::new().await;
        publish(&place).await;
        let (_, person) = silent_today(&place).await;
        let judging = Judging::default();
        for clock in before {
            judged_at(&place, &judging, clock).await;
            assert_eq!(missed(&place, person).await, None, "{before:?}");
        }
        judged_at(&place, &judging, "11:00").await;
        assert_eq!(missed(&place, person).await, stands("to_remind", false, &["E-R06"]), "{before:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn she_is_reminded_then_called_then_looked_for_and_each_is_told_once() {
    let place = Place::new().await;
    publish(&place).await;
    appoint(&place, SECRETARY, "grid_worker").await;
    let (_, person) = silent_today(&place).await;
    let judging = Judging::default();
    judged_at(&place, &judging, "10:59").await;
    assert_eq!(reports(&place, person).await, [] as [usize; 0]);
    judged_at(&place, &judging, "11:00").await;
    assert_eq!(reports(&place, person).await, [1]);
    // At once in the list of whoever reminds her.
    let rows = place.ask(SECRETARY, "GET", "/v1/tasks", None).await.json();
    let rows = rows["rows"].as_array().unwrap();
    let rows = rows.iter().filter(|row| row["pathway"]["code"] == "missed_check");
    let states: Vec<_> = rows.map(|row| row["state"]["code"].clone()).collect();
    assert_eq!(states, ["to_remind"]);
    for clock in ["11:00", "11:01", "12:59"] {
        judged_at(&place, &judging, clock).await;
    }
    // After a start of the server nobody knows who was looked at: she is judged again, and it is no second report.
    judged_at(&place, &Judging::default(), "12:59").await;
    assert_eq!(reports(&place, person).await, [1]);

    judged_at(&place, &judging, "13:00").await;
    assert_eq!(missed(&place, person).await, stands("to_call", false, &["E-R06", "E-R06-call"]));
    judged_at(&place, &judging, "19:59").await;
    assert_eq!(reports(&place, person).await, [2]);
    judged_at(&place, &judging, "20:00").await;
    let all = ["E-R06", "E-R06-call", "E-R06-two"];
    assert_eq!(missed(&place, person).await, stands("to_visit", false, &all));
    judged_at(&place, &judging, "23:59").await;
    assert_eq!(reports(&place, person).await, [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_that_passed_while_nobody_served_is_made_up_for_at_the_next_start() {
    let place = Place::new().await;
    publish(&place).await;
    let (_, person) = silent_today(&place).await;
    judged_at(&place, &Judging::default(), "10:40").await;
    assert_eq!(missed(&place, person).await, None);
    judged_at(&place, &Judging::default(), "11:25").await;
    assert_eq!(missed(&place, person).await, stands("to_remind", false, &["E-R06"]));
    // Two hours were missed: what holds now is told, where it stands now.
    judged_at(&place, &Judging::default(), "20:30").await;
    let all = ["E-R06", "E-R06-two"];
    assert_eq!(missed(&place, person).await, stands("to_visit", false, &all));
    assert_eq!(reports(&place, person).await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_told_her_check_late_is_asked_anew_only_for_the_next_one() {
    let place = Place::new().await;
    // The evening's hour is the last minute of the day, so that the step can be taken whenever this is run.
    let evening = [
        ("value = \"20:00\"", "value = \"23:59\""),
        ("most = \"21:00\"", "most = \"23:59\""),
        ("value = \"22:00\"", "value = \"23:59\""),
        ("most = \"23:30\"", "most = \"23:59\""),
    ];
    publish_version(&place, ("epidemic", "2020-03"), day_of(now()) - 30, &[], &evening).await;
    appoint(&place, SECRETARY, "grid_worker").await;
    let (home, person) = silent_today(&place).await;
    let judging = Judging::default();
    judged_at(&place, &judging, "11:00").await;
    let rows = place.ask(SECRETARY, "GET", "/v1/tasks", None).await.json();
    let rows = rows["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["pathway"]["code"] == "missed_check").unwrap();
    let case = format!("/v1/cases/{}/deeds", row["case"].as_str().unwrap());
    let hear = || json!({"deed": "step", "step": "hear", "role": "grid_worker", "turn": 0});
    let refused = place.ask(SECRETARY, "POST", &case, Some(hear())).await;
    assert_eq!(refused.code(), "condition_fails", "{}", refused.text);
    checked(&place, (home, Some(person)), 0, "am").await;
    let heard = place.ask(SECRETARY, "POST", &case, Some(hear())).await;
    assert_eq!(heard.status, 204, "{}", heard.text);

    for clock in ["11:30", "13:00", "23:58"] {
        judged_at(&place, &judging, clock).await;
        assert_eq!(missed(&place, person).await, stands("heard", true, &["E-R06"]), "{clock}");
    }
    judged_at(&place, &judging, "23:59").await;
    assert_eq!(missed(&place, person).await, stands("to_call", false, &["E-R06", "E-R06-call"]));
    assert_eq!(reports(&place, person).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slips_page_says_that_a_check_is_awaited_until_it_is_there() {
    let place = Place::new().await;
    let whole_day = [
        ("value = \"11:00\"", "value = \"00:00\""),
        ("least = \"07:00\"", "least = \"00:00\""),
        ("value = \"20:00\"", "value = \"23:59\""),
        ("most = \"21:00\"", "most = \"23:59\""),
    ];
    publish_version(&place, ("epidemic", "2020-03"), day_of(now()) - 30, &[], &whole_day).await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let (_, code) = slips::laid_down(&place, home).await;
    let asked =
        async || with(&place, &code, "GET", "/v1/slip/checks", None).await.json()["checks"][0].clone();

    // Written down today she owes nothing yet.
    observed(&place, home, people[0], 0).await;
    assert_eq!(asked().await.get("awaited_by"), None);
    observed(&place, home, people[1], 3).await;
    let late = asked().await;
    assert_eq!(late["several"], json!(true));
    let by = late["awaited_by"].as_str().unwrap();
    assert!(["00:00", "23:59"].contains(&by), "{by}");

    let name = "李梅";
    for slot in ["am", "pm"] {
        let told = json!({"programme": "epidemic", "form": "twice_daily", "name": name,
            "answers": {"slot": slot, "temp_c": 36.6, "symptom": ["none"]}});
        assert_eq!(with(&place, &code, "POST", "/v1/slip/checks", Some(told)).await.status, 201);
    }
    assert_eq!(asked().await.get("awaited_by"), None);
}

/// Whoever may read the command page sees what nobody did in time, at the hour at which it is late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_that_nobody_gave_is_late_on_the_command_page() {
    let place = Place::new().await;
    publish(&place).await;
    silent_today(&place).await;
    judged_at(&place, &Judging::default(), "11:00").await;
    let late = async |at: Millis| {
        let read = move |reader: &mut store::Reader| {
            Ok(reader.late_tasks(at)?.iter().map(|row| row.count).sum::<u64>())
        };
        place.site.territory.read(read).await.unwrap()
    };
    let four_hours = 4 * 3_600_000;
    assert_eq!((late(now()).await, late(now() + four_hours).await), (0, 1));
    let page = place.ask(Who::Role(Role::CommunitySecretary), "GET", "/v1/command", None).await.json();
    assert_eq!(page["area"]["late"], json!(0), "{page}");
}

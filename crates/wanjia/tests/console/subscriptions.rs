//! Departments' sheets: kept with an end, approved by a second person if they tell of people, filled as of now, and each
//! taking on record.

use axum::http::StatusCode;
use domain::access::Role;
use domain::fact::{Body, Light, Outcome};
use domain::subscription::Use;
use intake::Table;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

use super::place::{COUNTY, OWN, Place, SWEEP, Who};

const CLERK: Who = Who::Role(Role::Clerk);
const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const STREET: Who = Who::Role(Role::Street);

/// A sheet with a title, these headings in its third row, and what stands below the empty ones.
pub fn blank(headings: &[&str], below: Option<(u32, &str)>) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let last = u16::try_from(headings.len()).unwrap() - 1;
    page.merge_range(0, 0, 0, last.max(1), "民政局登记表", &Format::new().set_bold()).unwrap();
    for (column, heading) in (0..).zip(headings) {
        page.write_string(2, column, *heading).unwrap();
    }
    if let Some((row, text)) = below {
        page.write_string(row - 1, 0, text).unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// The same with a sum below that names only a part of the rows.
fn stuck(row: u32) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.merge_range(0, 0, 0, 1, "民政局登记表", &Format::new().set_bold()).unwrap();
    page.write_string(2, 0, "房号").unwrap();
    page.write_string(row - 1, 0, "合计").unwrap();
    page.write_formula(row - 1, 1, "=A4+1").unwrap();
    book.save_to_buffer().unwrap()
}

/// `name=...` with everything else that keeping needs.
fn keeping(rows: &str, columns: &str) -> String {
    let last_day = domain::time::from_day(domain::time::day_of(wanjia::cli::now()) + 30);
    format!(
        "/v1/subscriptions?area={OWN}&rows={rows}&department=%E6%B0%91%E6%94%BF%E5%B1%80&name=list&basis=law&last_day={last_day}&columns={columns}"
    )
}

async fn kept(place: &Place, who: Who, rows: &str, columns: &str, file: Vec<u8>) -> String {
    let answer = place.upload(who, &keeping(rows, columns), file).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["subscription"].as_str().unwrap().to_owned()
}

/// A clerk's sheet of people with names and phones, which waits for approval.
pub async fn of_people(place: &Place) -> String {
    kept(place, CLERK, "people", "0.3;name:0,phone:1", blank(&["姓名", "电话"], None)).await
}

/// A sheet of areas of the other community or the callers' own, put on record by somebody else.
pub async fn of_somebody(place: &Place, area: &str, rows: domain::subscription::RowsOf) -> domain::id::Id {
    let subscription = domain::id::Id::from_time(i64::try_from(place.next()).unwrap(), [8; 10]);
    let area = area.to_owned();
    place
        .site
        .territory
        .write(move |store, now| {
            let blank = domain::subscription::Blank {
                sheet: 0,
                row: 3,
                places: vec![0],
                workbook: blank(&["房号"], None),
            };
            let plaintext = blank.encode();
            store.write(now, |batch| {
                let body = Body::Subscribed {
                    subscription,
                    area,
                    rows,
                    department: "民政局".into(),
                    name: "表".into(),
                    basis: "文件".into(),
                    last_day: domain::time::day_of(now) + 1,
                    fields: vec!["room".into()],
                };
                let sealed = store::Sealed { owner: subscription, plaintext: &plaintext, fresh: true };
                batch.append(domain::id::Id([9; 16]), body, Some(sealed))
            })?;
            Ok(())
        })
        .await
        .unwrap();
    subscription
}

async fn take(place: &Place, who: Who, id: &str) -> super::place::Answer {
    place.ask(who, "POST", &format!("/v1/subscriptions/{id}/sheet"), None).await
}

async fn approve(place: &Place, who: Who, id: &str) -> super::place::Answer {
    place.ask(who, "POST", &format!("/v1/subscriptions/{id}/approve"), None).await
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    Table::from_bytes(bytes.to_vec()).unwrap().map(|row| row.unwrap().cells).collect()
}

async fn listed(place: &Place, who: Who) -> Vec<Value> {
    let answer = place.ask(who, "GET", "/v1/subscriptions", None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["subscriptions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_blank_sheet_is_looked_at_and_nothing_of_it_is_kept() {
    let place = Place::new().await;
    let uri = format!("/v1/subscriptions/look?area={OWN}&rows=people");
    let file = blank(&["序号", "姓名", "联系电话", "是否低保"], Some((6, "填表人")));
    let look = place.upload(CLERK, &uri, file.clone()).await.json();
    assert_eq!(
        (&look["row"], &look["first"], &look["room"], &look["count"]),
        (&json!(3), &json!(4), &json!(2), &json!(3))
    );
    assert_eq!(
        look["places"],
        json!([{"heading": "序号", "field": "serial"}, {"heading": "姓名", "field": "name"},
               {"heading": "联系电话", "field": "phone"}, {"heading": "是否低保"}])
    );
    assert_eq!(look["approval"], true);
    let offered: Vec<&str> =
        look["fields"].as_array().unwrap().iter().filter_map(|one| one["field"].as_str()).collect();
    assert!(offered.contains(&"phone") && !offered.contains(&"id_number"), "{offered:?}");
    assert!(listed(&place, CLERK).await.is_empty());

    // Who reads no names looks at no people.
    assert_eq!(place.upload(STREET, &uri, file).await.code(), "forbidden");
    let wrong = place.upload(CLERK, &uri, "姓名\n".into()).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "not_xlsx"));
}

#[tokio::test]
async fn a_sheet_of_people_waits_for_another_person_and_each_taking_is_on_record() {
    let place = Place::new().await;
    let id = of_people(&place).await;
    assert_eq!(listed(&place, CLERK).await[0]["standing"], "waiting");
    assert_eq!(take(&place, CLERK, &id).await.code(), "not_approved");
    assert_eq!(approve(&place, CLERK, &id).await.code(), "forbidden");
    assert_eq!(approve(&place, SECRETARY, &id).await.status, 204);
    assert_eq!(approve(&place, STREET, &id).await.code(), "not_waiting");
    assert_eq!(take(&place, STREET, &id).await.code(), "forbidden", "an approval reads no names");

    let answer = take(&place, CLERK, &id).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let filled = rows(&answer.bytes);
    assert_eq!(filled[0][0], "民政局登记表");
    let mut people: Vec<&[String]> = filled[2..].iter().map(Vec::as_slice).collect();
    people.sort();
    assert_eq!(people, [["张三丰", "10013900003"], ["李梅", "10013800002"], ["王东军", "10013800001"]]);
    let newest = place.every_fact().pop().unwrap();
    let Body::SubscriptionUsed { with, .. } = newest.body else { panic!("no record: {newest:?}") };
    assert_eq!(with, Use::Taken { rows: 3 });
    let kept = &listed(&place, CLERK).await[0];
    assert_eq!(
        (&kept["takings"], &kept["taken_rows"], &kept["standing"]),
        (&json!(1), &json!(3), &json!("in_force"))
    );
    assert_eq!(kept["taken"]["by"], "陈主任");
    assert_eq!(kept["fields"][0], json!({"field": "name", "zh": "姓名", "en": "name"}));
    // Whoever is on the list can see it.
    assert_eq!(place.list_readings(), [domain::access::Purpose::Report as u64]);

    let home = place.home(false).await;
    let body = json!({"dwelling": home, "name": "=SUM(A1)"});
    assert_eq!(place.ask(CLERK, "POST", "/v1/persons", Some(body)).await.status, 201);
    let uri = format!("/v1/subscriptions/{id}/changes");
    let changes = place.ask(CLERK, "GET", &uri, None).await.json();
    assert_eq!(
        (&changes["rows"], &changes["added"], &changes["left"], &changes["changed"]),
        (&json!(4), &json!(1), &json!(0), &json!(0))
    );
    let answer = take(&place, CLERK, &id).await;
    assert!(
        rows(&answer.bytes).iter().any(|row| row[0] == "=SUM(A1)"),
        "a name that begins like a formula is a text"
    );
    let changes = place.ask(CLERK, "GET", &uri, None).await.json();
    assert_eq!((&changes["added"], &changes["rows"]), (&json!(0), &json!(4)));

    assert_eq!(place.ask(CLERK, "DELETE", &format!("/v1/subscriptions/{id}"), None).await.status, 204);
    assert_eq!(take(&place, CLERK, &id).await.code(), "subscription_over");
    assert_eq!(listed(&place, CLERK).await[0]["standing"], "over");

    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let report = store::verify::verify(&root, None, true, &mut |_| {});
    assert!(report.is_ok(), "{report:?}");
}

#[tokio::test]
async fn nobody_approves_what_she_keeps_herself() {
    let place = Place::new().await;
    let id = kept(&place, SECRETARY, "people", "0.3;name:0", blank(&["姓名"], None)).await;
    assert_eq!(approve(&place, SECRETARY, &id).await.code(), "own_subscription");
    assert_eq!(listed(&place, SECRETARY).await[0]["may_approve"], false);
    assert_eq!(listed(&place, STREET).await[0]["may_approve"], true);
    assert_eq!(approve(&place, STREET, &id).await.status, 204);
    assert_eq!(take(&place, SECRETARY, &id).await.status, 200);
}

#[tokio::test]
async fn doors_and_areas_say_what_the_lists_say() {
    let place = Place::new().await;
    place.visit(SWEEP, place.door(OWN, "3", "2", "402").await, Outcome::Met, Light::On).await;
    let doors = kept(
        &place,
        CLERK,
        "residual",
        "0.3;serial:0,building:1,room:2,reason:3",
        blank(&["序号", "楼栋", "房号", "原因"], None),
    )
    .await;
    let sheet = take(&place, CLERK, &doors).await;
    assert_eq!(rows(&sheet.bytes)[2..], [["1", "3栋", "501", "还没有走访"]]);

    let uri =
        keeping("areas", "0.3;area_name:0,dwellings:1,accounted:2,residual:3").replace(OWN, "420102001");
    let file = blank(&["社区", "户数", "已走访户数", "未走访户数"], None);
    let answer = place.upload(STREET, &uri, file).await;
    assert_eq!(answer.status, 403, "the street's own account is of one community here: {}", answer.text);
    let areas = kept(
        &place,
        STREET,
        "areas",
        "0.3;area_name:0,dwellings:1,accounted:2,residual:3",
        blank(&["社区", "户数", "已走访户数", "未走访户数"], None),
    )
    .await;
    let sheet = take(&place, STREET, &areas).await;
    assert_eq!(rows(&sheet.bytes)[2..], [["桃源社区", "2", "1", "1"]]);
}

async fn bring(place: &Place, code: &str, name: &str) {
    let file = format!("小区编码,楼栋,单元,房号,姓名\n{code},1,1,601,{name}\n");
    let uri = "/v1/roster?source=x&dry_run=false";
    let answer = place.ask(CLERK, "POST", uri, Some(Value::String(file))).await;
    assert_eq!(answer.json()["added"], 1, "{}", answer.text);
}

#[tokio::test]
async fn an_address_can_be_read_and_begins_with_the_compound_where_there_are_several() {
    let place = Place::new().await;
    let columns = "0.3;full_address:0,name:1";
    bring(&place, OWN, "钱七").await;
    let id = kept(&place, CLERK, "people", columns, blank(&["住址", "姓名"], None)).await;
    assert_eq!(approve(&place, SECRETARY, &id).await.status, 204);
    let addresses = |bytes: &[u8]| -> Vec<String> {
        rows(bytes)[2..].iter().map(|row| format!("{} {}", row[0], row[1])).collect()
    };
    let sheet = take(&place, CLERK, &id).await;
    let told = addresses(&sheet.bytes);
    assert!(told.contains(&"1栋1单元601 钱七".to_owned()), "{told:?}");
    assert!(told.contains(&"3栋2单元501 张三丰".to_owned()), "{told:?}");

    let compound = Body::AreaRegistered {
        code: "42010200100101".into(),
        name: "花园小区".into(),
        level: domain::area::Level::Compound,
        parent: Some(OWN.into()),
    };
    place.facts(vec![compound]).await;
    bring(&place, "42010200100101", "孙八").await;
    let sheet = take(&place, CLERK, &id).await;
    let told = addresses(&sheet.bytes);
    assert!(told.contains(&"花园小区1栋1单元601 孙八".to_owned()), "{told:?}");
    assert!(told.contains(&"桃源社区1栋1单元601 钱七".to_owned()), "{told:?}");
}

#[tokio::test]
async fn what_has_no_end_or_does_not_fit_is_refused_and_nothing_is_written() {
    let place = Place::new().await;
    let size = place.site.territory.read(|reader| Ok(reader.size()?)).await.unwrap();
    let file = || blank(&["姓名"], None);
    let good = keeping("people", "0.3;name:0");
    let (head, _) = good.split_once("&last_day=").unwrap();
    for (uri, status, field) in [
        (good.replace("name=list", "name="), 422, "name"),
        (good.replace("basis=law", &format!("basis={}", "x".repeat(61))), 422, "basis"),
        (format!("{head}&last_day=2020-01-01&columns=0.3;name:0"), 422, "last_day"),
        (format!("{head}&last_day=2999-01-01&columns=0.3;name:0"), 422, "last_day"),
        (good.replace("name:0", "note:0"), 422, "columns"),
        (good.replace("rows=people", "rows=secrets"), 422, "rows"),
        (good.replace(OWN, COUNTY), 403, ""),
    ] {
        let answer = place.upload(CLERK, &uri, file()).await;
        assert_eq!(answer.status, status, "{uri}: {}", answer.text);
        if status == 422 {
            assert_eq!(answer.json()["field"], field, "{uri}");
        }
    }
    let without = format!("{head}&columns=0.3;name:0");
    assert_eq!(place.upload(CLERK, &without, file()).await.status, 422, "no sheet without an end");
    assert_eq!(place.site.territory.read(|reader| Ok(reader.size()?)).await.unwrap(), size);

    // Two doors, and room for one above a sum of part of the rows, which cannot be moved.
    let uri = format!("/v1/subscriptions/look?area={OWN}&rows=dwellings&columns=0.3;room:0");
    let look = place.upload(CLERK, &uri, stuck(5)).await.json();
    assert_eq!((&look["room"], &look["foot"]), (&json!(1), &json!("A5")));
    assert!(look["stuck"]["message"].as_str().unwrap().contains("B5"), "{look}");
    let answer = place.upload(CLERK, &keeping("dwellings", "0.3;room:0"), stuck(5)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "template_full"));
    assert!(answer.text.contains("B5"), "the cell is told: {}", answer.text);
    assert_eq!(place.site.territory.read(|reader| Ok(reader.size()?)).await.unwrap(), size);
}

#[tokio::test]
async fn a_sheet_that_has_become_too_small_tells_the_cell_and_taking_it_is_no_taking() {
    let place = Place::new().await;
    let uri = format!("/v1/subscriptions/look?area={OWN}&rows=dwellings");
    let look = place.upload(CLERK, &uri, blank(&["房号"], None)).await.json();
    let last = u32::try_from(look["count"].as_u64().unwrap()).unwrap() + 4;
    let id = kept(&place, CLERK, "dwellings", "0.3;room:0", stuck(last)).await;
    let door = Body::DwellingRegistered {
        dwelling: domain::id::Id([77; 16]),
        area: OWN.into(),
        building: "9".into(),
        unit: "1".into(),
        room: "901".into(),
        place: domain::fact::Place::default(),
        found_by: domain::fact::FoundBy::Roster,
    };
    place.facts(vec![door]).await;
    let answer = take(&place, CLERK, &id).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "template_full"));
    assert!(answer.text.contains(&format!("B{last}")), "{}", answer.text);
    assert_eq!(listed(&place, CLERK).await[0]["takings"], 0);
}

#[tokio::test]
async fn rows_that_do_not_fit_move_down_what_stands_below_them() {
    let place = Place::new().await;
    let file = || blank(&["房号"], Some((5, "合计")));
    let uri = format!("/v1/subscriptions/look?area={OWN}&rows=dwellings&columns=0.3;room:0");
    let look = place.upload(CLERK, &uri, file()).await.json();
    assert_eq!((&look["room"], &look["foot"], &look["stuck"]), (&json!(1), &json!("A5"), &Value::Null));
    let count = look["count"].as_u64().unwrap();
    assert!(count > 1);
    let id = kept(&place, CLERK, "dwellings", "0.3;room:0", file()).await;
    let sheet = take(&place, CLERK, &id).await;
    assert_eq!(sheet.status, StatusCode::OK);
    let rows: Vec<_> = Table::from_bytes(sheet.bytes.to_vec()).unwrap().map(|row| row.unwrap()).collect();
    let foot = rows.iter().find(|row| row.cells[0] == "合计").unwrap();
    assert_eq!(foot.number, 4 + count);
}

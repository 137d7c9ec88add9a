//! A messy sheet whose columns a person tells: what she sees of it, and what then is imported.

use domain::access::Role;
use domain::fact::Body;
use serde_json::{Value, json};

use super::place::{COUNTY, OTHER, OWN, Place, Who, account};

const CLERK: Who = Who::Role(Role::Clerk);

/// No heading that is known but one, and a line above them.
const SHEET: &str = "大智街道居民情况,,,,\n\n住哪栋,几零几,叫什么,电话,说明\n3栋,601,赵云,10013800077,常住\n3栋,602,马超,10013800078,\n";

async fn post(place: &Place, uri: &str) -> super::place::Answer {
    place.ask(CLERK, "POST", uri, Some(Value::String(SHEET.into()))).await
}

#[tokio::test]
async fn a_sheet_is_shown_by_its_columns_and_taken_as_a_person_says() {
    let place = Place::new().await;
    let plain = post(&place, "/v1/roster?source=x&dry_run=true").await;
    assert_eq!((plain.status.as_u16(), plain.code().as_str()), (422, "header"));

    let look = post(&place, "/v1/roster/columns").await.json();
    assert_eq!((&look["sheet"], &look["row"]), (&json!(0), &json!(3)));
    assert_eq!(look["places"][1], json!({"heading": "几零几", "samples": ["601", "602"]}));
    assert_eq!(look["places"][3]["column"], "phone");
    let required: Vec<&Value> =
        look["columns"].as_array().unwrap().iter().filter(|one| one["required"] == true).collect();
    assert_eq!(required.len(), 3, "{required:?}");

    let mapped = "columns=0.3;building:0,room:1,name:2,phone:3";
    // Who has one community is not asked for it, and is told which is taken.
    assert_eq!(look["area"], json!({"area_code": OWN, "area_name": "桃源社区"}));
    let sole = post(&place, &format!("/v1/roster?source=x&dry_run=true&{mapped}")).await.json();
    assert_eq!((&sole["added"], &sole["communities"][0]["area_code"]), (&json!(2), &json!(OWN)), "{sole}");
    let uri = format!("/v1/roster?source=x&dry_run=true&area={OWN}&{mapped}");
    let read = post(&place, &uri).await.json();
    assert_eq!((&read["added"], &read["refused"]), (&json!(2), &json!(0)), "{read}");
    assert!(read["ignored"].to_string().contains("说明"), "{read}");
    let done = post(&place, &uri.replace("dry_run=true", "dry_run=false")).await.json();
    assert_eq!((&done["added"], &done["applied"]), (&json!(2), &json!(true)));
    let again = post(&place, &uri).await.json();
    assert_eq!((&again["added"], &again["left"]), (&json!(0), &json!(2)), "{again}");
}

/// Where there are several, no row is put into one of them by guess.
#[tokio::test]
async fn of_several_communities_it_is_asked_which() {
    let place = Place::new().await;
    let wide = Body::GrantGiven { account: account(CLERK).id, role: Role::Clerk as u64, area: COUNTY.into() };
    place.facts(vec![wide]).await;
    assert_eq!(post(&place, "/v1/roster/columns").await.json().get("area"), None);
    let mapped = "columns=0.3;building:0,room:1,name:2,phone:3";
    let lacking = post(&place, &format!("/v1/roster?source=x&dry_run=true&{mapped}")).await;
    assert_eq!(lacking.code(), "header", "no column says which community it is");
}

#[tokio::test]
async fn what_was_said_of_headings_is_there_for_whoever_brings_the_next_sheet_with_them() {
    let place = Place::new().await;
    let headings = json!(["住哪栋", "几零几", "叫什么", "电话", "说明"]);
    let said = |columns: &str| Some(json!({"headings": headings, "columns": columns}));
    assert_eq!(post(&place, "/v1/roster/columns").await.json()["kept"], false);
    let beyond = place.ask(CLERK, "PUT", "/v1/roster/columns", said("0.3;name:5")).await;
    assert_eq!((beyond.status.as_u16(), beyond.code().as_str()), (422, "columns"));
    let kept = place.ask(CLERK, "PUT", "/v1/roster/columns", said("0.3;building:0,room:1,name:2")).await;
    assert_eq!(kept.status.as_u16(), 204);

    let sheet = Some(Value::String(SHEET.replace("赵云", "关平").replace("大智街道", "二月")));
    let look =
        place.ask(Who::Role(Role::CommunitySecretary), "POST", "/v1/roster/columns", sheet).await.json();
    let columns: Vec<&Value> = look["places"].as_array().unwrap().iter().map(|one| &one["column"]).collect();
    assert_eq!(look["kept"], true);
    assert_eq!(columns, [&json!("building"), &json!("room"), &json!("name"), &Value::Null, &Value::Null]);
    let other = Some(Value::String(SHEET.replace("说明", "备注一")));
    assert_eq!(place.ask(CLERK, "POST", "/v1/roster/columns", other).await.json()["kept"], false);
}

#[tokio::test]
async fn where_no_heading_is_known_the_first_full_row_is_the_headings() {
    let place = Place::new().await;
    let sheet = SHEET.replace("电话", "怎么找").replace("大智", "\n大智");
    let look = place.ask(CLERK, "POST", "/v1/roster/columns", Some(Value::String(sheet))).await.json();
    assert_eq!((&look["row"], &look["places"][0]["heading"]), (&json!(4), &json!("住哪栋")));
    assert!(look["places"].as_array().unwrap().iter().all(|one| one.get("column").is_none()));
}

#[tokio::test]
async fn a_mapping_that_means_nothing_is_refused() {
    let place = Place::new().await;
    for wrong in ["", "0.3", "0.3;name", "0.3;nobody:1", "a.3;name:1", "0.3;name:-1"] {
        let answer = post(&place, &format!("/v1/roster?source=x&columns={wrong}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "columns"), "{wrong}");
    }
    for elsewhere in
        ["9.3;name:1,room:2,area_code:0", "0.99;name:1,room:2,area_code:0", "0.2;name:1,room:2,area_code:0"]
    {
        let answer = post(&place, &format!("/v1/roster?source=x&columns={elsewhere}")).await;
        assert_eq!(answer.code(), "header", "{elsewhere}");
    }
    let other = post(&place, &format!("/v1/roster?source=x&area={OTHER}")).await;
    assert_eq!(other.code(), "outside_area");
    let blank = place.ask(CLERK, "POST", "/v1/roster/columns", Some(json!("\n\n"))).await;
    assert_eq!(blank.code(), "empty");
}

/// A building written once for all its rows, as people do it.
const ONCE: &str = "楼栋,单元,房号,姓名\n31栋,1单元,101,赵云\n,,102,马超\n32栋,,101,黄忠\n,,102,关平\n";

#[tokio::test]
async fn cells_blank_below_filled_ones_are_offered_and_filled_only_where_it_is_said() {
    let place = Place::new().await;
    let send = async |uri: &str| place.ask(CLERK, "POST", uri, Some(Value::String(ONCE.into()))).await.json();
    let look = send("/v1/roster/columns").await;
    assert_eq!((&look["kept"], &look["fill_down"]), (&json!(false), &json!([])));
    let sample = |row: u64, above: u64, value: &str, says: &[&str]| json!({"row": row, "above": above, "value": value, "says": says});
    assert_eq!(
        look["blanks"],
        json!([
            {"column": "building", "zh": "楼栋", "rows": 2, "samples": [
                sample(3, 2, "31栋", &["102", "马超"]), sample(5, 4, "32栋", &["102", "关平"])]},
            {"column": "unit", "zh": "单元", "rows": 1, "samples": [sample(3, 2, "1单元", &["102", "马超"])]},
        ])
    );
    // What is blank depends on which columns say where a row is.
    let told = send("/v1/roster/columns?columns=0.1;unit:1,room:2,name:3").await;
    assert_eq!(told["blanks"][0]["rows"], json!(3), "{told}");

    let columns = "columns=0.1;building:0,unit:1,room:2,name:3";
    let plain = send(&format!("/v1/roster?source=x&dry_run=true&{columns}")).await;
    assert_eq!((&plain["filled"], &plain["places"]["doors"]), (&json!([]), &json!(3)));
    assert_eq!(plain["places"]["buildings"], json!(3), "the two, and that without a number: {plain}");
    let filled = send(&format!("/v1/roster?source=x&dry_run=true&{columns};fill_down=building,unit")).await;
    assert_eq!(filled["places"]["buildings"], json!(2), "{filled}");
    assert_eq!(
        filled["filled"],
        json!([{"column": "building", "zh": "楼栋", "rows": 2}, {"column": "unit", "zh": "单元", "rows": 1}])
    );
    assert_eq!(filled["rows"][1]["message"], "31栋1单元102");
    assert_eq!(filled["rows"][3]["message"], "32栋102", "no unit of the building before");

    let headings = json!(["楼栋", "单元", "房号", "姓名"]);
    let keep =
        json!({"headings": headings, "columns": "0.1;building:0,unit:1,room:2,name:3;fill_down=building"});
    assert_eq!(place.ask(CLERK, "PUT", "/v1/roster/columns", Some(keep)).await.status.as_u16(), 204);
    let again = send("/v1/roster/columns").await;
    assert_eq!((&again["kept"], &again["fill_down"]), (&json!(true), &json!(["building"])));
    for never in ["name", "phone", "id_number", "birth_date", "nobody"] {
        let uri = format!("/v1/roster?source=x&{columns};fill_down={never}");
        assert_eq!(post(&place, &uri).await.code(), "columns", "{never}");
    }
}

//! What a preview of a list tells: of which communities it speaks, what changes, who would move, who is missing.

use domain::access::Role;
use domain::fact::Body;
use serde_json::{Value, json};

use super::place::{OTHER, OWN, Place, Who, account};

const CLERK: Who = Who::Role(Role::Clerk);
const HEADER: &str = "小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话\n";

async fn preview(place: &Place, source: &str, rows: &str) -> Value {
    post(place, source, true, rows).await
}

async fn post(place: &Place, source: &str, dry_run: bool, rows: &str) -> Value {
    let uri = format!("/v1/roster?source={source}&dry_run={dry_run}");
    let answer = place.ask(CLERK, "POST", &uri, Some(Value::String(format!("{HEADER}{rows}")))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The same clerk, for the whole street.
async fn street_wide(place: &Place) {
    let (account, role) = (account(CLERK).id, Role::Clerk as u64);
    place.facts(vec![Body::GrantGiven { account, role, area: "420102001".into() }]).await;
}

fn id_number() -> String {
    let first = b"99000019800101103";
    format!("{}{}", std::str::from_utf8(first).unwrap(), char::from(intake::cell::check_character(first)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_under_another_communitys_code_says_who_would_move_and_asks_whether_the_code_is_right() {
    let place = Place::new().await;
    street_wide(&place).await;
    let known = format!("{OWN},7,1,101,周通,男,1980-01-01,{},\n", id_number());
    post(&place, "x", false, &known).await;

    let list = format!(
        "{OTHER},3,2,402,王东军,男,1970-01-01,,10013800001\n{OTHER},3,2,501,张三丰,,1950-05-05,,\n{}{OTHER},9,1,101,钱七,,,,\n",
        known.replace(OWN, OTHER)
    );
    let told = preview(&place, "x", &list).await;
    assert_eq!(
        told["communities"],
        json!([{"area_code": OTHER, "area_name": "兰陵社区", "added": 3, "changed": 1, "left": 0}])
    );
    assert_eq!(told["elsewhere"], json!([{"area_code": OWN, "area_name": "桃源社区", "people": 3}]));
    assert_eq!(told["likely_elsewhere"], true);
    let said: Vec<&str> =
        told["rows"].as_array().unwrap().iter().map(|row| row["message"].as_str().unwrap()).collect();
    assert_eq!(said[0], "3栋2单元402；桃源社区3栋2单元402在册有一个同名的人，可能就是这个人");
    assert!(said[1].contains("桃源社区3栋2单元501在册有一个同名的人"), "{said:?}");
    assert_eq!(said[2], "7栋1单元101；住址将从桃源社区7栋1单元101改到兰陵社区7栋1单元101");
    assert_eq!(said[3], "9栋1单元101");
    let english = told["rows"][2]["message_en"].as_str().unwrap();
    assert!(english.contains("would move from 桃源社区 Building 7 Unit 1 101 to 兰陵社区"), "{english}");

    // Under its own code nothing is elsewhere.
    let right = preview(&place, "x", &list.replace(OTHER, OWN)).await;
    assert_eq!((&right["elsewhere"], &right["likely_elsewhere"]), (&json!([]), &json!(false)), "{right}");

    // Whoever answers for one community alone learns nothing of the other.
    let (account, role) = (account(CLERK).id, Role::Clerk as u64);
    place.facts(vec![Body::GrantGiven { account, role, area: OWN.into() }]).await;
    let other = format!("{OWN},1,1,101,黄蓉,女,1990-09-09,,10013700004\n");
    let told = preview(&place, "x", &other).await;
    assert_eq!((&told["added"], &told["elsewhere"]), (&json!(1), &json!([])), "{told}");
    assert!(!told.to_string().contains("兰陵"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_several_communities_counts_each_and_names_it_by_row() {
    let place = Place::new().await;
    street_wide(&place).await;
    let told = preview(
        &place,
        "x",
        &format!("{OWN},8栋,1,101,钱七,,,,\n{OTHER},8,1,101,孙八,,,,\n合计,,,,2 人,,,,\n"),
    )
    .await;
    let counted: Vec<(&str, u64)> = told["communities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["area_name"].as_str().unwrap(), one["added"].as_u64().unwrap()))
        .collect();
    assert_eq!(counted, [("桃源社区", 1), ("兰陵社区", 1)]);
    let rows: Vec<(&str, &str)> = told["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["area_name"].as_str().unwrap(), row["message"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [("桃源社区", "8栋1单元101"), ("兰陵社区", "8栋1单元101")], "a door has one form");
    assert_eq!((&told["skipped"], &told["likely_elsewhere"]), (&json!(1), &json!(false)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_list_tells_who_is_missing_and_another_source_what_it_changes() {
    let place = Place::new().await;
    let row = |room: u32, name: &str, phone: &str| format!("{OWN},9,1,{room},{name},,,,{phone}\n");
    let both = row(101, "钱七", "") + &row(102, "孙八", "");
    let first = post(&place, "laoren.csv", false, &both).await;
    assert_eq!((&first["added"], &first["missing"]), (&json!(2), &json!([])));
    let later = preview(&place, "laoren.csv", &row(101, "钱七", "")).await;
    assert_eq!((&later["left"], &later["gone"]), (&json!(1), &json!(1)));
    let missing = later["missing"][0]["message"].as_str().unwrap();
    assert!(
        missing.starts_with("桃源社区9栋1单元102（") && missing.ends_with(" 的名单第 3 行）"),
        "{missing}"
    );

    let message = |told: &Value, at: usize| told["rows"][at]["message"].as_str().unwrap().to_owned();
    let other = preview(&place, "wuye.csv", &both).await;
    assert_eq!((&other["changed"], &other["gone"]), (&json!(2), &json!(0)));
    assert_eq!(message(&other, 0), "9栋1单元101；增加一个来源");
    let changed = preview(&place, "laoren.csv", &row(101, "钱七", "10013800099")).await;
    assert_eq!(message(&changed, 0), "9栋1单元101", "nothing says that it is the same one");
    let born = format!("{OWN},9,1,101,钱七,男,1950-01-01,,\n");
    let changed = preview(&place, "laoren.csv", &born).await;
    assert_eq!(message(&changed, 0), "9栋1单元101；性别有变；出生日期有变", "{changed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_says_which_row_a_person_repeats_and_which_number_looks_incomplete() {
    let place = Place::new().await;
    let row = |name: &str, phone: &str| format!("{OWN},9,1,101,{name},,,,{phone}\n");
    let rows = row("钱七", "10013800099") + &row("孙八", "138001380") + &row("钱七", "10013800099");
    let told = preview(&place, "laoren.csv", &rows).await;
    assert_eq!((&told["added"], &told["left"], &told["refused"]), (&json!(2), &json!(1), &json!(0)));
    let messages =
        |lang: &str| told["rows"].as_array().unwrap().iter().map(|row| row[lang].clone()).collect::<Vec<_>>();
    assert_eq!(
        messages("message"),
        [
            "9栋1单元101",
            "9栋1单元101；电话有9位，像是不全（手机11位，座机要有区号），已照写；请核对",
            "9栋1单元101；与第2行是同一个人，只记一次",
        ]
    );
    let english = messages("message_en");
    assert!(english[1].as_str().unwrap().contains("the phone has 9 digits"), "{english:?}");
    assert!(
        english[2].as_str().unwrap().ends_with("; the same person as in row 2; taken once"),
        "{english:?}"
    );
    assert_eq!(told["rows"][1]["field"], "phone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_names_new_places_and_those_first_that_look_like_a_slip() {
    let place = Place::new().await;
    let row = |building: &str, unit: &str, room: &str| format!("{OWN},{building},{unit},{room},钱七,,,,\n");
    let list = [
        row("3", "2", "601"),
        row("9栋", "7", "101"),
        row("3", "一二", "402"),
        row("三栋", "二单元", "402"),
        row("3", "2", "4O2"),
        row("33", "2", "402"),
    ];
    let told = preview(&place, "x", &list.concat()).await;
    let places = &told["places"];
    assert_eq!((&places["buildings"], &places["units"], &places["doors"]), (&json!(2), &json!(1), &json!(5)));
    let said: Vec<(&str, bool, &str)> = places["told"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("kind"), one["slip"].as_bool().unwrap(), text("message"))
        })
        .collect();
    let wanted = |kind, slip, beginning: &'static str| {
        assert!(
            said.iter().any(|(k, s, message)| *k == kind && *s == slip && message.starts_with(beginning)),
            "{kind} {slip} {beginning}: {said:?}"
        );
    };
    wanted("door", true, "新门牌：桃源社区3栋2单元4O2（第 6 行）。像是已有的 3栋2单元402 写错了");
    wanted("building", true, "新楼栋：桃源社区33栋（第 7 行，1 户）。像是已有的 3栋 写错了");
    assert!(said.is_sorted_by_key(|(_, slip, _)| !slip), "{said:?}");
    assert!(
        !said.iter().any(|(_, _, message)| message.contains("第 2 行") || message.contains("第 5 行")),
        "{said:?}"
    );
    assert_eq!(places["told"][0]["message_en"].as_str().map(|told| told.starts_with("new ")), Some(true));
    // The demonstration of it is not written.
    let again = preview(&place, "x", &list.concat()).await;
    assert_eq!(again["places"], told["places"]);
}

/// A building without a name is one where no row of the area has any, and a cell left empty where the others have one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_names_first_what_has_no_building_where_other_rows_have_one() {
    let place = Place::new().await;
    street_wide(&place).await;
    let row = |area: &str, building: &str, room: &str| format!("{area},{building},,{room},钱七,,,,\n");
    let told = async |list: &[String]| {
        let told = preview(&place, "x", &list.concat()).await;
        told["places"]["told"].as_array().unwrap().clone()
    };
    // The named row may be of a door that is known: it adds nothing, and says how the area's doors are written.
    let known = format!("{OWN},3,2,402,钱七,,,,\n");
    for (named, first) in [(row(OWN, "21", "101"), 3), (known, 3)] {
        let found = told(&[named, row(OWN, "", "102"), row(OWN, "", "103")]).await;
        assert_eq!((&found[0]["kind"], &found[0]["slip"]), (&json!("building"), &json!(true)), "{found:?}");
        assert_eq!(found[0]["rows"], json!([first, first + 1]));
        assert_eq!(
            found[0]["message"],
            "没有楼栋：桃源社区（第 3、4 行，2 户）。同一区域的别的行写了楼栋，这里像是漏了"
        );
        assert_eq!(
            found[0]["message_en"],
            "no building: 桃源社区 (row 3, 4, 2 doors); other rows of the same area have one, so it looks left out"
        );
    }
    // In a village no row has one, whatever the list says of another area.
    let village = told(&[row(OWN, "", "102"), row(OTHER, "21", "101"), row(OWN, "", "103")]).await;
    let left_out = |one: &Value| one["message"].as_str().unwrap().starts_with("没有楼栋");
    assert!(!village.iter().any(left_out), "{village:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_under_the_name_of_a_workbook_is_not_read_as_a_list() {
    let place = Place::new().await;
    for uri in ["/v1/roster?dry_run=true", "/v1/roster/columns"] {
        for (name, status) in [("list.xlsx", 422), ("list.csv", 200)] {
            let request =
                axum::http::Request::builder().method("POST").uri(uri).header("host", "wanjia.example");
            let request = request.header("cookie", place.session(CLERK)).header("x-wanjia", "console");
            let request =
                request.header("content-type", "application/octet-stream").header("x-file-name", name);
            let body = format!("{HEADER}{OWN},3,2,402,钱七,,,,\n");
            let answer = place.send(request.body(body.into()).unwrap()).await;
            assert_eq!(answer.status, status, "{uri} {name} {}", answer.text);
            if status == 422 {
                assert_eq!(answer.code(), "not_a_workbook", "{}", answer.text);
                assert!(
                    answer.text.contains("内容却不是工作簿") && answer.text.contains("this is no workbook"),
                    "{}",
                    answer.text
                );
            }
        }
    }
}

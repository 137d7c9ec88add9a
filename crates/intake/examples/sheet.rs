//! Prints a sheet of synthetic doors: `cargo run -p intake --example sheet -- DIRECTORY [zh|en]` writes `sheet.pdf` and
//! `sheet.xlsx` there.

use std::error::Error;
use std::path::PathBuf;

use intake::Lang;
use intake::sheet::{LastVisit, Sheet, SheetDoor, find_font, walking_order, write_pdf, write_xlsx};
use jiff::civil::date;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    let lang = if arguments.next().as_deref() == Some("en") { Lang::En } else { Lang::Zh };
    let mut doors = Vec::new();
    for (unit, floors) in [("1", 6), ("2", 18)] {
        for floor in 1..=floors {
            for room in 1..=2 {
                let place = doors.len();
                let names: &[&str] = match place % 6 {
                    0 => &["万*国"],
                    1 => &["家*禾", "云*信"],
                    2 => &["阿*尔·吐*逊", "安*", "宁*远"],
                    3 => &[],
                    4 => &["溪*", "林*月", "田*", "禾*安", "麦*"],
                    _ => &["舟*珍"],
                };
                doors.push(SheetDoor {
                    area_code: "420102001001".to_owned(),
                    building: "3".to_owned(),
                    unit: unit.to_owned(),
                    floor: Some(floor),
                    room: format!("{floor}{room:02}"),
                    names: names.iter().map(|name| (*name).to_owned()).collect(),
                    last: (place % 5 == 1).then(|| LastVisit { outcome: 2, on: Some(date(2020, 2, 16)) }),
                });
            }
        }
    }
    walking_order(&mut doors);
    let sheet = Sheet {
        title: lang.pick("入户走访表", "Door-to-door sheet").to_owned(),
        area_name: lang.pick("桃源社区 第二网格", "Taoyuan community, grid 2").to_owned(),
        sweep: lang.pick("第三轮排查（2月17日至19日）", "Third sweep, 17 to 19 February").to_owned(),
        worker: String::new(),
        day: Some(date(2020, 2, 17)),
        doors,
        lang,
    };
    std::fs::write(directory.join("sheet.xlsx"), write_xlsx(&sheet)?)?;
    std::fs::write(directory.join("sheet.pdf"), write_pdf(&sheet, &find_font()?)?)?;
    Ok(())
}

//! How fast and in how much memory a roster is read:
//! `cargo run --release -p intake --example roster_rate -- [ROWS] [utf-8|gb18030|utf-16]`
//! writes a synthetic CSV of ROWS persons to a temporary file, reads it on one core, and prints rows a second and the
//! peak of resident memory. The raw yardstick is `csv` splitting the same file into borrowed fields.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use intake::Table;
use intake::cell::check_character;
use intake::roster::{RosterCounts, read_roster};
use jiff::civil::date;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().map_or(Ok(1_000_000), |rows| rows.parse())?;
    let encoding = arguments.next().unwrap_or_else(|| "utf-8".to_owned());
    let file = tempfile::NamedTempFile::new()?;
    write_roster(file.as_file(), rows, &encoding)?;
    let megabytes = file.as_file().metadata()?.len() as f64 / 1e6;

    if encoding == "utf-8" {
        let begun = Instant::now();
        let mut reader = csv::Reader::from_path(file.path())?;
        let mut record = csv::ByteRecord::new();
        let mut records = 0_u64;
        while reader.read_byte_record(&mut record)? {
            records += 1;
        }
        report("csv, raw fields", records, begun);
    }

    let begun = Instant::now();
    let mut counts = RosterCounts::default();
    for item in read_roster(Table::open(file.path())?, date(2020, 2, 18))? {
        counts.add(&item?);
    }
    report("intake, roster rows", counts.total(), begun);
    println!("{counts:?}");
    println!("file: {megabytes:.1} MB {encoding}; peak resident memory: {}", peak_memory());
    Ok(())
}

fn report(what: &str, rows: u64, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what}: {rows} rows in {seconds:.2} s = {:.0} rows/s", rows as f64 / seconds);
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim).to_owned()
}

fn write_roster(file: &File, rows: u64, encoding: &str) -> std::io::Result<()> {
    const FAMILY: [&str; 8] = ["万", "家", "安", "宁", "溪", "林", "禾", "舟"];
    const GIVEN: [&str; 8] = ["建国", "秀禾", "守信", "大川", "晓月", "文博", "念慈", "安"];
    let mut out = BufWriter::new(file);
    let mut put = |line: &str| match encoding {
        "gb18030" => out.write_all(&encoding_rs::GB18030.encode(line).0),
        "utf-16" => line.encode_utf16().try_for_each(|unit| out.write_all(&unit.to_le_bytes())),
        _ => out.write_all(line.as_bytes()),
    };
    if encoding == "utf-16" {
        put("\u{FEFF}")?;
    }
    put("小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系\n")?;
    for index in 0..rows {
        let (year, month, day) = (1930 + index % 85, 1 + index % 12, 1 + index % 28);
        let first = format!("100000{year:04}{month:02}{day:02}{:03}", index % 1000);
        let check = char::from(check_character(first.as_bytes()));
        let sex = if index % 2 == 1 { "男" } else { "女" };
        put(&format!(
            "420102{:06},{}栋,{}单元,{}{:02},{}{},{sex},{year:04}-{month:02}-{day:02},{first}{check},154{:08},户主\n",
            index / 3000,
            1 + index / 100 % 30,
            1 + index / 50 % 2,
            1 + index / 4 % 12,
            1 + index % 4,
            FAMILY[(index % 8) as usize],
            GIVEN[(index / 8 % 8) as usize],
            index % 100_000_000,
        ))?;
    }
    out.flush()
}

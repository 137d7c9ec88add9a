//! The sheet as pages for a pen: A4 landscape, rows high enough for a hand, type that an old worker reads without
//! her glasses, black on white so that any printer will do.

use jiff::civil::Date;
use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::surface::Surface;

use super::order::floor_of;
use super::pen::{Anchor, Pen, Style, area, line, tick_box};
use super::{Font, Sheet, SheetDoor, SheetError, outcome_word};
use crate::message::Lang;

/// A4 across, in points.
const PAGE: (f32, f32) = (841.89, 595.28);
const LEFT: f32 = 30.0;
const RIGHT: f32 = PAGE.0 - 30.0;
/// Where the rows begin and end.
const TOP: f32 = 112.0;
const BOTTOM: f32 = 556.0;
const ROW: f32 = 37.0;
const BAND: f32 = 22.0;

const DOOR: f32 = 86.0;
const NAMES: f32 = 104.0;
const TIME: f32 = 44.0;
const TICK: f32 = 43.0;
const RECHECK: f32 = 66.0;
const OUTCOMES: u8 = 7;
const LIGHTS: u8 = 2;

/// The left edges of the columns.
struct Edges {
    names: f32,
    time: f32,
    outcomes: f32,
    lights: f32,
    recheck: f32,
    note: f32,
}

const EDGES: Edges = Edges {
    names: LEFT + DOOR,
    time: LEFT + DOOR + NAMES,
    outcomes: LEFT + DOOR + NAMES + TIME,
    lights: LEFT + DOOR + NAMES + TIME + TICK * OUTCOMES as f32,
    recheck: LEFT + DOOR + NAMES + TIME + TICK * (OUTCOMES + LIGHTS) as f32,
    note: LEFT + DOOR + NAMES + TIME + TICK * (OUTCOMES + LIGHTS) as f32 + RECHECK,
};

/// One line of a page.
enum Line<'s> {
    /// Building and unit, for the doors under it; the flag says that they go on from the page before.
    Band(&'s SheetDoor, bool),
    /// A door; the flag says that the floor is another than that of the row above.
    Door(&'s SheetDoor, bool),
}

/// Makes the pages, as the bytes of a PDF with the characters it uses embedded.
///
/// # Errors
/// When the font cannot be used.
pub fn write_pdf(sheet: &Sheet, font: &Font) -> Result<Vec<u8>, SheetError> {
    let pen = Pen::new(&font.regular, font.bold.as_ref())?;
    let pages = paginate(&sheet.doors);
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(format!("{} {}", sheet.title, sheet.area_name))
            .language(sheet.lang.pick("zh-CN", "en").to_owned()),
    );
    for (number, lines) in (1..).zip(&pages) {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
            .ok_or_else(|| SheetError::Page("the paper has no size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let drawing = Drawing { pen: &pen, sheet };
        drawing.head(&mut surface, number, pages.len());
        drawing.lines(&mut surface, lines);
        drawing.foot(&mut surface);
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| SheetError::Page(format!("{error:?}")))
}

fn paginate(doors: &[SheetDoor]) -> Vec<Vec<Line<'_>>> {
    let stair = |door: &SheetDoor| (door.area_code.clone(), door.building.clone(), door.unit.clone());
    let banded = |door: &SheetDoor| !(door.building.is_empty() && door.unit.is_empty());
    let mut pages = Vec::new();
    let mut page = Vec::new();
    let mut y = TOP;
    let mut above: Option<&SheetDoor> = None;
    for door in doors {
        let same_stair = above.is_some_and(|above| stair(above) == stair(door));
        let band = if banded(door) && !same_stair { BAND } else { 0.0 };
        if y + band + ROW > BOTTOM && !page.is_empty() {
            pages.push(std::mem::take(&mut page));
            y = TOP;
        }
        if banded(door) && (page.is_empty() || !same_stair) {
            page.push(Line::Band(door, same_stair));
            y += BAND;
        }
        let new_floor = !same_stair || above.is_none_or(|above| floor_of(above) != floor_of(door));
        page.push(Line::Door(door, new_floor));
        y += ROW;
        above = Some(door);
    }
    pages.push(page);
    pages
}

struct Drawing<'s> {
    pen: &'s Pen,
    sheet: &'s Sheet,
}

impl Drawing<'_> {
    fn words(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.sheet.lang.pick(zh, en)
    }

    fn head(&self, page: &mut Surface<'_>, number: usize, of: usize) {
        let (pen, sheet) = (self.pen, self.sheet);
        pen.text(page, (LEFT, 46.0), Anchor::Left, &sheet.title, Style::bold(22.0));
        let count = match sheet.lang {
            Lang::Zh => format!("第 {number} 页，共 {of} 页"),
            Lang::En => format!("page {number} of {of}"),
        };
        pen.text(page, (RIGHT, 44.0), Anchor::Right, &count, Style::bold(13.0));
        let title = pen.width(&sheet.title, Style::bold(22.0));
        let place = pen.fitted(&sheet.area_name, Style::bold(15.0), 330.0);
        pen.text(page, (LEFT + title + 18.0, 45.0), Anchor::Left, &place, Style::bold(15.0));

        let plain = Style::regular(12.5);
        pen.text(page, (LEFT, 72.0), Anchor::Left, &pen.fitted(&sheet.sweep, plain, 260.0), plain);
        let mut x = EDGES.time + 4.0;
        let day = sheet.day.map(|day| self.day(day)).unwrap_or_default();
        let fields = [
            (self.words("走访人", "Worker"), sheet.worker.as_str(), 110.0),
            (self.words("日期", "Date"), day.as_str(), 118.0),
            (self.words("开始", "Start"), "", 58.0),
            (self.words("结束", "End"), "", 58.0),
        ];
        for (label, value, room) in fields {
            pen.text(page, (x, 72.0), Anchor::Left, label, plain);
            x += pen.width(label, plain) + 5.0;
            pen.text(
                page,
                (x + 4.0, 71.0),
                Anchor::Left,
                &pen.fitted(value, Style::bold(13.0), room - 6.0),
                Style::bold(13.0),
            );
            line(page, (x, 75.0), (x + room, 75.0), 0.8, 90);
            x += room + 14.0;
        }

        area(page, (LEFT, TOP - 24.0), (RIGHT - LEFT, 24.0), 222);
        let y = TOP - 7.5;
        let style = Style::bold(12.0);
        for (x, anchor, words) in [
            (LEFT + 8.0, Anchor::Left, self.words("房号", "Door")),
            (EDGES.names + 6.0, Anchor::Left, self.words("住户 · 上次", "Residents · last")),
            (EDGES.time + TIME / 2.0, Anchor::Middle, self.words("时间", "Time")),
            (
                (EDGES.outcomes + EDGES.lights) / 2.0,
                Anchor::Middle,
                self.words("结果（勾一个）", "Outcome (tick one)"),
            ),
            ((EDGES.lights + EDGES.recheck) / 2.0, Anchor::Middle, self.words("晚上看灯", "Light at night")),
            (EDGES.recheck + RECHECK / 2.0, Anchor::Middle, self.words("复查日期", "Re-check")),
            (EDGES.note + 6.0, Anchor::Left, self.words("备注", "Note")),
        ] {
            pen.text(page, (x, y), anchor, words, style);
        }
        line(page, (LEFT, TOP), (RIGHT, TOP), 1.2, 0);
    }

    fn lines(&self, page: &mut Surface<'_>, lines: &[Line<'_>]) {
        let mut y = TOP;
        for line_of_page in lines {
            match line_of_page {
                Line::Band(door, goes_on) => {
                    self.band(page, y, door, *goes_on);
                    y += BAND;
                }
                Line::Door(door, new_floor) => {
                    if *new_floor && y > TOP {
                        line(page, (LEFT, y), (RIGHT, y), 1.0, 0);
                    }
                    self.door(page, y, door);
                    y += ROW;
                    line(page, (LEFT, y), (RIGHT, y), 0.5, 140);
                }
            }
        }
        line(page, (LEFT, y), (RIGHT, y), 1.2, 0);
        for x in [EDGES.names, EDGES.time, EDGES.outcomes, EDGES.lights, EDGES.recheck, EDGES.note] {
            line(page, (x, TOP), (x, y), 0.5, 140);
        }
        // The bands stand over the column lines.
        let mut y = TOP;
        for line_of_page in lines {
            if let Line::Band(door, goes_on) = line_of_page {
                self.band(page, y, door, *goes_on);
                y += BAND;
            } else {
                y += ROW;
            }
        }
    }

    fn band(&self, page: &mut Surface<'_>, y: f32, door: &SheetDoor, goes_on: bool) {
        area(page, (LEFT, y), (RIGHT - LEFT, BAND), 238);
        line(page, (LEFT, y), (RIGHT, y), 1.2, 0);
        let mut words = named(&door.building, self.words("栋", ""), self.words("", "Building "));
        let unit = named(&door.unit, self.words("单元", ""), self.words("", "Unit "));
        if !words.is_empty() && !unit.is_empty() {
            words.push_str("  ");
        }
        words.push_str(&unit);
        if goes_on {
            words.push_str(self.words("（接上页）", " (continued)"));
        }
        self.pen.text(page, (LEFT + 8.0, y + 16.2), Anchor::Left, &words, Style::bold(14.0));
        self.pen.text(
            page,
            (RIGHT - 8.0, y + 15.4),
            Anchor::Right,
            &door.area_code,
            Style::regular(10.5).grey(60),
        );
    }

    fn door(&self, page: &mut Surface<'_>, y: f32, door: &SheetDoor) {
        let pen = self.pen;
        let middle = y + ROW / 2.0;
        let floor = match (floor_of(door), self.sheet.lang) {
            (Some(floor), Lang::Zh) => format!("{floor}层"),
            (Some(floor), Lang::En) => format!("fl. {floor}"),
            (None, _) => String::new(),
        };
        let small = Style::regular(11.0).grey(50);
        let floor_width = pen.width(&floor, small);
        let room_space = DOOR - 20.0 - floor_width;
        let mut large = Style::bold(19.0);
        while pen.width(&door.room, large) > room_space && large.size > 11.0 {
            large.size -= 1.0;
        }
        let room = pen.fitted(&door.room, large, room_space);
        pen.text(page, (LEFT + 8.0, middle + large.size * 0.36), Anchor::Left, &room, large);
        pen.text(page, (EDGES.names - 6.0, middle + 6.0), Anchor::Right, &floor, small);

        self.names(page, y, door);
        pen.text(
            page,
            (EDGES.time + TIME / 2.0, middle + 5.0),
            Anchor::Middle,
            ":",
            Style::bold(14.0).grey(110),
        );
        for outcome in 0..OUTCOMES {
            let x = EDGES.outcomes + TICK * f32::from(outcome);
            self.tick(page, (x, middle), self.outcome(outcome));
        }
        let lights = [self.words("亮灯", "On"), self.words("灭灯", "Off")];
        for (index, word) in (0_u8..).zip(lights) {
            self.tick(page, (EDGES.lights + TICK * f32::from(index), middle), word);
        }
        let (month, day) = (self.words("月", "/"), self.words("日", ""));
        let faint = Style::regular(12.0).grey(70);
        pen.text(page, (EDGES.recheck + RECHECK * 0.48, middle + 5.0), Anchor::Middle, month, faint);
        pen.text(page, (EDGES.recheck + RECHECK - 6.0, middle + 5.0), Anchor::Right, day, faint);
    }

    fn names(&self, page: &mut Surface<'_>, y: f32, door: &SheetDoor) {
        let pen = self.pen;
        let (x, room) = (EDGES.names + 6.0, NAMES - 12.0);
        let style = Style::regular(13.0);
        let last = door.last.as_ref().map(|last| {
            let day = last.on.map(|day| self.short_day(day)).unwrap_or_default();
            format!("{}{} {day}", self.words("上次 ", "last: "), self.outcome(last.outcome))
        });
        let separator = self.words("、", ", ");
        let all = door.names.join(separator);
        let mut lines: Vec<String> = Vec::new();
        if pen.width(&all, style) <= room {
            lines.push(all);
        } else if last.is_none() && door.names.len() > 1 {
            // Two lines, cut between two names.
            let (mut first, mut count) = (String::new(), 0);
            for name in &door.names {
                let longer =
                    if first.is_empty() { name.clone() } else { format!("{first}{separator}{name}") };
                if pen.width(&longer, style) > room && count > 0 {
                    break;
                }
                (first, count) = (longer, count + 1);
            }
            lines.push(pen.fitted(&first, style, room));
            lines.push(self.shortened(&door.names[count..], door.names.len(), style, room));
        } else {
            lines.push(self.shortened(&door.names, door.names.len(), style, room));
        }
        let small = Style::regular(11.0).grey(50);
        match (lines.as_slice(), last) {
            ([one], Some(last)) => {
                pen.text(page, (x, y + 15.5), Anchor::Left, one, style);
                pen.text(page, (x, y + 30.5), Anchor::Left, &pen.fitted(&last, small, room), small);
            }
            ([one], None) => pen.text(page, (x, y + ROW / 2.0 + 4.7), Anchor::Left, one, style),
            (lines, _) => {
                for (index, text) in (0_u8..).zip(lines) {
                    pen.text(page, (x, y + 15.5 + 15.5 * f32::from(index)), Anchor::Left, text, style);
                }
            }
        }
    }

    /// As many names as fit on one line, and how many the household has when not all do.
    fn shortened(&self, names: &[String], household: usize, style: Style, room: f32) -> String {
        let separator = self.words("、", ", ");
        for kept in (1..=names.len()).rev() {
            let mut text = names[..kept].join(separator);
            if kept < names.len() {
                text.push_str(&match self.sheet.lang {
                    Lang::Zh => format!("等{household}人"),
                    Lang::En => format!(" +{}", names.len() - kept),
                });
            }
            if self.pen.width(&text, style) <= room {
                return text;
            }
        }
        self.pen.fitted(names.first().map_or("", String::as_str), style, room)
    }

    /// A box and its word, which is repeated in every row so that nobody has to look up to the heading.
    fn tick(&self, page: &mut Surface<'_>, (x, middle): (f32, f32), word: &str) {
        match self.sheet.lang {
            Lang::Zh => {
                tick_box(page, (x + 3.0, middle - 6.5), 13.0);
                self.pen.text(page, (x + 18.5, middle + 4.2), Anchor::Left, word, Style::regular(11.0));
            }
            Lang::En => {
                tick_box(page, (x + TICK / 2.0 - 6.5, middle - 14.0), 13.0);
                self.pen.text(
                    page,
                    (x + TICK / 2.0, middle + 12.0),
                    Anchor::Middle,
                    word,
                    Style::regular(9.0),
                );
            }
        }
    }

    fn foot(&self, page: &mut Surface<'_>) {
        let y = BOTTOM + 16.0;
        let style = Style::regular(11.5);
        let how = self.words(
            "每户勾一个结果；无人、外出、拒绝的写上复查日期；查无＝没有这一户。",
            "Tick one outcome a door. Not in, away or refused: write a re-check date. No such = the door does not exist.",
        );
        let care = self.words(
            "本表有住户信息：不拍照、不外传，当天交回社区。",
            "This sheet names residents: no photographs, no copies, hand it back today.",
        );
        self.pen.text(page, (LEFT, y), Anchor::Left, how, style);
        self.pen.text(page, (LEFT, y + 15.0), Anchor::Left, care, Style::bold(11.5));
        let sign = self.words("社区收表人", "Received by");
        let x = RIGHT - 120.0;
        self.pen.text(page, (x - 6.0, y + 13.0), Anchor::Right, sign, style);
        line(page, (x, y + 15.0), (RIGHT, y + 15.0), 0.8, 90);
    }

    fn outcome(&self, outcome: u8) -> &'static str {
        match self.sheet.lang {
            Lang::Zh => outcome_word(outcome, Lang::Zh),
            Lang::En => {
                const WORDS: [&str; 7] = ["Met", "Phone", "Not in", "Vacant", "Refused", "Away", "No such"];
                WORDS.get(usize::from(outcome)).copied().unwrap_or("")
            }
        }
    }

    fn day(&self, day: Date) -> String {
        match self.sheet.lang {
            Lang::Zh => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
            Lang::En => day.to_string(),
        }
    }

    fn short_day(&self, day: Date) -> String {
        match self.sheet.lang {
            Lang::Zh => format!("{}月{}日", day.month(), day.day()),
            Lang::En => format!("{:02}-{:02}", day.month(), day.day()),
        }
    }
}

/// `3` becomes `3栋`; a label that already says what it is stays.
fn named(label: &str, after: &str, before: &str) -> String {
    let bare = !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if bare { format!("{before}{label}{after}") } else { label.to_owned() }
}

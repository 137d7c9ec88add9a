//! Rounds as the console drafts them: the stops of `wanjia plan rounds`, for teams by name or number, or for vehicles.

use std::collections::HashMap;

use domain::plan::{Open, Slot};
use jiff::civil::Time;
use planning::rounds::{Round, Settings, Stop, plan};

use super::located::{Coordinates, apart};
use super::sheet::{Column, Sheet, Wrong};
use super::{Broken, Figure, Held, Input, Judged, LABEL_LIMIT, Leg, NAME_LIMIT, Solved, Way};

/// The most stops: every one is compared with every other.
const STOPS: usize = 2000;
const DAY: (u32, u32) = (0, 24 * 60);
/// A stop that is always open.
const ALWAYS: u32 = u32::MAX / 2;
/// A walk in metres a minute.
const WALK: f64 = 70.0;

pub struct Rounds {
    pub names: Vec<String>,
    pub slots: Vec<Slot>,
    stops: Vec<Stop>,
    rounds: Vec<Round>,
    /// Teams on foot share the load: more than a share is uneven, and not too much for a van.
    shared: bool,
    settings: Settings,
}

/// Why a round may not have a stop.
type Rule = (&'static str, &'static str, &'static str);

/// How a round goes.
struct Walk {
    /// The minute of the day at which each stop begins.
    begins: Vec<f64>,
    /// Metres to each stop from the one before, or from the base.
    legs: Vec<i64>,
    /// Metres in all, the way home with it.
    length: i64,
    /// The minute at which it is home.
    home: f64,
}

impl Rounds {
    /// # Errors
    /// What is wrong with the lists, by file, row and column.
    pub fn read(input: &Input) -> Result<Self, Wrong> {
        let sheet = input.sheet("stops")?;
        let id = sheet.column("stop_id")?;
        let labels = sheet.names(id, LABEL_LIMIT)?;
        if labels.len() > STOPS {
            let (zh, en) = (
                format!("停靠点超过 {STOPS} 个；请分片制定"),
                format!("more than {STOPS} stops; plan in parts"),
            );
            return Err(Wrong::new("stops", "too_large", zh, en));
        }
        if let Some(row) = labels.iter().position(|label| holds_number(label)) {
            let (zh, en) = (
                "像是电话或身份证号；停靠点请写门牌，不写个人信息",
                "looks like a phone or an ID number; name a stop by its door, not by a person",
            );
            return Err(sheet.at(row, id, "personal", zh, en));
        }
        let stops = read_stops(&sheet)?;
        let slots = labels.into_iter().zip(&stops).map(|(label, stop)| Slot {
            label,
            need: 1,
            minutes: Some(stop.minutes),
            at: Some(stop.at),
            ..Slot::default()
        });
        let slots = slots.collect();
        let shared = !input.files.contains_key("vehicles");
        let (names, rounds) = if shared {
            let names = if input.files.contains_key("teams") {
                let teams = input.sheet("teams")?;
                teams.names(teams.column("team_id")?, NAME_LIMIT)?
            } else {
                (1..=input.teams.unwrap_or(1).max(1)).map(|number| number.to_string()).collect()
            };
            let round = on_foot(names.len(), &stops);
            (names.clone(), vec![round; names.len()])
        } else {
            read_vehicles(&input.sheet("vehicles")?)?
        };
        Ok(Self { names, slots, stops, rounds, shared, settings: Settings::default() })
    }

    pub fn solve(&self) -> Solved {
        let rounds = plan(&self.stops, &self.rounds, &self.settings);
        let order = |order: &Vec<(usize, u32)>| order.iter().map(|(stop, _)| *stop as u32).collect();
        Solved { held: rounds.orders.iter().map(order).collect(), bound: rounds.way.lower_bound as u64 }
    }

    fn way(&self, a: usize, b: usize) -> i64 {
        let (a, b) = (&self.stops[a], &self.stops[b]);
        let (up, down, floor) =
            (i64::from(a.floors), i64::from(b.floors), i64::from(self.settings.metres_a_floor));
        if a.stairwell.is_some() && a.stairwell == b.stairwell {
            return (up - down).abs() * floor;
        }
        apart(a.at, b.at) + (up + down) * floor
    }

    fn way_home(&self, round: usize, stop: usize) -> i64 {
        let stop = &self.stops[stop];
        let stairs = i64::from(stop.floors) * i64::from(self.settings.metres_a_floor);
        self.rounds[round].base.map_or(0, |base| apart(base, stop.at) + stairs)
    }

    fn walk(&self, round: usize, order: &[u32]) -> Walk {
        let speed = self.rounds[round].metres_a_minute.max(0.1);
        let (mut begins, mut legs) = (Vec::with_capacity(order.len()), Vec::with_capacity(order.len()));
        let mut ready = f64::from(self.rounds[round].hours.0);
        for (at, stop) in order.iter().enumerate() {
            let stop = *stop as usize;
            let leg = match at.checked_sub(1) {
                Some(before) => self.way(order[before] as usize, stop),
                None => self.way_home(round, stop),
            };
            let begin = (ready + leg as f64 / speed).max(f64::from(self.stops[stop].window.0));
            legs.push(leg);
            begins.push(begin);
            ready = begin + f64::from(self.stops[stop].minutes);
        }
        let home = order.last().map_or(0, |stop| self.way_home(round, *stop as usize));
        Walk { begins, length: legs.iter().sum::<i64>() + home, legs, home: ready + home as f64 / speed }
    }

    /// What stands against a round, by its stops.
    fn against(&self, round: usize, order: &[u32], walk: &Walk) -> Vec<(u32, Rule)> {
        let (mut against, mut load) = (Vec::new(), 0u64);
        for (slot, begin) in order.iter().zip(&walk.begins) {
            let stop = &self.stops[*slot as usize];
            load += u64::from(stop.load);
            if *begin > f64::from(stop.window.1) {
                against.push((*slot, ("late", "赶不上开放时间", "is reached after it has closed")));
            } else if !self.shared && load > u64::from(self.rounds[round].room) {
                against.push((*slot, ("no_room", "这一趟装不下", "this round has no room for it")));
            }
        }
        if let Some(last) = order.last().filter(|_| walk.home > f64::from(self.rounds[round].hours.1)) {
            against.push((*last, ("back_late", "这一趟不能按时回来", "the round is not back in time")));
        }
        against
    }

    pub fn judge(&self, held: &Held, solved: &Solved) -> Judged {
        let mut served = vec![0u32; self.stops.len()];
        let (mut broken, mut ways, mut objective) = (Vec::new(), Vec::new(), 0);
        for (round, order) in held.iter().enumerate() {
            let walk = self.walk(round, order);
            objective += walk.length;
            for slot in order {
                served[*slot as usize] += 1;
                if served[*slot as usize] > 1 {
                    let (zh, en) = ("在两趟里", "is on two rounds");
                    broken.push(Broken { holder: Some(round), slot: *slot, code: "twice", zh, en });
                }
            }
            broken.extend(
                self.against(round, order, &walk).into_iter().map(|(slot, (code, zh, en))| Broken {
                    holder: Some(round),
                    slot,
                    code,
                    zh,
                    en,
                }),
            );
            let leg = |(metres, begin): (&i64, &f64)| Leg {
                metres: u64::try_from(*metres).ok(),
                minute: Some(begin.ceil() as u32),
            };
            ways.push(Way {
                metres: u64::try_from(walk.length).unwrap_or(0),
                legs: walk.legs.iter().zip(&walk.begins).map(leg).collect(),
            });
        }
        let used = |held: &Held| held.iter().filter(|order| !order.is_empty()).count();
        let on = |held: &Held| {
            let mut stops: Vec<u32> = held.iter().flatten().copied().collect();
            stops.sort_unstable();
            stops
        };
        let longest = held.iter().map(Vec::len).max().unwrap_or(0);
        Judged {
            objective: u64::try_from(objective).unwrap_or(0),
            // Joined into as many trees as rounds in use: more rounds may be shorter.
            bound: (on(held) == on(&solved.held) && used(held) <= used(&solved.held)).then_some(solved.bound),
            open: self.open(held, &served),
            broken,
            figures: vec![
                Figure { code: "rounds", zh: "趟", en: "rounds in use", value: used(held).to_string() },
                Figure {
                    code: "most_stops",
                    zh: "一趟最多停靠",
                    en: "most stops on a round",
                    value: longest.to_string(),
                },
            ],
            ways,
            idle: Vec::new(),
        }
    }

    fn open(&self, held: &Held, served: &[u32]) -> Vec<Open> {
        let mut open = Vec::new();
        for (stop, _) in served.iter().enumerate().filter(|(_, times)| **times == 0) {
            let name = &self.slots[stop].label;
            let (zh, en) = self.never(stop as u32).map_or((String::new(), String::new()), |(_, zh, en)| {
                (format!("：哪一趟都不行（{zh}）"), format!(": no round could have it, it {en}"))
            });
            open.push(Open {
                code: "unserved".into(),
                zh: format!("{name} 不在任何一趟里{zh}"),
                en: format!("{name} is on no round{en}"),
            });
        }
        for (round, order) in held.iter().enumerate().filter(|_| self.shared) {
            let load: u64 = order.iter().map(|slot| u64::from(self.stops[*slot as usize].load)).sum();
            let share = self.rounds[round].room;
            if load > u64::from(share) {
                let number = round + 1;
                open.push(Open {
                    code: "uneven".into(),
                    zh: format!("第 {number} 队的量是 {load}，平分是 {share}"),
                    en: format!("team {number} has a load of {load}; an even share is {share}"),
                });
            }
        }
        open
    }

    /// What keeps a stop from every round, even if it were the only one on it.
    fn never(&self, stop: u32) -> Option<Rule> {
        let alone = |round: usize| {
            let walk = self.walk(round, &[stop]);
            self.against(round, &[stop], &walk).first().map(|(_, rule)| *rule)
        };
        let rules: Option<Vec<Rule>> = (0..self.rounds.len()).map(alone).collect();
        rules?.first().copied()
    }
}

/// Teams share the stops evenly, on as many days as it takes.
fn on_foot(teams: usize, stops: &[Stop]) -> Round {
    let load: u32 = stops.iter().map(|stop| stop.load).sum();
    let largest = stops.iter().map(|stop| stop.load).max().unwrap_or(1);
    let room = load.div_ceil(u32::try_from(teams).unwrap_or(1).max(1)).max(largest);
    Round { base: None, room, hours: (8 * 60, u32::MAX), metres_a_minute: WALK }
}

/// Whether a label holds a run of digits as long as a mobile phone's number that begins as one, or an ID number.
fn holds_number(label: &str) -> bool {
    label
        .split(|c: char| !c.is_ascii_digit())
        .any(|run| (run.len() == 11 && run.starts_with('1')) || run.len() >= 17)
}

fn minute(sheet: &Sheet, row: usize, column: Option<Column>) -> Result<Option<u32>, Wrong> {
    let Some(column) = column.filter(|column| !sheet.text(row, *column).is_empty()) else { return Ok(None) };
    let time = Time::strptime("%H:%M", sheet.text(row, column))
        .map_err(|_| sheet.at(row, column, "time", "不是时刻；写成 08:30", "is no time; write 08:30"))?;
    Ok(Some(u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs())))
}

fn read_stops(sheet: &Sheet) -> Result<Vec<Stop>, Wrong> {
    let coordinates = Coordinates::find(sheet)?;
    let [building, unit, floor, minutes, load, opens, closes] =
        ["building", "unit", "floor", "minutes", "load", "opens", "closes"]
            .map(|title| sheet.optional(title));
    let mut stairwells: HashMap<(&str, &str), u32> = HashMap::new();
    let mut stops = Vec::with_capacity(sheet.rows());
    for row in 0..sheet.rows() {
        let Some(at) = coordinates.read(sheet, row)? else {
            let column = sheet.optional("x_m").or(sheet.optional("lon"));
            let column = column.map_or_else(|| sheet.column("x_m"), Ok)?;
            return Err(sheet.at(row, column, "no_place", "没有坐标", "has no coordinates"));
        };
        let words = [building, unit].map(|column| sheet.text_of(row, column));
        let number = u32::try_from(stairwells.len()).unwrap_or(u32::MAX);
        let stairwell =
            (!words[0].is_empty()).then(|| *stairwells.entry((words[0], words[1])).or_insert(number));
        stops.push(Stop {
            at,
            stairwell,
            floors: sheet.number(row, floor, 200)?.unwrap_or(1).saturating_sub(1),
            minutes: sheet.number(row, minutes, 24 * 60)?.unwrap_or(5),
            load: sheet.number(row, load, 100_000)?.unwrap_or(1),
            window: (
                minute(sheet, row, opens)?.unwrap_or(DAY.0),
                minute(sheet, row, closes)?.unwrap_or(ALWAYS),
            ),
        });
    }
    Ok(stops)
}

fn read_vehicles(sheet: &Sheet) -> Result<(Vec<String>, Vec<Round>), Wrong> {
    let names = sheet.names(sheet.column("vehicle_id")?, NAME_LIMIT)?;
    let coordinates = Coordinates::find(sheet)?;
    let [room, from, until, speed] = ["room", "from", "until", "km_h"].map(|title| sheet.optional(title));
    let mut rounds = Vec::with_capacity(names.len());
    for row in 0..sheet.rows() {
        let km_h = sheet.number(row, speed, 200)?.unwrap_or(30);
        rounds.push(Round {
            base: coordinates.read(sheet, row)?,
            room: sheet.number(row, room, 10_000_000)?.unwrap_or(u32::MAX / 2),
            hours: (minute(sheet, row, from)?.unwrap_or(DAY.0), minute(sheet, row, until)?.unwrap_or(DAY.1)),
            metres_a_minute: f64::from(km_h) * 1000.0 / 60.0,
        });
    }
    Ok((names, rounds))
}

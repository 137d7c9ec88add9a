//! Parameters: every threshold of a programme by name, and the overlays by which a province or a date changes them.

use std::collections::BTreeMap;

use crate::code::{Day, check_code, check_unique, unknown};
use crate::finding::{Findings, Located, say};
use crate::manifest::Manifest;
use crate::section::{Number, Section, Source};
use crate::text::Texts;

/// What a parameter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Minutes,
    Hours,
    Days,
    WorkingDays,
    Months,
    Count,
    Share,
    /// Hours of work, which may be 7.5.
    DecimalHours,
    Celsius,
    Yuan,
    Kilograms,
    /// What a clock in the country shows, in minutes since midnight; written `"11:00"`.
    TimeOfDay,
}

impl Unit {
    const ALL: [(&'static str, Self); 12] = [
        ("minutes", Self::Minutes),
        ("hours", Self::Hours),
        ("days", Self::Days),
        ("working_days", Self::WorkingDays),
        ("months", Self::Months),
        ("count", Self::Count),
        ("share", Self::Share),
        ("decimal_hours", Self::DecimalHours),
        ("celsius", Self::Celsius),
        ("yuan", Self::Yuan),
        ("kilograms", Self::Kilograms),
        ("time_of_day", Self::TimeOfDay),
    ];

    pub(crate) fn parse(text: &Located<String>, findings: &mut Findings) -> Option<Self> {
        Self::parse_among(text, |_| true, findings)
    }

    /// The unit of what is reckoned: nothing comes to a time of day.
    pub(crate) fn parse_reckoned(text: &Located<String>, findings: &mut Findings) -> Option<Self> {
        Self::parse_among(text, |unit| unit != Self::TimeOfDay, findings)
    }

    fn parse_among(
        text: &Located<String>,
        offered: impl Fn(Self) -> bool,
        findings: &mut Findings,
    ) -> Option<Self> {
        let known = || Self::ALL.into_iter().filter(|(_, unit)| offered(*unit));
        let found = known().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let known: Vec<&str> = known().map(|(name, _)| name).collect();
            unknown(text, "单位", "unit", &known, findings);
        }
        found.map(|(_, unit)| unit)
    }

    /// As a pack writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, unit)| *unit == self).map_or("", |(name, _)| name)
    }

    /// In words, in Chinese and in English; none for a plain number and for a share.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Minutes => ("分钟", "minutes"),
            Self::Hours | Self::DecimalHours => ("小时", "hours"),
            Self::Days => ("天", "days"),
            Self::WorkingDays => ("工作日", "working days"),
            Self::Months => ("个月", "months"),
            Self::Celsius => ("°C", "°C"),
            Self::Yuan => ("元", "yuan"),
            Self::Kilograms => ("公斤", "kg"),
            Self::Count | Self::Share | Self::TimeOfDay => ("", ""),
        }
    }

    /// A value of this unit as a pack writes it, without the quotes.
    #[must_use]
    pub fn written(self, value: Number) -> String {
        match (self, value) {
            (Self::TimeOfDay, Number::Whole(minutes)) => format!("{:02}:{:02}", minutes / 60, minutes % 60),
            (_, Number::Whole(number)) => number.to_string(),
            (_, Number::Decimal(number)) => number.to_string(),
        }
    }

    /// Whether it is counted in whole numbers.
    #[must_use]
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::Share | Self::DecimalHours | Self::Celsius | Self::Yuan | Self::Kilograms)
    }
}

/// A threshold or a limit.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub code: Located<String>,
    pub name: Texts,
    pub unit: Unit,
    /// What it is reckoned as, if it is a sum that has its like.
    pub concept: Option<String>,
    pub value: Number,
    /// The bounds within which an overlay may set it.
    pub least: Number,
    pub most: Number,
}

/// Other values for an area and a time.
#[derive(Clone, Debug)]
pub struct Overlay {
    pub file: String,
    /// The beginning of the code of the area: `11` is Beijing, `4201` is Wuhan; none is everywhere.
    pub area: Option<Located<String>>,
    pub from: Located<Day>,
    /// The first day on which it holds no more; none is until the programme ends.
    pub until: Option<Day>,
    pub set: Vec<(Located<String>, Located<Number>)>,
    /// The forms of which it changes something, in `overlays/<its name>/forms`, and where that is written.
    pub forms: Vec<Located<String>>,
}

impl Overlay {
    /// Its file's name without folder and ending.
    #[must_use]
    pub fn name(&self) -> &str {
        name_of(&self.file)
    }

    /// Whether it changes something of a form.
    #[must_use]
    pub fn changes(&self, form: &str) -> bool {
        self.forms.iter().any(|own| own.value == form)
    }

    /// Whether an area (its administrative code) lies where it holds.
    #[must_use]
    pub fn is_of(&self, area: &str) -> bool {
        self.area.as_ref().is_none_or(|own| area.starts_with(&own.value))
    }

    fn holds(&self, area: &str, day: Day) -> bool {
        self.is_of(area) && self.from.value <= day && self.until.is_none_or(|until| day < until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let area = |overlay: &Self| overlay.area.as_ref().map(|area| area.value.clone());
        let ends_before =
            |first: &Self, second: &Self| first.until.is_some_and(|until| until <= second.from.value);
        area(self) == area(other) && !ends_before(self, other) && !ends_before(other, self)
    }

    fn reach(&self) -> usize {
        self.area.as_ref().map_or(0, |area| area.value.len())
    }
}

/// All parameters with their overlays.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pub all: Vec<Parameter>,
    pub overlays: Vec<Overlay>,
}

impl Parameters {
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Parameter> {
        self.all.iter().find(|parameter| parameter.code.value == code)
    }

    /// The values that hold in an area (its administrative code) on a day: a smaller area's overlay wins over a larger
    /// one's, whichever is newer.
    #[must_use]
    pub fn on(&self, area: &str, day: Day) -> BTreeMap<&str, Number> {
        let mut values: BTreeMap<&str, Number> =
            self.all.iter().map(|parameter| (parameter.code.value.as_str(), parameter.value)).collect();
        for (code, number) in self.holding(area, day).into_iter().flat_map(|overlay| &overlay.set) {
            if let Some(value) = values.get_mut(code.value.as_str()) {
                *value = number.value;
            }
        }
        // A rule reckons with decimals where the unit is one, even if 38 was written without its point.
        for parameter in self.all.iter().filter(|parameter| !parameter.unit.is_whole()) {
            if let Some(value) = values.get_mut(parameter.code.value.as_str()) {
                *value = Number::Decimal(value.as_decimal());
            }
        }
        values
    }

    /// The overlays that hold in an area on a day, the one of the largest area first.
    #[must_use]
    pub fn holding(&self, area: &str, day: Day) -> Vec<&Overlay> {
        let mut holding: Vec<&Overlay> =
            self.overlays.iter().filter(|overlay| overlay.holds(area, day)).collect();
        holding.sort_by_key(|overlay| overlay.reach());
        holding
    }

    /// Reads `parameters.toml`; `None` if it is not TOML.
    pub(crate) fn read(source: &Source<'_>, manifest: &Manifest, findings: &mut Findings) -> Option<Self> {
        let mut all = Vec::new();
        let readable = source.read_toml(findings, |section, findings| {
            let mut codes = Vec::new();
            for mut part in section.sections("parameter", findings) {
                let code = part.text("code", findings);
                codes.extend(code.clone());
                all.extend(read_parameter(check_code(code, "parameter", findings), part, manifest, findings));
            }
            check_unique(codes.iter(), "parameter", findings);
        });
        readable.then_some(Self { all, overlays: Vec::new() })
    }

    pub(crate) fn read_overlay(&mut self, source: &Source<'_>, manifest: &Manifest, findings: &mut Findings) {
        let mut overlay = None;
        source.read_toml(findings, |section, findings| {
            overlay = self.overlay(source, section, manifest, findings)
        });
        if let Some(overlay) = overlay {
            self.overlays.push(overlay);
        }
    }

    fn overlay(
        &self,
        source: &Source<'_>,
        section: &mut Section<'_, '_>,
        manifest: &Manifest,
        findings: &mut Findings,
    ) -> Option<Overlay> {
        if let Some(texts) = section.texts("source", findings) {
            texts.value.check("source", &manifest.languages, &texts.place, findings);
        }
        let area = section.optional_text("area", findings);
        if let Some(area) = area.as_ref().filter(|area| !is_area_prefix(&area.value)) {
            findings.add(
                &area.place,
                "area",
                say(
                    "area 应为行政区划代码的前 2、4、6、9 或 12 位数字，如北京 \"11\"",
                    "area must be the first 2, 4, 6, 9 or 12 digits of an administrative code, as \"11\" for Beijing",
                ),
            );
        }
        let from = section.day("from", findings);
        let until = section.optional_day("until", findings);
        if let (Some(from), Some(until)) = (&from, &until)
            && until.value <= from.value
        {
            findings.add(&until.place, "term", say("until 须晚于 from", "until must come after from"));
        }
        let is_time = |code: &str| self.get(code).is_some_and(|own| own.unit == Unit::TimeOfDay);
        // One that changes forms alone sets nothing.
        let set = if section.has("set") { section.numbers("set", is_time, findings) } else { Vec::new() };
        for (code, number) in &set {
            match self.get(&code.value) {
                Some(parameter) => check_value(parameter, number, findings),
                None => {
                    let known: Vec<&str> =
                        self.all.iter().map(|parameter| parameter.code.value.as_str()).collect();
                    unknown(code, "参数", "parameter", &known, findings);
                }
            }
        }
        Some(Overlay {
            file: source.file.to_owned(),
            area,
            from: from?,
            until: until.map(|day| day.value),
            set,
            forms: Vec::new(),
        })
    }

    /// Two overlays of one area may not set one parameter at one time, nor change one form: nobody could say which holds.
    pub(crate) fn check_overlaps(&self, findings: &mut Findings) {
        for (index, overlay) in self.overlays.iter().enumerate() {
            for earlier in self.overlays.iter().take(index).filter(|earlier| earlier.overlaps(overlay)) {
                for (code, _) in &overlay.set {
                    if let Some((other, _)) = earlier.set.iter().find(|(other, _)| other.value == code.value)
                    {
                        let (name, place) = (&code.value, &other.place);
                        findings.add(
                            &code.place,
                            "overlap",
                            say(
                                format!("同一地区、同一时间，{name} 已由 {place} 设定：请用 until 分开"),
                                format!("{name} is already set by {place} for the same area at the same time: part them by until"),
                            ),
                        );
                    }
                }
                for form in &overlay.forms {
                    if let Some(other) = earlier.forms.iter().find(|other| other.value == form.value) {
                        let (name, place) = (&form.value, &other.place);
                        findings.add(
                            &form.place,
                            "overlap",
                            say(
                                format!("同一地区、同一时间，表单 {name} 已由 {place} 调整：请用 until 分开"),
                                format!("the form {name} is already changed by {place} for the same area at the same time: part them by until"),
                            ),
                        );
                    }
                }
            }
        }
    }
}

/// Of `overlays/anhui.toml`: `anhui`.
pub(crate) fn name_of(file: &str) -> &str {
    let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn is_area_prefix(text: &str) -> bool {
    matches!(text.len(), 2 | 4 | 6 | 9 | 12) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_parameter(
    code: Option<Located<String>>,
    mut part: Section<'_, '_>,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Option<Parameter> {
    let name = part.texts("name", findings);
    if let Some(name) = &name {
        name.value.check("name", &manifest.languages, &name.place, findings);
    }
    let unit = part.text("unit", findings).and_then(|unit| Unit::parse(&unit, findings));
    let concept = part.optional_text("concept", findings);
    let concept = manifest.concept(concept, findings);
    let [value, least, most] = ["value", "least", "most"].map(|key| match unit {
        Some(Unit::TimeOfDay) => part.time_of_day(key, findings),
        _ => part.number(key, findings),
    });
    part.finish(findings);
    // One that lacks something is told and kept, so that it is there for whatever else names it.
    let bound = |bound: Option<Located<Number>>, else_: f64| {
        bound.map_or(Number::Decimal(else_), |bound| bound.value)
    };
    let parameter = Parameter {
        code: code?,
        name: name.map(|name| name.value).unwrap_or_default(),
        unit: unit?,
        concept,
        value: value.as_ref().map_or(Number::Whole(0), |value| value.value),
        least: bound(least, f64::NEG_INFINITY),
        most: bound(most, f64::INFINITY),
    };
    if let Some(value) = &value {
        check_value(&parameter, value, findings);
    }
    Some(parameter)
}

fn check_value(parameter: &Parameter, value: &Located<Number>, findings: &mut Findings) {
    let code = &parameter.code.value;
    if parameter.unit.is_whole() && matches!(value.value, Number::Decimal(_)) {
        findings.add(
            &value.place,
            "whole",
            say(format!("{code} 以整数计"), format!("{code} is counted in whole numbers")),
        );
    }
    let (least, most) = (parameter.least.as_decimal(), parameter.most.as_decimal());
    if !(least..=most).contains(&value.value.as_decimal()) {
        let (least, most) = (parameter.unit.written(parameter.least), parameter.unit.written(parameter.most));
        findings.add(
            &value.place,
            "out_of_bounds",
            say(
                format!("{code} 须在 {least} 与 {most} 之间"),
                format!("{code} must be between {least} and {most}"),
            ),
        );
    }
}

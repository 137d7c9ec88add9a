//! What changed between two versions of a programme, in words that a county office reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bridge::Bridge;
use crate::classes::Classes;
use crate::code::Day;
use crate::condition::Condition;
use crate::figure::Figure;
use crate::finding::{Bilingual, say};
use crate::form::{Constraint, Field, Form};
use crate::indicator::{Indicator, Measure};
use crate::keep::Keep;
use crate::level::Level;
use crate::manifest::Manifest;
use crate::overlay::Overlaid;
use crate::pack::Programme;
use crate::parameter::{Overlay, Parameter};
use crate::pathway::{Duty, Pathway, State, Step};
use crate::question::Range;
use crate::rule::Rule;
use crate::text::Texts;

/// Everything that is not as it was, one line for each thing.
#[must_use]
pub fn difference(old: &Programme, new: &Programme) -> Vec<Bilingual> {
    let mut lines = Lines::default();
    lines.manifest(&old.manifest, &new.manifest);
    lines.parameters(old, new);
    lines.forms(&old.forms, &new.forms);
    lines.overlaid(old, new);
    lines.figures(&old.figures, &new.figures);
    lines.classes(&old.classes, &new.classes);
    lines.rules(&old.rules, &new.rules);
    lines.indicators(&old.indicators, &new.indicators);
    lines.bridges(&old.bridges, &new.bridges);
    lines.pathways(&old.pathways, &new.pathways);
    lines.0
}

#[derive(Default)]
struct Lines(Vec<Bilingual>);

/// A name as both kinds of reader know it, with its code.
fn named(code: &str, name: &Texts) -> (String, String) {
    let of = |language: &str| match name.get(language) {
        Some(name) => format!("{name}（{code}）"),
        None => code.to_owned(),
    };
    (of("zh"), of("en").replace('（', " (").replace('）', ")"))
}

fn list(of: &[String]) -> (String, String) {
    match of {
        [] => ("无".into(), "nobody".into()),
        _ => (of.join("、"), of.join(", ")),
    }
}

fn kept(keep: Keep) -> (String, String) {
    match keep {
        Keep::AfterAnswer(days) => (format!("填写后 {days} 天"), format!("{days} days after the answer")),
        Keep::AfterCase(days) => (format!("个案结束后 {days} 天"), format!("{days} days after the case")),
        Keep::AfterSweep(days) => (format!("排查结束后 {days} 天"), format!("{days} days after the sweep")),
        Keep::Programme => ("专项方案失效".into(), "the programme's sunset".into()),
    }
}

fn demanded(field: &Field) -> (String, String) {
    match &field.required_if {
        Some(when) => (when.text.value.clone(), when.text.value.clone()),
        None if field.required => ("是".into(), "yes".into()),
        None => ("否".into(), "no".into()),
    }
}

fn offered(range: Option<Range>) -> String {
    range.map_or_else(String::new, |Range { start, end, step, .. }| format!("{start}–{end} ({step})"))
}

/// What is in one list and not in the other, and the pairs that are in both, by their keys.
struct Compared<'c, T> {
    gone: Vec<&'c T>,
    come: Vec<&'c T>,
    both: Vec<(&'c T, &'c T)>,
}

fn compare<'c, T>(old: &'c [T], new: &'c [T], key: impl Fn(&T) -> &str) -> Compared<'c, T> {
    let find = |among: &'c [T], one: &T| among.iter().find(|other| key(other) == key(one));
    Compared {
        gone: old.iter().filter(|one| find(new, one).is_none()).collect(),
        come: new.iter().filter(|one| find(old, one).is_none()).collect(),
        both: new.iter().filter_map(|one| Some((find(old, one)?, one))).collect(),
    }
}

/// Numerator, denominator, value and who is in the denominator, of those that a measure has.
type Measured<'m> = (Option<&'m Condition>, Option<&'m Condition>, Option<&'m Condition>, Option<&'m Texts>);

fn measured(measure: &Measure) -> Measured<'_> {
    match measure {
        Measure::Share { numerator, denominator, who } => {
            (Some(numerator), Some(denominator), None, Some(who))
        }
        Measure::Sum { numerator } => (Some(numerator), None, None, None),
        Measure::Middle { value, of: None } => (None, None, Some(value), None),
        Measure::Middle { value, of: Some((of, who)) } => (None, Some(of), Some(value), Some(who)),
        Measure::Sweep { who, .. } => (None, None, None, who.as_ref()),
    }
}

impl Lines {
    fn add(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.0.push(say(zh, en));
    }

    /// Of something that has a value: only if it is another.
    fn value(&mut self, zh: &str, en: &str, old: &(String, String), new: &(String, String)) {
        if old != new {
            self.add(
                format!("{zh}：由 {} 改为 {}", old.0, new.0),
                format!("{en}: from {} to {}", old.1, new.1),
            );
        }
    }

    fn plain(&mut self, zh: &str, en: &str, old: &str, new: &str) {
        self.value(zh, en, &(old.to_owned(), old.to_owned()), &(new.to_owned(), new.to_owned()));
    }

    fn gone(&mut self, (kind_zh, kind_en): (&str, &str), (zh, en): (String, String)) {
        self.add(format!("删去{kind_zh} {zh}"), format!("{kind_en} {en} is gone"));
    }

    fn come(&mut self, (kind_zh, kind_en): (&str, &str), (zh, en): (String, String)) {
        self.add(format!("新增{kind_zh} {zh}"), format!("{kind_en} {en} is new"));
    }

    fn texts(&mut self, zh: &str, en: &str, old: &Texts, new: &Texts) {
        let languages: BTreeSet<&str> = old.iter().chain(new.iter()).map(|(language, _)| language).collect();
        for language in languages {
            let of = |texts: &Texts| texts.get(language).unwrap_or("—").to_owned();
            self.plain(&format!("{zh}（{language}）"), &format!("{en} ({language})"), &of(old), &of(new));
        }
    }

    fn manifest(&mut self, old: &Manifest, new: &Manifest) {
        let day = |day: Option<Day>| day.map_or_else(|| "—".to_owned(), |day| day.to_string());
        self.plain("版本", "version", &old.version, &new.version);
        self.plain("生效日", "in force from", &day(old.in_force), &day(new.in_force));
        self.plain("失效日", "sunset", &day(old.sunset), &day(new.sunset));
        self.texts("专项方案名称", "the programme's name", &old.name, &new.name);
        let kind = ("法律依据", "legal basis");
        let bases = compare(&old.bases, &new.bases, |basis| &basis.code.value);
        bases.gone.iter().for_each(|basis| self.gone(kind, named(&basis.code.value, &basis.name)));
        bases.come.iter().for_each(|basis| self.come(kind, named(&basis.code.value, &basis.name)));
        for (before, basis) in bases.both {
            let (zh, en) = named(&basis.code.value, &basis.name);
            self.plain(
                &format!("{zh} 的日期"),
                &format!("the date of {en}"),
                &day(before.of),
                &day(basis.of),
            );
        }
        let kind = ("用途", "purpose");
        let purposes = compare(&old.purposes, &new.purposes, |purpose| &purpose.code.value);
        purposes.gone.iter().for_each(|purpose| self.gone(kind, named(&purpose.code.value, &purpose.name)));
        purposes.come.iter().for_each(|purpose| self.come(kind, named(&purpose.code.value, &purpose.name)));
        let kind = ("口径", "concept");
        let concepts = compare(&old.concepts, &new.concepts, |concept| &concept.code.value);
        concepts.gone.iter().for_each(|concept| self.gone(kind, named(&concept.code.value, &concept.name)));
        concepts.come.iter().for_each(|concept| self.come(kind, named(&concept.code.value, &concept.name)));
        let kind = ("角色", "role");
        let roles = compare(&old.roles, &new.roles, |role| &role.code.value);
        roles.gone.iter().for_each(|role| self.gone(kind, named(&role.code.value, &role.name)));
        roles.come.iter().for_each(|role| self.come(kind, named(&role.code.value, &role.name)));
        let kind = ("限制措施", "restriction");
        let restrictions =
            compare(&old.restrictions, &new.restrictions, |restriction| &restriction.code.value);
        restrictions.gone.iter().for_each(|held| self.gone(kind, named(&held.code.value, &held.name)));
        restrictions.come.iter().for_each(|held| self.come(kind, named(&held.code.value, &held.name)));
        for (before, held) in restrictions.both {
            let (zh, en) = named(&held.code.value, &held.name);
            let of = |part: &Option<crate::finding::Located<String>>| {
                part.as_ref().map_or_else(|| "—".to_owned(), |part| part.value.clone())
            };
            let owner = |restriction: &crate::manifest::Restriction| of(&restriction.owner);
            let ends = |restriction: &crate::manifest::Restriction| of(&restriction.ends_after);
            self.plain(&format!("{zh} 由谁决定"), &format!("who decides {en}"), &owner(before), &owner(held));
            self.plain(&format!("{zh} 的期限"), &format!("when {en} ends"), &ends(before), &ends(held));
        }
    }

    fn parameters(&mut self, old: &Programme, new: &Programme) {
        let kind = ("参数", "parameter");
        let name = |parameter: &Parameter| named(&parameter.code.value, &parameter.name);
        let all = compare(&old.parameters.all, &new.parameters.all, |parameter| &parameter.code.value);
        all.gone.iter().for_each(|parameter| self.gone(kind, name(parameter)));
        all.come.iter().for_each(|parameter| self.come(kind, name(parameter)));
        for (before, parameter) in all.both {
            let (zh, en) = name(parameter);
            let unit = |parameter: &Parameter| parameter.unit.name().to_owned();
            self.plain(
                &format!("{zh} 的单位"),
                &format!("the unit of {en}"),
                &unit(before),
                &unit(parameter),
            );
            let value = |parameter: &Parameter| parameter.unit.written(parameter.value);
            self.plain(&zh, &en, &value(before), &value(parameter));
            let bounds = |parameter: &Parameter| {
                let (least, most) =
                    (parameter.unit.written(parameter.least), parameter.unit.written(parameter.most));
                (format!("{least} 至 {most}"), format!("{least} to {most}"))
            };
            let (zh, en) = (format!("{zh} 可设范围"), format!("the bounds of {en}"));
            self.value(&zh, &en, &bounds(before), &bounds(parameter));
        }
        let kind = ("地区与时段调整", "overlay");
        let overlays = compare(&old.parameters.overlays, &new.parameters.overlays, |overlay| &overlay.file);
        let same = |overlay: &Overlay| (overlay.file.clone(), overlay.file.clone());
        overlays.gone.iter().for_each(|overlay| self.gone(kind, same(overlay)));
        overlays.come.iter().for_each(|overlay| self.come(kind, same(overlay)));
        for (before, overlay) in overlays.both {
            let says = |programme: &Programme, overlay: &Overlay| {
                let written = |code: &str, value| match programme.parameters.get(code) {
                    Some(parameter) => parameter.unit.written(value),
                    None => String::new(),
                };
                let set: Vec<String> = overlay
                    .set
                    .iter()
                    .map(|(code, value)| format!("{} = {}", code.value, written(&code.value, value.value)))
                    .collect();
                let area = overlay.area.as_ref().map_or("*", |area| &area.value);
                let until = overlay.until.map_or_else(|| "…".to_owned(), |until| until.to_string());
                format!("{area}, {} – {until}: {}", overlay.from.value, set.join(", "))
            };
            self.plain(&overlay.file, &overlay.file, &says(old, before), &says(new, overlay));
        }
    }

    fn forms(&mut self, old: &[Form], new: &[Form]) {
        let kind = ("表单", "form");
        let name = |form: &Form| {
            (
                format!("{}（{}）", form.title, form.code.value),
                format!("{} ({})", form.title, form.code.value),
            )
        };
        let forms = compare(old, new, |form| &form.code.value);
        forms.gone.iter().for_each(|form| self.gone(kind, name(form)));
        forms.come.iter().for_each(|form| self.come(kind, name(form)));
        for (before, form) in forms.both {
            let (form_zh, form_en) = name(form);
            let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".to_owned());
            self.plain(
                &format!("{form_zh} 的标题"),
                &format!("the title of {form_en}"),
                &before.title,
                &form.title,
            );
            for (zh, en, of) in [
                ("的英文标题", "the English title of", (&before.title_en, &form.title_en)),
                ("的说明", "what is said of", (&before.hint, &form.hint)),
                ("的英文说明", "what is said in English of", (&before.hint_en, &form.hint_en)),
            ] {
                let (zh, en) = (format!("{form_zh} {zh}"), format!("{en} {form_en}"));
                self.plain(&zh, &en, &said(of.0), &said(of.1));
            }
            let (zh, en) = (format!("{form_zh} 由谁填写"), format!("who fills in {form_en}"));
            self.value(&zh, &en, &list(&before.filled_by), &list(&form.filled_by));
            let one_for = |form: &Form| form.one_for.clone().unwrap_or_default();
            let (zh, en) = (format!("{form_zh} 每项一张，按"), format!("of {form_en} one counts for each"));
            self.plain(&zh, &en, &one_for(before), &one_for(form));
            let kind_zh = format!("表单 {form_zh} 的问题");
            let kind_en = format!("in the form {form_en} the question");
            let kind = (kind_zh.as_str(), kind_en.as_str());
            let name = |field: &Field| named(&field.name.value, &field.labels);
            let fields = compare(&before.fields, &form.fields, |field| &field.name.value);
            fields.gone.iter().for_each(|field| self.gone(kind, name(field)));
            fields.come.iter().for_each(|field| self.come(kind, name(field)));
            for (before, field) in fields.both {
                let at_zh = format!("{form_zh} · {}", field.name.value);
                let at_en = format!("{form_en} · {}", field.name.value);
                self.field((&at_zh, &at_en), before, field);
            }
        }
    }

    /// What overlays make of forms: of one that is new, against the pack's own form; else against what it made of it before.
    fn overlaid(&mut self, old: &Programme, new: &Programme) {
        let name = |own: &Overlaid| own.names.join("+");
        for own in &new.overlaid {
            let code = own.form.code.value.as_str();
            let same =
                |other: &&Overlaid| other.names == own.names && other.form.code.value == own.form.code.value;
            let before = old.overlaid.iter().find(same).map(|other| &other.form).or_else(|| new.form(code));
            let Some(before) = before else { continue };
            let mut lines = Self::default();
            lines.forms(std::slice::from_ref(before), std::slice::from_ref(&own.form));
            for line in lines.0 {
                self.add(
                    format!("调整 {}：{}", name(own), line.zh),
                    format!("the overlay {}: {}", name(own), line.en),
                );
            }
        }
        for own in &old.overlaid {
            let same =
                |other: &Overlaid| other.names == own.names && other.form.code.value == own.form.code.value;
            if !new.overlaid.iter().any(same) {
                let (title, code) = (&own.form.title, &own.form.code.value);
                self.add(
                    format!("调整 {}：不再改表单 {title}（{code}）", name(own)),
                    format!("the overlay {} no longer changes the form {title} ({code})", name(own)),
                );
            }
        }
    }

    fn field(&mut self, (zh, en): (&str, &str), before: &Field, field: &Field) {
        self.texts(zh, en, &before.labels, &field.labels);
        self.plain(
            &format!("{zh} 的类型"),
            &format!("the type of {en}"),
            before.question.name,
            field.question.name,
        );
        self.value(
            &format!("{zh} 的选项"),
            &format!("the choices of {en}"),
            &list(&before.choices),
            &list(&field.choices),
        );
        for (at, name) in field.choices.iter().enumerate() {
            let texts = |field: &Field, at: usize| field.choice_labels.get(at).cloned().unwrap_or_default();
            if let Some(earlier) = before.choices.iter().position(|other| other == name) {
                let at_choice = (format!("{zh} 的选项 {name}"), format!("the choice {name} of {en}"));
                self.texts(&at_choice.0, &at_choice.1, &texts(before, earlier), &texts(field, at));
            }
        }
        self.texts(&format!("{zh} 的提示"), &format!("the hint of {en}"), &before.hints, &field.hints);
        let (zh_of, en_of) = (format!("{zh} 是否必答"), format!("whether {en} must be answered"));
        self.value(&zh_of, &en_of, &demanded(before), &demanded(field));
        let text = |constraint: &Option<Constraint>| {
            constraint.as_ref().map_or_else(|| "—".to_owned(), |own| own.expression.text.value.clone())
        };
        let (zh_of, en_of) = (format!("{zh} 的答案须满足"), format!("what an answer to {en} must fulfil"));
        self.plain(&zh_of, &en_of, &text(&before.constraint), &text(&field.constraint));
        let asked = |field: &Field| match field.relevant.as_slice() {
            [] => "—".to_owned(),
            all => all.iter().map(|own| own.text.value.as_str()).collect::<Vec<_>>().join(" and "),
        };
        let (zh_of, en_of) = (format!("{zh} 何时才问"), format!("when {en} is asked"));
        self.plain(&zh_of, &en_of, &asked(before), &asked(field));
        self.plain(
            &format!("{zh} 可选的数"),
            &format!("the numbers that {en} offers"),
            &offered(before.range),
            &offered(field.range),
        );
        self.plain(
            &format!("{zh} 的敏感程度"),
            &format!("the class of {en}"),
            before.class.name(),
            field.class.name(),
        );
        self.plain(&format!("{zh} 的用途"), &format!("the purpose of {en}"), &before.purpose, &field.purpose);
        self.value(
            &format!("{zh} 谁能看"),
            &format!("who reads {en}"),
            &list(&before.readers),
            &list(&field.readers),
        );
        let (zh, en) = (format!("{zh} 保存到"), format!("how long {en} is kept"));
        self.value(&zh, &en, &kept(before.keep), &kept(field.keep));
    }

    fn level(&mut self, id: &str, before: Option<Level>, now: Option<Level>) {
        let level = |level: Option<Level>| level.map_or("—", Level::name);
        self.plain(
            &format!("{id} 说的是哪一级区域"),
            &format!("the level of areas of {id}"),
            level(before),
            level(now),
        );
    }

    fn rules(&mut self, old: &[Rule], new: &[Rule]) {
        let kind = ("规则", "rule");
        let name = |rule: &Rule| named(&rule.id.value, &rule.says);
        let rules = compare(old, new, |rule| &rule.id.value);
        rules.gone.iter().for_each(|rule| self.gone(kind, name(rule)));
        rules.come.iter().for_each(|rule| self.come(kind, name(rule)));
        for (before, rule) in rules.both {
            let id = &rule.id.value;
            self.texts(&format!("{id} 的提示"), &format!("what {id} says"), &before.says, &rule.says);
            self.texts(
                &format!("{id} 怎样算解决"),
                &format!("what settles {id}"),
                &before.resolved_by,
                &rule.resolved_by,
            );
            self.plain(&format!("{id} 提醒谁"), &format!("whom {id} tells"), &before.tells, &rule.tells);
            self.plain(&format!("{id} 的时限"), &format!("the limit of {id}"), &before.within, &rule.within);
            self.value(
                &format!("{id} 逾期再告诉谁"),
                &format!("whom {id} climbs to"),
                &list(&before.climbs_to),
                &list(&rule.climbs_to),
            );
            let each_of = |rule: &Rule| rule.each_of.clone().unwrap_or_else(|| "—".into());
            self.plain(
                &format!("{id} 每一张都算一件事的表"),
                &format!("the form of which each is a matter of its own for {id}"),
                &each_of(before),
                &each_of(rule),
            );
            self.level(id, before.level, rule.level);
            self.condition(id, Some(&before.condition), Some(&rule.condition));
        }
    }

    fn figures(&mut self, old: &[Arc<Figure>], new: &[Arc<Figure>]) {
        let kind = ("计算项", "figure");
        let name = |figure: &Figure| named(&figure.code.value, &figure.name);
        let figures = compare(old, new, |figure| &figure.code.value);
        figures.gone.iter().for_each(|figure| self.gone(kind, name(figure)));
        figures.come.iter().for_each(|figure| self.come(kind, name(figure)));
        for (before, figure) in figures.both {
            let code = &figure.code.value;
            self.texts(&format!("{code} 的名称"), &format!("the name of {code}"), &before.name, &figure.name);
            self.plain(
                &format!("{code} 的单位"),
                &format!("the unit of {code}"),
                before.unit.name(),
                figure.unit.name(),
            );
            let concept = |figure: &Figure| figure.concept.clone().unwrap_or_else(|| "—".into());
            self.plain(
                &format!("{code} 的口径"),
                &format!("the concept of {code}"),
                &concept(before),
                &concept(figure),
            );
            self.condition(code, before.only_if.as_ref(), figure.only_if.as_ref());
            self.expression(("怎样计算", "the reckoning"), code, Some(&before.value), Some(&figure.value));
        }
    }

    fn classes(&mut self, old: &[Arc<Classes>], new: &[Arc<Classes>]) {
        let kind = ("分类", "classification");
        let all = compare(old, new, |classes| &classes.code.value);
        all.gone.iter().for_each(|classes| self.gone(kind, named(&classes.code.value, &classes.name)));
        all.come.iter().for_each(|classes| self.come(kind, named(&classes.code.value, &classes.name)));
        for (before, classes) in all.both {
            let code = &classes.code.value;
            let (kind_zh, kind_en) = (format!("{code} 的类别"), format!("of {code} the class"));
            let kind = (kind_zh.as_str(), kind_en.as_str());
            let order = |classes: &Classes| {
                list(&classes.all.iter().map(|class| class.code.value.clone()).collect::<Vec<_>>())
            };
            self.value(
                &format!("{code} 的顺序"),
                &format!("the order of {code}"),
                &order(before),
                &order(classes),
            );
            let each = compare(&before.all, &classes.all, |class| &class.code.value);
            each.gone.iter().for_each(|class| self.gone(kind, named(&class.code.value, &class.name)));
            each.come.iter().for_each(|class| self.come(kind, named(&class.code.value, &class.name)));
            for (before, class) in each.both {
                let code = &class.code.value;
                self.texts(
                    &format!("{code} 的名称"),
                    &format!("the name of {code}"),
                    &before.name,
                    &class.name,
                );
                self.condition(code, before.when.as_ref(), class.when.as_ref());
            }
        }
    }

    fn bridges(&mut self, old: &[Bridge], new: &[Bridge]) {
        let kind = ("桥接", "bridge");
        let name = |bridge: &Bridge| named(&bridge.code.value, &bridge.name);
        let bridges = compare(old, new, |bridge| &bridge.code.value);
        bridges.gone.iter().for_each(|bridge| self.gone(kind, name(bridge)));
        bridges.come.iter().for_each(|bridge| self.come(kind, name(bridge)));
        for (before, bridge) in bridges.both {
            let code = &bridge.code.value;
            let who = |bridge: &Bridge| format!("{}: {}", bridge.to, bridge.roles.join(", "));
            self.plain(
                &format!("桥接 {code} 告诉谁"),
                &format!("whom the bridge {code} tells"),
                &who(before),
                &who(bridge),
            );
            self.plain(
                &format!("桥接 {code} 告诉的日期"),
                &format!("the day that the bridge {code} tells"),
                &before.days(),
                &bridge.days(),
            );
        }
    }

    fn indicators(&mut self, old: &[Indicator], new: &[Indicator]) {
        let kind = ("指标", "indicator");
        let name = |indicator: &Indicator| named(&indicator.id.value, &indicator.name);
        let indicators = compare(old, new, |indicator| &indicator.id.value);
        indicators.gone.iter().for_each(|indicator| self.gone(kind, name(indicator)));
        indicators.come.iter().for_each(|indicator| self.come(kind, name(indicator)));
        for (before, indicator) in indicators.both {
            let id = &indicator.id.value;
            self.texts(&format!("{id} 的名称"), &format!("the name of {id}"), &before.name, &indicator.name);
            let (was, is) = (measured(&before.measure), measured(&indicator.measure));
            for (what, before, after) in [
                (("的分子", "the numerator"), was.0, is.0),
                (("的分母", "the denominator"), was.1, is.1),
                (("的值", "the value"), was.2, is.2),
            ] {
                self.expression(what, id, before, after);
            }
            self.level(id, before.level, indicator.level);
            let swept = |indicator: &Indicator| {
                indicator.measure.of_sweep().map_or_else(|| "—".to_owned(), |count| count.as_str().to_owned())
            };
            self.plain(
                &format!("{id} 数排查的"),
                &format!("what {id} counts of the sweep"),
                &swept(before),
                &swept(indicator),
            );
            let nobody = Texts::default();
            self.texts(
                &format!("{id} 的分母是谁"),
                &format!("who is in the denominator of {id}"),
                was.3.unwrap_or(&nobody),
                is.3.unwrap_or(&nobody),
            );
            self.plain(
                &format!("{id} 的单位"),
                &format!("the unit of {id}"),
                before.unit.name(),
                indicator.unit.name(),
            );
            let aim = |aim: Option<f64>| aim.map_or_else(|| "—".to_owned(), |aim| aim.to_string());
            self.plain(
                &format!("{id} 至少"),
                &format!("{id} at least"),
                &aim(before.at_least),
                &aim(indicator.at_least),
            );
            self.plain(
                &format!("{id} 至多"),
                &format!("{id} at most"),
                &aim(before.at_most),
                &aim(indicator.at_most),
            );
            let by = |by: Option<Day>| by.map_or_else(|| "—".to_owned(), |by| by.to_string());
            self.plain(
                &format!("{id} 到哪天"),
                &format!("the day for {id}"),
                &by(before.by),
                &by(indicator.by),
            );
        }
    }

    /// Of an expression that may not be there: only if it is another.
    fn expression(
        &mut self,
        (zh, en): (&str, &str),
        of: &str,
        old: Option<&Condition>,
        new: Option<&Condition>,
    ) {
        let text = |condition: Option<&Condition>| {
            condition.map_or_else(|| "—".to_owned(), |condition| condition.text.value.clone())
        };
        self.plain(&format!("{of} {zh}"), &format!("{en} of {of}"), &text(old), &text(new));
    }

    fn condition(&mut self, of: &str, old: Option<&Condition>, new: Option<&Condition>) {
        self.expression(("的条件", "the condition"), of, old, new);
    }

    fn pathways(&mut self, old: &[Pathway], new: &[Pathway]) {
        let kind = ("流程", "pathway");
        let name = |pathway: &Pathway| named(&pathway.code.value, &pathway.name);
        // That of a rule is told with the rule.
        let [old, new] = [old, new]
            .map(|all| -> Vec<Pathway> { all.iter().filter(|pathway| !pathway.of_rule).cloned().collect() });
        let pathways = compare(&old, &new, |pathway| &pathway.code.value);
        pathways.gone.iter().for_each(|pathway| self.gone(kind, name(pathway)));
        pathways.come.iter().for_each(|pathway| self.come(kind, name(pathway)));
        for (before, pathway) in pathways.both {
            let (zh, en) = name(pathway);
            let (at_zh, at_en) = (format!("{zh} 由哪些规则提出"), format!("which rules ask for {en}"));
            self.value(&at_zh, &at_en, &list(&before.asked_by), &list(&pathway.asked_by));
            let (at_zh, at_en) = (
                format!("居民的求助按 {zh} 的时限答复"),
                format!("residents' requests have the limit of {en}"),
            );
            let told = |pathway: &Pathway| if pathway.residents_ask { "✓" } else { "—" };
            self.plain(&at_zh, &at_en, told(before), told(pathway));
            let handed = |pathway: &Pathway| {
                let own = pathway.hand_over.as_ref();
                own.map_or_else(
                    || "—".to_owned(),
                    |own| {
                        let (by, told) = (own.by.join(", "), own.climbs_to.join(", "));
                        format!("{by} → {} | {} {} | {told}", own.received_by, own.owner, own.within)
                    },
                )
            };
            let (at_zh, at_en) = (format!("{zh} 搬走时的交接"), format!("how {en} is handed over"));
            self.plain(&at_zh, &at_en, &handed(before), &handed(pathway));
            let kind_zh = format!("{zh} 的状态");
            let kind_en = format!("of {en} the state");
            let kind = (kind_zh.as_str(), kind_en.as_str());
            let states = compare(&before.states, &pathway.states, |state| &state.code.value);
            states.gone.iter().for_each(|state| self.gone(kind, named(&state.code.value, &state.name)));
            states.come.iter().for_each(|state| self.come(kind, named(&state.code.value, &state.name)));
            for (before, state) in states.both {
                self.state((&zh, &en), before, state);
            }
            let kind_zh = format!("{zh} 的步骤");
            let kind_en = format!("of {en} the step");
            let kind = (kind_zh.as_str(), kind_en.as_str());
            let steps = compare(&before.steps, &pathway.steps, |step| &step.code.value);
            steps.gone.iter().for_each(|step| self.gone(kind, named(&step.code.value, &step.name)));
            steps.come.iter().for_each(|step| self.come(kind, named(&step.code.value, &step.name)));
            for (before, step) in steps.both {
                self.step((&zh, &en), before, step);
            }
        }
    }

    fn state(&mut self, (zh, en): (&str, &str), before: &State, state: &State) {
        let code = &state.code.value;
        let (zh, en) = (format!("{zh} · {code}"), format!("{en} · {code}"));
        self.texts(&zh, &en, &before.name, &state.name);
        match (&before.duty, &state.duty) {
            (Some(before), Some(duty)) => {
                self.plain(
                    &format!("{zh} 由谁负责"),
                    &format!("who answers for {en}"),
                    &before.owner,
                    &duty.owner,
                );
                self.plain(
                    &format!("{zh} 的时限"),
                    &format!("the limit of {en}"),
                    &before.within,
                    &duty.within,
                );
                let in_all = |duty: &Duty| duty.in_all.clone().unwrap_or_else(|| "—".into());
                self.plain(
                    &format!("{zh} 总共的时限"),
                    &format!("the limit of {en} in all"),
                    &in_all(before),
                    &in_all(duty),
                );
                let counted = |duty: &Duty| {
                    duty.counted_from.as_ref().map_or_else(
                        || "—".to_owned(),
                        |(form, field)| match duty.latest {
                            true => format!("{form}.{field}, latest"),
                            false => format!("{form}.{field}"),
                        },
                    )
                };
                self.plain(
                    &format!("{zh} 从哪天算起"),
                    &format!("the day from which {en} counts"),
                    &counted(before),
                    &counted(duty),
                );
                self.value(
                    &format!("{zh} 超时依次报告"),
                    &format!("who is told in turn when {en} is overdue"),
                    &list(&before.climbs_to),
                    &list(&duty.climbs_to),
                );
            }
            (None, Some(_)) => self.add(format!("{zh} 不再是结束"), format!("{en} is no end any more")),
            (Some(_), None) => self.add(format!("{zh} 成为结束"), format!("{en} is an end now")),
            (None, None) => {}
        }
        self.value(
            &format!("哪些规则一提示就到 {zh}"),
            &format!("which rules bring a case to {en}"),
            &list(&before.brought_by),
            &list(&state.brought_by),
        );
        self.value(
            &format!("哪些规则新提示就退回 {zh}"),
            &format!("which rules bring a case back to {en}"),
            &list(&before.brought_back_by),
            &list(&state.brought_back_by),
        );
        let asks = |state: &State| state.asks.clone().unwrap_or_else(|| "—".into());
        self.plain(
            &format!("{zh} 请居民自己填的表"),
            &format!("what the resident is asked for in {en}"),
            &asks(before),
            &asks(state),
        );
        let waits = |state: &State| state.waits.as_ref().map(|wait| wait.name.clone()).unwrap_or_default();
        let (waits_zh, waits_en) = (format!("{zh} 等什么"), format!("what {en} waits for"));
        self.texts(&waits_zh, &waits_en, &waits(before), &waits(state));
        let [until_before, until] = [before, state].map(|state| state.waits.as_ref().map(|wait| &wait.until));
        self.expression(("等到的条件", "until what it waits"), code, until_before, until);
        let look =
            |state: &State| state.waits.as_ref().map_or("—", |wait| wait.look_within.as_str()).to_owned();
        self.plain(
            &format!("{zh} 多久看一次"),
            &format!("after how long {en} is looked at"),
            &look(before),
            &look(state),
        );
        let held = |state: &State| state.restriction.clone().unwrap_or_else(|| "—".into());
        self.plain(&format!("{zh} 的限制"), &format!("the restriction in {en}"), &held(before), &held(state));
    }

    fn step(&mut self, (zh, en): (&str, &str), before: &Step, step: &Step) {
        let code = &step.code.value;
        let (zh, en) = (format!("{zh} · {code}"), format!("{en} · {code}"));
        self.texts(&zh, &en, &before.name, &step.name);
        let way = |step: &Step| format!("{} → {}", step.from.join(", "), step.to);
        self.plain(&format!("{zh} 从哪到哪"), &format!("the way of {en}"), &way(before), &way(step));
        self.value(&format!("{zh} 由谁做"), &format!("who takes {en}"), &list(&before.by), &list(&step.by));
        self.value(
            &format!("{zh} 由谁签字"),
            &format!("who signs {en}"),
            &list(&before.signed_by),
            &list(&step.signed_by),
        );
        self.condition(code, before.guard.as_ref(), step.guard.as_ref());
        let says = |step: &Step| step.says.clone().unwrap_or_default();
        self.texts(
            &format!("{zh} 的条件怎么说"),
            &format!("what the condition of {en} says"),
            &says(before),
            &says(step),
        );
        let outside = |step: &Step| match step.outside {
            true => ("是".to_owned(), "yes".to_owned()),
            false => ("不是".to_owned(), "no".to_owned()),
        };
        self.value(
            &format!("{zh} 是否只在迁到外地、有回执时走"),
            &format!("whether {en} is for whom a place outside has received"),
            &outside(before),
            &outside(step),
        );
        let over = |step: &Step| match step.may_override {
            true => ("可以".to_owned(), "yes".to_owned()),
            false => ("不可以".to_owned(), "no".to_owned()),
        };
        self.value(
            &format!("{zh} 能否说明原因后越过条件"),
            &format!("whether {en} may be taken against its condition, with a reason"),
            &over(before),
            &over(step),
        );
    }
}

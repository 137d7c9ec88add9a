//! `wanjia programme publish`: a version of a pack becomes a fact.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::state::Edition;
use domain::time::{day_of, from_day};
use programme::Programme;
use programme::difference::difference;
use store::Reader;
use store::packs::Publication;

use crate::app::failure::Result;
use crate::app::judging::compare;
use crate::app::programmes::{Edited, Place, check_place, programme_of, read_edited};
use crate::cli::{DataArgs, Outcome, now};

/// Publish a version of a pack: what would change is printed, and with --apply it is put on record
///
/// Everyone of whom something is known is judged by the version before it and by this one on the same day (today, or the
/// nearest day on which this one is in force), and it is told how many flags come and go by rule; --list tells at which doors.
///
/// The pack is checked and its own tests are run first; with any mistake nothing is published. What is published is never
/// changed: a change is a new version. Which version holds is chosen by the day. Exit codes: 0 printed or published, 1 the
/// pack has mistakes, 2 refused.
#[derive(Debug, Args)]
pub struct PublishArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The pack's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Publish it; without this nothing is written
    #[arg(long)]
    apply: bool,
    /// Print each door at which a flag comes or goes, with the rule and what it says; no names
    #[arg(long)]
    list: bool,
}

/// # Errors
/// If the folder cannot be read, the version was published with other contents, or a server holds the directory.
pub fn run(args: &PublishArgs) -> Result<Outcome> {
    let new = match read_edited(&args.path)? {
        Ok(new) => new,
        Err(findings) => {
            super::tell(&findings);
            println!("nothing was published\n没有发布");
            return Ok(Outcome::WithRejects);
        }
    };
    store::directory::Directory::find(&args.data.data)?;
    // Whoever holds the directory is told of before anybody is judged anew.
    let held = args.apply.then(|| args.data.open_store()).transpose()?;
    let key = Arc::new(args.data.find_key()?);
    let mut reader = Reader::open(&args.data.data, Some(key))?;
    let (code, version) = (&new.programme.manifest.code, &new.programme.manifest.version);
    let before = match check_place(reader.book(), &new, &ledger::seal::digest(&new.pack))? {
        Place::Published => {
            println!(
                "{code} {version} is published already, as it is here\n{code} {version} 已经发布，内容相同"
            );
            return Ok(Outcome::Done);
        }
        Place::After(before) => before,
    };
    let old = before.as_ref().map(|edition| programme_of(&reader, edition)).transpose()?;
    tell(&new, before.as_ref().zip(old.as_ref()));
    tell_overlays(&new.programme, reader.book().areas.shared_code());
    tell_who_changes(&mut reader, old.map(Arc::new), &new, args.list)?;
    let Some(mut store) = held else {
        println!("nothing was written; add --apply to publish it\n没有写入；加 --apply 才发布");
        return Ok(Outcome::Done);
    };
    drop(reader);
    let actor = store.book().own_series;
    let publication =
        Publication { programme: code, version, from: new.from, sunset: new.sunset, pack: &new.pack };
    store.write(now(), |batch| batch.publish_programme(actor, &publication))?;
    println!("published {code} {version}\n已发布 {code} {version}");
    Ok(Outcome::Done)
}

fn tell(new: &Edited, before: Option<(&Edition, &Programme)>) {
    let Edited { programme, from, sunset, .. } = new;
    let (code, version) = (&programme.manifest.code, &programme.manifest.version);
    let (first, end) = (from_day(*from), from_day(*sunset));
    println!(
        "{code} {version}: in force from {first} until {end}\n{code} {version}：{first} 起生效，{end} 起失效"
    );
    let today = day_of(now());
    if today >= *sunset {
        println!("its term is over today: it judges nobody any more\n今天已过失效日：不再用来判断任何人");
    }
    match before {
        Some((edition, old)) => {
            let version = &edition.version;
            println!("what changes after version {version}:\n与版本 {version} 相比：");
            super::tell_lines(&difference(old, programme));
        }
        None => {
            let (forms, rules) = (programme.forms.len(), programme.rules.len());
            let pathways = programme.pathways.iter().filter(|pathway| !pathway.of_rule).count();
            println!(
                "no version before it: {forms} forms, {rules} rules, {pathways} pathways\n\
                 之前没有版本：{forms} 张表、{rules} 条规则、{pathways} 条流程"
            );
        }
    }
    for held in &programme.manifest.restrictions {
        let (Some(owner), Some(ends)) = (&held.owner, &held.ends_after) else { continue };
        let name = |language| held.name.get(language).unwrap_or(&held.code.value);
        let (owner, ends) = (&owner.value, &ends.value);
        println!(
            "{}: a person decides it ({owner}), and it ends after {ends}\n\
             {}：由人（{owner}）决定，{ends} 后结束",
            name("en"),
            name("zh")
        );
    }
    println!(
        "the publication is decided by whoever holds the territory's key, and stands in its record for good\n\
         由持有辖区密钥的人决定发布；发布后永久留痕"
    );
}

/// Which overlays change forms in this territory, and from when until when.
fn tell_overlays(programme: &Programme, territory: &str) {
    for overlay in programme.parameters.overlays.iter().filter(|overlay| !overlay.forms.is_empty()) {
        let forms: Vec<&str> = overlay.forms.iter().map(|form| form.value.as_str()).collect();
        let (name, forms) = (overlay.name(), forms.join(", "));
        if territory.is_empty() && overlay.area.is_some() {
            println!(
                "whether the overlay {name} changes these forms here is known once there are areas: {forms}\n\
                 导入区划后才知道调整 {name} 是否改本辖区的这些表单：{forms}"
            );
            continue;
        }
        if !overlay.is_of(territory) {
            println!(
                "the overlay {name} changes forms elsewhere, not in {territory}: {forms}\n\
                 调整 {name} 改的表单不在 {territory} 使用：{forms}"
            );
            continue;
        }
        let from = overlay.from.value;
        let (until, until_zh) = match overlay.until {
            Some(until) => (format!(" until {until}"), format!("、{until} 止")),
            None => (String::new(), String::new()),
        };
        println!(
            "the overlay {name} changes these forms here from {from}{until}: {forms}\n\
             调整 {name} 在本辖区改这些表单（{from} 起{until_zh}）：{forms}"
        );
    }
}

/// Whose flags come and go under the new version, by rule; with `list`, at which doors.
fn tell_who_changes(
    reader: &mut Reader,
    old: Option<Arc<Programme>>,
    new: &Edited,
    list: bool,
) -> Result<()> {
    let on = day_of(now()).clamp(new.from, new.sunset - 1);
    let says: BTreeMap<String, (String, String)> = old
        .iter()
        .flat_map(|old| &old.rules)
        .chain(&new.programme.rules)
        .map(|rule| {
            let text = |language| rule.says.get(language).unwrap_or(&rule.id.value).to_owned();
            (rule.id.value.clone(), (text("en"), text("zh")))
        })
        .collect();
    let compared = compare(reader, old, Arc::clone(&new.programme), on)?;
    let (day, judged) = (from_day(on), compared.judged);
    if compared.changes.is_empty() {
        println!(
            "judged on {day} by both: no flag comes or goes, {judged} people and doors with answers\n\
             按 {day} 用两个版本判断：提示没有增减，有填报的人和户共 {judged} 个"
        );
        return Ok(());
    }
    println!(
        "judged on {day} by both, {judged} people and doors with answers; flags that come (+) and go (-):\n\
         按 {day} 用两个版本判断，有填报的人和户共 {judged} 个；提示的增（+）减（-）："
    );
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for change in &compared.changes {
        let (come, go) = counts.entry(&change.rule).or_default();
        *if change.comes { come } else { go } += 1;
    }
    for (rule, (come, go)) in counts {
        let (en, zh) = says.get(rule).cloned().unwrap_or_default();
        println!("  {rule} +{come} -{go} {en}\n  {rule} +{come} -{go} {zh}");
    }
    if list {
        for change in &compared.changes {
            let labels = reader.labels(change.dwelling)?;
            let area = reader.book().areas.code(change.area);
            let sign = if change.comes { '+' } else { '-' };
            let (en, zh) = says.get(&change.rule).cloned().unwrap_or_default();
            let (building, unit, room) = (&labels.building, &labels.unit, &labels.room);
            println!("  {area} {building}-{unit}-{room} {sign} {} {en} / {zh}", change.rule);
        }
    }
    Ok(())
}

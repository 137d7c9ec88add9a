//! A whole drill from beginning to end, and what it has to say.

use std::path::Path;
use std::time::Instant;

use super::agreement::{self, Compared};
use super::crash::{self, Kills};
use super::phone::Tally;
use super::recount::Row;
use super::rehearsal::{Rehearsal, Seconds, disagree, in_parallel, write_city};
use super::script::{Size, Town};
use super::server::Program;
use crate::app::failure::Result;
use crate::app::synthetic::CITY;

/// What a drill found. It is only made when everything agrees.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    pub people: u64,
    pub communities: usize,
    pub phones: usize,
    pub hours: i64,
    pub seed: u64,
    pub facts: u64,
    pub visits_and_sightings: u64,
    pub whole: Row,
    pub tally: Tally,
    pub pages_read: u64,
    pub restarts: u64,
    pub signed: usize,
    pub released: usize,
    pub registered: usize,
    pub erased: usize,
    pub revoked: usize,
    pub proofs: u64,
    pub kills: Kills,
    pub compared: Compared,
    pub seconds: Seconds,
}

/// So many facts are proved one by one at the end; of more than that, a part spread over all of them.
const PROOFS: u64 = 50_000;

/// Runs a drill in an empty folder. With `kills` it is the crash drill: no offices, many deaths.
///
/// # Errors
/// The first thing that does not agree.
pub fn drill(
    size: Size,
    kills: u64,
    binary: &Path,
    folder: &Path,
    tell: &mut dyn FnMut(&str),
) -> Result<Report> {
    let mut killed = Kills::default();
    if kills > 0 {
        killed.importing = rehearse_imports(size, kills / 5, binary, folder)?;
        tell(&format!("killed {} times while importing / 导入时强杀 {0} 次", killed.importing));
    }
    let (mut rehearsal, mut seconds) = Rehearsal::prepare(size, binary, folder, tell)?;
    let mut offices = rehearsal.sign_in()?;
    rehearsal.enrol(&offices)?;
    tell(&format!("{} phones enrolled / 已绑定 {0} 台手机", rehearsal.phones.len()));
    let begun = Instant::now();
    if kills > 0 {
        let others = crash::kill_server(&mut rehearsal, kills - kills / 5)?;
        killed = Kills { importing: killed.importing, ..others };
        offices.move_to(rehearsal.address()?);
    } else {
        offices = rehearsal.sweep(offices, tell)?;
    }
    seconds.sweep = begun.elapsed().as_secs_f64();
    tell("everything is sent / 全部送达");
    let begun = Instant::now();
    let proofs = prove(&mut rehearsal)?;
    seconds.proofs = begun.elapsed().as_secs_f64();

    let mut compared = Compared { verdicts: agreement::verdicts(&rehearsal)?, ..Compared::default() };
    let begun = Instant::now();
    let communities = agreement::recounted(&rehearsal);
    agreement::over_http(&rehearsal, &offices.secretary, &communities, &mut compared)?;
    agreement::facts_of_phones(&rehearsal, &offices.secretary)?;
    drop(rehearsal.server.take());
    agreement::by_command_line(&rehearsal, &communities, &mut compared)?;
    seconds.recount = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let said = rehearsal.program.run(&["verify"])?;
    seconds.verify = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    rehearsal.program.run(&["rebuild", "--check"])?;
    seconds.rebuild = begun.elapsed().as_secs_f64();
    let facts = said.split_whitespace().nth(1).and_then(|text| text.parse().ok());

    let mut whole = Row::default();
    for community in &communities {
        whole += community.row;
    }
    Ok(Report {
        people: rehearsal.people,
        communities: rehearsal.town.codes.len(),
        phones: rehearsal.phones.len(),
        hours: size.hours,
        seed: size.seed,
        facts: facts.ok_or_else(|| disagree(format!("verify said {said:?}")))?,
        visits_and_sightings: rehearsal.told().count() as u64,
        whole,
        tally: rehearsal.tally(),
        pages_read: rehearsal.pages_read,
        restarts: rehearsal.restarts,
        signed: rehearsal.decisions.signed.len(),
        released: rehearsal.decisions.released.len(),
        registered: rehearsal.decisions.registered.len(),
        erased: rehearsal.decisions.erased.len(),
        revoked: rehearsal.decisions.revoked.len(),
        proofs,
        kills: killed,
        compared,
        seconds,
    })
}

/// Imports of the same city, killed, in a territory of their own; afterwards it must prove itself.
fn rehearse_imports(size: Size, kills: u64, binary: &Path, folder: &Path) -> Result<u64> {
    let town = Town::new(size);
    let folder = folder.join("imports");
    std::fs::create_dir_all(&folder).map_err(|error| crate::app::failure::Failure::file(&folder, &error))?;
    let people = write_city(&town, &folder)?;
    let program = Program { binary: binary.to_owned(), data: folder.join("data") };
    program.run(&["init", "--territory", CITY])?;
    program.run(&["import", "areas", &folder.join("areas.csv").to_string_lossy()])?;
    let roster = folder.join("roster.csv").to_string_lossy().into_owned();
    let killed = crash::kill_imports(&program, &roster, people, kills, size.seed)?;
    program.run(&["verify"])?;
    program.run(&["rebuild", "--check"])?;
    Ok(killed)
}

/// Each phone proves its receipts against the tree as it stands at the end.
fn prove(rehearsal: &mut Rehearsal) -> Result<u64> {
    let all: u64 = rehearsal.phones.iter().map(|phone| phone.settled as u64).sum();
    let step = usize::try_from(all.div_ceil(PROOFS).max(1)).unwrap_or(1);
    let revoked: Vec<usize> = rehearsal.decisions.revoked.keys().copied().collect();
    let phones: Vec<_> =
        rehearsal.phones.iter_mut().filter(|phone| !revoked.contains(&phone.number)).collect();
    let proved = in_parallel(rehearsal.threads, phones, |phone| {
        let mut proved = 0;
        for index in (0..phone.settled).step_by(step) {
            proved += phone.prove(index..index + 1)?;
        }
        Ok::<u64, super::http::Trouble>(proved)
    });
    let mut sum = 0;
    for proved in proved {
        sum += proved?;
    }
    Ok(sum)
}

impl Report {
    /// The report for a person, Chinese and English line by line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let row = &self.whole;
        let tally = &self.tally;
        let kills = &self.kills;
        let mut text = format!(
            "\
演练 {hours} 小时，种子 {seed} / a rehearsal of {hours} hours, seed {seed}
  在册 {people} 人，{communities} 个社区，{phones} 台手机 / {people} people, {communities} communities, {phones} phones
  户 {dwellings}，已核 {accounted}，未查到 {residual} / dwellings {dwellings}, accounted {accounted}, residual {residual}
  在册 {listed}，已见 {reached}，亮灯不在册 {lit}，在册不亮灯 {dark} / listed {listed}, reached {reached}, lit-unlisted {lit}, listed-dark {dark}
手机 / phones
  上报 {pushes} 次，{told} 条；重复送 {twice} 次，乱序 {gaps} 次，断线 {cut} 次 / {pushes} pushes of {told} facts; sent twice {twice}, out of order {gaps}, cut {cut}
  收下 {accepted}，待定 {quarantined}，重复 {duplicates} / accepted {accepted}, quarantined {quarantined}, duplicates {duplicates}
  每次上报都核对了回执、包含证明和一致性证明，另逐条证明 {proofs} 条 / every answer was checked with its proofs; {proofs} facts proved one by one
办公室 / offices
  看页 {pages} 次；签字 {signed}，放行 {released}，登记 {registered}，删除 {erased}，停用 {revoked}，重启 {restarts} / pages {pages}; signed {signed}, released {released}, registered {registered}, erased {erased}, revoked {revoked}, restarts {restarts}
",
            hours = self.hours,
            seed = self.seed,
            people = self.people,
            communities = self.communities,
            phones = self.phones,
            dwellings = row.dwellings,
            accounted = row.accounted,
            residual = row.residual,
            listed = row.persons_listed,
            reached = row.persons_reached,
            lit = row.lit_unlisted,
            dark = row.listed_dark,
            pushes = tally.pushes,
            told = self.visits_and_sightings,
            twice = tally.sent_twice,
            gaps = tally.gaps,
            cut = tally.cut,
            accepted = tally.accepted,
            quarantined = tally.quarantined,
            duplicates = tally.duplicates,
            proofs = self.proofs,
            pages = self.pages_read,
            signed = self.signed,
            released = self.released,
            registered = self.registered,
            erased = self.erased,
            revoked = self.revoked,
            restarts = self.restarts,
        );
        if kills.pushing > 0 {
            text.push_str(&format!(
                "\
强杀 / kills
  上报时 {0}，启动时 {1}，删除时 {2}，导入时 {3}；已落盘而未回执 {4} 条，全都保留 / pushing {0}, opening {1}, erasing {2}, importing {3}; {4} facts were on the disk unacknowledged, all kept
",
                kills.pushing, kills.opening, kills.erasing, kills.importing, kills.unacknowledged_kept
            ));
        }
        let compared = &self.compared;
        text.push_str(&format!(
            "\
重新清点，全部一致 / counted again, and everything agrees
  区域 {areas}，户 {dwellings}，人 {people}，未查到名单 {residual} 行，比对 {reconcile} 行，网页接口 {http} 行，判定 {verdicts} 条
  areas {areas}, dwellings {dwellings}, people {people}, residual rows {residual}, reconcile rows {reconcile}, rows over HTTP {http}, verdicts {verdicts}
  账本 {facts} 条，验证通过；视图与重建一致 / {facts} facts verify; the views equal a rebuild
用时（秒）/ seconds: import {import:.1}, sweep {sweep:.1}, proofs {prove:.1}, recount {recount:.1}, verify {verify:.1}, rebuild {rebuild:.1}
",
            areas = compared.areas,
            dwellings = compared.dwellings,
            people = compared.people,
            residual = compared.residual_rows,
            reconcile = compared.reconcile_rows,
            http = compared.http_rows,
            verdicts = compared.verdicts,
            facts = self.facts,
            import = self.seconds.import,
            sweep = self.seconds.sweep,
            prove = self.seconds.proofs,
            recount = self.seconds.recount,
            verify = self.seconds.verify,
            rebuild = self.seconds.rebuild,
        ));
        text
    }
}

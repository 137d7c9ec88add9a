//! `wanjia programme check`: every mistake of a pack at once, with file and line.

use std::path::PathBuf;

use clap::Args;

use crate::app::failure::Result;
use crate::app::pack_files::read_pack_files;
use crate::cli::Outcome;

/// Tell every mistake of a pack at once, with file and line. Exit codes: 0 none, 1 some, 2 the folder cannot be read
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The pack's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

/// # Errors
/// If the folder cannot be read.
pub fn run(args: &CheckArgs) -> Result<Outcome> {
    let pack = match programme::check(&read_pack_files(&args.path)?) {
        Ok(pack) => pack,
        Err(findings) => {
            super::tell(&findings);
            return Ok(Outcome::WithRejects);
        }
    };
    let (code, version) = (&pack.manifest.code, &pack.manifest.version);
    let (forms, rules, tests) = (pack.forms.len(), pack.rules.len(), pack.scenarios.len());
    let fields: usize = pack.forms.iter().map(|form| form.fields.len()).sum();
    let (parameters, pathways) =
        (pack.parameters.all.len(), pack.pathways.iter().filter(|pathway| !pathway.of_rule).count());
    let (figures, classes, indicators) = (pack.figures.len(), pack.classes.len(), pack.indicators.len());
    println!(
        "{code} {version}: {forms} forms with {fields} fields, {parameters} parameters, {figures} figures, {classes} classifications, {rules} rules, {indicators} indicators, {pathways} pathways, {tests} tests, no mistakes\n{code} {version}：{forms} 张表、{fields} 个字段、{parameters} 个参数、{figures} 个计算项、{classes} 种分类、{rules} 条规则、{indicators} 个指标、{pathways} 条流程、{tests} 条测试，没有错误"
    );
    for (form, (text, why)) in
        pack.forms.iter().flat_map(|form| form.outside.iter().map(move |outside| (form, outside)))
    {
        println!(
            "{}: in the form {} the phone alone judges `{}`: {}\n    表单 {} 的这个条件只由手机判断：{}",
            text.place, form.code.value, text.value, why.en, form.code.value, why.zh
        );
    }
    Ok(Outcome::Done)
}

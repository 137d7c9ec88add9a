//! `wanjia programme sample`: a pack's forms as they look filled in, to learn from and to type in.

use std::path::PathBuf;

use clap::Args;

use crate::app::failure::{Failure, Result};
use crate::app::pack_files::read_pack_files;
use crate::cli::Outcome;

/// Show forms of a pack filled in, as its samples have them: what each answer looks like, and something to type in
///
/// Exit codes: 0 shown, 1 the pack has mistakes, 2 the folder cannot be read or there is no such sample
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// The pack's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The code of a form; all of them if it is left out
    #[arg(value_name = "FORM")]
    form: Option<String>,
    /// The language of the pack in which it is shown
    #[arg(long, value_name = "TAG", default_value = "zh")]
    language: String,
}

/// # Errors
/// If the folder cannot be read, or nothing is there to show.
pub fn run(args: &SampleArgs) -> Result<Outcome> {
    let files = read_pack_files(&args.path)?;
    let Some(pack) = super::told(programme::read_new(&files))? else { return Ok(Outcome::WithRejects) };
    let language = args.language.as_str();
    if !pack.manifest.languages.iter().any(|known| known == language) {
        let known = pack.manifest.languages.join(", ");
        return Err(Failure::new(
            "unknown_language",
            format!("专项方案没有 {language} 文字；有：{known}"),
            format!("the pack has no texts in {language}; it has {known}"),
        ));
    }
    let wanted = |form: &str| args.form.as_deref().is_none_or(|own| own == form);
    let mut shown = 0;
    for sample in pack.samples.iter().filter(|sample| wanted(&sample.form.value)) {
        let Some(form) = pack.form_on(&sample.form.value, &sample.area, sample.on) else { continue };
        let title = match (language, &form.title_en) {
            ("zh", _) | (_, None) => &form.title,
            (_, Some(title)) => title,
        };
        if shown > 0 {
            println!();
        }
        println!("{title} ({}) {}", form.code.value, sample.on);
        println!("{}", sample.says.get(language).unwrap_or_default());
        for (question, answer) in sample.sheet(form, language) {
            println!("  {question}: {answer}");
        }
        shown += 1;
    }
    if shown == 0 {
        return Err(Failure::new(
            "no_sample",
            "没有这张表单的样例：样例写在 samples/*.toml",
            "there is no sample of this form: samples stand in samples/*.toml",
        ));
    }
    Ok(Outcome::Done)
}

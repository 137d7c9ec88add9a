//! `wanjia link-explain`: why two rows are, or are not, taken for one person.

use std::path::PathBuf;

use linkage::{Column, Explanation, Link, Options, Raw, Scorer};
use serde_json::json;

use super::link::{CommandError, check_mapping, read_model, status};
use super::people_csv::{List, Mapping, read_list, read_mapping, read_row};

/// Explain one pair of two lists.
#[derive(Debug, clap::Args)]
pub struct LinkExplainArgs {
    /// The left list.
    #[arg(long)]
    pub left: PathBuf,
    /// The right list.
    #[arg(long)]
    pub right: PathBuf,
    /// Id of the row in the left list.
    #[arg(long)]
    pub left_id: String,
    /// Id of the row in the right list.
    #[arg(long)]
    pub right_id: String,
    /// Use this model and estimate none.
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// JSON file of header to column: overrides the built-in table.
    #[arg(long)]
    pub mapping: Option<PathBuf>,
    /// Threads; all cores by default.
    #[arg(long)]
    pub threads: Option<usize>,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command; the exit status.
pub fn run(arguments: &LinkExplainArgs) -> u8 {
    status(execute(arguments).map(|()| 0))
}

fn row_of(list: &List, id: &str) -> Option<u32> {
    (0..list.register.len() as u32).find(|row| list.ids.get(*row) == id.as_bytes())
}

fn raw(values: &[(Column, String)]) -> Raw<'_> {
    values.iter().fold(Raw::default(), |raw, (column, text)| raw.with(*column, text))
}

fn execute(arguments: &LinkExplainArgs) -> Result<(), CommandError> {
    let mapping: Mapping = arguments.mapping.as_deref().map_or_else(|| Ok(Mapping::new()), read_mapping)?;
    let model = arguments.model.as_deref().map(read_model).transpose()?;
    let threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let mut left = read_list(&arguments.left, &mapping, threads, true, &|_, _| {})?;
    let right = read_list(&arguments.right, &mapping, threads, true, &|_, _| {})?;
    check_mapping(arguments.mapping.as_deref(), &mapping, &[&left, &right])?;
    let missing = |path: &PathBuf, id: &str| CommandError::Row { path: path.clone(), id: id.to_owned() };
    let left_row =
        row_of(&left, &arguments.left_id).ok_or_else(|| missing(&arguments.left, &arguments.left_id))?;
    let right_row =
        row_of(&right, &arguments.right_id).ok_or_else(|| missing(&arguments.right, &arguments.right_id))?;
    let left_text = read_row(&arguments.left, &mapping, &left, left_row)?;
    let right_text = read_row(&arguments.right, &mapping, &right, right_row)?;
    let options = Options { threads, floor: 0.0, ..Options::default() };
    let result = linkage::link(&mut left.register, &right.register, model.as_ref(), &options, &|_, _, _| {});
    let scorer = Scorer::between(&result.model, left.register.len(), right.register.len());
    let levels = linkage::compare(&left.register, left_row, &right.register, right_row);
    let person = &left.register.people()[left_row as usize];
    let explanation = linkage::explain(&scorer, levels, person, [&raw(&left_text), &raw(&right_text)]);
    let found = result.links.iter().find(|link| (link.left, link.right) == (left_row, right_row));
    let rivals: Vec<&Link> = result
        .links
        .iter()
        .filter(|link| (link.left == left_row) != (link.right == right_row) && link.probability >= 0.01)
        .collect();
    let together = found
        .filter(|link| link.together)
        .map(|_| scorer.together_bits(levels, person, result.model.together));
    // A pair that no key brings together is not one that the lists would be searched for.
    let probability = found.map_or(0.0, |link| link.probability);
    if arguments.json {
        let rivals: Vec<_> = rivals
            .iter()
            .map(|link| {
                json!({
                    "left_id": String::from_utf8_lossy(left.ids.get(link.left)),
                    "right_id": String::from_utf8_lossy(right.ids.get(link.right)),
                    "probability": link.probability,
                })
            })
            .collect();
        let report = json!({
            "explanation": explanation, "candidate": found.is_some(), "probability": probability, "rivals": rivals,
            "together_bits": together,
        });
        println!("{report:#}");
        return Ok(());
    }
    print_table(&explanation);
    if let Some(bits) = together {
        println!(
            "左方同户的人也在右方这一门见到 / others of the left household were seen at the right door: {bits:+.2} {:+.2}",
            explanation.total + bits
        );
    }
    for link in &rivals {
        println!(
            "竞争 / rival: {} – {} {:.4}",
            String::from_utf8_lossy(left.ids.get(link.left)),
            String::from_utf8_lossy(right.ids.get(link.right)),
            link.probability
        );
    }
    if found.is_none() {
        println!(
            "没有任何共同的检索键，批量比对时不会比较这一对 / no key brings the two together: not compared in bulk"
        );
    }
    println!("概率（考虑竞争后） / probability, rivals considered: {probability:.6}");
    Ok(())
}

fn print_table(explanation: &Explanation) {
    println!("{:<38} {:>8} {:>8}", "先验 / prior", "", format!("{:+.2}", explanation.prior));
    for item in &explanation.evidence {
        println!(
            "{} / {}: {} | {}\n    {} / {} {:>+8.2} {:>+8.2}",
            item.field_zh,
            item.field_en,
            item.left,
            item.right,
            item.agreement_zh,
            item.agreement_en,
            item.weight,
            item.total
        );
    }
    let [same, household, strangers] = explanation.kinds;
    println!(
        "同一人 {same:.4}，同户两人 {household:.4}，无关两人 {strangers:.4} / same person, one household, strangers"
    );
}

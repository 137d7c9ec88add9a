//! A command line that does not read: what is wrong with it and how it is written, in both languages.

use std::error::Error as _;
use std::net::AddrParseError;
use std::num::{ParseFloatError, ParseIntError};

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// What a person reads about a command line that was refused. Help and version are errors to clap too, and not for this.
pub fn told(error: &Error) -> String {
    let (mut zh, mut en) = reason(error);
    let suggestions =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let meant: Vec<String> = suggestions.into_iter().flat_map(|kind| words(error, kind)).collect();
    if !meant.is_empty() {
        zh += &format!("；是不是想写 {}？", meant.join("、"));
        en += &format!("; did you mean {}?", meant.join(", "));
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // The help text itself is what tells more.
        return format!("wanjia: {en}\n万家：{zh}\n\n{error}");
    }
    let usage = words(error, ContextKind::Usage).join(" ");
    let usage = usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>();
    let named: Vec<&str> =
        usage.iter().take_while(|word| !word.starts_with(['-', '[', '<'])).copied().collect();
    let help = if named.is_empty() { "wanjia".to_owned() } else { named.join(" ") } + " --help";
    let written =
        if usage.is_empty() { String::new() } else { format!("usage / 用法: {}\n", usage.join(" ")) };
    format!("wanjia: {en}\n万家：{zh}\n{written}`{help}` tells more / 运行 `{help}` 查看说明\n")
}

/// What is wrong, in Chinese and in English.
fn reason(error: &Error) -> (String, String) {
    let arguments = words(error, ContextKind::InvalidArg);
    let (all_zh, all_en) = (arguments.join("、"), arguments.join(", "));
    let value = words(error, ContextKind::InvalidValue).concat();
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            (format!("缺少必填的 {all_zh}"), format!("needed, and not given: {all_en}"))
        }
        ErrorKind::UnknownArgument if all_en.starts_with('-') => {
            (format!("没有 {all_zh} 这个选项"), format!("there is no option {all_en} here"))
        }
        ErrorKind::UnknownArgument => {
            (format!("多出了 {all_zh}，这里不需要"), format!("{all_en} is one word too many"))
        }
        ErrorKind::InvalidSubcommand => {
            let command = words(error, ContextKind::InvalidSubcommand).concat();
            (format!("没有 {command} 这个命令"), format!("there is no command {command}"))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ("请说明要做什么：后面还要写一个命令".into(), "say what to do: a command is to follow".into())
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            (format!("{all_zh} 后面要写一个值"), format!("{all_en} needs a value"))
        }
        ErrorKind::InvalidValue => {
            let possible = words(error, ContextKind::ValidValue);
            (
                format!("{all_zh} 不能是 {value:?}；可以是 {}", possible.join("、")),
                format!("{all_en} cannot be {value:?}; it can be {}", possible.join(", ")),
            )
        }
        ErrorKind::ValueValidation => {
            let (expected_zh, expected_en) = expected(error);
            (
                format!("{all_zh} 的值 {value:?} 不对：{expected_zh}"),
                format!("{value:?} is no value for {all_en}: {expected_en}"),
            )
        }
        ErrorKind::ArgumentConflict => {
            let others: Vec<String> =
                words(error, ContextKind::PriorArg).into_iter().filter(|other| *other != all_en).collect();
            if others.is_empty() {
                (format!("{all_zh} 只能写一次"), format!("{all_en} can be given once only"))
            } else {
                (
                    format!("{all_zh} 不能和 {} 同时使用", others.join("、")),
                    format!("{all_en} cannot be used together with {}", others.join(", ")),
                )
            }
        }
        ErrorKind::InvalidUtf8 => {
            ("命令里有不是 UTF-8 的文字".into(), "there is something in it that is no text in UTF-8".into())
        }
        kind => {
            let what = kind.as_str().unwrap_or("it does not read");
            (format!("命令写法不对：{all_zh} {value}"), format!("{what}: {all_en} {value}"))
        }
    }
}

/// What a value should have been.
fn expected(error: &Error) -> (String, String) {
    let Some(source) = error.source() else {
        return ("格式不对".into(), "it does not read".into());
    };
    let en = source.to_string();
    let zh = if source.is::<ParseIntError>() {
        "应为整数，且不能太大".into()
    } else if source.is::<ParseFloatError>() {
        "应为数字".into()
    } else if source.is::<AddrParseError>() {
        "应为“地址:端口”，如 127.0.0.1:8420".into()
    } else if let Some((_, range)) = en.split_once(" is not in ") {
        format!("应在 {range} 之内")
    } else {
        return (en.clone(), en);
    };
    (zh, en)
}

fn words(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use insta::assert_snapshot;

    use super::*;
    use crate::cli::Cli;

    fn told_of(line: &str) -> String {
        match Cli::try_parse_from(std::iter::once("wanjia").chain(line.split_whitespace())) {
            Ok(_) => "it reads".into(),
            Err(error) => told(&error),
        }
    }

    #[test]
    fn what_does_not_read_is_told_in_both_languages() {
        let lines = [
            "coverage --data d",
            "coverage --data d --sweep 1 --colour",
            "coverage --data d --sweep 1 --jsno",
            "coverage --data d --sweep 1 more",
            "coverage --data",
            "coverage --data d --data e --sweep 1",
            "erase --data d",
            "erase --data d --person 1 --dwelling 2",
            "serve --data d --listen here",
            "demo --people many",
            "plan rounds --stops s --out o --teams 0",
            "plan rounds --stops s --out o --teams 1 --language fr",
            "sweeep list",
            "reap",
        ];
        let told: Vec<String> =
            lines.iter().map(|line| format!("$ wanjia {line}\n{}", told_of(line))).collect();
        assert_snapshot!(told.join("\n"), @r#"
$ wanjia coverage --data d
wanjia: needed, and not given: --sweep <ID>
万家：缺少必填的 --sweep <ID>
usage / 用法: wanjia coverage --data <DIR> --sweep <ID>
`wanjia coverage --help` tells more / 运行 `wanjia coverage --help` 查看说明

$ wanjia coverage --data d --sweep 1 --colour
wanjia: there is no option --colour here
万家：没有 --colour 这个选项
usage / 用法: wanjia coverage --data <DIR> --sweep <ID>
`wanjia coverage --help` tells more / 运行 `wanjia coverage --help` 查看说明

$ wanjia coverage --data d --sweep 1 --jsno
wanjia: there is no option --jsno here; did you mean --json?
万家：没有 --jsno 这个选项；是不是想写 --json？
usage / 用法: wanjia coverage --data <DIR> --sweep <ID> --json
`wanjia coverage --help` tells more / 运行 `wanjia coverage --help` 查看说明

$ wanjia coverage --data d --sweep 1 more
wanjia: more is one word too many
万家：多出了 more，这里不需要
usage / 用法: wanjia coverage [OPTIONS] --data <DIR> --sweep <ID>
`wanjia coverage --help` tells more / 运行 `wanjia coverage --help` 查看说明

$ wanjia coverage --data
wanjia: --data <DIR> needs a value
万家：--data <DIR> 后面要写一个值
`wanjia --help` tells more / 运行 `wanjia --help` 查看说明

$ wanjia coverage --data d --data e --sweep 1
wanjia: --data <DIR> can be given once only
万家：--data <DIR> 只能写一次
usage / 用法: wanjia coverage [OPTIONS] --data <DIR> --sweep <ID>
`wanjia coverage --help` tells more / 运行 `wanjia coverage --help` 查看说明

$ wanjia erase --data d
wanjia: needed, and not given: <--person <ID>|--dwelling <ID>|--past-due>
万家：缺少必填的 <--person <ID>|--dwelling <ID>|--past-due>
usage / 用法: wanjia erase --data <DIR> <--person <ID>|--dwelling <ID>|--past-due>
`wanjia erase --help` tells more / 运行 `wanjia erase --help` 查看说明

$ wanjia erase --data d --person 1 --dwelling 2
wanjia: --person <ID> cannot be used together with --dwelling <ID>
万家：--person <ID> 不能和 --dwelling <ID> 同时使用
usage / 用法: wanjia erase --data <DIR> <--person <ID>|--dwelling <ID>|--past-due>
`wanjia erase --help` tells more / 运行 `wanjia erase --help` 查看说明

$ wanjia serve --data d --listen here
wanjia: "here" is no value for --listen <ADDR>: invalid socket address syntax
万家：--listen <ADDR> 的值 "here" 不对：应为“地址:端口”，如 127.0.0.1:8420
`wanjia --help` tells more / 运行 `wanjia --help` 查看说明

$ wanjia demo --people many
wanjia: "many" is no value for --people <N>: invalid digit found in string
万家：--people <N> 的值 "many" 不对：应为整数，且不能太大
`wanjia --help` tells more / 运行 `wanjia --help` 查看说明

$ wanjia plan rounds --stops s --out o --teams 0
wanjia: "0" is no value for --teams <TEAMS>: 0 is not in 1..=65535
万家：--teams <TEAMS> 的值 "0" 不对：应在 1..=65535 之内
`wanjia --help` tells more / 运行 `wanjia --help` 查看说明

$ wanjia plan rounds --stops s --out o --teams 1 --language fr
wanjia: --language <LANGUAGE> cannot be "fr"; it can be zh, en
万家：--language <LANGUAGE> 不能是 "fr"；可以是 zh、en
`wanjia --help` tells more / 运行 `wanjia --help` 查看说明

$ wanjia sweeep list
wanjia: there is no command sweeep; did you mean sheet, serve, sweep?
万家：没有 sweeep 这个命令；是不是想写 sheet、serve、sweep？
usage / 用法: wanjia <COMMAND>
`wanjia --help` tells more / 运行 `wanjia --help` 查看说明

$ wanjia reap
wanjia: there is no command reap
万家：没有 reap 这个命令
usage / 用法: wanjia <COMMAND>
`wanjia --help` tells more / 运行 `wanjia --help` 查看说明
"#);
        assert!(told_of("sweep").starts_with("wanjia: say what to do"), "and the help follows");
    }
}

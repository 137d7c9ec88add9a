//! Words from a short list: sex, light, outcome.

use super::text::fold_width;

/// A word as it is compared: folded, lower case, without spaces and closing marks.
fn word(text: &str) -> String {
    fold_width(text)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '。' | '.' | '!' | '_' | '-' | '√' | '☑' | '✓'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// `男`, `女`, or `""` for an empty or unknown one; `None` when the word means nothing.
pub fn sex(text: &str) -> Option<&'static str> {
    match text {
        "男" => return Some("男"),
        "女" => return Some("女"),
        "" => return Some(""),
        _ => {}
    }
    match word(text).as_str() {
        "男" | "男性" | "m" | "male" | "1" | "man" | "先生" => Some("男"),
        "女" | "女性" | "f" | "female" | "2" | "woman" | "女士" => Some("女"),
        "" | "0" | "9" | "未知" | "不详" | "未说明" | "unknown" | "/" | "无" => Some(""),
        _ => None,
    }
}

/// Whether light was seen: 0 unknown, 1 on, 2 off; `None` when the word means nothing.
pub fn light(text: &str) -> Option<u8> {
    if text.is_empty() {
        return Some(0);
    }
    match word(text).as_str() {
        "on" | "亮" | "亮灯" | "开" | "开灯" | "有灯" | "有" | "是" | "灯亮" | "yes" | "y" | "true" | "1" => {
            Some(1)
        }
        "off" | "灭" | "灭灯" | "关" | "关灯" | "无灯" | "无" | "否" | "不亮" | "未亮" | "未亮灯"
        | "灯灭" | "没亮" | "黑" | "no" | "n" | "false" | "2" => Some(2),
        "" | "unknown" | "未知" | "不详" | "看不清" | "不清楚" | "/" | "0" => Some(0),
        _ => None,
    }
}

/// The outcome that needs a day to come back.
pub const AWAY: u8 = 5;

/// How a visit ended: 0 met, 1 phone, 2 no answer, 3 vacant, 4 refused, 5 away, 6 no such door or person; `None`
/// when the word means nothing.
pub fn outcome(text: &str) -> Option<u8> {
    match word(text).as_str() {
        "met" | "见面" | "已见面" | "见到" | "已见" | "已走访" | "在家" | "入户" | "已入户" | "面见" => {
            Some(0)
        }
        "phone" | "phoned" | "电话" | "电话核实" | "电话联系" | "已电话" | "电话已核实" | "电联" => {
            Some(1)
        }
        "noanswer" | "无人应答" | "无人" | "无人在家" | "没人" | "敲门无人" | "无应答" | "敲门无应答"
        | "无人应" | "家中无人" => Some(2),
        "vacant" | "empty" | "空置" | "空房" | "空户" | "空置房" | "无人居住" | "闲置" => {
            Some(3)
        }
        "refused" | "拒绝" | "拒访" | "拒不开门" | "拒绝开门" | "不配合" => Some(4),
        "away" | "外出" | "外地" | "不在本地" | "在外地" | "回老家" | "外出务工" => {
            Some(AWAY)
        }
        "notexist" | "查无" | "查无此户" | "查无此人" | "不存在" | "无此户" | "地址不存在" | "无此房" => {
            Some(6)
        }
        _ => None,
    }
}

//! Characters that a hand or an eye takes for one another though they sound unlike: 未 and 末, 晟 and 盛, 余 and 佘.

use std::sync::OnceLock;

/// Each text is a group whose characters are alike in pairs; simplified, as names are folded. What sounds alike is
/// left to [`crate::sound`].
const GROUPS: [&str; 96] = [
    "未末本",
    "土士",
    "己已",
    "戊戌戍",
    "日曰",
    "人入",
    "干千于",
    "天夭",
    "王玉主",
    "大太犬",
    "小少",
    "木术",
    "水永",
    "田由甲申",
    "白自百",
    "目且旦",
    "元无",
    "及乃",
    "川州",
    "住往佳",
    "桂挂",
    "晴睛清情",
    "辛幸",
    "荣菜莱",
    "栗粟",
    "娜哪",
    "娟捐",
    "晓绕饶",
    "钊钓",
    "钦饮",
    "拴栓",
    "捧棒",
    "栋拣",
    "汪江注",
    "沈沉",
    "林材",
    "休体",
    "仕任",
    "陈阵冻",
    "郎朗",
    "朋明",
    "吴昊",
    "昌冒",
    "晨晟",
    "晟盛",
    "雷雪",
    "霜露",
    "霞震",
    "宇字宁",
    "宋宗安",
    "宣宜",
    "直真",
    "寒赛塞",
    "容客",
    "官宫",
    "芳芬",
    "英央",
    "薛薜",
    "简筒",
    "若苦",
    "莫草",
    "李季",
    "季秀",
    "秦泰奏春",
    "孟盂",
    "彬杉",
    "徐徒除",
    "微徽",
    "思恩",
    "悦说锐",
    "恒桓",
    "怡恰",
    "治冶",
    "波披彼",
    "珍玲",
    "玫玟",
    "瑞端",
    "谨勤勒",
    "梅海侮",
    "杏呆查香",
    "桃挑",
    "柏拍",
    "柳抑",
    "柯何",
    "权汉叹",
    "鸣呜",
    "鸟乌",
    "冉再",
    "亨享亭",
    "凡丸几",
    "吉古占告",
    "余佘全",
    "令今",
    "冀翼",
    "傅博",
    "崔雀",
];

fn alike_pairs() -> &'static [(u16, u16)] {
    static PAIRS: OnceLock<Vec<(u16, u16)>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let code = |character: char| u16::try_from(u32::from(character)).unwrap_or_default();
        let mut pairs: Vec<(u16, u16)> = GROUPS
            .iter()
            .flat_map(|group| group.chars().flat_map(move |one| group.chars().map(move |other| (one, other))))
            .filter(|(one, other)| one != other)
            .map(|(one, other)| (code(one), code(other)))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    })
}

/// True when two characters of the basic plane, by their codes, are two that are taken for one another.
#[must_use]
pub fn alike(one: u16, other: u16) -> bool {
    alike_pairs().binary_search(&(one, other)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_of_both_sides_and_not_of_one_with_itself() {
        let code = |character: char| u32::from(character) as u16;
        assert!(alike(code('未'), code('末')) && alike(code('末'), code('未')));
        assert!(!alike(code('未'), code('未')) && !alike(code('未'), code('伟')));
        // 晟 is like 晨 and like 盛, which are not like each other.
        assert!(alike(code('晨'), code('晟')) && alike(code('晟'), code('盛')));
        assert!(!alike(code('晨'), code('盛')));
        assert!(alike_pairs().iter().all(|(one, other)| *one != 0 && alike(*other, *one)));
    }
}

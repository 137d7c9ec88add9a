//! How someone is, as a line tells it. A word that is denied (`没有咳嗽`), over (`咳嗽好了`) or asked about (`是不是发烧`) is none of
//! hers. Of what contradicts itself the worse counts; what cannot be told is left to a person, with a doubt that says so.

use super::{Doubt, HOLE, Line, Rest, Symptom, Temperature, is_mark};

/// What a word says where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Fever,
    /// That there may be or was one.
    PerhapsFever,
    Ill(Symptom),
    /// Unwell in a way that is no choice of the form.
    Unwell,
    /// That nothing is wrong.
    Nothing,
    /// Denies what follows: plainly, or so that it may have been there before.
    Not {
        plain: bool,
    },
    /// What follows is asked or feared.
    Asks,
    /// Between what denies and what is denied; `plain` if it leaves the denial as it is.
    Between {
        plain: bool,
    },
    /// Goes on with what is denied.
    And,
    /// Begins anew; what holds a sign of denial and denies nothing is one too.
    Anew,
}

/// Of two words of one length the one that stands first here.
const WORDS: &[(Word, &[&str])] = &[
    (
        Word::Nothing,
        &[
            "没有什么不舒服",
            "没有任何不适",
            "没有任何症状",
            "没有不舒服",
            "没什么不舒服",
            "没有不适",
            "没有症状",
            "没不舒服",
            "无不适",
            "没症状",
            "无症状",
            "身体没事",
        ],
    ),
    (Word::Ill(Symptom::Cough), &["咳嗽", "干咳", "咳痰", "咳"]),
    (
        Word::Ill(Symptom::Fatigue),
        &["没有力气", "没力气", "没有劲", "没劲", "乏力", "四肢无力", "浑身无力", "全身无力", "无力"],
    ),
    (
        Word::Ill(Symptom::Dyspnoea),
        &[
            "呼吸困难",
            "喘不上气",
            "喘不过气",
            "透不过气",
            "上不来气",
            "气促",
            "气短",
            "气急",
            "气喘",
            "胸闷",
            "憋气",
            "喘",
        ],
    ),
    (Word::Ill(Symptom::SoreThroat), &["嗓子疼", "嗓子痛", "喉咙疼", "喉咙痛", "咽喉痛", "咽喉疼", "咽痛"]),
    (Word::Ill(Symptom::Diarrhoea), &["拉肚子", "腹泻", "拉稀"]),
    (
        Word::Fever,
        &[
            "发高烧",
            "发低烧",
            "发过烧",
            "发着烧",
            "发了烧",
            "发起烧",
            "发烧",
            "发热",
            "高烧",
            "低烧",
            "高热",
            "低热",
            "发烫",
            "滚烫",
            "烧到",
            "烧",
        ],
    ),
    (
        Word::PerhapsFever,
        &[
            "退烧药",
            "退热药",
            "退烧",
            "退热",
            "烧退",
            "发热门诊",
            "偏高",
            "升高",
            "体温高",
            "发冷",
            "寒战",
            "畏寒",
            "怕冷",
        ],
    ),
    (
        Word::Unwell,
        &[
            "不舒服",
            "不舒坦",
            "不适",
            "难受",
            "头痛",
            "头疼",
            "头晕",
            "恶心",
            "呕吐",
            "流鼻涕",
            "鼻塞",
            "酸痛",
            "胸痛",
            "没胃口",
            "没有胃口",
            "没精神",
            "没有精神",
            "没食欲",
            "感冒",
            "确诊",
            "疑似",
            "无症状感染",
            "生病",
            "病了",
        ],
    ),
    (
        Word::Asks,
        &[
            "是不是",
            "有没有",
            "会不会",
            "发不发",
            "发没发",
            "咳不咳",
            "咳没咳",
            "烧不烧",
            "不知道",
            "不知",
            "不清楚",
            "不确定",
            "不排除",
            "担心",
            "怕",
        ],
    ),
    (
        Word::Anew,
        &[
            "不但",
            "不仅",
            "不光",
            "不只",
            "不单",
            "不断",
            "不停",
            "不住",
            "不时",
            "不过",
            "不好",
            "不少",
            "没好",
            "没有好",
            "可是",
            "但是",
            "但",
            "却",
            "就是",
            "只是",
            "只有",
            "而且",
            "开始",
            "突然",
            "后来",
            "又",
            "也",
            "还有",
            "还",
            "今天",
            "今早",
            "今晚",
            "昨天",
            "昨晚",
            "前天",
            "早上",
            "上午",
            "中午",
            "下午",
            "晚上",
            "夜里",
            "现在",
            "目前",
            "烧饭",
            "烧菜",
            "烧水",
            "烧香",
            "烧烤",
            "烧酒",
        ],
    ),
    (Word::Not { plain: true }, &["没有", "没", "未", "无", "不是", "不", "沒有", "沒", "無", "否认"]),
    (Word::Not { plain: false }, &["不再", "不怎么", "不太", "不大", "不会", "没怎么"]),
    (Word::Between { plain: true }, &["有", "出现", "见", "任何", "什么", "啥", "过"]),
    (Word::Between { plain: false }, &["再", "明显", "的", "是", "觉得", "感到", "感觉"]),
    (Word::And, &["、", "/", "和", "或者", "或", "以及", "及", "与", "跟"]),
];

/// What stands between `体温` and `正常`.
const STILL: &[&str] = &[
    "目前", "现在", "今天", "一直", "一切", "仍然", "仍", "都", "也", "还", "均", "是", "很", ":", "：",
    "，", ",",
];
const NOT_NORMAL: &[&str] =
    &["不太", "不大", "不是", "不", "没有恢复", "没恢复", "未恢复", "没有", "没", "未", "非", "才恢复"];
/// After a word of illness: that it is over, with what may stand before that.
const OVER: &[&str] = &["好了", "没了", "没有了", "消失", "消退", "退了", "停了", "不再", "止住了", "痊愈"];
const ALREADY: &[&str] = &["已经", "已", "都", "也", "现在", "完全", "症状", "了"];
/// After it: that it is not there. Only at the end of what is said: `咳嗽没有力气` goes on.
const ABSENT: &[&str] = &["没有", "没", "无", "否"];
/// `好了很多` is not over yet.
const NOT_QUITE: &[&str] = &["一", "点", "些", "很", "许", "多", "不少"];
const QUESTION: &[&str] = &["吗", "么", "?", "？"];
/// Before and after a number that is a bound and no reading.
const BELOW: &[&str] = &["不超过", "没超过", "没有超过", "不到", "没到", "低于", "小于"];
const OR_LESS: &[&str] = &["以下", "以内", "之下"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    Morning,
    Noon,
    Afternoon,
    Night,
    /// More than one by itself, or none of today's.
    Other,
}

const TIMES: &[(Time, &[&str])] = &[
    (Time::Morning, &["早上", "上午", "早晨", "清晨", "今早"]),
    (Time::Noon, &["中午"]),
    (Time::Afternoon, &["下午"]),
    (Time::Night, &["傍晚", "晚上", "今晚", "夜里", "夜间", "半夜", "凌晨"]),
    (
        Time::Other,
        &["早晚", "昨天", "昨日", "昨晚", "昨夜", "前天", "前几天", "前两天", "上次", "之前", "以前"],
    ),
];

/// From here on a temperature is a fever in every protocol: a word of fever beside one below it contradicts it.
const FEVERISH: f64 = 37.3;

/// What denies at a place, until something else begins.
#[derive(Clone, Copy)]
struct Denial {
    from: usize,
    plain: bool,
    /// Nothing unknown stands between it and what it denies, and it is denied by nothing itself.
    sure: bool,
    /// Something was denied by it.
    began: bool,
    /// Which of [`Said::fine`] it is.
    fine: Option<usize>,
}

type Span = (usize, usize);

#[derive(Default)]
struct Said {
    fever: bool,
    symptoms: Vec<Symptom>,
    /// One that is over, or of which it cannot be told.
    perhaps_fever: bool,
    perhaps_ill: bool,
    unwell: bool,
    /// Where it says that the temperature is fine, and that nothing is wrong.
    fine: Vec<Span>,
    nothing: Vec<Span>,
    /// What is understood.
    ill: Vec<Span>,
}

impl Rest {
    pub(super) fn health(&mut self, line: &mut Line) {
        let several = self.is_of_several_times();
        let (readings, bounded) = self.readings();
        let before = self.signs.clone();
        self.cut_all(&readings.iter().map(|(span, _)| *span).collect::<Vec<_>>());
        let mut said = self.listen();
        said.perhaps_fever |= bounded;
        let highest = readings.iter().map(|(_, degrees)| *degrees).reduce(f64::max);
        let is_low = highest.is_some_and(|degrees| degrees < FEVERISH);
        let (fine, nothing) = (!said.fine.is_empty(), !said.nothing.is_empty());
        line.temperature = match highest {
            Some(degrees) if !(said.fever && is_low) => Some(Temperature::Degrees(degrees)),
            _ if said.fever => Some(Temperature::Fever),
            _ if fine && !several && !said.perhaps_fever => Some(Temperature::Normal),
            _ => None,
        };
        if said.fever && is_low {
            // The number is not what is proposed: it is told as not understood.
            for ((from, to), _) in readings {
                for (sign, was) in self.signs.iter_mut().zip(&before).take(to).skip(from) {
                    *sign = *was;
                }
            }
        } else if line.temperature.is_some() {
            self.cut_all(&said.fine);
        }
        self.cut_all(&said.ill);
        if said.fever {
            said.symptoms.push(Symptom::Fever);
        }
        said.symptoms.sort_unstable();
        said.symptoms.dedup();
        let unclear = said.perhaps_fever || said.perhaps_ill;
        let is_ill = !said.symptoms.is_empty();
        if is_ill {
            line.symptoms = Some(said.symptoms);
        } else if nothing && !said.unwell && !unclear && !several {
            line.symptoms = Some(Vec::new());
            self.cut_all(&said.nothing);
        }
        let held_back = fine && line.temperature.is_none() || nothing && line.symptoms.is_none();
        let doubts = [
            (Doubt::Contradiction, said.fever && (fine || is_low) || nothing && (is_ill || said.unwell)),
            (Doubt::SeveralTimes, several && held_back),
            (Doubt::Unclear, unclear),
        ];
        line.doubts = doubts.into_iter().filter_map(|(doubt, holds)| holds.then_some(doubt)).collect();
    }

    fn cut_all(&mut self, spans: &[Span]) {
        for (from, to) in spans {
            self.cut(*from, *to);
        }
    }

    /// Every temperature in degrees with where it stands, and whether there is one that is only said to be lower than some.
    fn readings(&self) -> (Vec<(Span, f64)>, bool) {
        let (mut found, mut bounded) = (Vec::new(), false);
        let mut at = 0;
        while at < self.signs.len() {
            let Some((from, to, degrees)) = self.degrees(at) else {
                at += 1;
                continue;
            };
            match self.stands_before(from, BELOW) || self.end(to, OR_LESS).is_some() {
                true => bounded = true,
                false => found.push(((from, to), degrees)),
            }
            at = to;
        }
        (found, bounded)
    }

    fn is_of_several_times(&self) -> bool {
        let mut times = Vec::new();
        let mut at = 0;
        while at < self.signs.len() {
            let found = TIMES.iter().find_map(|(time, words)| Some((self.end(at, words)?, *time)));
            times.extend(found.map(|(_, time)| time));
            at = found.map_or(at + 1, |(end, _)| end);
        }
        let first = times.first().copied();
        times.contains(&Time::Other) || times.iter().any(|time| Some(*time) != first)
    }

    /// The longest word that begins here, and where it ends.
    fn word(&self, at: usize) -> Option<(usize, Word)> {
        let all = WORDS.iter().flat_map(|(meant, words)| words.iter().map(|word| (*word, *meant)));
        let found = all
            .filter(|(word, _)| self.starts_with(at, word))
            .map(|(word, meant)| (at + word.chars().count(), meant));
        found.reduce(|before, now| if now.0 > before.0 { now } else { before })
    }

    /// Goes through the line once and notes what is said, asked and denied.
    fn listen(&mut self) -> Said {
        let mut said = Said::default();
        let mut denial: Option<Denial> = None;
        let mut at = 0;
        while let Some(sign) = self.signs.get(at).copied() {
            if let Some((end, fine)) = self.temperature_word(at) {
                match fine && denial.is_none() {
                    true => said.fine.push((at, end)),
                    false => {
                        said.perhaps_fever = true;
                        self.keep_denied(&mut denial, (at, end));
                    }
                }
                at = end;
                continue;
            }
            let Some((end, word)) = self.word(at) else {
                denial = denial.and_then(|before| before.past(sign));
                at += 1;
                continue;
            };
            match word {
                Word::Not { plain } => {
                    let sure = denial.is_none_or(|before| before.began);
                    let from = denial.filter(|_| !sure).map_or(at, |before| before.from);
                    denial = Some(Denial { from, plain, sure, began: false, fine: None });
                }
                Word::Asks => {
                    denial = Some(Denial { from: at, plain: false, sure: false, began: false, fine: None });
                }
                Word::And => denial = denial.map(|before| Denial { began: false, ..before }),
                // `不发烧有咳嗽`: what was denied ends here.
                Word::Between { plain } => {
                    denial = denial
                        .filter(|before| !before.began)
                        .map(|before| Denial { plain: before.plain && plain, ..before });
                }
                Word::Anew => denial = None,
                Word::Nothing if denial.is_none() && self.end(end, QUESTION).is_none() => {
                    said.nothing.push((at, end));
                }
                Word::Nothing => {
                    said.perhaps_ill = true;
                    self.keep_denied(&mut denial, (at, end));
                }
                Word::PerhapsFever => {
                    said.perhaps_fever = true;
                    said.unwell = true;
                    self.keep_denied(&mut denial, (at, end));
                }
                Word::Unwell => {
                    said.unwell |= denial.is_none_or(|before| !before.sure);
                    self.keep_denied(&mut denial, (at, end));
                }
                Word::Fever | Word::Ill(_) => self.illness((at, end), word, &mut denial, &mut said),
            }
            at = end;
        }
        said
    }

    /// What is not proposed stays together with what denies it, which thereby has begun.
    fn keep_denied(&mut self, denial: &mut Option<Denial>, (at, end): Span) {
        self.kept.push((denial.map_or(at, |before| before.from), end));
        *denial = denial.map(|before| Denial { began: true, ..before });
    }

    /// A fever or a symptom: it is hers, if nothing denies it, before it or behind it.
    fn illness(&mut self, (at, end): Span, word: Word, denial: &mut Option<Denial>, said: &mut Said) {
        let fever = word == Word::Fever;
        let after = self.after(end);
        let Some(before) = denial else {
            match (after, word) {
                (Some((to, absent)), _) => {
                    said.perhaps_fever |= fever;
                    said.perhaps_ill |= !absent;
                    self.kept.push((at, to));
                }
                (None, Word::Ill(symptom)) => {
                    said.symptoms.push(symptom);
                    said.ill.push((at, end));
                }
                (None, _) => {
                    said.fever = true;
                    said.ill.push((at, end));
                }
            }
            return;
        };
        // `不发烧了` says that there was one.
        let is_plain = before.sure && before.plain && after.is_none() && !self.starts_with(end, "了");
        if !is_plain {
            said.perhaps_fever |= fever;
            said.perhaps_ill = true;
        } else if fever && before.fine.is_none() {
            before.fine = Some(said.fine.len());
            said.fine.push((before.from, end));
        } else if let Some((_, to)) = before.fine.and_then(|at| said.fine.get_mut(at)) {
            // Denied together they stay together, to be read by a person.
            *to = before.from;
        }
        before.began = true;
        self.kept.push((before.from, after.map_or(end, |(to, _)| to)));
    }

    /// Whether a word of illness that ends here is said to be over, asked about, or not there (`true`), and up to where.
    fn after(&self, end: usize) -> Option<(usize, bool)> {
        let mut at = end;
        while self.end(at, OVER).is_none()
            && let Some(next) = self.end(at, ALREADY)
        {
            at = next;
        }
        if let Some(to) = self.end(at, QUESTION) {
            return Some((to, false));
        }
        if let Some(to) = self.end(at, OVER) {
            return self.end(to, NOT_QUITE).is_none().then_some((to, false));
        }
        let to = self.end(at, ABSENT)?;
        let next = self.signs.get(to).copied().unwrap_or(HOLE);
        (next == HOLE || next.is_whitespace() || is_mark(next)).then_some((to, true))
    }

    /// `体温目前正常`, `体温 不太正常`: where it ends, and whether it is fine.
    fn temperature_word(&self, at: usize) -> Option<(usize, bool)> {
        let mut next = self.end(at, &["体温", "温度"])?;
        let mut fine = true;
        loop {
            if self.signs.get(next).is_some_and(|sign| sign.is_whitespace() || *sign == HOLE) {
                next += 1;
            } else if let Some(end) = self.end(next, NOT_NORMAL) {
                fine = false;
                next = end;
            } else if let Some(end) = self.end(next, STILL) {
                next = end;
            } else {
                break;
            }
        }
        let end = self.end(next, &["正常"])?;
        let goes_on = self.end(end, QUESTION).or_else(|| self.end(end, &["偏", "否", "不"]));
        Some((end, fine && goes_on.is_none()))
    }
}

impl Denial {
    /// What is left of it past a sign that is no part of a word.
    fn past(self, sign: char) -> Option<Self> {
        if sign == HOLE || is_mark(sign) {
            return None;
        }
        if sign.is_whitespace() {
            return (self.sure && !self.began).then_some(Self { plain: false, ..self });
        }
        (!self.began).then_some(Self { sure: false, ..self })
    }
}

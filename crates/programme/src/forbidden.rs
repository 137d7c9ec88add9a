//! What no form may ask, in any programme: the compiler refuses it by its name, its wording and its choices.
//!
//! The list is code and not data on purpose. A pack is written by whoever runs a programme; what may never be asked of
//! residents is not hers to change.

/// A kind of data about people that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub zh: &'static str,
    pub en: &'static str,
    /// What to do instead.
    pub instead_zh: &'static str,
    pub instead_en: &'static str,
    /// Chinese wording, found anywhere in a text, with blanks between its signs or without.
    han: &'static [&'static str],
    /// Chinese words that are found as a whole text only, since others hold them: `街道教育` is no 道教.
    whole: &'static [&'static str],
    /// Latin words, in the singular or the plural, as whole words of a text or between the underscores of a name.
    words: &'static [&'static str],
    /// A worker's own badge is hers to show: not refused in a form about a worker.
    allowed_of_workers: bool,
}

const KINDS: [Kind; 6] = [
    Kind {
        zh: "民族",
        en: "ethnicity",
        instead_zh: "要知道用什么语言联系，请问联系语言；要问国籍，请用 citizenship 国籍",
        instead_en: "to know in which language to reach someone, ask the contact language; for a country, ask citizenship",
        han: &[
            "民族",
            "族别",
            "族裔",
            "种族",
            "族属",
            "哪个族",
            "哪一族",
            "哪族",
            "什么族",
            "汉族",
            "壮族",
            "满族",
            "回族",
            "苗族",
            "维吾尔族",
            "土家族",
            "彝族",
            "蒙古族",
            "藏族",
            "布依族",
            "侗族",
            "瑶族",
            "朝鲜族",
            "哈尼族",
            "哈萨克族",
            "黎族",
            "傣族",
            "畲族",
            "傈僳族",
            "东乡族",
            "仡佬族",
            "拉祜族",
            "佤族",
            "纳西族",
            "羌族",
            "仫佬族",
            "锡伯族",
            "柯尔克孜族",
            "景颇族",
            "达斡尔族",
            "撒拉族",
            "布朗族",
            "毛南族",
            "塔吉克族",
            "普米族",
            "阿昌族",
            "鄂温克族",
            "基诺族",
            "德昂族",
            "保安族",
            "俄罗斯族",
            "裕固族",
            "乌孜别克族",
            "门巴族",
            "鄂伦春族",
            "独龙族",
            "塔塔尔族",
            "赫哲族",
            "高山族",
            "珞巴族",
        ],
        whole: &["水族", "土族", "怒族", "京族", "白族"],
        words: &[
            "ethnicity",
            "ethnic",
            "ethnos",
            "ethnonym",
            "han_chinese",
            "uyghur_people",
            "which_people_do_you_belong",
            "race",
            "racial",
            "nation",
            "nationality",
            "minority",
            "minzu",
            "minzhu",
        ],
        allowed_of_workers: false,
    },
    Kind {
        zh: "宗教信仰",
        en: "religion",
        instead_zh: "饮食忌口请直接问“不吃什么”",
        instead_en: "for food, ask what someone does not eat",
        han: &[
            "宗教",
            "信仰",
            "信教",
            "教徒",
            "教派",
            "信什么教",
            "信哪个教",
            "拜什么",
            "信佛",
            "信徒",
            "皈依",
            "做礼拜",
            "佛教",
            "伊斯兰",
            "穆斯林",
            "基督教",
            "天主教",
            "东正教",
            "犹太教",
            "印度教",
        ],
        whole: &["道教", "信主"],
        words: &[
            "religion",
            "religious",
            "faith",
            "creed",
            "worship",
            "zongjiao",
            "xinyang",
            "buddhism",
            "buddhist",
            "taoism",
            "taoist",
            "islam",
            "islamic",
            "muslim",
            "christianity",
            "christian",
            "catholicism",
            "catholic",
            "hinduism",
            "hindu",
            "judaism",
            "atheist",
            "atheism",
        ],
        allowed_of_workers: false,
    },
    Kind {
        zh: "居民的政治面貌",
        en: "residents' politics",
        instead_zh: "工作人员可在自己的档案里亮明身份；居民不问",
        instead_en: "a worker may show her own badge; residents are not asked",
        han: &[
            "政治面貌",
            "党员",
            "党派",
            "团员",
            "政治立场",
            "政治倾向",
            "政治观点",
            "入党",
            "党籍",
            "党龄",
            "共产党",
            "加入过什么党",
            "加入哪个党",
        ],
        whole: &["入团"],
        words: &[
            "political",
            "politics",
            "party_member",
            "party_membership",
            "party_affiliation",
            "join_the_party",
            "joined_the_party",
            "joining_the_party",
            "member_of_the_party",
            "communist",
            "communist_party",
            "voted_for",
            "vote_for",
            "zhengzhi",
            "dangyuan",
            "rudang",
        ],
        allowed_of_workers: true,
    },
    Kind {
        zh: "生物特征",
        en: "biometrics",
        instead_zh: "认人用姓名、电话或证件后四位，请人说出即可",
        instead_en: "recognise people by name, phone or the last four of an ID, as they tell it",
        han: &["人脸", "脸部", "面部", "面容", "指纹", "掌纹", "虹膜", "声纹", "基因", "步态"],
        whole: &[],
        words: &[
            "biometric",
            "face",
            "facial",
            "fingerprint",
            "iris",
            "retina",
            "voiceprint",
            "dna",
            "gait",
            "renlian",
            "zhiwen",
        ],
        allowed_of_workers: false,
    },
    Kind {
        zh: "行踪轨迹",
        en: "location trails",
        instead_zh: "只问从哪个省市来、哪天到；接触登记只记接触的地点和日期",
        instead_en: "ask only from which province or city and on which day; of a contact only the place and day of the contact",
        han: &["轨迹", "基站", "行踪", "实时定位", "活动路线", "定位记录", "行程码"],
        whole: &[],
        words: &[
            "trajectory",
            "trail",
            "track",
            "tracking",
            "whereabouts",
            "base_station",
            "cell_tower",
            "location_history",
            "movement_history",
            "imsi",
            "guiji",
        ],
        allowed_of_workers: false,
    },
    Kind {
        zh: "社会评分",
        en: "social scores",
        instead_zh: "规则只提示，由人判断；不给居民打分",
        instead_en: "rules flag and people decide; nobody gets a score",
        han: &[
            "信用分",
            "信用积分",
            "信用评分",
            "信用等级",
            "信用评级",
            "社会信用",
            "积分评级",
            "风险评分",
            "诚信分",
            "诚信积分",
            "文明积分",
            "道德积分",
            "居民积分",
            "村民积分",
            "居民评分",
            "重点人员",
            "失信",
        ],
        whole: &[],
        words: &[
            "social_score",
            "social_credit",
            "credit_score",
            "credit_point",
            "credit_rating",
            "citizen_score",
            "trust_score",
            "behaviour_score",
            "behavior_score",
            "loyalty_score",
            "risk_score",
            "persona_score",
            "xinyongfen",
        ],
        allowed_of_workers: false,
    },
];

/// Question types that collect such data whatever they are called, with the place in the list above.
const TYPES: [(&str, usize); 4] =
    [("geotrace", 4), ("start-geopoint", 4), ("background-audio", 3), ("simserial", 4)];

/// Says that a question's type collects something forbidden. `options` is its `parameters` cell: an audit of how a form
/// was filled in may follow where the phone is.
#[must_use]
pub fn by_type(question_type: &str, options: &str) -> Option<&'static Kind> {
    if question_type == "audit" && options.to_lowercase().contains("location") {
        return KINDS.get(4);
    }
    TYPES.iter().find(|(name, _)| *name == question_type).and_then(|(_, kind)| KINDS.get(*kind))
}

/// How a people is called where the word itself is left out, as a whole text. Which of them are families' names as often, or
/// languages alone, is not among them.
const PEOPLES: [&str; 33] = [
    "汉",
    "回",
    "藏",
    "蒙",
    "蒙古",
    "维",
    "维吾尔",
    "壮",
    "满",
    "苗",
    "彝",
    "侗",
    "瑶",
    "傣",
    "土家",
    "哈萨克",
    "布依",
    "朝鲜",
    "han",
    "hui",
    "uyghur",
    "uygur",
    "uighur",
    "tibetan",
    "mongol",
    "mongolian",
    "zhuang",
    "manchu",
    "miao",
    "tujia",
    "kazakh",
    "kazak",
    "bouyei",
];
/// Those that are neither a language that somebody is reached in nor a word for anything else beside another of them.
const ONLY_PEOPLES: [&str; 4] = ["汉", "回", "han", "hui"];

/// Which choices of a list ask who somebody is by the names of peoples alone, as "Han / Hui": two of them at least, one of which
/// is no language. Of each choice its texts; which it is, and by which name. What [`by_wording`] finds is told already.
#[must_use]
pub fn by_choices(choices: &[Vec<&str>]) -> Vec<(usize, &'static str)> {
    let people = |text: &&str| {
        let text: String = text.chars().filter(|sign| !is_unseen(*sign)).map(plain).collect();
        let text = text.trim().to_lowercase();
        let text = text.strip_prefix("the ").unwrap_or(&text);
        let text = text.strip_suffix(" people").or(text.strip_suffix(" chinese")).unwrap_or(text);
        PEOPLES.into_iter().find(|name| *name == text)
    };
    let named: Vec<(usize, &'static str)> = choices
        .iter()
        .enumerate()
        .filter(|(_, texts)| texts.iter().all(|text| by_wording(text, false).is_none()))
        .filter_map(|(at, texts)| Some((at, texts.iter().find_map(people)?)))
        .collect();
    let tells = named.len() > 1 && named.iter().any(|(_, name)| ONLY_PEOPLES.contains(name));
    if tells { named } else { Vec::new() }
}

/// Who somebody's people is.
#[must_use]
pub fn of_peoples() -> &'static Kind {
    &KINDS[0]
}

/// Pictures of people: a face is biometrics, whatever it is wanted for.
#[must_use]
pub fn of_people() -> &'static Kind {
    &KINDS[3]
}

/// Where someone was, again and again, with when: a trail, whatever its questions are called.
#[must_use]
pub fn of_trails() -> &'static Kind {
    &KINDS[4]
}

/// What of a text is forbidden: the kind, and the word by which it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: &'static Kind,
    pub word: &'static str,
}

/// Says that a name, label, hint or choice asks for something forbidden. `of_worker` is true for forms about a worker.
#[must_use]
pub fn by_wording(text: &str, of_worker: bool) -> Option<Found> {
    let text: String = text.chars().filter(|sign| !is_unseen(*sign)).map(plain).collect();
    let (words, joined, apart) = (words_of(&text), without_blanks(&text), spelled_apart(&text));
    let kinds = KINDS.iter().filter(|kind| !(of_worker && kind.allowed_of_workers));
    kinds.into_iter().find_map(|kind| {
        let han = kind.han.iter().find(|han| joined.contains(**han) && !is_place(&joined, han));
        let han = han.or_else(|| kind.whole.iter().find(|whole| joined == **whole));
        let han = han.or_else(|| kind.han.iter().find(|han| apart.iter().any(|run| run == *han)));
        let word = han.or_else(|| kind.words.iter().find(|phrase| has_phrase(&words, phrase)))?;
        Some(Found { kind, word })
    })
}

/// Signs that nobody sees and that would stand between the others.
fn is_unseen(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Traditional signs of the words above, and their simplified ones.
const TRADITIONAL: &str = "種种跡迹軌轨蹟迹敎教臉脸黨党團团員员紋纹聲声實实時时動动線线蹤踪積积評评級级險险風风點点會会傾倾場场漢汉滿满維维\
                           爾尔蘭兰識识別别個个麼么何何蘇苏羅罗達达烏乌門门倫伦東东開开裡里裏里鄉乡縣县區区齡龄見见觀观斷断產产貌貌誠诚\
                           壯壮黎黎獨独龍龙鄂鄂薩萨魯鲁記记錄录碼码";

/// A sign in its plain form: simplified, of ordinary width, small.
fn plain(sign: char) -> char {
    let mut signs = TRADITIONAL.chars();
    while let (Some(traditional), Some(simplified)) = (signs.next(), signs.next()) {
        if traditional == sign {
            return simplified;
        }
    }
    match sign {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(sign as u32 - 0xfee0).unwrap_or(sign),
        other => other,
    }
}

/// A blank between two Chinese signs says nothing.
fn without_blanks(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace()).collect()
}

/// Chinese words of which every sign stands by itself: `民、族`, `宗-教`. Two words side by side (`农民、族人`) are none.
fn spelled_apart(text: &str) -> Vec<String> {
    let mut runs = vec![String::new()];
    for part in text.split(|sign: char| !sign.is_alphanumeric()).filter(|part| !part.is_empty()) {
        match (part.chars().count(), runs.last_mut()) {
            (1, Some(run)) => run.push_str(part),
            _ => runs.push(String::new()),
        }
    }
    runs
}

/// Whether a people stands there only as part of the name of a place: `恩施土家族苗族自治州`.
fn is_place(text: &str, people: &str) -> bool {
    people.ends_with('族')
        && ["自治", "民族乡", "族乡", "族镇"].iter().any(|place| text.contains(place))
        && people != "民族"
}

/// The words of a text in small letters: of a name they stand between underscores or begin with a capital, of a label
/// between anything that is no letter. Letters that stand alone (`r e l i g i o n`) are one word.
fn words_of(text: &str) -> Vec<String> {
    let mut parted = String::new();
    let mut before = ' ';
    for sign in text.chars() {
        if before.is_ascii_lowercase() && sign.is_ascii_uppercase() {
            parted.push(' ');
        }
        parted.push(sign.to_ascii_lowercase());
        before = sign;
    }
    let mut words: Vec<String> = Vec::new();
    let mut letters = false;
    for word in parted.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        match words.last_mut() {
            Some(last) if letters && word.len() == 1 => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
        letters = word.len() == 1;
    }
    words
}

/// Whether a word is that one, or its plural.
fn is_word(found: &str, word: &str) -> bool {
    let plural = |stem: &str, ending: &str| found.strip_prefix(stem) == Some(ending);
    found == word
        || plural(word, "s")
        || plural(word, "es")
        || word.strip_suffix('y').is_some_and(|stem| plural(stem, "ies"))
}

/// Whether the words of a phrase (joined by underscores) follow each other, or are written as one.
fn has_phrase(words: &[String], phrase: &str) -> bool {
    let parts: Vec<&str> = phrase.split('_').collect();
    let joined = parts.concat();
    let as_one = parts.len() > 1 && words.iter().any(|word| is_word(word, &joined));
    // "A face mask", "face to face", "a place of worship" and "United Nations" are none of anybody's.
    as_one
        || words.windows(parts.len()).enumerate().any(|(at, window)| {
            let next = words.get(at + 1).map(String::as_str);
            let before = at.checked_sub(1).and_then(|at| words.get(at)).map(String::as_str);
            window.iter().zip(&parts).all(|(found, part)| is_word(found, part))
                && !(phrase == "face" && matches!(next, Some("mask" | "masks" | "to")))
                && !(phrase == "face" && at > 1 && before == Some("to"))
                && !(phrase == "nation" && before == Some("united"))
                && !(phrase == "worship" && before == Some("of"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forbidden_kind_is_found_in_names_and_in_both_languages() {
        for (text, kind) in [
            ("ethnicity", "ethnicity"),
            ("person_nation", "ethnicity"),
            ("您的民族？", "ethnicity"),
            ("What is your Religion?", "religion"),
            ("宗教信仰", "religion"),
            ("party_member", "residents' politics"),
            ("政治面貌", "residents' politics"),
            ("Face photo", "biometrics"),
            ("采集指纹", "biometrics"),
            ("手机基站位置", "location trails"),
            ("location tracking", "location trails"),
            ("social credit", "social scores"),
        ] {
            assert_eq!(by_wording(text, false).map(|found| found.kind.en), Some(kind), "{text}");
        }
    }

    #[test]
    fn a_word_is_found_however_it_is_spelled() {
        for (text, kind, word) in [
            ("民 族", "ethnicity", "民族"),
            ("您的民\u{3000}族？", "ethnicity", "民族"),
            ("民\u{200b}族", "ethnicity", "民族"),
            ("民、族", "ethnicity", "民族"),
            ("宗-教", "religion", "宗教"),
            ("種族", "ethnicity", "种族"),
            ("軌跡", "location trails", "轨迹"),
            ("宗敎", "religion", "宗教"),
            ("臉部照片", "biometrics", "脸部"),
            ("religions and ethnicities", "ethnicity", "ethnicity"),
            ("Your RELIGIONS", "religion", "religion"),
            ("r e l i g i o n", "religion", "religion"),
            ("ｒｅｌｉｇｉｏｎ", "religion", "religion"),
            ("personReligion", "religion", "religion"),
            ("partymember", "residents' politics", "party_member"),
            ("credit scores", "social scores", "credit_score"),
            ("creditScore", "social scores", "credit_score"),
            ("Credit points", "social scores", "credit_point"),
            ("信用积分", "social scores", "信用积分"),
            ("哪年入党", "residents' politics", "入党"),
            ("黨員", "residents' politics", "党员"),
            ("When did you join the Party", "residents' politics", "join_the_party"),
            ("您是哪个族的", "ethnicity", "哪个族"),
            ("回族", "ethnicity", "回族"),
            ("佛教", "religion", "佛教"),
            ("Buddhists", "religion", "buddhist"),
            ("平时拜什么", "religion", "拜什么"),
            ("trajectories", "location trails", "trajectory"),
            ("fingerprints", "biometrics", "fingerprint"),
        ] {
            let found = by_wording(text, false);
            let word_of = |found: Found| if word.is_ascii() { found.word } else { word };
            assert_eq!(found.map(|found| (found.kind.en, word_of(found))), Some((kind, word)), "{text}");
        }
    }

    #[test]
    fn what_only_sounds_like_it_is_asked() {
        for text in [
            "surface",
            "temperature",
            "face mask worn",
            "face to face",
            "口罩",
            "trace",
            "donation",
            "国籍",
            "embrace",
            "农民、族人",
            "恩施土家族苗族自治州",
            "家族企业",
            "水族馆",
            "礼拜天",
            "教育",
            "小额信贷",
            "爱心超市积分",
            "a place of worship",
            "United Nations",
            "街道教育专干",
            "加入团购群",
            "接受洗浴帮助",
            "民政见面会",
            "birthday party",
            "party size",
            "credit for seeds",
            "traces of water",
            "grace",
            "international",
        ] {
            assert_eq!(by_wording(text, false), None, "{text}");
        }
    }

    #[test]
    fn a_list_of_peoples_is_found_and_one_of_languages_colours_or_families_is_not() {
        let found = |list: &str| -> usize {
            let choices: Vec<Vec<&str>> = list.split('/').map(|choice| choice.split('|').collect()).collect();
            by_choices(&choices).len()
        };
        for (list, count) in [
            ("Han/Hui", 2),
            ("汉/回/其他", 2),
            ("漢/藏/維", 3),
            ("a|Han people/b|the Hui/c|other", 2),
            ("han|1/uyghur|2/tibetan|3/x|4", 3),
            ("Han people/Kazakh", 2),
        ] {
            assert_eq!(found(list), count, "{list}");
        }
        for list in [
            "Mandarin/Tibetan/Uyghur",
            "汉语/藏语/维吾尔语",
            "Han/Li/Wang",
            "白/黑/满",
            "满/空",
            "回/没回",
            "苗/树/壮",
            "回家/汉口",
            "Han",
        ] {
            assert_eq!(found(list), 0, "{list}");
        }
    }

    #[test]
    fn a_worker_may_show_her_own_badge_and_nothing_more() {
        assert_eq!(by_wording("党员", true), None);
        assert!(by_wording("党员", false).is_some());
        assert!(by_wording("民族", true).is_some());
    }

    #[test]
    fn a_type_that_collects_a_trail_is_found_whatever_its_name() {
        let found = |name: &str, options: &str| by_type(name, options).map(|kind| kind.en);
        assert_eq!(found("geotrace", ""), Some("location trails"));
        assert_eq!(
            found("audit", "location-priority=balanced location-min-interval=60"),
            Some("location trails")
        );
        assert_eq!(found("audit", "track-changes=true"), None);
        assert_eq!(found("geopoint", ""), None);
    }
}

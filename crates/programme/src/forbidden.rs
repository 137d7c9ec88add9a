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
    /// Chinese wording, found anywhere in a text.
    han: &'static [&'static str],
    /// Latin words, found as whole words in a text or between the underscores of a name.
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
        han: &["民族", "族别", "族裔", "种族"],
        words: &[
            "ethnicity",
            "ethnic",
            "ethnos",
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
        han: &["宗教", "信仰", "信教", "教徒"],
        words: &["religion", "religious", "faith", "creed", "zongjiao", "xinyang"],
        allowed_of_workers: false,
    },
    Kind {
        zh: "居民的政治面貌",
        en: "residents' politics",
        instead_zh: "工作人员可在自己的档案里亮明身份；居民不问",
        instead_en: "a worker may show her own badge; residents are not asked",
        han: &["政治面貌", "党员", "党派", "团员", "政治立场", "政治倾向"],
        words: &["political", "politics", "party_member", "party_membership", "zhengzhi", "dangyuan"],
        allowed_of_workers: true,
    },
    Kind {
        zh: "生物特征",
        en: "biometrics",
        instead_zh: "认人用姓名、电话或证件后四位，请人说出即可",
        instead_en: "recognise people by name, phone or the last four of an ID, as they tell it",
        han: &["人脸", "面部", "面容", "指纹", "掌纹", "虹膜", "声纹", "基因", "步态"],
        words: &[
            "biometric",
            "biometrics",
            "face",
            "facial",
            "fingerprint",
            "fingerprints",
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
        han: &["轨迹", "基站", "行踪", "实时定位", "活动路线"],
        words: &[
            "trajectory",
            "trajectories",
            "trail",
            "track",
            "tracking",
            "whereabouts",
            "base_station",
            "cell_tower",
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
        han: &["信用分", "社会信用", "积分评级", "风险评分", "重点人员"],
        words: &["social_score", "social_credit", "credit_score", "risk_score", "persona_score"],
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

/// Pictures of people: a face is biometrics, whatever it is wanted for.
#[must_use]
pub fn of_people() -> &'static Kind {
    &KINDS[3]
}

/// Says that a name, label, hint or choice asks for something forbidden. `of_worker` is true for forms about a worker.
#[must_use]
pub fn by_wording(text: &str, of_worker: bool) -> Option<&'static Kind> {
    let small = text.to_lowercase();
    // Words of a name stand between underscores, of a label between anything that is no letter.
    let words: Vec<&str> = small
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    KINDS.iter().filter(|kind| !(of_worker && kind.allowed_of_workers)).find(|kind| {
        kind.han.iter().any(|han| small.contains(han))
            || kind.words.iter().any(|phrase| has_phrase(&words, phrase))
    })
}

/// Whether the words of a phrase (joined by underscores) follow each other.
fn has_phrase(words: &[&str], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split('_').collect();
    // "A face mask" and "face to face" are no faces.
    words.windows(phrase.len()).enumerate().any(|(at, window)| {
        window == phrase
            && !(window == ["face"] && matches!(words.get(at + 1), Some(&"mask" | &"masks" | &"to")))
            && !(window == ["face"] && at > 1 && words.get(at - 1) == Some(&"to"))
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
            assert_eq!(by_wording(text, false).map(|found| found.en), Some(kind), "{text}");
        }
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
        ] {
            assert_eq!(by_wording(text, false), None, "{text}");
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

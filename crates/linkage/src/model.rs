//! The Fellegi-Sunter model with three kinds of pair, and the score of a pair under it.

use serde::{Deserialize, Serialize};

use crate::compare::{Field, LEVELS, Levels};
use crate::person::{Person, Rarity};

/// What a pair of rows can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Two rows of one person (the m-probabilities).
    Same,
    /// Two people of one household: they share a dwelling, often a surname, sometimes a telephone.
    Household,
    /// Two strangers (the u-probabilities).
    Stranger,
}

/// Probabilities of the levels of one field, given the kind of pair. `[level]`; level 0 (missing) is not used,
/// levels 1.. sum to 1.
pub type Table = [[f64; LEVELS]; Field::COUNT];

/// Parameters that score pairs: readable, writable, reusable on other lists of the same kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Version of this layout.
    pub version: u32,
    /// How many rows of the shorter list, per row of it, are expected to be in the other list.
    pub match_rate: f64,
    /// How many pairs of two people of one household are expected, per row of the shorter list.
    pub household_rate: f64,
    /// Level probabilities of pairs of one person.
    pub same: Table,
    /// Level probabilities of pairs of one household.
    pub household: Table,
    /// `[name level][birth date level]`: how many times as often two people of one household agree so on both as the two
    /// fields by themselves would have it. Twins bear names of one generation.
    #[serde(default = "independent")]
    pub siblings: [[f64; LEVELS]; LEVELS],
    /// Level probabilities of pairs of strangers.
    pub stranger: Table,
    /// Mean probability, by [`Rarity`], that a stranger shares a person's value.
    pub collision: [f64; 7],
    /// Of two people who were seen at one door away from their own, the share who are of one household; 0: households
    /// do not move together, or it is not known.
    #[serde(default)]
    pub together: f64,
    /// Bits added to the odds of every pair: what people's answers have taught, 0 before any.
    #[serde(default)]
    pub shift: f64,
    /// Pairs that the estimates of `same` rest on.
    pub support: f64,
    /// Share of the matching pairs that blocking is estimated to reach (Chao's lower bound on the missed).
    pub blocking_recall: f64,
}

const fn independent() -> [[f64; LEVELS]; LEVELS] {
    [[1.0; LEVELS]; LEVELS]
}

const fn row<const N: usize>(levels: [f64; N]) -> [f64; LEVELS] {
    let mut out = [0.0; LEVELS];
    let mut at = 0;
    while at < N {
        out[at + 1] = levels[at];
        at += 1;
    }
    out
}

impl Default for Model {
    /// What is believed before any list has been seen: the start of the estimation and its gentle prior.
    fn default() -> Self {
        Self {
            version: 1,
            match_rate: 0.7,
            household_rate: 1.5,
            same: [
                row([0.004, 0.004, 0.006, 0.03, 0.026, 0.01, 0.05, 0.87]),
                row([0.005, 0.005, 0.01, 0.04, 0.01, 0.03, 0.90]),
                row([0.005, 0.005, 0.02, 0.97]),
                row([0.08, 0.02, 0.90]),
                row([0.01, 0.99]),
                row([0.06, 0.01, 0.02, 0.03, 0.03, 0.85]),
            ],
            household: [
                row([0.42, 0.50, 0.001, 0.01, 0.064, 0.002, 0.002, 0.001]),
                row([0.95, 0.03, 0.005, 0.005, 0.001, 0.004, 0.005]),
                row([0.90, 0.0989, 0.001, 0.0001]),
                row([0.85, 0.01, 0.14]),
                row([0.55, 0.45]),
                row([0.05, 0.005, 0.01, 0.015, 0.01, 0.91]),
            ],
            siblings: independent(),
            stranger: [
                row([0.955, 0.038, 0.0003, 0.003, 0.003, 0.0002, 0.0002, 0.0003]),
                row([0.97, 0.02, 0.003, 0.0005, 0.0003, 0.001, 0.0002]),
                row([0.95, 0.0499, 1e-7, 1e-9]),
                row([0.9999, 1e-5, 1e-6]),
                row([0.5, 0.5]),
                row([0.98, 0.003, 0.01, 0.004, 0.001, 0.002]),
            ],
            collision: [1e-4, 1e-4, 0.03, 1e-4, 1e-6, 1e-5, 1e-2],
            together: 0.0,
            shift: 0.0,
            support: 0.0,
            blocking_recall: 1.0,
        }
    }
}

/// A saved model that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Written by another version of this program.
    #[error("model version {found} is not 1: estimate a new one")]
    Version {
        /// The version found.
        found: u32,
    },
    /// A probability is missing, negative or above 1.
    #[error("model: {field:?} holds a value that is no probability")]
    Probability {
        /// The field at fault.
        field: Field,
    },
    /// A rate or a collision probability is out of range.
    #[error("model: a rate is out of range")]
    Rate,
}

impl Model {
    /// Checks a model that was read from outside.
    ///
    /// # Errors
    /// The first value that no estimate could have produced.
    pub fn check(&self) -> Result<(), ModelError> {
        if self.version != 1 {
            return Err(ModelError::Version { found: self.version });
        }
        for table in [&self.same, &self.household, &self.stranger] {
            for field in Field::ALL {
                let levels = &table[field as usize][1..field.levels()];
                if levels.iter().any(|p| !(*p > 0.0 && *p <= 1.0)) {
                    return Err(ModelError::Probability { field });
                }
            }
        }
        let rates =
            self.match_rate > 0.0 && self.match_rate <= 1e3 && (0.0..=1e6).contains(&self.household_rate);
        if !rates
            || !(-64.0..=64.0).contains(&self.shift)
            || !(0.0..=1.0).contains(&self.together)
            || self.siblings.iter().flatten().any(|times| !(*times > 0.0 && *times <= 1e6))
            || self.collision.iter().any(|p| !(*p > 0.0 && *p <= 1.0))
        {
            return Err(ModelError::Rate);
        }
        Ok(())
    }

    /// Weight, in bits, of a level for one kind of pair against strangers with an average value.
    #[must_use]
    pub fn weight(&self, field: Field, level: usize) -> f64 {
        (self.same[field as usize][level] / self.stranger[field as usize][level]).log2()
    }
}

/// The value whose rarity corrects a level's probability among strangers.
pub(crate) const fn corrected_by(field: Field, level: usize) -> Option<Rarity> {
    match (field, level) {
        (Field::Name, 8) => Some(Rarity::Name),
        (Field::Name, 6 | 7) => Some(Rarity::Sound),
        (Field::Name, 2 | 4 | 5) => Some(Rarity::Surname),
        (Field::Birth, 7) => Some(Rarity::Birth),
        (Field::Phone, 3) => Some(Rarity::Phone),
        (Field::Dwelling, 6) => Some(Rarity::Dwelling),
        (Field::Dwelling, 3..=5) => Some(Rarity::Community),
        _ => None,
    }
}

/// A model made ready for lists of given lengths: logarithms to the base 2.
#[derive(Clone, Debug)]
pub struct Scorer {
    prior: [f64; 2],
    same: [[f32; LEVELS]; Field::COUNT],
    household: [[f32; LEVELS]; Field::COUNT],
    siblings: [[f32; LEVELS]; LEVELS],
    stranger: [[f32; LEVELS]; Field::COUNT],
    correction: [[u8; LEVELS]; Field::COUNT],
}

/// The byte of a person that is never a rarity: no correction.
const NONE: u8 = 7;

impl Scorer {
    /// Prepares a model for lists of `left` and `right` rows between which a person matches at most once, so that
    /// the rival of a pair is not "strangers" but "this row has no match in the other list". The better the lists
    /// cover each other, the less likely that rival is: the odds rise by 1 / ((1 - p)(1 - q)) where p and q are
    /// the shares of the lists that match.
    #[must_use]
    pub fn between(model: &Model, left: usize, right: usize) -> Self {
        let matches = model.match_rate * left.min(right) as f64;
        let open = |rows: usize| (1.0 - matches / rows.max(1) as f64).clamp(0.02, 1.0);
        let mut scorer = Self::new(model, left.max(right));
        let lift = -open(left).log2() - open(right).log2();
        scorer.prior[0] += lift;
        scorer
    }

    /// Prepares a model for pairs judged one by one; the longer list has `longer` rows.
    #[must_use]
    pub fn new(model: &Model, longer: usize) -> Self {
        let longer = longer.max(2) as f64;
        let mut scorer = Self {
            prior: [
                (model.match_rate / longer).log2() + model.shift,
                (model.household_rate.max(1e-9) / longer).log2(),
            ],
            same: [[0.0; LEVELS]; Field::COUNT],
            household: [[0.0; LEVELS]; Field::COUNT],
            siblings: model.siblings.map(|births| births.map(|times| times.log2() as f32)),
            stranger: [[0.0; LEVELS]; Field::COUNT],
            correction: [[NONE; LEVELS]; Field::COUNT],
        };
        for field in Field::ALL {
            let f = field as usize;
            for level in 1..field.levels() {
                scorer.same[f][level] = model.same[f][level].log2() as f32;
                scorer.household[f][level] = model.household[f][level].log2() as f32;
                let mut stranger = model.stranger[f][level].log2();
                if let Some(rarity) = corrected_by(field, level) {
                    stranger -= model.collision[rarity as usize].log2();
                    scorer.correction[f][level] = rarity as u8;
                }
                scorer.stranger[f][level] = stranger as f32;
            }
        }
        scorer
    }

    /// Log2 probabilities of one field's level, given the fields before it: same person, one household, strangers.
    pub(crate) fn parts(&self, field: Field, levels: Levels, person: &Person) -> [f64; 3] {
        let (f, level) = (field as usize, levels.get(field));
        let correction = f64::from(person.rarity[usize::from(self.correction[f][level])]) / -8.0;
        let siblings = if field == Field::Birth { self.siblings(levels) } else { 0.0 };
        [
            f64::from(self.same[f][level]),
            f64::from(self.household[f][level] + siblings),
            f64::from(self.stranger[f][level]) + correction,
        ]
    }

    fn siblings(&self, levels: Levels) -> f32 {
        self.siblings[levels.get(Field::Name)][levels.get(Field::Birth)]
    }

    /// Prior log2 odds against strangers: same person, one household.
    pub(crate) const fn prior(&self) -> [f64; 2] {
        self.prior
    }

    /// Log2 odds that a pair is one person, against household or strangers. `person` is the side whose values'
    /// rarities are known.
    #[must_use]
    pub fn log_odds(&self, levels: Levels, person: &Person) -> f64 {
        let [same, household, stranger] = self.logs(levels, person);
        same - log2_sum(household, stranger)
    }

    /// The same where others of `person`'s household were seen at the other's door, and `share` of those who are seen
    /// so are of one household: she is one of a handful, not one of the whole list.
    pub(crate) fn log_odds_together(&self, levels: Levels, person: &Person, share: f64) -> f64 {
        let [same, household, stranger] = self.logs(levels, person);
        let bits = together(person, share);
        same + bits - log2_sum(household + bits, stranger)
    }

    /// What [`Model::together`] adds to the odds of a pair, in bits, where it holds of it.
    #[must_use]
    pub fn together_bits(&self, levels: Levels, person: &Person, share: f64) -> f64 {
        self.log_odds_together(levels, person, share) - self.log_odds(levels, person)
    }

    fn logs(&self, levels: Levels, person: &Person) -> [f64; 3] {
        let (mut same, mut household, mut stranger) = (0.0_f32, self.siblings(levels), 0.0_f32);
        let mut rarity = 0_u32;
        for (field, level) in levels.0.iter().enumerate() {
            let level = usize::from(*level);
            same += self.same[field][level];
            household += self.household[field][level];
            stranger += self.stranger[field][level];
            rarity += u32::from(person.rarity[usize::from(self.correction[field][level])]);
        }
        let stranger = f64::from(stranger) - f64::from(rarity) / 8.0;
        [self.prior[0] + f64::from(same), self.prior[1] + f64::from(household), stranger]
    }

    /// Posterior probabilities of the three kinds.
    #[must_use]
    pub fn posterior(&self, levels: Levels, person: &Person) -> [f64; 3] {
        let mut logs = [self.prior[0], self.prior[1], 0.0];
        for field in Field::ALL {
            for (log, part) in logs.iter_mut().zip(self.parts(field, levels, person)) {
                *log += part;
            }
        }
        let top = logs.iter().copied().fold(f64::MIN, f64::max);
        let odds = logs.map(|log| (log - top).exp2());
        let sum = odds.iter().sum::<f64>();
        odds.map(|odd| odd / sum)
    }
}

/// Bits by which members of a household come into question before all others, see [`Model::together`].
pub(crate) fn together(person: &Person, share: f64) -> f64 {
    (share.log2() + f64::from(person.rarity[Rarity::Dwelling as usize]) / 8.0).max(0.0)
}

/// `log2(2^a + 2^b)`.
pub(crate) fn log2_sum(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if high - low > 40.0 { high } else { high + (1.0 + (low - high).exp2()).log2() }
}

/// Probability of log2 odds.
#[must_use]
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp2())
}

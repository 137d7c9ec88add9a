//! Learning from what people answered on pairs of the middle band.

use crate::compare::{Field, Levels};
use crate::model::{Model, Scorer, probability};
use crate::person::{Person, Register};

/// What a person said of a pair.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// How the fields agree.
    pub levels: Levels,
    /// The left row, with its rarities.
    person: Person,
    /// The two rows are one person.
    pub same: bool,
}

impl Answer {
    /// An answer on the row of a list that has been linked.
    #[must_use]
    pub fn new(left: &Register, row: u32, levels: Levels, same: bool) -> Option<Self> {
        left.people().get(row as usize).map(|person| Self { levels, person: *person, same })
    }
}

/// What was estimated without labels counts as at most this many answers.
const WORTH: f64 = 400.0;
/// Standard deviation, in bits, that the shift of all odds is believed to have.
const SPREAD: f64 = 3.0;

impl Model {
    /// A model that takes the answers into account. Answers on pairs that were hard to tell say little about easy
    /// ones, so the level probabilities move gently (each answer is one pair more beside up to 400) and the rest
    /// is made up by a shift of the odds, fitted by maximum a posteriori. `left` and `right` are the lengths of
    /// the lists that were linked. The model itself is not changed: keep both, and undo is choosing the old one.
    #[must_use]
    pub fn learn(&self, answers: &[Answer], left: usize, right: usize) -> Self {
        let mut model = self.clone();
        if answers.is_empty() {
            return model;
        }
        let before = Scorer::between(self, left, right);
        let worth = self.support.clamp(30.0, WORTH);
        let mut same = self.same.map(|levels| levels.map(|p| p * worth));
        let mut household = self.household.map(|levels| levels.map(|p| p * worth));
        for answer in answers {
            let [_, h, u] = before.posterior(answer.levels, &answer.person);
            let mate = if h + u > 0.0 { h / (h + u) } else { 0.0 };
            for field in Field::ALL {
                let (f, level) = (field as usize, answer.levels.get(field));
                if level == 0 {
                    continue;
                }
                if answer.same {
                    same[f][level] += 1.0;
                } else {
                    household[f][level] += mate;
                }
            }
        }
        for field in Field::ALL {
            let (f, levels) = (field as usize, field.levels());
            for (counts, out) in [(&same, &mut model.same), (&household, &mut model.household)] {
                let total: f64 = counts[f][1..levels].iter().sum();
                for level in 1..levels {
                    out[f][level] = (counts[f][level] / total).max(1e-9);
                }
            }
        }
        let after = Scorer::between(&model, left, right);
        let odds: Vec<(f64, bool)> =
            answers.iter().map(|a| (after.log_odds(a.levels, &a.person), a.same)).collect();
        model.shift = (self.shift + fit_shift(&odds)).clamp(-20.0, 20.0);
        model
    }
}

/// The shift, in bits, under which the odds fit the answers best; Newton's method on a concave function.
fn fit_shift(odds: &[(f64, bool)]) -> f64 {
    let mut shift = 0.0;
    for _ in 0..50 {
        let (mut slope, mut curve) = (-shift / (SPREAD * SPREAD), -1.0 / (SPREAD * SPREAD));
        for (odd, same) in odds {
            let p = probability((odd + shift).clamp(-60.0, 60.0));
            slope += (f64::from(u8::from(*same)) - p) * std::f64::consts::LN_2;
            curve -= p * (1.0 - p) * std::f64::consts::LN_2 * std::f64::consts::LN_2;
        }
        let step = (slope / curve).clamp(-4.0, 4.0);
        shift -= step;
        if step.abs() < 1e-9 {
            break;
        }
    }
    shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shift_follows_the_answers() {
        let yes = vec![(-1.0, true); 50];
        let no = vec![(1.0, false); 50];
        assert!(fit_shift(&yes) > 2.0);
        assert!(fit_shift(&no) < -2.0);
        let fair: Vec<_> = (0..100).map(|i| (0.0, i % 2 == 0)).collect();
        assert!(fit_shift(&fair).abs() < 1e-6);
    }
}

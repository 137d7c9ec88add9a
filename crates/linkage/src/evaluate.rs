//! Measuring against the truth.

use serde::Serialize;

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Right decisions of all decisions to link, 0 to 1.
    pub precision: f64,
    /// Right decisions of all that should have been linked, 0 to 1.
    pub recall: f64,
    /// 2PR / (P + R).
    pub f1: f64,
}

impl Quality {
    /// From counts: right links, wrong links, pairs that should have been linked in all.
    #[must_use]
    pub fn of(right: usize, wrong: usize, wanted: usize) -> Self {
        let share = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let f1 = share(2 * right, right + wrong + wanted);
        Self { precision: share(right, right + wrong), recall: share(right, wanted), f1 }
    }
}

/// One bin of a reliability table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Pairs in the bin.
    pub pairs: usize,
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share that is truly one person.
    pub observed: f64,
}

/// Ten bins of predicted against observed, and the expected calibration error: the mean distance of the two,
/// weighted by pairs. Each item is a predicted probability and the truth.
pub fn reliability(items: impl IntoIterator<Item = (f64, bool)>) -> ([Bin; 10], f64) {
    let mut bins = [Bin::default(); 10];
    for (predicted, truth) in items {
        let bin = &mut bins[((predicted * 10.0) as usize).min(9)];
        bin.pairs += 1;
        bin.predicted += predicted;
        bin.observed += f64::from(u8::from(truth));
    }
    let total = bins.iter().map(|bin| bin.pairs).sum::<usize>().max(1) as f64;
    let mut error = 0.0;
    for bin in bins.iter_mut().filter(|bin| bin.pairs > 0) {
        let pairs = bin.pairs as f64;
        bin.predicted /= pairs;
        bin.observed /= pairs;
        error += pairs / total * (bin.predicted - bin.observed).abs();
    }
    (bins, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coin_called_at_one_half_is_calibrated() {
        let (bins, error) = reliability((0..100).map(|i| (0.5, i % 2 == 0)));
        assert_eq!(bins[5].pairs, 100);
        assert!(error < 1e-9);
        assert!((reliability([(0.9, false)]).1 - 0.9).abs() < 1e-9);
        assert!((Quality::of(8, 2, 10).f1 - 0.8).abs() < 1e-9);
    }
}

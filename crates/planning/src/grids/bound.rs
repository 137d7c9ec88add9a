//! A lower bound on the adjacencies that any balanced division cuts (Donath and Hoffman, 1973, with
//! weights).
//!
//! With `W` the diagonal of loads and `L` the Laplacian, the indicator of a part, scaled by the root of
//! its load, is a unit vector in the metric of `W`, and different parts are orthogonal. The cut is half
//! the sum of load x Rayleigh quotient over the parts, which is least when the greatest loads meet the
//! least eigenvalues.

use super::Settings;
use super::region::Region;

/// No division of `region` into `parts` grids, none above the tolerance (or above `heaviest`, if that is
/// more), cuts fewer.
pub(super) fn least_cut(region: &Region, parts: usize, heaviest: u64, settings: &Settings) -> f64 {
    let count = region.load.len();
    if parts <= 1 {
        return 0.0;
    }
    // A connected graph in `parts` pieces has lost at least parts - 1 edges; free ones do not count.
    let connected = if region.links.iter().all(|link| link.1 == 1) { (parts - 1) as f64 } else { 0.0 };
    if count > settings.bound_up_to {
        return connected;
    }
    // An empty building counts as one household, so that the metric is one.
    let load: Vec<f64> = region.load.iter().map(|&load| f64::from(load.max(1))).collect();
    let empty = region.load.iter().filter(|&&load| load == 0).count() as f64;
    let total: f64 = load.iter().sum();
    let most = (region.total() as f64 / parts as f64 * settings.tolerance).max(heaviest as f64) + empty;
    let eigenvalues = smallest(laplacian(region, &load), parts);
    let mut left = total;
    let mut bound = 0.0;
    for value in eigenvalues {
        let share = most.min(left);
        bound += 0.5 * share * value.max(0.0);
        left -= share;
    }
    // Cuts are whole numbers.
    (bound - 1e-6).ceil().max(connected)
}

/// `W^(-1/2) L W^(-1/2)`, row by row.
fn laplacian(region: &Region, load: &[f64]) -> Vec<Vec<f64>> {
    let count = load.len();
    let mut matrix = vec![vec![0.0; count]; count];
    for node in 0..count {
        for &(next, weight) in region.neighbours(node) {
            let weight = f64::from(weight);
            matrix[node][node] += weight / load[node];
            matrix[node][next as usize] -= weight / (load[node] * load[next as usize]).sqrt();
        }
    }
    matrix
}

/// The `wanted` smallest eigenvalues of a symmetric matrix, each rounded down by the width of the search.
fn smallest(matrix: Vec<Vec<f64>>, wanted: usize) -> Vec<f64> {
    let (diagonal, beside) = tridiagonal(matrix);
    let reach = diagonal
        .iter()
        .enumerate()
        .map(|(i, d)| d + beside[i].abs() + beside.get(i + 1).map_or(0.0, |b| b.abs()))
        .fold(0.0, f64::max);
    // What a count says of one eigenvalue bounds the others, too.
    let wanted = wanted.min(diagonal.len());
    let (mut low, mut high) = (vec![0.0; wanted], vec![reach * (1.0 + 1e-12); wanted]);
    for index in 0..wanted {
        while high[index] - low[index] > 1e-6 * reach {
            let middle = f64::midpoint(low[index], high[index]);
            let lower = below(&diagonal, &beside, middle).min(wanted);
            high[index..lower.max(index)].iter_mut().for_each(|top| *top = middle.min(*top));
            low[lower.max(index)..].iter_mut().for_each(|bottom| *bottom = middle.max(*bottom));
        }
    }
    low
}

/// How many eigenvalues lie below `value` (Sturm).
fn below(diagonal: &[f64], beside: &[f64], value: f64) -> usize {
    let mut count = 0;
    let mut pivot = 1.0;
    for (d, b) in diagonal.iter().zip(beside) {
        pivot = d - value - b * b / pivot;
        if pivot.abs() < 1e-300 {
            pivot = -1e-300;
        }
        if pivot < 0.0 {
            count += 1;
        }
    }
    count
}

/// Householder reduction: the diagonal, and beside each entry the one to its left (0 for the first).
fn tridiagonal(mut matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<f64>) {
    let count = matrix.len();
    let mut beside = vec![0.0; count];
    let mut product = vec![0.0; count];
    for last in (1..count).rev() {
        let (above, from) = matrix.split_at_mut(last);
        let row = &mut from[0][..last];
        let tail: f64 = row[..last - 1].iter().map(|x| x * x).sum();
        let edge = row[last - 1];
        if tail == 0.0 {
            beside[last] = edge;
            continue;
        }
        let norm = (tail + edge * edge).sqrt();
        let image = if edge > 0.0 { -norm } else { norm };
        beside[last] = image;
        row[last - 1] = edge - image;
        let half = (tail + row[last - 1] * row[last - 1]) / 2.0;
        // product = A u / half, using the lower triangle only.
        product[..last].fill(0.0);
        for i in 0..last {
            let (line, on) = (&above[i][..i], above[i][i]);
            let own = row[i];
            product[..i].iter_mut().zip(line).for_each(|(sum, entry)| *sum += entry * own);
            product[i] += dot(line, &row[..i]) + on * own;
        }
        product[..last].iter_mut().for_each(|x| *x /= half);
        let along: f64 = product[..last].iter().zip(&*row).map(|(p, u)| p * u).sum::<f64>() / (2.0 * half);
        for i in 0..last {
            product[i] -= along * row[i];
        }
        for i in 0..last {
            let (p, u) = (product[i], row[i]);
            for ((entry, product), row) in above[i][..=i].iter_mut().zip(&product).zip(&*row) {
                *entry -= u * product + p * row;
            }
        }
    }
    let diagonal = matrix.iter().enumerate().map(|(i, row)| row[i]).collect();
    (diagonal, beside)
}

/// The sum of products, in eight sums that can be formed at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left, right) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = left.remainder().iter().zip(right.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in left.zip(right) {
        (0..8).for_each(|lane| sums[lane] += x[lane] * y[lane]);
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_eigenvalues_of_a_path() {
        // The Laplacian of a path of n has the eigenvalues 2 - 2 cos(pi k / n).
        let count = 9;
        let mut matrix = vec![vec![0.0; count]; count];
        for i in 1..count {
            let j = (i * 5 + 3) % count;
            let k = ((i - 1) * 5 + 3) % count;
            matrix[j][j] += 1.0;
            matrix[k][k] += 1.0;
            matrix[j][k] -= 1.0;
            matrix[k][j] -= 1.0;
        }
        for (k, value) in smallest(matrix, count).into_iter().enumerate() {
            let expected = 2.0 - 2.0 * (std::f64::consts::PI * k as f64 / count as f64).cos();
            assert!((value - expected).abs() < 1e-5, "{k}: {value} is not {expected}");
            assert!(value <= expected + 1e-9);
        }
    }
}

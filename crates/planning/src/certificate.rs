/// What a plan costs and what no plan can undercut, in the planner's own unit (metres, hours, streets cut).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// The value of this plan; less is better.
    pub objective: f64,
    /// A proven lower bound on the value of every plan that obeys the same limits.
    pub lower_bound: f64,
}

impl Certificate {
    /// How much better a plan could be at most, as a share of the bound: 0 is proven optimal.
    /// Infinite when the bound is zero and the objective is not.
    #[must_use]
    pub fn gap(&self) -> f64 {
        let difference = self.objective - self.lower_bound;
        if difference <= 0.0 {
            0.0
        } else if self.lower_bound <= 0.0 {
            f64::INFINITY
        } else {
            difference / self.lower_bound
        }
    }

    /// True when no plan can be better.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.objective - self.lower_bound <= 1e-6
    }
}

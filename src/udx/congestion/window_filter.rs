//! The least or the largest of late, in three samples (Kathleen Nichols' algorithm): the best, the
//! best after it, and the best after that.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    at: u64,
    value: u64,
}

/// The best sample of a window. What is better, `Order` says.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Filter<Order> {
    samples: [Sample; 3],
    order: std::marker::PhantomData<Order>,
}

pub(in super::super) trait Better {
    fn is_as_good(a: u64, b: u64) -> bool;
}

#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Least;

#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Largest;

impl Better for Least {
    fn is_as_good(a: u64, b: u64) -> bool {
        a <= b
    }
}

impl Better for Largest {
    fn is_as_good(a: u64, b: u64) -> bool {
        a >= b
    }
}

pub(in super::super) type MinFilter = Filter<Least>;
pub(in super::super) type MaxFilter = Filter<Largest>;

impl<Order: Better> Filter<Order> {
    pub fn new(at: u64, value: u64) -> Self {
        Self { samples: [Sample { at, value }; 3], order: std::marker::PhantomData }
    }

    pub fn get(&self) -> u64 {
        self.samples[0].value
    }

    /// A sample; those older than `window` are forgotten.
    pub fn update(&mut self, window: u64, at: u64, value: u64) {
        let new = Sample { at, value };
        let is_stale = at.saturating_sub(self.samples[2].at) > window;
        if is_stale || Order::is_as_good(value, self.samples[0].value) {
            self.samples = [new; 3];
            return;
        }
        if Order::is_as_good(value, self.samples[1].value) {
            self.samples[1] = new;
            self.samples[2] = new;
        } else if Order::is_as_good(value, self.samples[2].value) {
            self.samples[2] = new;
        }
        self.age(window, new);
    }

    fn age(&mut self, window: u64, new: Sample) {
        let age = |sample: Sample| new.at.saturating_sub(sample.at);
        if age(self.samples[0]) > window {
            self.samples = [self.samples[1], self.samples[2], new];
            // The second may be as old.
            if age(self.samples[0]) > window {
                self.samples = [self.samples[1], self.samples[2], new];
            }
        } else if self.samples[1].at == self.samples[0].at && age(self.samples[1]) > window / 4 {
            // A quarter passed without a better second: the next one is sought in the rest.
            self.samples[1] = new;
            self.samples[2] = new;
        } else if self.samples[2].at == self.samples[1].at && age(self.samples[2]) > window / 2 {
            self.samples[2] = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_of_a_window_lasts_as_long_as_the_window() {
        let mut filter = MaxFilter::new(0, 50);
        let values = [(1, 40), (4, 30), (8, 20), (10, 10), (11, 10), (15, 10), (19, 9)];
        let seen = values.map(|(at, value)| {
            filter.update(10, at, value);
            filter.get()
        });
        assert_eq!(seen, [50, 50, 50, 50, 30, 10, 10]);
    }

    proptest! {
        #[test]
        fn the_least_is_some_sample_of_the_window_and_no_better_one_is_newer(
            steps in prop::collection::vec((1u64..30, 1u64..1000), 1..100)
        ) {
            let (mut at, mut all) = (0, Vec::new());
            let mut filter = MinFilter::new(0, 500);
            all.push((0, 500));
            for (passed, value) in steps {
                at += passed;
                all.push((at, value));
                filter.update(100, at, value);
                let window: Vec<_> = all.iter().filter(|(when, _)| at - when <= 100).collect();
                prop_assert!(window.iter().any(|(_, value)| *value == filter.get()));
                prop_assert!(filter.get() <= value);
            }
        }
    }
}

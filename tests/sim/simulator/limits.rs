//! What a number on the command line may be.

use std::ops::RangeInclusive;

/// Two entry points, and one who knows them. The simulated hosts have 24 bits.
pub const NODES: RangeInclusive<u64> = 3..=1_000_000;

/// As often as that is once in 2 ms of the workload that counts over the shortest time.
const TIMES: RangeInclusive<u64> = 1..=1_000_000;

pub fn nodes(text: &str) -> Result<usize, String> {
    Ok(whole(text, NODES)? as usize)
}

pub fn times(text: &str) -> Result<usize, String> {
    Ok(whole(text, TIMES)? as usize)
}

pub fn seed(text: &str) -> Result<u64, String> {
    whole(text, 0..=u64::MAX)
}

/// 0 to 1.
pub fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 1 is allowed".into())
}

/// 0 or more, in ms.
pub fn duration_ms(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "a number of ms from 0 on is allowed".into())
}

fn whole(text: &str, allowed: RangeInclusive<u64>) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| allowed.contains(number));
    let (least, most) = allowed.into_inner();
    number.ok_or_else(|| format!("a whole number from {least} to {most} is allowed"))
}

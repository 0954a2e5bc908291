//! A hub of UDX, fed arbitrary packets, its own among them, mixed with time and every call of a user.
//! With `FUZZ_STEPS=1` in the environment an input's steps are printed as they are taken.

mod driver;
mod steps;

use arbitrary::{Arbitrary, Unstructured};

use self::driver::Driver;
use self::steps::{Setup, Step};

/// Steps of one input; what an input has beyond them is ignored.
const MAX_STEPS: usize = 300;

pub fn run(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(setup) = Setup::arbitrary(&mut input) else {
        return;
    };
    let aloud = std::env::var_os("FUZZ_STEPS").is_some();
    let mut driver = Driver::new(setup);
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else {
            break;
        };
        if aloud {
            println!("{step:?}");
        }
        driver.take(step);
        driver.check();
    }
    driver.finish();
}

//! What the hot rooms of the core cost, in time: `cargo bench --no-default-features --bench core`.

mod rooms;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rooms::Work;

fn bench(criterion: &mut Criterion) {
    for room in rooms::ROOMS {
        let Work { units, mut run } = (room.set_up)();
        let name = match units {
            1 => room.name.to_owned(),
            units => format!("{} (times {units})", room.name),
        };
        criterion.bench_function(&name, |bencher| bencher.iter(&mut run));
    }
}

criterion_group! {
    name = core;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    targets = bench
}
criterion_main!(core);

//! The hot rooms of the core for `scripts/instructions.js`, which counts instructions.
//!
//! Without arguments it lists the rooms, a line each. With a room's number and a count it runs that
//! room as often, and prints how many units of work that was.

mod rooms;

use rooms::{ROOMS, Work};

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse::<usize>().ok());
    let (Some(room), Some(count)) = (numbers.next(), numbers.next()) else {
        return ROOMS.iter().for_each(|room| println!("{}", room.name));
    };
    let Work { units, mut run } = (ROOMS[room].set_up)();
    (0..count).for_each(|_| run());
    println!("{}", units as usize * count);
}

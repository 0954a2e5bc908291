//! Plays commands to a [`Node`](dht_rpc_native::dht::Node) that has neither sockets nor a clock.
//!
//! One command a line on stdin, one line of JSON in return: what the node sent and told, in order,
//! and its state after that. `__test__/differential` plays the same commands to the reference and
//! compares.

mod calls;
mod fields;
mod player;
mod report;

use std::io::{Error, Result, stdin};

use self::fields::Fields;
use self::player::Player;

fn main() -> Result<()> {
    let mut player: Option<Player> = None;
    for line in stdin().lines() {
        let command = serde_json::from_str(&line?).map_err(Error::other)?;
        let fields = Fields(&command);
        if fields.text("op") == "init" {
            player = Some(Player::new(&fields));
        }
        let player = player.as_mut().ok_or_else(|| Error::other("the first command is init"))?;
        println!("{}", player.play(&fields));
    }
    Ok(())
}

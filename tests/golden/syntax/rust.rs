//! Numbers.<|>
use std::fmt;

/// A pair of numbers.
pub struct Pair<'a> {
    left: &'a str,<|>
}

enum Side { Left, Right(u8) }

pub trait Swap {
    fn swap(&mut self);
    fn twice(&mut self) {
        <|>
    }
}

impl<'a> Swap for Pair<'a> {
    fn swap(&mut self) {
        let f = |x: u8| { x + 1<|> };
        match f(1) {
            0 => println!("zero {<|>}", 1),
            _ => {}
        }
    }
}

mod inner {
    pub const LIMIT: usize = 10;
    macro_rules! nothing { () => {} }
}

fn main() {
    let c = 'x<|>';
    /* a /* nested<|> */ one */
}

// SPDX-License-Identifier: GPL-2.0

//! A stack of numbers: what asks, and what panics.

use kernel::prelude::*;

module! {
    type: Asks,
    name: "asks",
    authors: ["Ferrule"],
    description: "Asks, or panics",
    license: "GPL",
}

struct Asks;

impl kernel::Module for Asks {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Asks)
    }
}

/// What is on top, plus the sum, plus the number that `code` begins with, unless there is more.
pub fn asks(code: &[u8], a: i32, b: i32, values: &[i32], place: usize) -> Result<i32> {
    let (number, rest) = code.split_first_chunk().ok_or(EINVAL)?;
    let sum = a.checked_add(b).ok_or(EOVERFLOW)?;
    let top = values.get(place).copied().ok_or(ENODATA)?;

    if !rest.is_empty() {
        return Err(EINVAL);
    }
    top.checked_add(sum)
        .and_then(|sum| sum.checked_add(i32::from_le_bytes(*number)))
        .ok_or(EOVERFLOW)
}

/// A stack of numbers.
pub struct Stack {
    values: [i32; 16],
    depth: usize,
}

impl Stack {
    fn pop(&mut self) -> Result<i32> {
        let depth = self.depth.checked_sub(1).ok_or(ENODATA)?;
        let value = self.values.get(depth).copied().ok_or(ENODATA)?;

        self.depth = depth;
        Ok(value)
    }

    /// Calculates with the numbers on top, and adds the one `below` them.
    ///
    /// Wrong on purpose: a program can make each of the marked lines panic.
    pub fn calculate(&mut self, op: u8, below: usize) -> Result<i32> {
        let a = self.pop()?;
        let b = self.pop().unwrap(); // here
        let place = self.depth - 1 - below; // here
        let value = self.values[place]; // here

        let result = match op {
            b'/' if b != 0 => a / b, // here
            _ => return Err(EINVAL),
        };
        result.checked_add(value).ok_or(EOVERFLOW)
    }
}

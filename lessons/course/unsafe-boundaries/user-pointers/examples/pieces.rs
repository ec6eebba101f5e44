// SPDX-License-Identifier: GPL-2.0

//! Memory that programs write in pieces.

use kernel::{prelude::*, uaccess::UserSliceReader};

module! {
    type: Pieces,
    name: "pieces",
    authors: ["Ferrule"],
    description: "Memory that is written in pieces",
    license: "GPL",
}

struct Pieces;

impl kernel::Module for Pieces {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Pieces)
    }
}

/// Reads a piece of `len` bytes into the memory at `offset`, if it fits.
pub fn write(
    memory: &mut [u8],
    offset: usize,
    len: usize,
    reader: &mut UserSliceReader,
) -> Result<usize> {
    let end = offset.checked_add(len).ok_or(EINVAL)?;
    let part = memory.get_mut(offset..end).ok_or(EINVAL)?;
    reader.read_slice(part)?;
    Ok(len)
}

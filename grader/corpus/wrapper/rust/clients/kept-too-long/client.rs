//! A reference into a ring that is gone.

use super::Ring;
use kernel::prelude::*;

pub fn run() -> Result<u32> {
    let mut ring = Ring::new(2)?;

    ring.push(1u32)?;
    let first = ring.get(0).ok_or(EINVAL)?;
    drop(ring);
    Ok(*first)
}

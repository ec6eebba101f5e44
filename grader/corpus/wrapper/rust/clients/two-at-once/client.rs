//! Two exclusive references to one value.

use super::Ring;
use kernel::prelude::*;

pub fn run() -> Result {
    let mut ring = Ring::new(2)?;

    ring.push(1u32)?;
    let one = ring.get_mut(0).ok_or(EINVAL)?;
    let two = ring.get_mut(0).ok_or(EINVAL)?;
    *one += 1;
    *two += 1;
    Ok(())
}

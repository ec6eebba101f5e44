//! Each value is dropped once, by whoever has it.

use super::Ring;
use kernel::prelude::*;

fn fill(ring: &mut Ring<KBox<usize>>, n: usize) -> Result {
    for value in 0..n {
        ring.push(KBox::new(value, GFP_KERNEL)?)?;
    }
    Ok(())
}

fn all(n: usize) -> Result {
    let mut ring = Ring::new(n)?;

    fill(&mut ring, n)?;
    for value in 0..n {
        core::assert!(ring.pop().is_some_and(|first| *first == value));
    }
    core::assert!(ring.pop().is_none());
    fill(&mut ring, n)?;
    // The ring goes with one value less.
    let first = ring.pop().ok_or(EINVAL)?;
    core::assert!(*first == 0);
    Ok(())
}

pub fn run() {
    for n in [1, 2, 5] {
        if all(n).is_err() {
            pr_info!("no memory\n");
        }
    }
}

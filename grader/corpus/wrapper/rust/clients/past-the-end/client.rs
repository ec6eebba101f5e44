//! Values that are not there.

use super::Ring;
use kernel::prelude::*;

fn sum(ring: &Ring<u64>, indices: &[usize]) -> u64 {
    indices
        .iter()
        .filter_map(|&index| ring.get(index))
        .fold(0, |sum, value| sum.wrapping_add(*value))
}

pub fn run() {
    let Ok(mut ring) = Ring::new(4) else { return };

    pr_info!("{}\n", sum(&ring, &[0, 1, 4, 1 << 12, usize::MAX >> 1, usize::MAX]));
    for n in 0..4 {
        let _ = ring.push(n);
    }
    core::assert!(sum(&ring, &[0, 1, 2, 3]) == 6);
    core::assert!(ring.get_mut(4).is_none() && ring.get_mut(usize::MAX).is_none());
    pr_info!("{}\n", sum(&ring, &[4, 5, 1 << 12, usize::MAX]));
}

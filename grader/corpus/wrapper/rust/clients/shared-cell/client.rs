//! A ring of cells, which one thread alone may use, shared by several.

use super::Ring;
use core::cell::Cell;
use kernel::prelude::*;

fn by_several_threads<T: Sync>(_: &T) {}

pub fn run() -> Result {
    by_several_threads(&Ring::<Cell<u32>>::new(1)?);
    Ok(())
}

//! A hatch of pointers, which must stay with one thread, is shared by several.

use super::Hatch;
use kernel::prelude::*;

fn by_several_threads<T: Sync>(_: &T) {}

pub fn run() -> Result {
    by_several_threads(&Hatch::<*mut u32>::new());
    Ok(())
}

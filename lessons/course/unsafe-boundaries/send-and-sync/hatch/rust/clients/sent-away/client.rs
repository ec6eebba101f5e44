//! A hatch with a pointer in it, which must stay with one thread, goes to another.

use super::Hatch;
use kernel::prelude::*;

fn to_another_thread<T: Send>(_: T) {}

pub fn run() -> Result {
    to_another_thread(Hatch::<*mut u32>::new());
    Ok(())
}

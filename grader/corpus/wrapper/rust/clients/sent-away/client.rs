//! A ring of pointers, which must stay where they are, goes to another thread.

use super::Ring;
use kernel::prelude::*;

fn to_another_thread<T: Send>(_: T) {}

pub fn run() -> Result {
    to_another_thread(Ring::<*mut u32>::new(1)?);
    Ok(())
}

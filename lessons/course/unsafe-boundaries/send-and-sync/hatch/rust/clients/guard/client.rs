//! A guard may be looked at by several threads, and must be dropped by the one that locked.

use super::Hatch;
use kernel::{prelude::*, sync::lock::mutex::MutexGuard};

fn by_several_threads<T: Sync>(_: &T) {}

pub fn run() -> Result {
    by_several_threads(&Hatch::<MutexGuard<'static, u32>>::new());
    Ok(())
}

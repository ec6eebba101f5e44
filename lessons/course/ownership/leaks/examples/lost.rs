// SPDX-License-Identifier: GPL-2.0

//! Wrong on purpose: what is owned gets lost, and it compiles.

use core::mem::ManuallyDrop;
use kernel::{prelude::*, sync::MutexGuard, types::ForeignOwnable};

module! {
    type: Lost,
    name: "lost",
    authors: ["Ferrule"],
    description: "Loses what it owns",
    license: "GPL",
}

struct Lost;

impl kernel::Module for Lost {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Lost)
    }
}

struct Message {
    data: [u8; 64],
}

/// What is left of three messages and a lock that is held.
struct Left {
    first: &'static mut Message,
    second: ManuallyDrop<KBox<Message>>,
    third: *mut c_void,
}

#[allow(dead_code)] // nothing calls it, which is better for the kernel
fn lose(
    first: KBox<Message>,
    second: KBox<Message>,
    third: KBox<Message>,
    guard: MutexGuard<'_, u32>,
) -> Left {
    let first = KBox::leak(first); // &'static mut, owned by nobody
    core::mem::forget(guard); // the destructor never runs
    let second = ManuallyDrop::new(second); // not dropped, unless by you
    let third = third.into_foreign(); // C's now: who calls from_foreign?

    Left {
        first,
        second,
        third,
    }
}

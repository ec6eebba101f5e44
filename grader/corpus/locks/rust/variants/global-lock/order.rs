// SPDX-License-Identifier: GPL-2.0

//! The locks are statics of the module; scopes are short and nothing is held across a call.

use kernel::{prelude::*, sync::global_lock};

module! {
    type: Order,
    name: "order",
    authors: ["Ferrule"],
    description: "locks",
    license: "GPL",
}

global_lock! {
    // SAFETY: Initialised in `Order::init`, before first use.
    unsafe(uninit) static FIRST: SpinLock<i32> = 0;
}

global_lock! {
    // SAFETY: Initialised in `Order::init`, before first use.
    unsafe(uninit) static SLOW: Mutex<Option<KVec<i32>>> = None;
}

struct Order;

impl kernel::Module for Order {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // SAFETY: Called once for each time the module is loaded, before the locks are used.
        unsafe { FIRST.init() };
        // SAFETY: As above.
        unsafe { SLOW.init() };

        let mut notes = KVec::with_capacity(4, GFP_KERNEL)?;
        let first = {
            let mut first = FIRST.lock();
            *first += 1;
            *first
        };
        notes.push_within_capacity(first)?;
        *SLOW.lock() = Some(notes);
        Ok(Self)
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        drop(SLOW.lock().take());
    }
}

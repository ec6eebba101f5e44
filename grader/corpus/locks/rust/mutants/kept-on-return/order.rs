// SPDX-License-Identifier: GPL-2.0

//! Two spinlocks that are always taken in the same order, and a mutex that is not taken inside
//! them.

use kernel::{
    new_mutex, new_spinlock,
    prelude::*,
    sync::{Mutex, SpinLock},
};

module! {
    type: Order,
    name: "order",
    authors: ["Ferrule"],
    description: "locks",
    license: "GPL",
}

#[pin_data]
struct Pair {
    #[pin]
    first: SpinLock<i32>,
    #[pin]
    second: SpinLock<i32>,
    #[pin]
    slow: Mutex<KVec<i32>>,
}

impl Pair {
    fn new() -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            pin_init!(Self {
                first <- new_spinlock!(0),
                second <- new_spinlock!(0),
                slow <- new_mutex!(KVec::new()),
            }),
            GFP_KERNEL,
        )
    }

    fn add_forth(&self) {
        let mut first = self.first.lock();
        let mut second = self.second.lock();

        *first += 1;
        *second -= 1;
    }

    fn add_back(&self) {
        let mut first = self.first.lock();
        let mut second = self.second.lock();

        *first -= 1;
        *second += 1;
    }

    fn note(&self) -> Result {
        let first = *self.first.lock();
        let mut slow = self.slow.lock(); // FERRULE: here

        slow.push(first, GFP_KERNEL)?;
        core::mem::forget(slow);
        Ok(())
    }
}

struct Order {
    _pair: Pin<KBox<Pair>>,
}

impl kernel::Module for Order {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let pair = Pair::new()?;

        pair.add_forth();
        pair.add_back();
        pair.note()?;
        Ok(Self { _pair: pair })
    }
}

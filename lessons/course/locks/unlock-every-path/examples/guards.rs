// SPDX-License-Identifier: GPL-2.0

//! Where a guard's life ends.

use kernel::{new_spinlock, prelude::*, sync::SpinLock};

module! {
    type: GuardsModule,
    name: "guards",
    authors: ["Ferrule"],
    description: "Locks and unlocks",
    license: "GPL",
}

struct GuardsModule;

impl kernel::Module for GuardsModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut items = KVec::new();

        items.push(42, GFP_KERNEL)?;
        let events = KBox::pin_init(
            pin_init!(Events {
                queue <- new_spinlock!(Queue { items }),
            }),
            GFP_KERNEL,
        )?;

        pr_info!("taken: {}\n", events.take()?);
        Ok(Self)
    }
}

struct Queue {
    items: KVec<u32>,
}

#[pin_data]
struct Events {
    #[pin]
    queue: SpinLock<Queue>,
}

impl Events {
    fn take(&self) -> Result<u32> {
        let item = self.queue.lock().items.remove(0); // unlocked at the semicolon
        let queue = self.queue.lock(); // locked to the end of the block,
        drop(queue); // or to here

        Ok(item?)
    }
}

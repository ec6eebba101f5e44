// SPDX-License-Identifier: GPL-2.0

//! One lock for several values: what is outside of it says by its type which lock it needs.

use kernel::{
    new_mutex, new_spinlock,
    prelude::*,
    sync::{Arc, LockedBy, Mutex, SpinLock},
};

module! {
    type: Order,
    name: "order",
    authors: ["Ferrule"],
    description: "locks",
    license: "GPL",
}

struct Totals {
    forth: u32,
    back: u32,
}

#[pin_data]
struct Owner {
    #[pin]
    totals: SpinLock<Totals>,
    #[pin]
    slow: Mutex<KVec<u32>>,
}

struct Item {
    owner: Arc<Owner>,
    weight: LockedBy<u32, Totals>,
}

impl Item {
    fn new(owner: &Arc<Owner>, weight: u32) -> Result<KBox<Self>> {
        let item = Self {
            owner: owner.clone(),
            weight: LockedBy::new(&owner.totals, weight),
        };

        Ok(KBox::new(item, GFP_KERNEL)?)
    }

    fn add(&self, more: u32) -> u32 {
        let mut totals = self.owner.totals.lock();
        let weight = self.weight.access_mut(&mut totals);

        *weight += more;
        let weight = *weight;
        totals.forth += more;
        totals.back = totals.forth - more;
        weight
    }
}

struct Order {
    _items: KVec<KBox<Item>>,
    owner: Arc<Owner>,
}

impl kernel::Module for Order {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let owner = Arc::pin_init(
            pin_init!(Owner {
                totals <- new_spinlock!(Totals { forth: 0, back: 0 }),
                slow <- new_mutex!(KVec::new()),
            }),
            GFP_KERNEL,
        )?;
        let mut items = KVec::new();

        for weight in 1..4 {
            items.push(Item::new(&owner, weight)?, GFP_KERNEL)?;
        }
        for item in &items {
            let weight = item.add(1);

            owner.slow.lock().push(weight, GFP_KERNEL)?;
        }
        Ok(Self {
            _items: items,
            owner,
        })
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        self.owner.slow.lock().clear();
    }
}

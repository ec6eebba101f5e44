// SPDX-License-Identifier: GPL-2.0

//! A ring of values with nothing unsafe in it.

use kernel::prelude::*;

module! {
    type: RingModule,
    name: "ring",
    authors: ["Ferrule"],
    description: "A safe ring over raw memory",
    license: "GPL",
}

/// Up to so many values, first in, first out.
pub struct Ring<T> {
    slots: KVec<Option<T>>,
    head: usize,
    count: usize,
}

impl<T> Ring<T> {
    /// An empty ring for `capacity` values.
    pub fn new(capacity: usize) -> Result<Self> {
        if capacity == 0 {
            return Err(EINVAL);
        }
        let mut slots = KVec::with_capacity(capacity, GFP_KERNEL)?;

        for _ in 0..capacity {
            slots.push(None, GFP_KERNEL)?;
        }
        Ok(Ring {
            slots,
            head: 0,
            count: 0,
        })
    }

    fn place(&self, index: usize) -> usize {
        (self.head + index) % self.slots.len()
    }

    /// Puts a value behind the last one.
    pub fn push(&mut self, value: T) -> Result {
        if self.count == self.slots.len() {
            return Err(ENOSPC);
        }
        let place = self.place(self.count);

        self.slots[place] = Some(value);
        self.count += 1;
        Ok(())
    }

    /// Takes the first value out.
    pub fn pop(&mut self) -> Option<T> {
        let value = self.slots[self.head].take()?;

        self.head = self.place(1);
        self.count -= 1;
        Some(value)
    }

    /// The value `index` places behind the first.
    pub fn get(&self, index: usize) -> Option<&T> {
        if index >= self.count {
            return None;
        }
        self.slots[self.place(index)].as_ref()
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.count {
            return None;
        }
        let place = self.place(index);

        self.slots[place].as_mut()
    }
}

struct RingModule {
    ring: Ring<KBox<u32>>,
}

impl kernel::Module for RingModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut ring = Ring::new(3)?;

        for n in 0..3 {
            ring.push(KBox::new(n, GFP_KERNEL)?)?;
        }
        drop(ring.pop());
        ring.push(KBox::new(3, GFP_KERNEL)?)?;
        if let Some(last) = ring.get_mut(2) {
            **last += 1;
        }
        Ok(RingModule { ring })
    }
}

impl Drop for RingModule {
    fn drop(&mut self) {
        pr_info!("the last is {:?}\n", self.ring.get(2));
    }
}

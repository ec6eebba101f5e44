// SPDX-License-Identifier: GPL-2.0

//! A ring of values in raw memory, which safe code cannot misuse.

use core::marker::PhantomData;
use kernel::prelude::*;

module! {
    type: RingModule,
    name: "ring",
    authors: ["Ferrule"],
    description: "A safe ring over raw memory",
    license: "GPL",
}

/// Up to `capacity` values, first in, first out.
///
/// # Invariants
///
/// `memory` and `capacity` are the raw parts of a `KVec<T>`, which this ring owns. The `count` places from `head` on,
/// modulo `capacity`, hold values, and no others do.
pub struct Ring<T> {
    memory: *mut T,
    capacity: usize,
    head: usize,
    count: usize,
    owns: PhantomData<T>,
}

// SAFETY: The ring owns its values: they go where it goes.
unsafe impl<T: Send> Send for Ring<T> {}

// SAFETY: `&Ring<T>` gives `&T` and nothing more.
unsafe impl<T: Sync> Sync for Ring<T> {}

impl<T> Ring<T> {
    /// An empty ring for `capacity` values.
    pub fn new(capacity: usize) -> Result<Self> {
        if capacity == 0 {
            return Err(EINVAL);
        }
        let (memory, _, room) = KVec::<T>::with_capacity(capacity, GFP_KERNEL)?.into_raw_parts();

        // INVARIANT: Nothing is in it yet.
        Ok(Ring {
            memory,
            capacity: room,
            head: 0,
            count: 0,
            owns: PhantomData,
        })
    }

    /// Puts a value behind the last one.
    pub fn push(&mut self, value: T) -> Result {
        if self.count == self.capacity {
            return Err(ENOSPC);
        }
        let place = (self.head + self.count) % self.capacity;

        // SAFETY: FIXME // FERRULE: here
        unsafe { self.memory.add(place).write(value) };
        // INVARIANT: Now it does.
        self.count += 1;
        Ok(())
    }

    /// Takes the first value out.
    pub fn pop(&mut self) -> Option<T> {
        if self.count == 0 {
            return None;
        }
        let place = self.head;

        // INVARIANT: The value leaves its place.
        self.head = (self.head + 1) % self.capacity;
        self.count -= 1;
        // SAFETY: `place` held a value, and does not count any more: nobody reads it a second time.
        Some(unsafe { self.memory.add(place).read() })
    }

    /// The value `index` places behind the first.
    pub fn get(&self, index: usize) -> Option<&T> {
        if index >= self.count {
            return None;
        }
        let place = (self.head + index) % self.capacity;

        // SAFETY: `place` holds a value, which stays as long as the ring is borrowed.
        Some(unsafe { &*self.memory.add(place) })
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.count {
            return None;
        }
        let place = (self.head + index) % self.capacity;

        // SAFETY: `place` holds a value, and nobody else has the ring while it is borrowed.
        Some(unsafe { &mut *self.memory.add(place) })
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
        // SAFETY: The raw parts of a vector, in which no value is left.
        drop(unsafe { KVec::from_raw_parts(self.memory, 0, self.capacity) });
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

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

    /// Where the value `index` places behind the first is, or would be. Points into the ring's memory.
    fn place(&self, index: usize) -> *mut T {
        self.memory
            .wrapping_add((self.head + index) % self.capacity)
    }

    /// Puts a value behind the last one.
    pub fn push(&mut self, value: T) -> Result {
        if self.count == self.capacity {
            return Err(ENOSPC);
        }
        // SAFETY: The place behind the last value is in the memory, and holds none.
        unsafe { self.place(self.count).write(value) };
        // INVARIANT: Now it does.
        self.count += 1;
        Ok(())
    }

    /// Takes the first value out.
    pub fn pop(&mut self) -> Option<T> {
        if self.count == 0 {
            return None;
        }
        let first = self.place(0);

        // INVARIANT: The value leaves its place.
        self.head = (self.head + 1) % self.capacity;
        self.count -= 1;
        // SAFETY: There was a value, and it does not count any more: nobody reads it a second time.
        Some(unsafe { first.read() })
    }

    /// The value `index` places behind the first.
    pub fn get(&self, index: usize) -> Option<&T> {
        // SAFETY: A value is there, and stays as long as the ring is borrowed.
        (index < self.count).then(|| unsafe { &*self.place(index) })
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        // SAFETY: A value is there, and nobody else has the ring while it is borrowed.
        (index < self.count).then(|| unsafe { &mut *self.place(index) })
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

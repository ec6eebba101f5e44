// SPDX-License-Identifier: GPL-2.0

//! Ownership goes through raw pointers and comes back, as it does where C holds them meanwhile.

use kernel::prelude::*;

module! {
    type: Kinds,
    name: "kinds",
    authors: ["Ferrule"],
    description: "memory",
    license: "GPL",
}

struct Kinds {
    head: *mut Node,
    parts: (*mut u16, usize, usize),
}

// SAFETY: The pointers are this module's alone.
unsafe impl Send for Kinds {}
// SAFETY: Nothing is reached through a shared reference.
unsafe impl Sync for Kinds {}

struct Node {
    number: u32,
    next: *mut Node,
}

impl Kinds {
    fn push(&mut self, number: u32) -> Result {
        let node = Node {
            number,
            next: self.head,
        };

        self.head = KBox::into_raw(KBox::new(node, GFP_KERNEL)?);
        Ok(())
    }

    fn pop(&mut self) -> Option<u32> {
        if self.head.is_null() {
            return None;
        }
        // SAFETY: `push` made the pointer out of a box, and nobody else has it.
        let node = unsafe { KBox::from_raw(self.head) };

        self.head = node.next;
        Some(node.number)
    }
}

impl kernel::Module for Kinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let parts = KVec::from_elem(3u16, 50, GFP_KERNEL)?.into_raw_parts();
        // From here on `parts` has an owner: an early return drops `kinds`.
        let mut kinds = Self {
            head: core::ptr::null_mut(),
            parts,
        };

        for number in 0..3 {
            kinds.push(number)?;
        }
        Ok(kinds)
    }
}

impl Drop for Kinds {
    fn drop(&mut self) {
        while let Some(number) = self.pop() {
            pr_info!("{}\n", number);
        }
        let (start, length, capacity) = self.parts;

        // SAFETY: These are the parts that `into_raw_parts` gave.
        drop(unsafe { KVec::from_raw_parts(start, length, capacity) });
    }
}

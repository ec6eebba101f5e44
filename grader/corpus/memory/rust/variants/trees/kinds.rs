// SPDX-License-Identifier: GPL-2.0

//! A tree whose nodes are allocated before the spinlock is taken, and an array of boxes.

use kernel::{
    new_spinlock,
    prelude::*,
    rbtree::{RBTree, RBTreeNode},
    sync::SpinLock,
    xarray::{AllocKind, XArray},
};

module! {
    type: Kinds,
    name: "kinds",
    authors: ["Ferrule"],
    description: "memory",
    license: "GPL",
}

#[pin_data]
struct Kinds {
    #[pin]
    tree: SpinLock<RBTree<u32, KVVec<u8>>>,
    #[pin]
    sparse: XArray<KBox<u32>>,
}

impl Kinds {
    fn insert(&self, key: u32) -> Result {
        let value = KVVec::from_elem(1, 5000, GFP_KERNEL)?;
        let node = RBTreeNode::new(key, value, GFP_KERNEL)?;
        let old = self.tree.lock().insert(node);

        drop(old);
        Ok(())
    }

    fn store(&self, at: usize, number: u32) -> Result {
        let number = KBox::new(number, GFP_KERNEL)?;
        let old = self.sparse.lock().store(at, number, GFP_KERNEL)?;

        drop(old);
        Ok(())
    }

    fn fill(&self) -> Result {
        for key in [2, 1, 3, 1] {
            self.insert(key)?;
        }
        self.store(5, 50)?;
        self.store(700, 51)?;
        let first = self.sparse.lock().remove(5);

        pr_info!("took out {}\n", first.is_some());
        Ok(())
    }
}

impl kernel::InPlaceModule for Kinds {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            tree <- new_spinlock!(RBTree::new()),
            sparse <- XArray::new(AllocKind::Alloc),
        })
        .pin_chain(|kinds| kinds.fill())
    }
}

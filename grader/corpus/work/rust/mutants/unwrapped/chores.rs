// SPDX-License-Identifier: GPL-2.0

//! A work item on a queue of its own.

use core::ptr::NonNull;
use kernel::{
    bindings, impl_has_work, new_mutex, new_work,
    prelude::*,
    sync::{Arc, Completion, Mutex},
    workqueue::{Queue, Work, WorkItem},
};

module! {
    type: Chores,
    name: "chores",
    authors: ["Ferrule"],
    description: "a work item",
    license: "GPL",
}

/// A queue that is drained and destroyed when it is dropped.
struct OwnQueue(NonNull<bindings::workqueue_struct>);

// SAFETY: A workqueue may be used from any thread.
unsafe impl Send for OwnQueue {}
// SAFETY: As above.
unsafe impl Sync for OwnQueue {}

impl OwnQueue {
    fn new(name: &'static CStr) -> Result<Self> {
        // SAFETY: The name is a string without any conversion in it.
        let queue = unsafe {
            bindings::alloc_workqueue_noprof(name.as_char_ptr(), bindings::wq_flags_WQ_UNBOUND, 1)
        };

        NonNull::new(queue).map(Self).ok_or(ENOMEM)
    }
}

impl core::ops::Deref for OwnQueue {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        // SAFETY: The queue lives as long as `self`.
        unsafe { Queue::from_raw(self.0.as_ptr()) }
    }
}

impl Drop for OwnQueue {
    fn drop(&mut self) {
        // SAFETY: The pointer came from `alloc_workqueue`, and this is its only owner.
        unsafe { bindings::destroy_workqueue(self.0.as_ptr()) };
    }
}

#[pin_data]
struct Chore {
    #[pin]
    work: Work<Self>,
    #[pin]
    done: Completion,
    #[pin]
    log: Mutex<KVec<u32>>,
}

impl_has_work! {
    impl HasWork<Self> for Chore { self.work }
}

impl Chore {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                work <- new_work!("Chore::work"),
                done <- Completion::new(),
                log <- new_mutex!(KVec::new()),
            }),
            GFP_KERNEL,
        )
    }

    fn note(&self, number: u32) -> Result {
        self.log.lock().push(number, GFP_KERNEL)?;
        Ok(())
    }
}

impl WorkItem for Chore {
    type Pointer = Arc<Self>;

    fn run(chore: Arc<Self>) {
        chore.note(1).expect("there is memory"); // FERRULE: here
        chore.done.complete_all();
    }
}

struct Chores {
    chore: Arc<Chore>,
    queue: OwnQueue,
}

impl kernel::Module for Chores {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let chore = Chore::new()?;
        let queue = OwnQueue::new(c"chores")?;

        if queue.enqueue(chore.clone()).is_err() {
            return Err(EBUSY);
        }
        chore.done.wait_for_completion();
        Ok(Self { chore, queue })
    }
}

impl Drop for Chores {
    fn drop(&mut self) {
        if self.queue.enqueue(self.chore.clone()).is_err() {
            pr_warn!("already queued\n");
        }
    }
}

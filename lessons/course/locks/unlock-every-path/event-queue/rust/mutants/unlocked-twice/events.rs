// SPDX-License-Identifier: GPL-2.0

//! `/dev/events`: every open file is a queue of numbers, first in, first out.
//!
//! In a real driver the numbers come from an interrupt handler, which must not sleep: so the
//! queue is under a spinlock.

use kernel::{
    fs::{File, Kiocb},
    ioctl::_IO,
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_spinlock,
    prelude::*,
    sync::SpinLock,
};

const DEFAULT: usize = 4;
const MAX: usize = 64;

const EVENTS_RESIZE: u32 = _IO('e' as u32, 1);

module! {
    type: EventsModule,
    name: "events",
    authors: ["Ferrule"],
    description: "A queue of numbers",
    license: "GPL",
}

#[pin_data]
struct EventsModule {
    #[pin]
    _misc: MiscDeviceRegistration<Events>,
}

impl kernel::InPlaceModule for EventsModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"events" }),
        })
    }
}

struct Queue {
    items: KVec<u32>,
    capacity: usize,
}

#[pin_data]
struct Events {
    #[pin]
    queue: SpinLock<Queue>,
}

impl Events {
    fn push(&self, item: u32) -> Result {
        let mut queue = self.queue.lock();

        if queue.items.len() == queue.capacity {
            return Err(ENOSPC);
        }
        queue.items.push_within_capacity(item)?;
        Ok(())
    }

    fn pop(&self) -> Result<u32> {
        let mut queue = self.queue.lock();
        let item = queue.items.remove(0).map_err(|_| EAGAIN);

        if item.is_err() {
            drop(queue);
        }
        drop(queue); // FERRULE: here
        item
    }

    fn resize(&self, capacity: usize) -> Result {
        if !(1..=MAX).contains(&capacity) {
            return Err(EINVAL);
        }
        let mut items = KVec::with_capacity(capacity, GFP_KERNEL)?;

        let mut queue = self.queue.lock();
        if queue.items.len() > capacity {
            return Err(EBUSY);
        }
        for &item in &queue.items {
            items.push_within_capacity(item)?;
        }
        queue.items = items;
        queue.capacity = capacity;
        Ok(())
    }
}

#[vtable]
impl MiscDevice for Events {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let items = KVec::with_capacity(DEFAULT, GFP_KERNEL)?;

        KBox::pin_init(
            pin_init!(Events {
                queue <- new_spinlock!(Queue {
                    items,
                    capacity: DEFAULT,
                }),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut item = [0; size_of::<u32>()];

        if iov.len() != item.len() {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(&mut item) != item.len() {
            return Err(EFAULT);
        }
        kiocb.file().push(u32::from_ne_bytes(item))?;
        Ok(item.len())
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.len() < size_of::<u32>() {
            return Err(EINVAL);
        }
        let item = kiocb.file().pop()?.to_ne_bytes();

        if iov.copy_to_iter(&item) != item.len() {
            return Err(EFAULT);
        }
        Ok(item.len())
    }

    fn ioctl(events: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            EVENTS_RESIZE => events.resize(arg)?,
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

// SPDX-License-Identifier: GPL-2.0

//! `/dev/waiting-room`: every open file is a room in which visitors wait.

use kernel::{
    fs::{File, Kiocb},
    ioctl::_IO,
    iov::{IovIterDest, IovIterSource},
    list::{impl_list_arc_safe, impl_list_item, List, ListArc, ListLinks},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_condvar, new_mutex,
    prelude::*,
    sync::{CondVar, Mutex},
};

const NAME: usize = 16;

const ROOM_COUNT: u32 = _IO('r' as u32, 1);
const ROOM_URGENT: u32 = _IO('r' as u32, 2);

module! {
    type: RoomModule,
    name: "waiting_room",
    authors: ["Ferrule"],
    description: "A waiting room",
    license: "GPL",
}

#[pin_data]
struct RoomModule {
    #[pin]
    _misc: MiscDeviceRegistration<Room>,
}

impl kernel::InPlaceModule for RoomModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"waiting-room" }),
        })
    }
}

/// A visitor is in the list by its own links: its neighbours point into it.
#[pin_data]
struct Visitor {
    len: usize,
    name: [u8; NAME],
    #[pin]
    links: ListLinks,
}

impl_list_arc_safe! {
    impl ListArcSafe<0> for Visitor { untracked; }
}

impl_list_item! {
    impl ListItem<0> for Visitor { using ListLinks { self.links }; }
}

/// Tasks that wait for a visitor are in a list that begins in `entered`.
#[pin_data]
struct Room {
    #[pin]
    waiting: Mutex<List<Visitor>>,
    #[pin]
    entered: CondVar,
}

impl Room {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            waiting <- new_mutex!(List::new()),
            entered <- new_condvar!(),
        })
    }

    fn enter(&self, visitor: ListArc<Visitor>) {
        self.waiting.lock().push_back(visitor);
    }

    /// Takes out the visitor who waits longest, and waits for one if there is none.
    fn call(&self) -> Result<ListArc<Visitor>> {
        let mut waiting = self.waiting.lock();

        loop {
            if let Some(visitor) = waiting.pop_front() {
                return Ok(visitor);
            }
            if self.entered.wait_interruptible(&mut waiting) {
                return Err(ERESTARTSYS);
            }
        }
    }

    fn count(&self) -> usize {
        self.waiting.lock().iter().count()
    }

    /// Makes the visitor who came last the next one.
    fn urgent(&self) -> Result {
        let mut waiting = self.waiting.lock();
        let last = waiting.pop_back().ok_or(ENOENT)?;

        waiting.push_front(last);
        Ok(())
    }
}

#[vtable]
impl MiscDevice for Room {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(Room::new(), GFP_KERNEL)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let len = iov.len();
        let mut name = [0; NAME];

        if !(1..=NAME).contains(&len) {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(&mut name[..len]) != len {
            return Err(EFAULT);
        }
        let visitor = ListArc::pin_init(
            try_pin_init!(Visitor {
                len,
                name,
                links <- ListLinks::new(),
            }),
            GFP_KERNEL,
        )?;
        kiocb.file().enter(visitor);
        Ok(len)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.len() < NAME {
            return Err(EINVAL);
        }
        let visitor = kiocb.file().call()?;

        if iov.copy_to_iter(&visitor.name[..visitor.len]) != visitor.len {
            return Err(EFAULT);
        }
        Ok(visitor.len)
    }

    fn ioctl(room: Pin<&Self>, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        match cmd {
            ROOM_COUNT => Ok(room.count().try_into()?),
            ROOM_URGENT => room.urgent().map(|()| 0),
            _ => Err(ENOTTY),
        }
    }
}

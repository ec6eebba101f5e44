// SPDX-License-Identifier: GPL-2.0

//! A room that is made where it stays, and three ways to move it all the same.

use core::mem::MaybeUninit;
use kernel::{
    list::{impl_list_arc_safe, impl_list_item, List, ListLinks},
    new_condvar, new_mutex,
    prelude::*,
    sync::{CondVar, Mutex},
};

const NAME: usize = 16;

module! {
    type: Rooms,
    name: "rooms",
    authors: ["Ferrule"],
    description: "Has a room",
    license: "GPL",
}

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

#[pin_data]
struct Room {
    #[pin]
    waiting: Mutex<List<Visitor>>,
    #[pin]
    entered: CondVar,
    opened: u32,
}

impl Room {
    fn new(opened: u32) -> impl PinInit<Self> {
        pin_init!(Self {
            waiting <- new_mutex!(List::new()),
            entered <- new_condvar!(),
            opened,
        })
    }
}

struct Rooms {
    _room: Pin<KBox<Room>>,
}

impl kernel::Module for Rooms {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let room = KBox::pin_init(Room::new(7), GFP_KERNEL)?; // Pin<KBox<Room>>

        pr_info!("opened at {}\n", room.opened);
        Ok(Rooms { _room: room })
    }
}

// From here on it is wrong on purpose. Nothing calls these.

#[allow(dead_code)]
fn boxed(slot: MaybeUninit<Room>) -> Result<KBox<Room>> {
    // SAFETY: It has just been initialised.
    let room = KBox::new(unsafe { slot.assume_init() }, GFP_KERNEL)?; // moved

    Ok(room)
}

#[allow(dead_code)]
fn swapped(first: *mut Visitor, last: *mut Visitor) {
    // SAFETY: Both are in the list, and the list is locked.
    unsafe { core::ptr::swap(first, last) }; // with the links in them
}

#[allow(dead_code)]
fn replaced(mut room: Pin<KBox<Room>>, other: Room) -> Pin<KBox<Room>> {
    // SAFETY: There is no other pointer to the room.
    *unsafe { room.as_mut().get_unchecked_mut() } = other;
    room
}

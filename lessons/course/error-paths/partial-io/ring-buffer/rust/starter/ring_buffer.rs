// SPDX-License-Identifier: GPL-2.0

//! `/dev/ring_buffer`: every open file is a ring of 64 bytes. What is written to it can be read
//! from it again, in order.
//!
//! * `write` puts in as many bytes as fit, and returns how many those were. Is the ring full, it
//!   waits until there is room for a byte; with `O_NONBLOCK` it does not wait but fails: `EAGAIN`.
//!   After `RING_END`: `EPIPE`, also for one that is waiting.
//! * `read` takes out as many bytes as there are, up to the size it was given, and returns how
//!   many those were. Is the ring empty, it waits for a byte; with `O_NONBLOCK` it fails:
//!   `EAGAIN`. After `RING_END` it still gives what is there, and then 0, also to one that is
//!   waiting.
//! * Both return 0 for a size of 0. Memory of the program may end before the size does. Then what
//!   was copied until there counts, and how much that was is returned; `EFAULT` only when no byte
//!   was copied. A byte that did not reach the program is still in the ring, the next to be read.
//!   The position in the file means nothing.
//! * `RING_END`: no more writes. Returns 0, also when it has ended already.
//! * `RING_USED` returns the number of bytes in the ring.
//!
//! Another command: `ENOTTY`.

use kernel::{
    fs::{file::flags::O_NONBLOCK, File, Kiocb},
    ioctl::_IO,
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_condvar, new_mutex,
    prelude::*,
    sync::{
        lock::{mutex::MutexBackend, Guard},
        CondVar, Mutex,
    },
    types::ForeignOwnable,
};

const SIZE: usize = 64;

const RING_END: u32 = _IO('R' as u32, 1);
const RING_USED: u32 = _IO('R' as u32, 2);

module! {
    type: RingModule,
    name: "ring_buffer",
    authors: ["Ferrule"],
    description: "A ring of bytes",
    license: "GPL",
}

#[pin_data]
struct RingModule {
    #[pin]
    _misc: MiscDeviceRegistration<Ring>,
}

impl kernel::InPlaceModule for RingModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions {
                name: c"ring_buffer",
            }),
        })
    }
}

/// Whether the program asked not to wait. `Kiocb` has no method for the file's flags yet.
fn nonblocking<T: ForeignOwnable>(kiocb: &Kiocb<'_, T>) -> bool {
    // SAFETY: The file of a kiocb is open as long as the kiocb is in use, which outlives `file`.
    // A misc device's file has no position that is locked, so there is no fdget_pos region.
    let file = unsafe { File::from_raw_file((*kiocb.as_raw()).ki_filp) };

    file.flags() & O_NONBLOCK != 0
}

struct State {
    /// `SIZE` bytes.
    data: KVec<u8>,
    /// Where the oldest byte is.
    head: usize,
    /// How many bytes there are.
    used: usize,
    ended: bool,
}

impl State {
    fn readable(&self) -> bool {
        self.used > 0 || self.ended
    }

    fn writable(&self) -> bool {
        self.used < SIZE || self.ended
    }

    /// The oldest bytes, `max` at most.
    // TODO: they may go on at the beginning of `data`. What should this return then?
    fn filled(&self, max: usize) -> &[u8] {
        let used = self.used.min(max);

        &self.data[self.head..self.head + used]
    }

    /// The room behind the newest byte, `max` at most.
    // TODO: it may go on at the beginning of `data`.
    fn room(&mut self, max: usize) -> &mut [u8] {
        let room = (SIZE - self.used).min(max);
        let tail = (self.head + self.used) % SIZE;

        &mut self.data[tail..tail + room]
    }
}

#[pin_data]
struct Ring {
    #[pin]
    state: Mutex<State>,
    /// There are more bytes, there is more room, or it is the end.
    #[pin]
    changed: CondVar,
}

impl Ring {
    /// Waits for `ready`, unless the program does not want to wait.
    fn lock_when(
        &self,
        nonblocking: bool,
        ready: fn(&State) -> bool,
    ) -> Result<Guard<'_, State, MutexBackend>> {
        let mut state = self.state.lock();

        while !ready(&state) {
            if nonblocking {
                return Err(EAGAIN);
            }
            if self.changed.wait_interruptible(&mut state) {
                return Err(ERESTARTSYS);
            }
        }
        Ok(state)
    }
}

#[vtable]
impl MiscDevice for Ring {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let data = KVec::zeroed(SIZE, GFP_KERNEL)?;

        KBox::pin_init(
            pin_init!(Ring {
                state <- new_mutex!(State {
                    data,
                    head: 0,
                    used: 0,
                    ended: false,
                }),
                changed <- new_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let ring = kiocb.file();

        if iov.is_empty() {
            return Ok(0);
        }
        let mut state = ring.lock_when(nonblocking(&kiocb), State::readable)?;
        let bytes = state.filled(iov.len());
        let size = bytes.len();

        // TODO: what if the program's memory ends after some of them?
        if iov.copy_to_iter(bytes) != size {
            return Err(EFAULT);
        }
        state.head = (state.head + size) % SIZE;
        state.used -= size;
        ring.changed.notify_all();
        Ok(size)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let ring = kiocb.file();

        if iov.is_empty() {
            return Ok(0);
        }
        let mut state = ring.lock_when(nonblocking(&kiocb), State::writable)?;
        // TODO: and after `RING_END`?
        let room = state.room(iov.len());
        let size = room.len();

        if iov.copy_from_iter(room) != size {
            return Err(EFAULT);
        }
        state.used += size;
        ring.changed.notify_all();
        Ok(size)
    }

    fn ioctl(ring: Pin<&Self>, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        let state = ring.state.lock();

        match cmd {
            // TODO: and whoever waits has to hear of it.
            RING_END => Err(ENOTTY),
            RING_USED => Ok(state.used as isize),
            _ => Err(ENOTTY),
        }
    }
}

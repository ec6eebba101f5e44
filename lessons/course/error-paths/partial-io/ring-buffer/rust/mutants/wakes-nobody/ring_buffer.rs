// SPDX-License-Identifier: GPL-2.0

//! `/dev/ring_buffer`: every open file is a ring of 64 bytes. What is written to it can be read
//! from it again, in order.

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

    /// The oldest bytes, `max` at most: those up to the end of `data`, and those behind them.
    fn filled(&self, max: usize) -> (&[u8], &[u8]) {
        let used = self.used.min(max);
        let (wrapped, tail) = self.data.split_at(self.head);
        let first = used.min(tail.len());

        (&tail[..first], &wrapped[..used - first])
    }

    /// The room behind the newest byte, `max` at most, in the same two pieces.
    fn room(&mut self, max: usize) -> (&mut [u8], &mut [u8]) {
        let room = (SIZE - self.used).min(max);
        let (wrapped, tail) = self.data.split_at_mut((self.head + self.used) % SIZE);
        let first = room.min(tail.len());

        (&mut tail[..first], &mut wrapped[..room - first])
    }

    fn consume(&mut self, size: usize) {
        self.head = (self.head + size) % SIZE;
        self.used -= size;
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
            if self.changed.wait_interruptible(&mut state) { // FERRULE: here
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
        let (first, second) = state.filled(iov.len());
        let wanted = first.len() + second.len();

        let mut done = iov.copy_to_iter(first);
        if done == first.len() {
            done += iov.copy_to_iter(second);
        }
        if done == 0 && wanted > 0 {
            return Err(EFAULT);
        }
        state.consume(done);
        ring.changed.notify_all();
        Ok(done)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let ring = kiocb.file();

        if iov.is_empty() {
            return Ok(0);
        }
        let mut state = ring.lock_when(nonblocking(&kiocb), State::writable)?;
        if state.ended {
            return Err(EPIPE);
        }
        let (first, second) = state.room(iov.len());

        let mut done = iov.copy_from_iter(first);
        if done == first.len() {
            done += iov.copy_from_iter(second);
        }
        if done == 0 {
            return Err(EFAULT);
        }
        state.used += done;
        Ok(done)
    }

    fn ioctl(ring: Pin<&Self>, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        let mut state = ring.state.lock();

        match cmd {
            RING_END => {
                state.ended = true;
                ring.changed.notify_all();
                Ok(0)
            }
            RING_USED => Ok(state.used as isize),
            _ => Err(ENOTTY),
        }
    }
}

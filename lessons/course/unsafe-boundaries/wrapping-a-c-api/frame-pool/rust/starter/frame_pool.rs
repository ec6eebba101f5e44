// SPDX-License-Identifier: GPL-2.0

//! `/dev/frame-pool`: every open file keeps messages, first in, first out. Each waits in a frame, and
//! a file has only so many frames: 4 to begin with. They belong to a pool of the kernel's,
//! `include/linux/mempool.h`, which makes and frees frames by calling back.
//!
//! * `FRAMES_PUT` takes a message of 1 to 64 bytes, which waits in a frame. `EFAULT`: the pointer
//!   leads nowhere. `EINVAL`: another length. `EAGAIN`: no frame is free.
//! * `read` gives the first message and its length; its frame is free. `EAGAIN`: no message waits.
//!   `EINVAL`: the message has more bytes than the program has room for; it stays.
//! * `FRAMES_MAKE`: the argument itself is a number, 1 to 8: the file has so many frames from now
//!   on, in a new pool. What waits still waits, in its order. `EINVAL`: another number. `EBUSY`:
//!   more messages wait. `ENOMEM`: no memory.
//! * `FRAMES_COUNT` returns how many frames exist, full or free. The callbacks count them.
//!
//! `PUT` and `MAKE` return 0. A call that is refused changes nothing. Opening may fail with
//! `ENOMEM`. Another command: `ENOTTY`.
//!
//! `unsafe` belongs into `FramePool` and `Frame`: the device needs none.

use core::{
    ffi::c_void,
    ops::{Deref, DerefMut},
    ptr::{self, NonNull},
};
use kernel::{
    bindings,
    error::from_err_ptr,
    fs::{File, Kiocb},
    ioctl::{_IO, _IOC_SIZE, _IOW},
    iov::IovIterDest,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, Mutex,
    },
    transmute::FromBytes,
    uaccess::{UserSlice, UserSliceReader},
};

const MAX: usize = 8;
const FIRST: usize = 4;
const BYTES: usize = 64;

const FRAMES_PUT: u32 = _IOW::<Message>('f' as u32, 1);
const FRAMES_MAKE: u32 = _IO('f' as u32, 2);
const FRAMES_COUNT: u32 = _IO('f' as u32, 3);

#[repr(C)]
#[derive(Clone, Copy)]
struct Message {
    len: u32,
    data: [u8; BYTES],
}

// SAFETY: Integers alone: every bit pattern is a valid `Message`.
unsafe impl FromBytes for Message {}

module! {
    type: FramesModule,
    name: "frame_pool",
    authors: ["Ferrule"],
    description: "Messages in frames from a pool",
    license: "GPL",
}

#[pin_data]
struct FramesModule {
    #[pin]
    _misc: MiscDeviceRegistration<Frames>,
}

impl kernel::InPlaceModule for FramesModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"frame-pool" }),
        })
    }
}

/// A pool of frames: the kernel's `struct mempool`.
///
/// # Invariants
///
/// `pool` came from `mempool_create`, with `Self::alloc` and `Self::free`.
struct FramePool {
    // TODO: who destroys the pool?
    pool: NonNull<bindings::mempool>,
    /// The frames that exist.
    // TODO: the callbacks should count here. How do they get to it, and how long is it there?
    count: Atomic<u32>,
}

// SAFETY: A mempool may be used and destroyed by any task.
unsafe impl Send for FramePool {}

// SAFETY: The functions that `&FramePool` calls take the mempool's own lock.
unsafe impl Sync for FramePool {}

impl FramePool {
    fn new(frames: usize) -> Result<Arc<Self>> {
        // SAFETY: The callbacks have the right types, and agree on what an element is.
        let pool = unsafe {
            bindings::mempool_create_node_noprof(
                i32::try_from(frames)?,
                Some(Self::alloc),
                Some(Self::free),
                ptr::null_mut(),
                bindings::GFP_KERNEL,
                bindings::NUMA_NO_NODE,
            )
        };
        // TODO: how does this call say no?
        let pool = from_err_ptr(pool)?;
        let pool = Self {
            // SAFETY: An error pointer did not get here.
            pool: unsafe { NonNull::new_unchecked(pool) },
            count: Atomic::new(0),
        };

        Ok(Arc::new(pool, GFP_KERNEL)?)
    }

    /// Makes an element. It may sleep: all elements are made by `new`.
    unsafe extern "C" fn alloc(_gfp: bindings::gfp_t, _data: *mut c_void) -> *mut c_void {
        let message = Message {
            len: 0,
            data: [0; BYTES],
        };
        let Ok(element) = KBox::new(message, GFP_KERNEL) else {
            return ptr::null_mut();
        };

        KBox::into_raw(element).cast()
    }

    /// Frees an element.
    ///
    /// # Safety
    ///
    /// `element` came from `alloc`, and nobody uses it any more.
    unsafe extern "C" fn free(element: *mut c_void, _data: *mut c_void) {
        // SAFETY: `alloc` made it of such a box, and it is ours now.
        drop(unsafe { KBox::<Message>::from_raw(element.cast()) });
    }

    /// A frame that nobody has, if there is one.
    fn take(pool: &Arc<Self>) -> Option<Frame> {
        // SAFETY: The pool is valid, says its invariant.
        let element = unsafe { bindings::mempool_alloc_preallocated(pool.pool.as_ptr()) };

        // INVARIANT: The pool has lent the element to this frame alone.
        Some(Frame {
            message: NonNull::new(element)?.cast(),
        })
    }

    fn count(&self) -> u32 {
        self.count.load(Relaxed)
    }
}

/// A frame out of a pool.
///
/// # Invariants
///
/// `message` is an element of a pool, a valid `Message`, and nobody else uses it.
struct Frame {
    // TODO: who gives it back, and to which pool? Is that pool still there then?
    message: NonNull<Message>,
}

// SAFETY: The frame is the only user of its message.
unsafe impl Send for Frame {}

impl Deref for Frame {
    type Target = Message;

    fn deref(&self) -> &Message {
        // SAFETY: It is valid and ours, says the invariant.
        unsafe { self.message.as_ref() }
    }
}

impl DerefMut for Frame {
    fn deref_mut(&mut self) -> &mut Message {
        // SAFETY: It is valid and ours, says the invariant.
        unsafe { self.message.as_mut() }
    }
}

struct State {
    pool: Arc<FramePool>,
    /// Frames that hold a message.
    queue: KVec<Frame>,
}

#[pin_data]
struct Frames {
    #[pin]
    state: Mutex<State>,
}

impl Frames {
    fn put(&self, mut reader: UserSliceReader) -> Result {
        let message = reader.read::<Message>()?;

        if !(1..=BYTES).contains(&(message.len as usize)) {
            return Err(EINVAL);
        }
        let mut state = self.state.lock();
        let mut frame = FramePool::take(&state.pool).ok_or(EAGAIN)?;

        *frame = message;
        state.queue.push_within_capacity(frame)?;
        Ok(())
    }

    fn make(&self, _frames: usize) -> Result {
        // TODO: a new pool, and a frame of it for each message that waits.
        Err(ENOTTY)
    }
}

#[vtable]
impl MiscDevice for Frames {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let pool = FramePool::new(FIRST)?;
        let queue = KVec::with_capacity(MAX, GFP_KERNEL)?;

        KBox::pin_init(
            pin_init!(Frames {
                state <- new_mutex!(State { pool, queue }),
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let frames = kiocb.file();
        let mut state = frames.state.lock();
        let frame = state.queue.first().ok_or(EAGAIN)?;
        let len = frame.len as usize;

        if iov.len() < len {
            return Err(EINVAL);
        }
        if iov.copy_to_iter(&frame.data[..len]) != len {
            return Err(EFAULT);
        }
        drop(state.queue.remove(0).map_err(|_| EAGAIN)?);
        Ok(len)
    }

    fn ioctl(frames: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            FRAMES_PUT => {
                let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));
                frames.put(user.reader())?;
            }
            FRAMES_MAKE => frames.make(arg)?,
            FRAMES_COUNT => return Ok(frames.state.lock().pool.count() as isize),
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

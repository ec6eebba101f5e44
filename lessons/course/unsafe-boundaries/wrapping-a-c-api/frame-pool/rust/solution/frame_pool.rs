// SPDX-License-Identifier: GPL-2.0

//! `/dev/frame-pool`: every open file keeps messages in frames out of a pool.

use core::{
    ffi::c_void,
    ops::{Deref, DerefMut},
    ptr::{self, NonNull},
};
use kernel::{
    bindings,
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
/// `pool` came from `mempool_create`, with `Self::alloc`, `Self::free` and a pointer to `*count`,
/// and is destroyed by `drop` alone.
struct FramePool {
    pool: NonNull<bindings::mempool>,
    /// The frames that exist. The callbacks of `pool` reach it too, until that is destroyed.
    count: KBox<Atomic<u32>>,
}

// SAFETY: A mempool may be used and destroyed by any task.
unsafe impl Send for FramePool {}

// SAFETY: The functions that `&FramePool` calls take the mempool's own lock.
unsafe impl Sync for FramePool {}

impl FramePool {
    fn new(frames: usize) -> Result<Arc<Self>> {
        let count = KBox::new(Atomic::new(0), GFP_KERNEL)?;
        let data: *const Atomic<u32> = &*count;

        // SAFETY: The callbacks have the right types and agree on what an element is. `data` is
        // valid until the pool is destroyed.
        let pool = unsafe {
            bindings::mempool_create_node_noprof(
                i32::try_from(frames)?,
                Some(Self::alloc),
                Some(Self::free),
                data.cast_mut().cast(),
                bindings::GFP_KERNEL,
                bindings::NUMA_NO_NODE,
            )
        };
        // INVARIANT: The pool is new, and `count` moves no more: it is in a box.
        let pool = Self {
            pool: NonNull::new(pool).ok_or(ENOMEM)?,
            count,
        };

        Ok(Arc::new(pool, GFP_KERNEL)?)
    }

    /// Makes an element. It may sleep: all elements are made by `new`.
    ///
    /// # Safety
    ///
    /// `count` points to an `Atomic<u32>`.
    unsafe extern "C" fn alloc(_gfp: bindings::gfp_t, count: *mut c_void) -> *mut c_void {
        let message = Message {
            len: 0,
            data: [0; BYTES],
        };
        let Ok(element) = KBox::new(message, GFP_KERNEL) else {
            return ptr::null_mut();
        };

        // SAFETY: By this function's requirement.
        unsafe { &*count.cast::<Atomic<u32>>() }.add(1, Relaxed);
        KBox::into_raw(element).cast()
    }

    /// Frees an element.
    ///
    /// # Safety
    ///
    /// `element` came from `alloc`, and nobody uses it any more. `count` points to an
    /// `Atomic<u32>`.
    unsafe extern "C" fn free(element: *mut c_void, count: *mut c_void) {
        // SAFETY: `alloc` made it of such a box, and it is ours now.
        drop(unsafe { KBox::<Message>::from_raw(element.cast()) });
        // SAFETY: By this function's requirement.
        unsafe { &*count.cast::<Atomic<u32>>() }.fetch_sub(1, Relaxed);
    }

    /// A frame that nobody has, if there is one.
    fn take(pool: &Arc<Self>) -> Option<Frame> {
        // SAFETY: The pool is valid, says its invariant.
        let element = unsafe { bindings::mempool_alloc_preallocated(pool.pool.as_ptr()) };

        // INVARIANT: The pool has lent the element to this frame alone.
        Some(Frame {
            message: NonNull::new(element)?.cast(),
            pool: pool.clone(),
        })
    }

    fn count(&self) -> u32 {
        self.count.load(Relaxed)
    }
}

impl Drop for FramePool {
    fn drop(&mut self) {
        // SAFETY: The pool is valid, and used for the last time. Each frame that is lent holds an
        // `Arc` of this: there is none. `count` is dropped after this.
        unsafe { bindings::mempool_destroy(self.pool.as_ptr()) };
    }
}

/// A frame out of a pool, which goes back there when it is dropped.
///
/// # Invariants
///
/// `message` is an element of `pool`, a valid `Message`, and nobody else uses it.
struct Frame {
    message: NonNull<Message>,
    pool: Arc<FramePool>,
}

// SAFETY: The frame is the only user of its message, and the pool may be used by any task.
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

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: It is an element of this pool, and used no more.
        unsafe { bindings::mempool_free(self.message.as_ptr().cast(), self.pool.pool.as_ptr()) };
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

    fn make(&self, frames: usize) -> Result {
        if !(1..=MAX).contains(&frames) {
            return Err(EINVAL);
        }
        let mut state = self.state.lock();

        if state.queue.len() > frames {
            return Err(EBUSY);
        }
        let pool = FramePool::new(frames)?;
        let mut queue = KVec::with_capacity(MAX, GFP_KERNEL)?;

        for old in &state.queue {
            let mut frame = FramePool::take(&pool).ok_or(ENOMEM)?;

            *frame = **old;
            queue.push_within_capacity(frame)?;
        }
        *state = State { pool, queue };
        Ok(())
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

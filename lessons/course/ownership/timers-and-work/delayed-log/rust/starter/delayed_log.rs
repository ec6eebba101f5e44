// SPDX-License-Identifier: GPL-2.0

//! `/dev/delayed-log`: every open file is a log whose lines are stored later.
//!
//! * `write` hands in one line of 1 to 32 bytes, and returns its length. `EINVAL`: no byte, or more
//!   than 32. `ENOSPC`: eight lines are in this log that were not read yet. `EFAULT`: the pointer
//!   leads nowhere.
//! * `read` gives the oldest stored line, whole, and takes it out of the log. `EAGAIN`: no line is
//!   stored. `EINVAL`: the line does not fit, and stays.
//! * `close` gives up what is not stored yet: nothing of the log is left, and nothing of it runs any
//!   more, when `close` returns.
//!
//! The medium is slow: storing a line takes `STORE_MS`, in which `write` and `read` answer as ever.
//! Lines are stored one by one, in the order in which they came: the first `DELAY_MS` after it was
//! written, each other `DELAY_MS` after the one before it was stored.

use kernel::{
    bindings, container_of,
    fs::{File, Kiocb},
    impl_has_delayed_work,
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_delayed_work, new_mutex,
    prelude::*,
    sync::{Arc, ArcBorrow, Mutex},
    time::{delay::fsleep, msecs_to_jiffies, Delta},
    workqueue::{self, DelayedWork, HasWork, Work, WorkItem},
};

const LINES: usize = 8;
const WIDTH: usize = 32;

const DELAY_MS: u32 = 300;
const STORE_MS: i64 = 60;

module! {
    type: LogModule,
    name: "delayed_log",
    authors: ["Ferrule"],
    description: "A log that is written later",
    license: "GPL",
}

#[pin_data]
struct LogModule {
    #[pin]
    _misc: MiscDeviceRegistration<Log>,
}

impl kernel::InPlaceModule for LogModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"delayed-log" }),
        })
    }
}

struct Line {
    len: usize,
    text: [u8; WIDTH],
}

struct Lines {
    lines: KVec<Line>,
    /// So many of the lines can be read.
    stored: usize,
}

#[pin_data]
struct Log {
    #[pin]
    work: DelayedWork<Self>,
    #[pin]
    lines: Mutex<Lines>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Log { self.work }
}

impl Log {
    /// Stores the next line later. The queue holds the reference until the work item runs.
    fn store_later(log: Arc<Self>) {
        // It is not enqueued while it waits already, or while somebody stops it.
        let _ = workqueue::system().enqueue_delayed(log, msecs_to_jiffies(DELAY_MS));
    }

    /// The C function behind this has no safe Rust interface in this kernel yet.
    ///
    /// Stops the work item, and waits for it if it runs. What is returned is the queue's own
    /// reference, if the work item was still waiting: it will not run, so nobody else drops it.
    #[allow(dead_code)] // until it is called
    fn stop(log: &Arc<Self>) -> Option<Arc<Self>> {
        let this = Arc::as_ptr(log);
        // SAFETY: `log` is a valid `Log`, and its work item was initialised with it.
        let work = unsafe { Work::raw_get(<Self as HasWork<Self>>::raw_get_work(this.cast_mut())) };
        // SAFETY: This `work_struct` is the one in a `delayed_work`, says `HasDelayedWork`.
        let work = unsafe { container_of!(work, bindings::delayed_work, work) };

        // SAFETY: The work item is initialised, and lives as long as `log`. This task may sleep.
        if unsafe { bindings::cancel_delayed_work_sync(work) } {
            // SAFETY: `enqueue_delayed` kept a reference for the run that was cancelled.
            Some(unsafe { Arc::from_raw(this) })
        } else {
            None
        }
    }

    fn push(&self, line: Line) -> Result<bool> {
        let mut log = self.lines.lock();

        if log.lines.len() == LINES {
            return Err(ENOSPC);
        }
        log.lines.push_within_capacity(line)?;
        Ok(log.lines.len() - log.stored == 1)
    }
}

impl WorkItem for Log {
    type Pointer = Arc<Self>;

    fn run(log: Arc<Self>) {
        fsleep(Delta::from_millis(STORE_MS)); // in place of a slow medium

        log.lines.lock().stored += 1;
        // TODO: who stores the next line, if one is waiting?
    }
}

#[vtable]
impl MiscDevice for Log {
    type Ptr = Arc<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let lines = KVec::with_capacity(LINES, GFP_KERNEL)?;

        Arc::pin_init(
            pin_init!(Log {
                work <- new_delayed_work!("Log::work"),
                lines <- new_mutex!(Lines { lines, stored: 0 }),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let log: ArcBorrow<'_, Self> = kiocb.file();
        let len = iov.len();
        let mut line = Line {
            len,
            text: [0; WIDTH],
        };

        if !(1..=WIDTH).contains(&len) {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(&mut line.text[..len]) != len {
            return Err(EFAULT);
        }
        if log.push(line)? {
            Self::store_later(log.into());
        }
        Ok(len)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, _iov: &mut IovIterDest<'_>) -> Result<usize> {
        let log = kiocb.file();

        if log.lines.lock().stored == 0 {
            return Err(EAGAIN);
        }
        // TODO: give the oldest line, and take it out of the log.
        Err(EAGAIN)
    }

    fn release(log: Self::Ptr, _file: &File) {
        // TODO: what may be waiting, or running, at this moment?
        drop(log);
    }
}

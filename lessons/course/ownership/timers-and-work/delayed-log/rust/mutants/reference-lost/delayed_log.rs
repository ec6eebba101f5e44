// SPDX-License-Identifier: GPL-2.0

//! `/dev/delayed-log`: every open file is a log whose lines are stored later.

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

    /// Stops the work item, and waits for it if it runs. 
    /// It will not run.
    fn stop(log: &Arc<Self>) {
        let this = Arc::as_ptr(log);
        // SAFETY: `log` is a valid `Log`, and its work item was initialised with it.
        let work = unsafe { Work::raw_get(<Self as HasWork<Self>>::raw_get_work(this.cast_mut())) };
        // SAFETY: This `work_struct` is the one in a `delayed_work`, says `HasDelayedWork`.
        let work = unsafe { container_of!(work, bindings::delayed_work, work) };

        // SAFETY: The work item is initialised, and lives as long as `log`. This task may sleep.
        unsafe { bindings::cancel_delayed_work_sync(work) };
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

        let mut lines = log.lines.lock();
        lines.stored += 1;
        let more = lines.stored < lines.lines.len();
        drop(lines);
        if more {
            Self::store_later(log);
        }
    }
}

#[vtable]
impl MiscDevice for Log {
    type Ptr = Arc<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let lines = KVec::with_capacity(LINES, GFP_KERNEL)?; // FERRULE: here

        Arc::pin_init( // FERRULE: here
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

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let log = kiocb.file();
        let mut lines = log.lines.lock();

        if lines.stored == 0 {
            return Err(EAGAIN);
        }
        let line = &lines.lines[0];
        let len = line.len;
        if iov.len() < len {
            return Err(EINVAL);
        }
        if iov.copy_to_iter(&line.text[..len]) != len {
            return Err(EFAULT);
        }
        lines.stored -= 1;
        lines.lines.remove(0).map_err(|_| EAGAIN)?;
        Ok(len)
    }

    fn release(log: Self::Ptr, _file: &File) {
        // The work item is code of this module: it must not run when the module is gone.
        Self::stop(&log);
    }
}

// SPDX-License-Identifier: GPL-2.0

//! `/dev/stage`: every open file can run a stage, in one of four places. A stage has a clock, and
//! counts its ticks.

use kernel::{
    fs::File,
    impl_has_hr_timer,
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        global_lock, Arc, ArcBorrow, Mutex,
    },
    time::{
        delay::fsleep,
        hrtimer::{
            ArcHrTimerHandle, HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerPointer,
            HrTimerRestart, RelativeMode,
        },
        Delta, Monotonic,
    },
};

const PLACES: usize = 4;
const COUNTS: usize = 64;
const TICK: Delta = Delta::from_micros(100);

const STAGE_START: u32 = _IO('s' as u32, 1);
const STAGE_STOP: u32 = _IO('s' as u32, 2);
const STAGE_LOOK: u32 = _IO('s' as u32, 3);
const STAGE_UNBOOKED: u32 = _IO('s' as u32, 4);

module! {
    type: StageModule,
    name: "stage",
    authors: ["Ferrule"],
    description: "Counts the ticks of clocks",
    license: "GPL",
}

static TICKED: Atomic<u64> = Atomic::new(0);
static BOOKED: Atomic<u64> = Atomic::new(0);

global_lock! {
    // SAFETY: Initialized in the module's init, before there is a device.
    unsafe(uninit) static TABLE: Mutex<[Option<Arc<Log>>; PLACES]> = [const { None }; PLACES];
}

#[pin_data]
struct StageModule {
    #[pin]
    _misc: MiscDeviceRegistration<StageFile>,
}

impl kernel::InPlaceModule for StageModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // SAFETY: A module is initialized once, and this is the only call.
        unsafe { TABLE.init() };

        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"stage" }),
        })
    }
}

/// What the clock writes to.
struct Log {
    counts: KVec<Atomic<u64>>,
}

impl Log {
    fn new() -> Result<Arc<Self>> {
        let mut counts = KVec::with_capacity(COUNTS, GFP_KERNEL)?;

        for _ in 0..COUNTS {
            counts.push_within_capacity(Atomic::new(0))?;
        }
        Ok(Arc::new(Self { counts }, GFP_KERNEL)?)
    }

    fn hit(&self) -> usize {
        self.counts.iter().filter(|c| c.load(Relaxed) > 0).count()
    }

    fn sum(&self) -> u64 {
        self.counts.iter().map(|c| c.load(Relaxed)).sum()
    }
}

/// Books are slow: this takes a millisecond.
fn book(sum: u64) {
    fsleep(Delta::from_millis(1));
    BOOKED.fetch_add(sum, Relaxed);
}

/// Books a log when it is dropped: by then nothing may write to the log any more.
struct Booking(Arc<Log>);

impl Drop for Booking {
    fn drop(&mut self) {
        book(self.0.sum());
    }
}

#[pin_data]
struct Clock {
    #[pin]
    timer: HrTimer<Self>,
    next: Atomic<u64>,
    log: Arc<Log>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Clock {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl Clock {
    /// The clock runs until what this returns is dropped.
    fn start(log: Arc<Log>) -> Result<ArcHrTimerHandle<Self>> {
        let clock = Arc::pin_init(
            pin_init!(Self {
                timer <- HrTimer::new(),
                next: Atomic::new(0),
                log,
            }),
            GFP_KERNEL,
        )?;

        Ok(clock.start(TICK))
    }
}

impl HrTimerCallback for Clock {
    type Pointer<'a> = Arc<Self>;

    fn run(
        clock: ArcBorrow<'_, Self>,
        mut context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        let next = clock.next.fetch_add(1, Relaxed) as usize % COUNTS;

        TICKED.fetch_add(1, Relaxed);
        clock.log.counts[next].fetch_add(1, Relaxed);
        context.forward_now(TICK);
        HrTimerRestart::Restart
    }
}

/// A place in the table, given back when this is dropped.
struct Listing(usize);

impl Listing {
    fn new(place: usize, log: Arc<Log>) -> Result<Self> {
        let mut table = TABLE.lock();
        let entry = table.get_mut(place).ok_or(EINVAL)?;

        if entry.is_some() {
            return Err(EBUSY);
        }
        *entry = Some(log);
        Ok(Self(place))
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        TABLE.lock()[self.0] = None;
    }
}

/// Taken down from the top: fields are dropped in the order of their declaration.
struct Stage {
    _booking: Booking,
    _clock: ArcHrTimerHandle<Clock>,
    _listing: Listing,
}

impl Stage {
    /// Built up from the bottom: on failure, locals are dropped in the reverse order.
    fn build(place: usize) -> Result<Self> {
        let log = Log::new()?;
        let booking = Booking(log.clone());
        let clock = Clock::start(log.clone())?;
        let listing = Listing::new(place, log)?;

        Ok(Self {
            _listing: listing,
            _clock: clock,
            _booking: booking,
        })
    }
}

#[pin_data]
struct StageFile {
    #[pin]
    stage: Mutex<Option<Stage>>,
}

impl StageFile {
    fn start(&self, place: usize) -> Result<isize> {
        if place >= PLACES {
            return Err(EINVAL);
        }
        let mut stage = self.stage.lock();

        if stage.is_some() {
            return Err(EBUSY);
        }
        *stage = Some(Stage::build(place)?);
        Ok(0)
    }

    fn stop(&self) -> Result<isize> {
        self.stage.lock().take().ok_or(ENOENT)?;
        Ok(0)
    }
}

fn look(place: usize) -> Result<isize> {
    let table = TABLE.lock();
    let log = table.get(place).ok_or(EINVAL)?.as_ref().ok_or(ENOENT)?;

    Ok(log.hit() as isize)
}

#[vtable]
impl MiscDevice for StageFile {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(StageFile {
                stage <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(file: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            STAGE_START => file.start(arg),
            STAGE_STOP => file.stop(),
            STAGE_LOOK => look(arg),
            STAGE_UNBOOKED => Ok((TICKED.load(Relaxed) - BOOKED.load(Relaxed)) as isize),
            _ => Err(ENOTTY),
        }
    }
}

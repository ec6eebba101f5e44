// SPDX-License-Identifier: GPL-2.0

//! `/dev/doorbell`: every open file is a doorbell. A timer's interrupt rings it.

use kernel::{
    fs::{File, Kiocb},
    impl_has_hr_timer,
    ioctl::_IO,
    iov::IovIterDest,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex, new_spinlock_irq,
    prelude::*,
    sync::{Arc, ArcBorrow, Mutex, SpinLockIrq},
    time::{
        hrtimer::{
            ArcHrTimerHandle, HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerPointer,
            HrTimerRestart, RelativeMode,
        },
        Delta, Monotonic,
    },
};

const ROOM: usize = 16;
const MAX: usize = 1000;
const PERIOD_US: i64 = 200;

const DOORBELL_PRESS: u32 = _IO('d' as u32, 1);
const DOORBELL_LOST: u32 = _IO('d' as u32, 2);

module! {
    type: DoorbellModule,
    name: "doorbell",
    authors: ["Ferrule"],
    description: "A doorbell rung by an interrupt",
    license: "GPL",
}

#[pin_data]
struct DoorbellModule {
    #[pin]
    _misc: MiscDeviceRegistration<OpenDoorbell>,
}

impl kernel::InPlaceModule for DoorbellModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"doorbell" }),
        })
    }
}

struct Rings {
    /// These wait, the oldest first.
    rings: [u32; ROOM],
    waiting: usize,
    /// Of the last ring.
    number: u32,
    lost: u32,
    /// Still to ring; 0: silent.
    left: u64,
}

#[pin_data]
struct Doorbell {
    #[pin]
    timer: HrTimer<Self>,
    /// The interrupt takes it: everybody else with interrupts off.
    #[pin]
    rings: SpinLockIrq<Rings>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Doorbell {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Doorbell {
    type Pointer<'a> = Arc<Self>;

    // In hard interrupt context.
    fn run(
        bell: ArcBorrow<'_, Self>,
        mut context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        if bell.rings.lock().ring() {
            context.forward_now(Delta::from_micros(PERIOD_US));
            HrTimerRestart::Restart
        } else {
            HrTimerRestart::NoRestart
        }
    }
}

impl Rings {
    /// Rings once, and says whether to ring again.
    fn ring(&mut self) -> bool {
        self.number += 1;
        if let Some(free) = self.rings.get_mut(self.waiting) {
            *free = self.number;
            self.waiting += 1;
        } else {
            self.lost += 1;
        }
        self.left = self.left.saturating_sub(1);
        self.left != 0
    }

    /// Takes the oldest rings out, at most `room`; the rest of the array is of no meaning.
    fn take(&mut self, room: usize) -> ([u32; ROOM], usize) {
        let count = self.waiting.min(room);
        let taken = self.rings;

        self.rings.copy_within(count..self.waiting, 0);
        self.waiting -= count;
        (taken, count)
    }
}

impl Doorbell {
    /// Says whether it was silent.
    fn press(&self, count: usize) -> bool {
        let mut rings = self.rings.lock();
        let silent = rings.left == 0;

        rings.left += count as u64;
        silent
    }

    fn lost(&self) -> u32 {
        core::mem::take(&mut self.rings.lock().lost)
    }
}

/// An open file: its doorbell, and what stops the timer when it is dropped.
#[pin_data]
struct OpenDoorbell {
    #[pin]
    running: Mutex<Option<ArcHrTimerHandle<Doorbell>>>,
    bell: Arc<Doorbell>,
}

impl OpenDoorbell {
    fn press(&self, count: usize) -> Result {
        if !(1..=MAX).contains(&count) {
            return Err(EINVAL);
        }
        let mut running = self.running.lock();

        if self.bell.press(count) {
            // The timer has ended. Dropping its handle waits until it is done, and must not happen
            // after the next start: it would stop that one.
            drop(running.take());
            *running = Some(self.bell.clone().start(Delta::from_micros(PERIOD_US)));
        }
        Ok(())
    }
}

#[vtable]
impl MiscDevice for OpenDoorbell {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let bell = Arc::pin_init(
            pin_init!(Doorbell {
                timer <- HrTimer::new(),
                rings <- new_spinlock_irq!(Rings {
                    rings: [0; ROOM],
                    waiting: 0,
                    number: 0,
                    lost: 0,
                    left: 0,
                }),
            }),
            GFP_KERNEL,
        )?;

        KBox::pin_init(
            pin_init!(OpenDoorbell {
                running <- new_mutex!(None),
                bell,
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let room = iov.len() / size_of::<u32>();

        if room == 0 {
            return Err(EINVAL);
        }
        let (rings, count) = kiocb.file().bell.rings.lock().take(room);

        if count == 0 {
            return Err(EAGAIN);
        }
        for ring in &rings[..count] {
            if iov.copy_to_iter(&ring.to_ne_bytes()) != size_of::<u32>() {
                return Err(EFAULT);
            }
        }
        Ok(count * size_of::<u32>())
    }

    fn ioctl(open: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            DOORBELL_PRESS => open.press(arg)?,
            DOORBELL_LOST => return Ok(open.bell.lost() as isize),
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

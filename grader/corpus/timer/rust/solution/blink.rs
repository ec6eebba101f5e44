// SPDX-License-Identifier: GPL-2.0

//! A timer that starts itself again.

use kernel::{
    impl_has_hr_timer,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, ArcBorrow,
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

module! {
    type: BlinkModule,
    name: "blink",
    authors: ["Ferrule"],
    description: "a timer",
    license: "GPL",
}

#[pin_data]
struct Blink {
    #[pin]
    timer: HrTimer<Self>,
    count: Atomic<u64>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Blink {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl Blink {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                timer <- HrTimer::new(),
                count: Atomic::new(0),
            }),
            GFP_KERNEL,
        )
    }

    #[inline(never)]
    fn tick(&self) {
        self.count.fetch_add(1, Relaxed);
    }
}

impl HrTimerCallback for Blink {
    type Pointer<'a> = Arc<Self>;

    fn run(
        blink: ArcBorrow<'_, Self>,
        mut context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        blink.tick();
        context.forward_now(Delta::from_millis(2));
        HrTimerRestart::Restart
    }
}

struct BlinkModule {
    blink: Arc<Blink>,
    _running: ArcHrTimerHandle<Blink>,
}

impl kernel::Module for BlinkModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let blink = Blink::new()?;
        let running = blink.clone().start(Delta::from_millis(1));

        fsleep(Delta::from_millis(20));
        Ok(Self {
            blink,
            _running: running,
        })
    }
}

impl Drop for BlinkModule {
    fn drop(&mut self) {
        pr_info!("{} ticks\n", self.blink.count.load(Relaxed));
    }
}

// SPDX-License-Identifier: GPL-2.0

//! The timer owns its box while it runs, ticks five times and stops by itself.

use kernel::{
    impl_has_hr_timer,
    prelude::*,
    sync::{
        atomic::{Atomic, Full, Relaxed},
        Arc, Completion,
    },
    time::{
        hrtimer::{
            HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerPointer, HrTimerRestart,
            RelativeMode,
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
struct Seen {
    ticks: Atomic<u64>,
    #[pin]
    done: Completion,
}

#[pin_data]
struct Blink {
    #[pin]
    timer: HrTimer<Self>,
    seen: Arc<Seen>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Blink {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Blink {
    type Pointer<'a> = Pin<KBox<Self>>;

    fn run(blink: Pin<&mut Self>, mut context: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        if blink.seen.ticks.fetch_add(1, Full) == 4 {
            blink.seen.done.complete_all();
            return HrTimerRestart::NoRestart;
        }
        context.forward_now(Delta::from_micros(500));
        HrTimerRestart::Restart
    }
}

struct BlinkModule {
    seen: Arc<Seen>,
}

impl kernel::Module for BlinkModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let seen = Arc::pin_init(
            pin_init!(Seen {
                ticks: Atomic::new(0),
                done <- Completion::new(),
            }),
            GFP_KERNEL,
        )?;
        let shared = seen.clone();
        let blink = KBox::pin_init(
            pin_init!(Blink {
                timer <- HrTimer::new(),
                seen: shared,
            }),
            GFP_KERNEL,
        )?;
        let running = blink.start(Delta::from_millis(1));

        seen.done.wait_for_completion();
        // The handle stops the timer, if it has not stopped itself, and frees the box.
        drop(running);
        Ok(Self { seen })
    }
}

impl Drop for BlinkModule {
    fn drop(&mut self) {
        pr_info!("{} ticks\n", self.seen.ticks.load(Relaxed));
    }
}

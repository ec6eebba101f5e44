// SPDX-License-Identifier: GPL-2.0

//! `/dev/account`: every open file is an account, empty at first.
//!
//! ```text
//! write   pays in: one number of exactly 4 bytes; returns 4. It is added to
//!         the balance, and becomes the last line of the statement.
//!         EINVAL: another size, or the number 0. ENOSPC: the statement has
//!         256 lines. ENOMEM: no memory. A refused write changes nothing.
//! read    gives the statement: all that was paid in, the oldest first, 4 bytes
//!         each, from the first line on and as many whole lines as fit;
//!         returns the number of bytes (0, if there is nothing to give).
//! ACCOUNT_BALANCE  stores the balance as a u64; returns 0.
//! ACCOUNT_LATER    the argument itself is an amount, 1 to 1000000: a timer adds
//!         it to the balance 20 ms later. It does not go to the statement.
//!         Returns 0 at once. Amounts that are on their way add up, and come
//!         together, 20 ms after the last one was announced.
//!         EINVAL: not 1 to 1000000.
//!
//! A bad pointer: EFAULT. Another command: ENOTTY.
//! ```

use kernel::{
    fs::{File, Kiocb},
    impl_has_hr_timer,
    ioctl::{_IO, _IOR},
    iov::{IovIterDest, IovIterSource},
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
    uaccess::UserSlice,
};

const LATER_MS: i64 = 20;

const ACCOUNT_BALANCE: u32 = _IOR::<u64>('a' as u32, 1);
const ACCOUNT_LATER: u32 = _IO('a' as u32, 2);

module! {
    type: AccountModule,
    name: "account",
    authors: ["Ferrule"],
    description: "An account",
    license: "GPL",
}

#[pin_data]
struct AccountModule {
    #[pin]
    _misc: MiscDeviceRegistration<OpenAccount>,
}

impl kernel::InPlaceModule for AccountModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"account" }),
        })
    }
}

struct State {
    statement: KVec<u32>,
    balance: u64,
    /// On its way.
    later: u64,
}

// TODO: one lock for all of `State`? Who touches what, and may they sleep?

#[pin_data]
struct Account {
    #[pin]
    timer: HrTimer<Self>,
    #[pin]
    state: SpinLockIrq<State>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Account {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Account {
    type Pointer<'a> = Arc<Self>;

    fn run(
        account: ArcBorrow<'_, Self>,
        _context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        // This is interrupt context.
        let mut state = account.state.lock();

        state.balance += state.later;
        state.later = 0;
        HrTimerRestart::NoRestart
    }
}

impl Account {
    fn pay_in(&self, amount: u32) -> Result {
        let mut state = self.state.lock();

        // TODO: how many lines may there be? And may `push` ask for memory here?
        state.statement.push(amount, GFP_KERNEL)?;
        state.balance += u64::from(amount);
        Ok(())
    }

    fn balance(&self) -> u64 {
        self.state.lock().balance
    }

    fn announce(&self, amount: u64) {
        // TODO: and if an amount is on its way already?
        self.state.lock().later = amount;
    }
}

/// An open file: its account, and what stops the account's timer when it is dropped.
#[pin_data]
struct OpenAccount {
    #[pin]
    running: Mutex<Option<ArcHrTimerHandle<Account>>>,
    account: Arc<Account>,
}

impl OpenAccount {
    fn later(&self, amount: usize) -> Result {
        // TODO: which amounts are refused?
        let mut running = self.running.lock();

        self.account.announce(amount as u64);
        // Dropping the old handle stops the timer. This must not happen after the next start: it
        // would stop that one.
        drop(running.take());
        *running = Some(self.account.clone().start(Delta::from_millis(LATER_MS)));
        Ok(())
    }
}

#[vtable]
impl MiscDevice for OpenAccount {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let account = Arc::pin_init(
            pin_init!(Account {
                timer <- HrTimer::new(),
                state <- new_spinlock_irq!(State {
                    statement: KVec::new(),
                    balance: 0,
                    later: 0,
                }),
            }),
            GFP_KERNEL,
        )?;

        KBox::pin_init(
            pin_init!(OpenAccount {
                running <- new_mutex!(None),
                account,
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut amount = [0; size_of::<u32>()];

        if iov.len() != amount.len() {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(&mut amount) != amount.len() {
            return Err(EFAULT);
        }
        match u32::from_ne_bytes(amount) {
            0 => return Err(EINVAL),
            amount => kiocb.file().account.pay_in(amount)?,
        }
        Ok(amount.len())
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        // TODO: give the statement. May it be copied to the program while the guard lives?
        let open = kiocb.file();
        let _state = open.account.state.lock();
        let _room = iov.len();

        Ok(0)
    }

    fn ioctl(open: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            ACCOUNT_BALANCE => UserSlice::new(UserPtr::from_addr(arg), size_of::<u64>())
                .writer()
                .write(&open.account.balance())?,
            ACCOUNT_LATER => open.later(arg)?,
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

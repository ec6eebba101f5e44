// SPDX-License-Identifier: GPL-2.0

//! `/dev/account`: every open file is an account. Programs pay in, and what is to come later is
//! added by a timer.

use kernel::{
    fs::{File, Kiocb},
    impl_has_hr_timer,
    ioctl::{_IO, _IOR},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{Arc, ArcBorrow, Mutex},
    time::{
        hrtimer::{
            ArcHrTimerHandle, HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerPointer,
            HrTimerRestart, RelativeMode,
        },
        Delta, Monotonic,
    },
    uaccess::UserSlice,
};

const LINES: usize = 256;
const LATER_MAX: usize = 1_000_000;
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

/// What the timer touches.
struct Money {
    balance: u64,
    /// On its way.
    later: u64,
}

#[pin_data]
struct Account {
    #[pin]
    timer: HrTimer<Self>,
    #[pin]
    money: Mutex<Money>,
    #[pin]
    statement: Mutex<KVec<u32>>,
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
        let mut money = account.money.lock(); // FERRULE: here

        money.balance += money.later;
        money.later = 0;
        HrTimerRestart::NoRestart
    }
}

impl Account {
    fn pay_in(&self, amount: u32) -> Result {
        let mut statement = self.statement.lock();

        if statement.len() == LINES {
            return Err(ENOSPC);
        }
        statement.push(amount, GFP_KERNEL)?;
        self.money.lock().balance += u64::from(amount);
        Ok(())
    }

    fn balance(&self) -> u64 {
        self.money.lock().balance
    }

    fn announce(&self, amount: u64) {
        self.money.lock().later += amount;
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
        if !(1..=LATER_MAX).contains(&amount) {
            return Err(EINVAL);
        }
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
                money <- new_mutex!(Money { balance: 0, later: 0 }),
                statement <- new_mutex!(KVec::new()),
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
        let open = kiocb.file();
        let statement = open.account.statement.lock();
        let lines = statement.len().min(iov.len() / size_of::<u32>());

        for line in &statement[..lines] {
            if iov.copy_to_iter(&line.to_ne_bytes()) != size_of::<u32>() {
                return Err(EFAULT);
            }
        }
        Ok(lines * size_of::<u32>())
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

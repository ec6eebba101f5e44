// SPDX-License-Identifier: GPL-2.0

//! `/dev/transfer`: every open file is a bank with four accounts.

use kernel::{
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOW},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    uaccess::{UserSlice, UserSliceReader},
};

const FIRST: u32 = 1000;

/// From, to, amount.
type Move = [u32; 3];

const TRANSFER_MOVE: u32 = _IOW::<Move>('t' as u32, 1);
const TRANSFER_GET: u32 = _IO('t' as u32, 2);
const TRANSFER_TOTAL: u32 = _IO('t' as u32, 3);

module! {
    type: TransferModule,
    name: "transfer",
    authors: ["Ferrule"],
    description: "Four accounts, each with a lock",
    license: "GPL",
}

#[pin_data]
struct TransferModule {
    #[pin]
    _misc: MiscDeviceRegistration<Bank>,
}

impl kernel::InPlaceModule for TransferModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"transfer" }),
        })
    }
}

#[pin_data]
struct Bank {
    #[pin]
    zero: Mutex<u32>,
    #[pin]
    one: Mutex<u32>,
    #[pin]
    two: Mutex<u32>,
    #[pin]
    three: Mutex<u32>,
}

impl Bank {
    fn account(&self, number: usize) -> Result<&Mutex<u32>> {
        match number {
            0 => Ok(&self.zero),
            1 => Ok(&self.one),
            2 => Ok(&self.two),
            3 => Ok(&self.three),
            _ => Err(EINVAL),
        }
    }

    fn transfer(&self, mut reader: UserSliceReader) -> Result {
        let [from, to, amount] = reader.read::<Move>()?;

        if from == to {
            return Err(EINVAL);
        }
        let mut from = self.account(from as usize)?.lock(); // FERRULE: here
        let mut to = self.account(to as usize)?.lock(); // FERRULE: here

        *from = from.checked_sub(amount).ok_or(ERANGE)?;
        *to += amount;
        Ok(())
    }

    fn get(&self, number: usize) -> Result<u32> {
        Ok(*self.account(number)?.lock())
    }

    fn total(&self) -> u32 {
        let zero = self.zero.lock();
        let one = self.one.lock();
        let two = self.two.lock();
        let three = self.three.lock();

        *zero + *one + *two + *three
    }
}

#[vtable]
impl MiscDevice for Bank {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Bank {
                zero <- new_mutex!(FIRST),
                one <- new_mutex!(FIRST),
                two <- new_mutex!(FIRST),
                three <- new_mutex!(FIRST),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(bank: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            TRANSFER_MOVE => {
                let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

                bank.transfer(user.reader())?;
                Ok(0)
            }
            TRANSFER_GET => Ok(bank.get(arg)? as isize),
            TRANSFER_TOTAL => Ok(bank.total() as isize),
            _ => Err(ENOTTY),
        }
    }
}

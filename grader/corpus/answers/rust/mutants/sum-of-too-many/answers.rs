// SPDX-License-Identifier: GPL-2.0

//! A device that adds up numbers and answers questions.

use kernel::{
    fs::{File, Kiocb},
    ioctl::{_IO, _IOC_SIZE, _IOR},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    transmute::AsBytes,
    uaccess::{UserSlice, UserSliceWriter},
};

const MAX_NUMBERS: usize = 8;

const ANSWERS_GET: u32 = _IOR::<Answer>('a' as u32, 1);
const ANSWERS_FORGET: u32 = _IO('a' as u32, 2);

#[repr(C)]
#[derive(Default)]
struct Answer {
    count: u8,
    zero: [u8; 3],
    last: u32,
    sum: u64,
}

// SAFETY: `zero` is where padding would be: every byte of an `Answer` is initialised.
unsafe impl AsBytes for Answer {}

module! {
    type: AnswersModule,
    name: "answers",
    authors: ["Ferrule"],
    description: "answers",
    license: "GPL",
}

#[pin_data]
struct AnswersModule {
    #[pin]
    _misc: MiscDeviceRegistration<Answers>,
}

impl kernel::InPlaceModule for AnswersModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"answers" }),
        })
    }
}

#[pin_data]
struct Answers {
    #[pin]
    numbers: Mutex<KVec<u32>>,
}

impl Answers {
    fn add(&self, number: u32) -> Result {
        let mut numbers = self.numbers.lock();

        if numbers.len() == MAX_NUMBERS {
            return Err(ENOSPC);
        }
        numbers.push_within_capacity(number)?;
        Ok(())
    }

    fn get(&self, mut writer: UserSliceWriter) -> Result {
        let mut answer = Answer::default();

        for &number in self.numbers.lock().iter().skip(1) {
            answer.count += 1;
            answer.last = number;
            answer.sum += u64::from(number);
        }
        writer.write(&answer)
    }
}

#[vtable]
impl MiscDevice for Answers {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let numbers = KVec::with_capacity(MAX_NUMBERS, GFP_KERNEL)?;

        KBox::pin_init(
            pin_init!(Answers {
                numbers <- new_mutex!(numbers),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut number = [0; size_of::<u32>()];

        if iov.len() != number.len() {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(&mut number) != number.len() {
            return Err(EFAULT);
        }
        kiocb.file().add(u32::from_ne_bytes(number))?;
        Ok(number.len())
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let mut done = 0;

        for number in kiocb.file().numbers.lock().iter() {
            if iov.len() < size_of::<u32>() {
                break;
            }
            if iov.copy_to_iter(&number.to_ne_bytes()) != size_of::<u32>() {
                return Err(EFAULT);
            }
            done += size_of::<u32>();
        }
        Ok(done)
    }

    fn ioctl(answers: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            ANSWERS_GET => {
                answers.get(UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd)).writer())?
            }
            ANSWERS_FORGET => answers.numbers.lock().clear(),
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

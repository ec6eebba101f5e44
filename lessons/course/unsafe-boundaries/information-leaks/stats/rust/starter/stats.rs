// SPDX-License-Identifier: GPL-2.0

//! `/dev/stats`: statistics of 32-bit samples. Every open file has its own; all open files share
//! the device's one transfer buffer of 64 bytes, which is where samples arrive and where answers
//! are made.
//!
//! ```text
//! write       takes 1 to 16 samples into the statistics. Returns the bytes
//!             taken. EINVAL: another length.
//! STATS_NAME  gives the statistics a name: 0 to 15 characters and a 0 behind
//!             them. What the program has behind that 0 is not part of the
//!             name. EINVAL: there is no 0 in the 16 bytes.
//! STATS_GET   gives the program a struct stats_info: version is 1, count and
//!             sum are those of all samples so far, last is the newest. name
//!             is the name, filled up with zeros. Without samples count, sum
//!             and last are 0; without a name all of name is 0.
//!
//! STATS_NAME and STATS_GET return 0. Every byte that a program gets is one of
//! these, or 0: also those between and behind the fields. EFAULT: the pointer
//! leads nowhere. ENOMEM: no memory. Another command: ENOTTY.
//! ```

use kernel::{
    fs::{File, Kiocb},
    ioctl::{_IOC_SIZE, _IOR, _IOW},
    iov::IovIterSource,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const SAMPLE: usize = size_of::<u32>();
const BUFFER: usize = 16 * SAMPLE;
const NAME: usize = 16;

const STATS_NAME: u32 = _IOW::<[u8; NAME]>('s' as u32, 1);
const STATS_GET: u32 = _IOR::<StatsInfo>('s' as u32, 2);

/// What `STATS_GET` gives to a program.
#[repr(C)]
struct StatsInfo {
    version: u8,
    count: u32,
    name: [u8; NAME],
    sum: u64,
    last: u32,
}

kernel::sync::global_lock! {
    // SAFETY: `StatsModule::init` initialises it, before there is a device to use it.
    /// The one transfer buffer of the device, for all open files.
    unsafe(uninit) static TRANSFER: Mutex<[u8; BUFFER]> = [0; BUFFER];
}

module! {
    type: StatsModule,
    name: "stats",
    authors: ["Ferrule"],
    description: "Statistics of samples",
    license: "GPL",
}

#[pin_data]
struct StatsModule {
    #[pin]
    _misc: MiscDeviceRegistration<Stats>,
}

impl kernel::InPlaceModule for StatsModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // SAFETY: The module is initialised once.
        unsafe { TRANSFER.init() };

        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"stats" }),
        })
    }
}

#[derive(Clone, Copy)]
struct Numbers {
    count: u32,
    sum: u64,
    last: u32,
    name: [u8; NAME],
}

#[pin_data]
struct Stats {
    #[pin]
    numbers: Mutex<Numbers>,
}

impl Stats {
    fn name(&self, mut reader: UserSliceReader) -> Result {
        let name = reader.read::<[u8; NAME]>()?;

        // TODO: is it a name? And which bytes of it are kept?
        self.numbers.lock().name = name;
        Ok(())
    }

    fn get(&self, mut writer: UserSliceWriter) -> Result {
        let mut transfer = TRANSFER.lock();
        let numbers = self.numbers.lock();

        // TODO: who wrote the bytes that are not written here?
        transfer[0] = 1;
        transfer[4..8].copy_from_slice(&numbers.count.to_ne_bytes());
        transfer[8..24].copy_from_slice(&numbers.name);
        // TODO: sum and last. Is there a way without counting bytes?
        writer.write_slice(&transfer[..size_of::<StatsInfo>()])
    }
}

#[vtable]
impl MiscDevice for Stats {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let numbers = Numbers {
            count: 0,
            sum: 0,
            last: 0,
            name: [0; NAME],
        };

        KBox::pin_init(
            pin_init!(Stats {
                numbers <- new_mutex!(numbers),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let stats = kiocb.file();
        let len = iov.len();
        let mut transfer = TRANSFER.lock();
        let samples = transfer.get_mut(..len).ok_or(EINVAL)?;

        if len == 0 || len % SAMPLE != 0 {
            return Err(EINVAL);
        }
        if iov.copy_from_iter(samples) != len {
            return Err(EFAULT);
        }
        let mut numbers = stats.numbers.lock();
        for sample in samples.chunks_exact(SAMPLE) {
            numbers.last = u32::from_ne_bytes([sample[0], sample[1], sample[2], sample[3]]);
            numbers.sum += u64::from(numbers.last);
            numbers.count += 1;
        }
        Ok(len)
    }

    fn ioctl(stats: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        match cmd {
            STATS_NAME => stats.name(user.reader())?,
            STATS_GET => stats.get(user.writer())?,
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

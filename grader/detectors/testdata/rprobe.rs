// SPDX-License-Identifier: GPL-2.0
//! Probe.
use kernel::{
    device::Device,
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex, new_spinlock,
    prelude::*,
    sync::{aref::ARef, Arc, Mutex, SpinLock},
};

module! {
    type: Probe,
    name: "rprobe",
    authors: ["x"],
    description: "x",
    license: "GPL",
    params: {
        what: i64 {
            default: 0,
            description: "what",
        },
    },
}

#[pin_data]
struct Probe {
    #[pin]
    _miscdev: MiscDeviceRegistration<ProbeDevice>,
}

#[pin_data]
struct Shared {
    #[pin]
    lock: SpinLock<u32>,
    #[pin]
    mutex: Mutex<KVec<u8>>,
}

fn sleepy(s: &Shared) -> Result {
    let mut g = s.lock.lock();
    let b = KBox::new(7u32, GFP_KERNEL)?;
    *g = *b;
    Ok(())
}

fn forget(s: &Shared) {
    let g = s.mutex.lock();
    core::mem::forget(g);
}

fn index(v: &[u8], i: usize) -> u8 {
    v[i]
}

impl kernel::InPlaceModule for Probe {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let what = module_parameters::what.value();
        let shared = Arc::pin_init(
            pin_init!(Shared { lock <- new_spinlock!(3), mutex <- new_mutex!(KVec::new()) }),
            GFP_KERNEL,
        );
        if let Ok(s) = shared {
            match what {
                1 => {
                    let _ = sleepy(&s);
                }
                2 => forget(&s),
                3 => {
                    pr_info!("{}\n", index(&[1, 2, 3], what as usize));
                }
                4 => {
                    let r: Result<u32> = Err(EINVAL);
                    r.unwrap();
                }
                5 => {
                    let p = KBox::new([0u8; 24], GFP_KERNEL).unwrap();
                    let raw = KBox::into_raw(p);
                    // SAFETY: the second line breaks this on purpose: `raw` is gone by then.
                    unsafe {
                        drop(KBox::from_raw(raw));
                        core::ptr::write_volatile(raw.cast::<u8>(), 3);
                    }
                }
                6 => core::mem::forget(s),
                7 => {
                    let a = what as u8;
                    let b = a + 249;
                    pr_info!("{}\n", b);
                }
                8 => {
                    forget(&s);
                    core::mem::forget(s);
                }
                9 => {
                    let _a = s.mutex.lock();
                    let _b = s.mutex.lock();
                }
                _ => {}
            }
        }
        let options = MiscDeviceOptions { name: c"rprobe" };
        try_pin_init!(Self {
            _miscdev <- MiscDeviceRegistration::register(options),
        })
    }
}

#[pin_data]
struct ProbeDevice {
    #[pin]
    inner: Mutex<KVec<u8>>,
    dev: ARef<Device>,
}

#[vtable]
impl MiscDevice for ProbeDevice {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, misc: &MiscDeviceRegistration<Self>) -> Result<Pin<KBox<Self>>> {
        let dev = ARef::from(misc.device());
        KBox::try_pin_init(
            try_pin_init! { ProbeDevice { inner <- new_mutex!(KVec::new()), dev: dev } },
            GFP_KERNEL,
        )
    }

    fn write_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let me = kiocb.file();
        let mut inner = me.inner.lock();
        inner.clear();
        let len = iov.copy_from_iter_vec(&mut inner, GFP_KERNEL)?;
        *kiocb.ki_pos_mut() = 0;
        Ok(len)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let me = kiocb.file();
        let inner = me.inner.lock();
        let read = iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &inner)?;
        Ok(read)
    }

    fn ioctl(me: Pin<&ProbeDevice>, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        me.bump(cmd)
    }
}

impl ProbeDevice {
    fn bump(&self, cmd: u32) -> Result<isize> {
        let mut g = self.inner.lock();
        g.push(cmd as u8, GFP_KERNEL)?;
        dev_info!(self.dev, "bump\n");
        Ok(g.len() as isize)
    }
}

// SPDX-License-Identifier: GPL-2.0

//! `/dev/copier`: bytes into the buffer of QEMU's edu device (1234:11e8), and back, by DMA.
//!
//! The device has a buffer of its own, which it sees at 0x40000. It copies between that and the
//! computer's memory, one transfer at a time, each of which takes a tenth of a second. It reaches
//! the lowest 2^28 bytes of memory. Its registers are in BAR 0, and are written with 32 bits at
//! once:
//!
//! * 0x24: Why there is an interrupt; 0x100: a transfer is done.
//! * 0x64: What is written here is taken out of 0x24.
//! * 0x80: Where to copy from, 0x88: where to, 0x90: how many bytes.
//! * 0x98: Written, it starts a transfer: 1, and 2 when it goes from the device to memory, and 4
//!   when an interrupt shall say that it is done. Read, bit 0 is set until it is done.
//!
//! Programs may use the first 2048 bytes of the device's buffer.
//!
//! * `COPIER_PUT` copies `len` bytes of `data` to `offset` in the device.
//! * `COPIER_GET` copies `len` bytes from `offset` in the device to `data`; what is behind them in
//!   `data` stays as it was. Both: `EINVAL`, when `len` is not 1 to 256, or a byte of it is not one
//!   of those 2048.
//! * `COPIER_RECORD` fetches the record at `offset` in the device: a length (32 bits, little
//!   endian), then that many bytes. It fills in `len` and `data`; behind the record `data` has
//!   zeros. `EINVAL`: there are less than 64 bytes from there to the end of those 2048. `EBADMSG`:
//!   the length is more than 60.
//!
//! All return 0 when they work. `EFAULT`: the pointer leads nowhere. `ETIMEDOUT`: there was no
//! interrupt within a second. `EBUSY`: the device still has a transfer that was given up. Another
//! command: `ENOTTY`.
//!
//! The driver can be unbound at any time, and bound again. A transfer that is under way then is
//! finished first, and later ones on the same file fail with `ENODEV`, also when the device has
//! been bound again.

use kernel::{
    container_of,
    device::Core,
    dma::{Coherent, Device, DmaMask},
    fs::File,
    io::{io_project, register, Io},
    ioctl::{_IOW, _IOWR},
    irq::{Flags, Handler, IrqRequest, IrqReturn, Registration},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_condvar, new_mutex, pci,
    prelude::*,
    sync::{new_spinlock_irq, Arc, ArcBorrow, CondVar, Mutex, SpinLockIrq},
    transmute::{AsBytes, FromBytes},
    uaccess::{UserPtr, UserSlice},
};

mod regs {
    use super::*;

    register! {
        pub(super) IRQ_STATUS(u32) @ 0x24 {
            /// A transfer is done.
            8:8 dma => bool;
        }

        pub(super) IRQ_ACK(u32) @ 0x64 {
            31:0 value;
        }

        pub(super) DMA_FROM(u32) @ 0x80 {
            31:0 value;
        }

        pub(super) DMA_TO(u32) @ 0x88 {
            31:0 value;
        }

        pub(super) DMA_COUNT(u32) @ 0x90 {
            31:0 value;
        }

        pub(super) DMA_COMMAND(u32) @ 0x98 {
            /// Set to start; clear when it is done.
            0:0 run => bool;
            1:1 to_ram => bool;
            2:2 irq => bool;
        }
    }

    pub(super) const SIZE: usize = 0x100;
}

type Bar<'a> = pci::Bar<'a, { regs::SIZE }>;

const VENDOR: u16 = 0x1234;
const DEVICE: u16 = 0x11e8;

/// Where the device sees its buffer, and how much of it programs may use.
const INSIDE: u32 = 0x40000;
const SIZE: u32 = 2048;

const MAX: usize = 256;
const RECORD_MAX: usize = 60;

#[repr(C)]
struct Block {
    offset: u32,
    len: u32,
    data: [u8; MAX],
}

// SAFETY: Numbers, for which any bits will do, and nothing between them.
unsafe impl FromBytes for Block {}
// SAFETY: Numbers and nothing between them.
unsafe impl AsBytes for Block {}

#[repr(C)]
struct Record {
    offset: u32,
    len: u32,
    data: [u8; RECORD_MAX],
}

// SAFETY: Numbers, for which any bits will do, and nothing between them.
unsafe impl FromBytes for Record {}
// SAFETY: Numbers and nothing between them.
unsafe impl AsBytes for Record {}

const COPIER_PUT: u32 = _IOW::<Block>('c' as u32, 1);
const COPIER_GET: u32 = _IOWR::<Block>('c' as u32, 2);
const COPIER_RECORD: u32 = _IOWR::<Record>('c' as u32, 3);

fn fits(offset: u32, len: u32) -> Result {
    if offset > SIZE || len > SIZE - offset {
        return Err(EINVAL);
    }
    Ok(())
}

fn block_fits(block: &Block) -> Result<usize> {
    if block.len < 1 || block.len as usize > MAX {
        return Err(EINVAL);
    }
    fits(block.offset, block.len)?;
    Ok(block.len as usize)
}

/// What the open files and the interrupt share. It may live longer than the device is bound; the
/// registers and the buffer do not.
#[pin_data]
struct Copier {
    regs: pci::DevresBar<{ regs::SIZE }>,
    /// Shared with the device. Who has it locked has the device for itself.
    // TODO: it must not live longer than the device is bound.
    #[pin]
    buffer: Mutex<Coherent<[u8]>>,
    #[pin]
    arrived: SpinLockIrq<bool>,
    #[pin]
    arrival: CondVar,
}

impl Copier {
    /// Does something to the registers, unless they are gone. It must not sleep.
    fn with_regs<R>(&self, f: impl FnOnce(&Bar<'_>) -> R) -> Result<R> {
        self.regs.try_access_with(|bar| f(bar)).ok_or(ENODEV)
    }

    /// From here until it returns without an error the buffer is the device's.
    fn transfer(&self, buffer: &Coherent<[u8]>, to_ram: bool, offset: u32, len: usize) -> Result {
        let inside = INSIDE + offset;
        let outside = u32::try_from(buffer.dma_address())?;
        let (from, to) = if to_ram {
            (inside, outside)
        } else {
            (outside, inside)
        };

        *self.arrived.lock() = false;
        self.with_regs(|bar| {
            bar.write_reg(regs::DMA_FROM::from(from));
            bar.write_reg(regs::DMA_TO::from(to));
            bar.write_reg(regs::DMA_COUNT::from(len as u32));
            bar.write_reg(
                regs::DMA_COMMAND::zeroed()
                    .with_run(true)
                    .with_irq(true)
                    .with_to_ram(to_ram),
            );
        })?;

        let mut arrived = self.arrived.lock();
        while !*arrived {
            // TODO: and if the device does not answer?
            self.arrival.wait(&mut arrived);
        }
        Ok(())
    }

    fn put(&self, block: &Block) -> Result {
        let len = block_fits(block)?;
        let buffer = &*self.buffer.lock();

        // TODO: whose is the buffer now? The device may still have a transfer that was given up.
        io_project!(buffer, [try: ..len]).copy_from_slice(&block.data[..len]);
        self.transfer(buffer, false, block.offset, len)
    }

    fn get(&self, block: &mut Block) -> Result {
        let len = block_fits(block)?;

        self.fetch(block.offset, &mut block.data[..len])
    }

    fn fetch(&self, offset: u32, data: &mut [u8]) -> Result {
        let buffer = &*self.buffer.lock();

        // TODO: whose is the buffer now? The device may still have a transfer that was given up.
        self.transfer(buffer, true, offset, data.len())?;
        io_project!(buffer, [try: ..data.len()]).copy_to_slice(data);
        Ok(())
    }

    fn record(&self, record: &mut Record) -> Result {
        // A copy of our own, which the device cannot change any more.
        let mut raw = [0; size_of::<u32>() + RECORD_MAX];

        fits(record.offset, raw.len() as u32)?;
        self.fetch(record.offset, &mut raw)?;

        let (len, data) = raw.split_first_chunk().ok_or(EINVAL)?;
        record.len = u32::from_le_bytes(*len);
        // TODO: who says that this is not too much?
        let data: &[u8] = &data[..record.len as usize];
        record.data = [0; RECORD_MAX];
        record.data[..data.len()].copy_from_slice(data);
        Ok(())
    }
}

/// The interrupt's share of the copier.
struct Arrival(Arc<Copier>);

impl Handler for Arrival {
    fn handle(&self) -> IrqReturn {
        let ours = self.0.with_regs(|bar| {
            let status = bar.read(regs::IRQ_STATUS);

            bar.write_reg(regs::IRQ_ACK::from(status.into_raw()));
            status.dma()
        });

        if ours != Ok(true) {
            return IrqReturn::None;
        }
        *self.0.arrived.lock() = true;
        self.0.arrival.notify_all();
        IrqReturn::Handled
    }
}

#[vtable]
impl MiscDevice for Copier {
    type Ptr = Arc<Self>;

    fn open(_file: &File, misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Ok(port_of(misc).copier.clone())
    }

    fn ioctl(me: ArcBorrow<'_, Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = |size| UserSlice::new(UserPtr::from_addr(arg), size).reader_writer();

        match cmd {
            COPIER_PUT => {
                let (mut reader, _) = user(size_of::<Block>());

                me.put(&reader.read()?)?;
            }
            COPIER_GET => {
                let (mut reader, mut writer) = user(size_of::<Block>());
                let mut block = reader.read()?;

                me.get(&mut block)?;
                writer.write(&block)?;
            }
            COPIER_RECORD => {
                let (mut reader, mut writer) = user(size_of::<Record>());
                let mut record = reader.read()?;

                me.record(&mut record)?;
                writer.write(&record)?;
            }
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

/// What the device has while it is bound, dropped from the first to the last.
#[pin_data]
struct Port<'bound> {
    #[pin]
    misc: MiscDeviceRegistration<Copier>,
    #[pin]
    irq: Registration<'bound, Arrival>,
    /// Boxed, for `irq` borrows it.
    vectors: KBox<pci::IrqVectorRegistration<'bound>>,
    copier: Arc<Copier>,
}

/// The device that a file is being opened of.
fn port_of(misc: &MiscDeviceRegistration<Copier>) -> &Port<'_> {
    let misc = core::ptr::from_ref(misc).cast_mut();

    // SAFETY: Each of these registrations is the field of a `Port`, and the last one of it that is
    // initialized. It is not deregistered while `misc` is borrowed, so its `Port` is still there.
    unsafe { &*container_of!(misc, Port<'_>, misc) }
}

struct CopierDriver;

kernel::pci_device_table!(
    PCI_TABLE,
    <CopierDriver as pci::Driver>::IdInfo,
    // The vendor is none that `pci::Vendor` knows, so this is the class; `probe` looks at the rest.
    [(pci::DeviceId::from_class(0x00ff00, 0xffffff), ())]
);

impl pci::Driver for CopierDriver {
    type IdInfo = ();
    type Data<'bound> = Port<'bound>;
    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Port<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            if pdev.vendor_id().as_raw() != VENDOR || pdev.device_id() != DEVICE {
                return Err(ENODEV);
            }
            pdev.enable_device_mem()?;
            let bar = pdev.iomap_region_sized::<{ regs::SIZE }>(0, c"copier")?;

            // SAFETY: Nothing else uses this device for DMA yet.
            unsafe { pdev.dma_set_mask_and_coherent(DmaMask::new::<28>())? };
            let copier = Arc::pin_init(
                try_pin_init!(Copier {
                    regs: bar.into_devres()?,
                    buffer <- new_mutex!(Coherent::zeroed_slice(pdev.as_ref(), MAX, GFP_KERNEL)?),
                    arrived <- new_spinlock_irq!(false),
                    arrival <- new_condvar!(),
                }),
                GFP_KERNEL,
            )?;

            let msi = pci::IrqTypes::default().with(pci::IrqType::Msi);
            let vectors = KBox::new(pdev.alloc_irq_vectors(1, 1, msi)?, GFP_KERNEL)?;
            // SAFETY: What is in the box does not move, and is dropped after the registration that
            // borrows it: its field comes later in `Port`.
            let lasting: &'bound pci::IrqVectorRegistration<'bound> =
                unsafe { &*core::ptr::from_ref(&*vectors) };
            let request: IrqRequest<'bound> = lasting.index(0)?.into();

            let arrival = Arrival(copier.clone());
            pdev.set_master();

            // `misc` comes last: as soon as it is registered, a program may open it.
            Ok(try_pin_init!(Port {
                copier,
                vectors,
                // SAFETY: The registration is a field of the driver's data, which is dropped.
                irq <- unsafe {
                    Registration::new(request, Flags::TRIGGER_NONE, c"copier", Ok(arrival))
                },
                misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"copier" }),
            }))
        })
    }

    // TODO: unbind() is called before anything of the port is dropped. A program may be in the
    // middle of a transfer, a file may stay open.
}

kernel::module_pci_driver! {
    type: CopierDriver,
    name: "copier",
    authors: ["Ferrule"],
    description: "Copies to and from a device by DMA",
    license: "GPL",
}

// SPDX-License-Identifier: GPL-2.0

//! `/dev/shop`: one shop, the same for every program.

use kernel::{
    debugfs::{self, Dir},
    fs::File,
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        global_lock, Arc,
    },
    time::{delay::fsleep, Delta},
};

const KINDS: usize = 32;

const SHOP_PRICE: u32 = _IO('s' as u32, 1);
const SHOP_BUY: u32 = _IO('s' as u32, 2);

module! {
    type: ShopModule,
    name: "shop",
    authors: ["Ferrule"],
    description: "Sells goods",
    license: "GPL",
    params: {
        kinds: u32 {
            default: 8,
            description: "kinds of goods (1 to 32)",
        },
        price: u32 {
            default: 10,
            description: "what the first kind costs (1 to 1000)",
        },
    },
}

struct Stock {
    sold: Atomic<u32>,
    prices: KVec<u32>,
}

impl Stock {
    /// Makes the stock.
    fn get() -> Result<Arc<Self>> {
        let kinds = module_parameters::kinds.value();
        let price = module_parameters::price.value();

        if !(1..=KINDS).contains(&(kinds as usize)) || !(1..=1000).contains(&price) {
            return Err(EINVAL);
        }
        let mut prices = KVec::with_capacity(kinds as usize, GFP_KERNEL)?;

        fsleep(Delta::from_millis(100)); // hardware takes its time
        for kind in 0..kinds {
            prices.push(price + kind, GFP_KERNEL)?;
        }
        let sold = Atomic::new(0);

        Ok(Arc::new(Self { sold, prices }, GFP_KERNEL)?)
    }

    fn price(&self, kind: usize) -> Result<isize> {
        Ok(*self.prices.get(kind).ok_or(EINVAL)? as isize)
    }
}

global_lock! {
    // SAFETY: Initialised when the module is loaded, before any use.
    unsafe(uninit) static STOCK: Mutex<Option<Arc<Stock>>> = None;
}

/// As long as this lives, whoever opens the device finds the stock.
struct Opened {
    stock: Arc<Stock>,
}

impl Opened {
    fn new() -> Result<Self> {
        let stock = Stock::get()?;

        *STOCK.lock() = Some(stock.clone());
        Ok(Self { stock })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        *STOCK.lock() = None;
    }
}

fn show_sold(stock: &Arc<Stock>, f: &mut kernel::fmt::Formatter<'_>) -> kernel::fmt::Result {
    writeln!(f, "{}", stock.sold.load(Relaxed))
}

/// What programs can see goes first when the module is unloaded: fields are dropped in this order.
#[pin_data]
struct ShopModule {
    #[pin]
    _misc: MiscDeviceRegistration<Shop>,
    #[pin]
    _sold: debugfs::File<Arc<Stock>>,
    _folder: Dir,
    opened: Opened,
}

impl kernel::InPlaceModule for ShopModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let folder = Dir::new(c"shop");

        // SAFETY: Called once, before anything can use the lock.
        unsafe { STOCK.init() };
        try_pin_init!(Self {
            opened: Opened::new()?,
            _sold <- folder.read_callback_file(c"sold", opened.stock.clone(), &show_sold),
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"shop" }),
            _folder: folder,
        })
    }
}

struct Shop {
    stock: Arc<Stock>,
}

#[vtable]
impl MiscDevice for Shop {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let stock = STOCK.lock().clone().ok_or(ENODEV)?;

        Ok(KBox::new(Self { stock }, GFP_KERNEL)?)
    }

    fn ioctl(shop: &Self, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            SHOP_PRICE => shop.stock.price(arg),
            SHOP_BUY => {
                let price = shop.stock.price(arg)?;

                shop.stock.sold.fetch_add(1, Relaxed);
                Ok(price)
            }
            _ => Err(ENOTTY),
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

//! `/dev/calculator`: every open file is a calculator with a stack of numbers.

use kernel::{
    fs::{File, Kiocb},
    ioctl::{_IOC_SIZE, _IOR},
    iov::IovIterSource,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    uaccess::UserSlice,
};

const DEPTH: usize = 16;
const CODE: usize = 256;

const CALC_TOP: u32 = _IOR::<i32>('c' as u32, 1);

#[derive(Clone, Copy)]
struct Stack {
    values: [i32; DEPTH],
    depth: usize,
}

impl Stack {
    const EMPTY: Self = Stack {
        values: [0; DEPTH],
        depth: 0,
    };

    fn push(&mut self, value: i32) -> Result {
        *self.values.get_mut(self.depth).ok_or(ENOSPC)? = value;
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) -> Result<i32> {
        let value = self.nth(0)?;

        self.depth -= 1;
        Ok(value)
    }

    /// The number `place` below the top.
    fn nth(&self, place: usize) -> Result<i32> {
        let used = self.values.get(..self.depth).ok_or(ENODATA)?;

        used.iter().nth_back(place).copied().ok_or(ENODATA)
    }

    fn calculate(&mut self, op: u8) -> Result {
        let b = self.pop();
        let a = self.pop();
        let result = match op {
            b'+' => a.checked_add(b), // FERRULE: here
            b'-' => a.checked_sub(b),
            b'*' => a.checked_mul(b),
            b'/' if b == 0 => return Err(EDOM),
            b'/' => a.checked_div(b),
            _ => return Err(EINVAL),
        };

        self.push(result.ok_or(EOVERFLOW)?)
    }

    fn run(&mut self, mut code: &[u8]) -> Result {
        while let Some((&op, rest)) = code.split_first() {
            code = match op {
                b'n' => {
                    let (number, rest) = rest.split_first_chunk().ok_or(EINVAL)?;

                    self.push(i32::from_le_bytes(*number))?;
                    rest
                }
                b'c' => {
                    let (&place, rest) = rest.split_first().ok_or(EINVAL)?;

                    self.push(self.nth(usize::from(place))?)?;
                    rest
                }
                b'+' | b'-' | b'*' | b'/' => {
                    self.calculate(op)?;
                    rest
                }
                _ => return Err(EINVAL),
            };
        }
        Ok(())
    }
}

module! {
    type: CalculatorModule,
    name: "calculator",
    authors: ["Ferrule"],
    description: "Calculates for programs",
    license: "GPL",
}

#[pin_data]
struct CalculatorModule {
    #[pin]
    _misc: MiscDeviceRegistration<Calculator>,
}

impl kernel::InPlaceModule for CalculatorModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"calculator" }),
        })
    }
}

#[pin_data]
struct Calculator {
    #[pin]
    stack: Mutex<Stack>,
}

#[vtable]
impl MiscDevice for Calculator {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Calculator {
                stack <- new_mutex!(Stack::EMPTY),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let size = iov.len();
        let mut code = KVec::new();

        if size > CODE {
            return Err(E2BIG);
        }
        if iov.copy_from_iter_vec(&mut code, GFP_KERNEL)? < size {
            return Err(EFAULT);
        }

        let calculator = kiocb.file();
        let mut stack = calculator.stack.lock();
        let mut next = *stack;

        next.run(&code)?;
        *stack = next;
        Ok(size)
    }

    fn ioctl(calculator: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            CALC_TOP => {
                let top = calculator.stack.lock().nth(0)?;

                UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd))
                    .writer()
                    .write(&top)?;
            }
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

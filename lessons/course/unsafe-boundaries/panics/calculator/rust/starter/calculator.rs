// SPDX-License-Identifier: GPL-2.0

//! `/dev/calculator`: every open file is a calculator with a stack of at most 16
//! numbers, each of 32 bits and signed.
//!
//! A write is a program of at most 256 bytes: instructions, one behind the other,
//! which are run from first to last. It returns the size of the program.
//!
//! 'n' and 4 bytes   pushes the number that these bytes are, the lowest byte first.
//! 'c' and 1 byte    pushes a copy of the number that is so many places below the
//!                   top: 'c' and 0 copies the top itself.
//! '+' '-' '*' '/'   pops b, then a, and pushes a + b, a - b, a * b or a / b. A
//!                   quotient is rounded towards zero.
//!
//! What can be wrong with an instruction, in this order:
//! EINVAL     there is no such instruction, or the program ends in its middle.
//! ENODATA    it needs a number that is not there.
//! EDOM       it divides by zero.
//! EOVERFLOW  its result does not fit into 32 bits.
//! ENOSPC     it pushes a 17th number.
//! A program with such an instruction changes nothing: the stack is as it was
//! before the first one. E2BIG: the program is too large. EFAULT: the pointer
//! leads nowhere. ENOMEM: no memory.
//!
//! CALC_TOP   gives the number on top of the stack, and leaves it there.
//!            ENODATA: there is none. EFAULT as above.
//! Returns 0. Another command: ENOTTY.

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
        // TODO: a program can push a 17th number. What should it be told?
        self.values[self.depth] = value;
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<i32> {
        let value = self.top()?;

        self.depth -= 1;
        Some(value)
    }

    fn top(&self) -> Option<i32> {
        self.values[..self.depth].last().copied()
    }

    fn calculate(&mut self, op: u8) -> Result {
        // TODO: and when there is no number?
        let b = self.pop().unwrap();
        let a = self.pop().unwrap();

        // TODO: which of these results do not exist?
        let result = match op {
            b'+' => a + b,
            b'-' => a - b,
            b'*' => a * b,
            b'/' => a / b,
            _ => return Err(EINVAL),
        };

        self.push(result)
    }

    fn run(&mut self, mut code: &[u8]) -> Result {
        while let Some((&op, rest)) = code.split_first() {
            code = match op {
                b'n' => {
                    // TODO: and when these 4 bytes are not all there?
                    let (number, rest) = rest.split_first_chunk().unwrap();

                    self.push(i32::from_le_bytes(*number))?;
                    rest
                }
                // TODO: b'c'
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

        // TODO: the stack is to be as it was when an instruction fails.
        stack.run(&code)?;
        Ok(size)
    }

    fn ioctl(calculator: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            CALC_TOP => {
                let top = calculator.stack.lock().top().ok_or(ENODATA)?;

                UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd))
                    .writer()
                    .write(&top)?;
            }
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

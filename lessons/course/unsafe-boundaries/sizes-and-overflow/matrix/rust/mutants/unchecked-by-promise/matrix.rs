// SPDX-License-Identifier: GPL-2.0

//! `/dev/matrix`: every open file has one matrix of 32-bit numbers.

use kernel::{
    fs::File,
    ioctl::{_IOC_SIZE, _IOW, _IOWR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const MAX: u32 = 4096;

const MATRIX_SHAPE: u32 = _IOW::<MatrixShape>('m' as u32, 1);
const MATRIX_SET: u32 = _IOW::<MatrixCell>('m' as u32, 2);
const MATRIX_GET: u32 = _IOWR::<MatrixCell>('m' as u32, 3);
const MATRIX_COPY: u32 = _IOW::<MatrixCopy>('m' as u32, 4);

/// What the ioctls get from and give to a program.
#[repr(C)]
struct MatrixShape {
    rows: u32,
    cols: u32,
}

#[repr(C)]
struct MatrixCell {
    row: u32,
    col: u32,
    value: u32,
}

#[repr(C)]
struct MatrixCopy {
    from: u32,
    to: u32,
    count: u64,
}

module! {
    type: MatrixModule,
    name: "matrix",
    authors: ["Ferrule"],
    description: "A matrix for each open file",
    license: "GPL",
}

#[pin_data]
struct MatrixModule {
    #[pin]
    _misc: MiscDeviceRegistration<Matrix>,
}

impl kernel::InPlaceModule for MatrixModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"matrix" }),
        })
    }
}

/// Row after row; without a shape there are none.
struct Cells {
    rows: usize,
    cols: usize,
    values: KVec<u32>,
}

impl Cells {
    fn at(&mut self, row: u32, col: u32) -> Result<*mut u32> {
        let (row, col) = (row as usize, col as usize);

        if row > self.rows || col >= self.cols {
            return Err(EINVAL);
        }
        // SAFETY: The row and the column were checked above.
        Ok(unsafe { self.values.as_mut_ptr().add(row * self.cols + col) })
    }

    /// The index of the first cell of `first`, if `count` rows from there exist.
    fn start(&self, first: u32, count: u64) -> Result<usize> {
        let first = first as usize;
        let count = usize::try_from(count)?;

        if count > self.rows || first > self.rows - count {
            return Err(EINVAL);
        }
        Ok(first * self.cols)
    }
}

#[pin_data]
struct Matrix {
    #[pin]
    cells: Mutex<Cells>,
}

impl Matrix {
    fn shape(&self, mut reader: UserSliceReader) -> Result {
        let rows = reader.read::<u32>()?;
        let cols = reader.read::<u32>()?;

        if rows == 0 || cols == 0 {
            return Err(EINVAL);
        }
        let count = rows.checked_mul(cols).ok_or(E2BIG)?;
        if count > MAX {
            return Err(E2BIG);
        }
        let new = Cells {
            rows: rows as usize,
            cols: cols as usize,
            values: KVec::zeroed(count as usize, GFP_KERNEL)?,
        };

        *self.cells.lock() = new;
        Ok(())
    }

    fn set(&self, mut reader: UserSliceReader) -> Result {
        let row = reader.read::<u32>()?;
        let col = reader.read::<u32>()?;
        let value = reader.read::<u32>()?;

        let mut cells = self.cells.lock();
        let at = cells.at(row, col)?;
        // SAFETY: `at` gives a pointer to a cell, and the lock is held.
        unsafe { at.write(value) }; // FERRULE: here
        Ok(())
    }

    fn get(&self, mut reader: UserSliceReader, mut writer: UserSliceWriter) -> Result {
        let row = reader.read::<u32>()?;
        let col = reader.read::<u32>()?;
        let mut cells = self.cells.lock();
        let at = cells.at(row, col)?;
        // SAFETY: `at` gives a pointer to a cell, and the lock is held.
        let value = unsafe { at.read() }; // FERRULE: here

        writer.write(&[row, col, value])
    }

    fn copy(&self, mut reader: UserSliceReader) -> Result {
        let from = reader.read::<u32>()?;
        let to = reader.read::<u32>()?;
        let count = reader.read::<u64>()?;

        let mut cells = self.cells.lock();
        let from = cells.start(from, count)?;
        let to = cells.start(to, count)?;
        let len = count as usize * cells.cols;
        cells.values.copy_within(from..from + len, to);
        Ok(())
    }
}

#[vtable]
impl MiscDevice for Matrix {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let cells = Cells {
            rows: 0,
            cols: 0,
            values: KVec::new(),
        };

        KBox::pin_init(
            pin_init!(Matrix {
                cells <- new_mutex!(cells),
            }),
            GFP_KERNEL,
        )
    }

    fn ioctl(matrix: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let user = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));

        match cmd {
            MATRIX_SHAPE => matrix.shape(user.reader())?,
            MATRIX_SET => matrix.set(user.reader())?,
            MATRIX_GET => {
                let (reader, writer) = user.reader_writer();
                matrix.get(reader, writer)?;
            }
            MATRIX_COPY => matrix.copy(user.reader())?,
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

// SPDX-License-Identifier: GPL-2.0

//! `/dev/canvas`: every open file is a picture, drawn on one page while another one is shown.

use core::{ptr::NonNull, slice};
use kernel::{
    fs::{File, Kiocb},
    ioctl::_IO,
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{Mutex, MutexGuard},
};

const ROWS: usize = 8;
const WIDTH: usize = 16;
/// The bytes of a page.
const SIZE: usize = ROWS * WIDTH;

const CANVAS_SHOW: u32 = _IO('c' as u32, 1);
const CANVAS_SUM: u32 = _IO('c' as u32, 2);

module! {
    type: CanvasModule,
    name: "canvas",
    authors: ["Ferrule"],
    description: "A picture on two pages",
    license: "GPL",
}

#[pin_data]
struct CanvasModule {
    #[pin]
    _misc: MiscDeviceRegistration<CanvasFile>,
}

impl kernel::InPlaceModule for CanvasModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"canvas" }),
        })
    }
}

/// Two pages of raw memory.
///
/// # Invariants
///
/// `memory` and `capacity` are the raw parts of a `KVec<u8>` of two times `SIZE` initialised bytes,
/// which this owns. `front` is 0 or 1.
struct Pages {
    memory: NonNull<u8>,
    capacity: usize,
    /// The page that is shown. The other one is drawn on.
    front: usize,
}

// SAFETY: The memory belongs to the pages alone, and goes where they go.
unsafe impl Send for Pages {}

impl Pages {
    fn new() -> Result<Self> {
        let (memory, _, capacity) = KVec::<u8>::zeroed(2 * SIZE, GFP_KERNEL)?.into_raw_parts();

        // INVARIANT: The parts come from such a vector, and 0 is 0 or 1.
        Ok(Pages {
            memory: NonNull::new(memory).ok_or(ENOMEM)?,
            capacity,
            front: 0,
        })
    }

    /// Where page 0 or 1 begins.
    fn page(&self, page: usize) -> *mut u8 {
        self.memory.as_ptr().wrapping_add(page * SIZE)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: The raw parts of a vector, says the invariant, which nobody uses any more.
        drop(unsafe { KVec::from_raw_parts(self.memory.as_ptr(), 2 * SIZE, self.capacity) });
    }
}

/// A picture: a page that is shown, and one that is drawn on.
#[pin_data]
pub struct Canvas {
    #[pin]
    pages: Mutex<Pages>,
}

/// The picture while it is locked.
pub struct Pen<'a> {
    pages: MutexGuard<'a, Pages>,
}

impl Canvas {
    /// A picture of zeros.
    pub fn new() -> Result<Pin<KBox<Self>>> {
        let pages = Pages::new()?;

        KBox::pin_init(
            pin_init!(Canvas {
                pages <- new_mutex!(pages),
            }),
            GFP_KERNEL,
        )
    }

    /// Waits until nobody else has the picture.
    pub fn lock(&self) -> Pen<'_> {
        Pen {
            pages: self.pages.lock(),
        }
    }
}

impl Pen<'_> {
    /// What is shown.
    pub fn shown(&self) -> &[u8] {
        let page = self.pages.page(self.pages.front);

        // SAFETY: A page of initialised bytes. As long as the pen is borrowed it stays locked, and
        // nobody can write to this page or make it the other one: both need the pen as `&mut`.
        unsafe { slice::from_raw_parts(page, SIZE) }
    }

    /// A row of what is shown, if there is such a row.
    pub fn row(&self, row: usize) -> Option<&[u8]> {
        self.shown().chunks_exact(WIDTH).nth(row)
    }

    /// What is drawn on.
    #[allow(clippy::mut_from_ref)]
    pub fn drawn(&self) -> &mut [u8] { // FERRULE: here
        let page = self.pages.page(1 - self.pages.front);

        // SAFETY: A page of initialised bytes, and the picture is locked.
        unsafe { slice::from_raw_parts_mut(page, SIZE) }
    }

    /// What is shown, and what is drawn on.
    pub fn both(&mut self) -> (&[u8], &mut [u8]) {
        let front = self.pages.page(self.pages.front);
        let back = self.pages.page(1 - self.pages.front);

        // SAFETY: Two pages of initialised bytes, which do not overlap. The pen is borrowed as
        // `&mut` as long as they are: nobody else gets to either.
        unsafe {
            (
                slice::from_raw_parts(front, SIZE),
                slice::from_raw_parts_mut(back, SIZE),
            )
        }
    }

    /// Shows what was drawn. What was shown is drawn on.
    pub fn show(&mut self) {
        // INVARIANT: 1 becomes 0, 0 becomes 1.
        self.pages.front = 1 - self.pages.front;
    }
}

/// The part of a page at a file's position, of `len` bytes.
fn part(position: i64, len: usize) -> Result<core::ops::Range<usize>> {
    let start = usize::try_from(position)?;
    let end = start.checked_add(len).ok_or(EINVAL)?;

    if end > SIZE {
        return Err(EINVAL);
    }
    Ok(start..end)
}

/// An open file. Each has a picture.
struct CanvasFile;

#[vtable]
impl MiscDevice for CanvasFile {
    type Ptr = Pin<KBox<Canvas>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        Canvas::new()
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let part = part(kiocb.ki_pos(), iov.len())?;
        let canvas = kiocb.file();
        let pen = canvas.lock();
        let shown = &pen.shown()[part];

        if iov.copy_to_iter(shown) != shown.len() {
            return Err(EFAULT);
        }
        Ok(shown.len())
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let part = part(kiocb.ki_pos(), iov.len())?;
        let canvas = kiocb.file();
        let pen = canvas.lock();
        let drawn = &mut pen.drawn()[part];

        if iov.copy_from_iter(drawn) != drawn.len() {
            return Err(EFAULT);
        }
        Ok(drawn.len())
    }

    fn ioctl(canvas: Pin<&Canvas>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let mut pen = canvas.lock();

        match cmd {
            CANVAS_SHOW => {
                pen.show();
                let (shown, drawn) = pen.both();
                drawn.copy_from_slice(shown);
                Ok(0)
            }
            CANVAS_SUM => {
                let row = pen.row(arg).ok_or(EINVAL)?;
                Ok(row.iter().map(|&byte| isize::from(byte)).sum())
            }
            _ => Err(ENOTTY),
        }
    }
}

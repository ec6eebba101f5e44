//! Rows that are there, and rows that are not.

use super::Canvas;
use kernel::prelude::*;

fn rows(canvas: &Canvas) {
    let pen = canvas.lock();

    for row in 0..8 {
        core::assert!(pen.row(row).is_some_and(|row| row.len() == 16));
    }
    for row in [8, 9, 16, 1 << 12, 1 << 60, usize::MAX >> 4, usize::MAX] {
        core::assert!(pen.row(row).is_none());
    }
}

pub fn run() {
    let Ok(canvas) = Canvas::new() else { return };

    rows(&canvas);
    canvas.lock().show();
    rows(&canvas);
}

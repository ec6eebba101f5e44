// SPDX-License-Identifier: GPL-2.0

//! Three ways to the same memory of a program's. All are wrong here, on purpose: they read, or can
//! read, what was read before.

use kernel::{
    prelude::*,
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

module! {
    type: ReadAgain,
    name: "read_again",
    authors: ["Ferrule"],
    description: "Reads a program's memory once more",
    license: "GPL",
}

struct ReadAgain;

impl kernel::Module for ReadAgain {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ReadAgain)
    }
}

/// A length, which changes from one read to the next if the program wants it to.
fn read_len(mut reader: UserSliceReader) -> Result<u32> {
    reader.read()
}

/// Checks that a message's length is the same on second sight, and leaves its answer in its place.
pub fn exchange(arg: usize, len: usize, reader: &UserSliceReader, user: UserSlice) -> Result {
    let first = read_len(reader.clone_reader())?;

    // Wrong on purpose: each of these begins at bytes that were read already.
    let again = UserSlice::new(UserPtr::from_addr(arg), len);
    let again = reader.clone_reader();
    let (reader, writer) = user.reader_writer();

    if read_len(again)? != first {
        return Err(EBADMSG);
    }
    answer(reader, writer)
}

fn answer(reader: UserSliceReader, mut writer: UserSliceWriter) -> Result {
    writer.write(&0u32)?;
    // What was written, or what the program has put there since.
    pr_info!("the answer is {}\n", read_len(reader)?);
    Ok(())
}

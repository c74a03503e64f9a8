//! What the machine can do with the same bytes: not decoders, but the parts of one.

use std::{cell::RefCell, hint::black_box};

use bytes::Bytes;

use crate::{
    measure::{Entry, Flaw, Role},
    workload::Workload,
};

/// The limits on a workload, whole.
pub fn entries(workload: &Workload) -> Vec<Entry> {
    let valid = str::from_utf8(&workload.bytes).is_ok();
    let limits: [(&'static str, bool, Limit); 5] = [
        ("memcpy", true, |stream, copy| copy.copy_from_slice(stream)),
        ("utf8 std", valid, |stream, _| {
            _ = black_box(str::from_utf8(stream).is_ok())
        }),
        ("utf8 simd", valid, |stream, _| {
            _ = black_box(simdutf8::basic::from_utf8(stream).is_ok())
        }),
        ("memchr2", true, |stream, _| {
            memchr::memchr2_iter(b'\r', b'\n', stream).for_each(|end| _ = black_box(end));
        }),
        ("floor", true, |stream, _| _ = black_box(floor(stream))),
    ];
    limits
        .map(|(name, sound, limit)| entry(name, sound, workload, limit))
        .into()
}

/// Does something with a stream, with a buffer of its size lent to it.
type Limit = fn(&[u8], &mut [u8]);

fn entry(name: &'static str, sound: bool, workload: &Workload, limit: Limit) -> Entry {
    let work = |stream: Bytes| {
        let copy = RefCell::new(vec![0; stream.len()]);
        move || {
            let copy = &mut *copy.borrow_mut();
            limit(black_box(&stream), copy);
            black_box(copy);
        }
    };
    Entry {
        name,
        role: Role::Limit,
        flaw: (!sound).then_some(Flaw::Wrong),
        once: Box::new(work(workload.bytes.clone())),
        twice: Box::new(work(workload.bytes.repeat(2).into())),
    }
}

/// The simplest decoder: only LF, no UTF-8, one `data` line an event, nothing cut, no state.
fn floor(stream: &[u8]) -> usize {
    let (mut touched, mut start) = (0, 0);
    for end in memchr::memchr_iter(b'\n', stream) {
        if let Some(data) = stream[start..end].strip_prefix(b"data: ") {
            touched += data.len() + data.last().copied().map_or(0, usize::from);
        }
        start = end + 1;
    }
    touched
}

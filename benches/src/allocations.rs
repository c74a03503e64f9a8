//! A global allocator that counts on request; otherwise it costs one predictable branch a call.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

/// What some work asked of the allocator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocations {
    /// Calls that allocated or grew.
    pub calls: usize,
    /// The most bytes alive at one time, beyond what was alive before.
    pub peak: usize,
}

/// Counts what `work` allocates on this thread; no other thread may allocate meanwhile.
pub fn count(work: impl FnOnce()) -> Allocations {
    for counter in [&CALLS, &LIVE, &PEAK] {
        counter.store(0, Relaxed);
    }
    COUNTING.store(true, Relaxed);
    work();
    COUNTING.store(false, Relaxed);
    Allocations {
        calls: CALLS.load(Relaxed),
        peak: PEAK.load(Relaxed),
    }
}

/// The system's allocator, counted; install it with `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting;

static COUNTING: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// Wraps below zero if memory is freed that was allocated before the counting began.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grow(from: usize, to: usize) {
    if COUNTING.load(Relaxed) {
        CALLS.fetch_add(1, Relaxed);
        let live = LIVE.load(Relaxed).wrapping_add(to).wrapping_sub(from);
        LIVE.store(live, Relaxed);
        if live.cast_signed() > PEAK.load(Relaxed).cast_signed() {
            PEAK.store(live, Relaxed);
        }
    }
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(0, layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(0, layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(layout.size(), size);
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if COUNTING.load(Relaxed) {
            LIVE.store(LIVE.load(Relaxed).wrapping_sub(layout.size()), Relaxed);
        }
        unsafe { System.dealloc(block, layout) }
    }
}

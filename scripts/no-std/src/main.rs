//! A program without `std`: linking `std` would give it two panic handlers. It encodes and decodes
//! on a heap of its own, and exits with 0 if the events that went in came out.
#![no_std]
#![no_main]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};
use sse_wire::{Decoder, Event, EventType};

// The C library has `memcpy` and the like, and calls `main`.
#[link(name = "c")]
unsafe extern "C" {
    fn abort() -> !;
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    i32::from(!round_trip())
}

/// The event is cut in two at every place, and must come back whole.
fn round_trip() -> bool {
    let sent = Event::new("안녕\r\n하세요")
        .with_event_type(EventType::from_static("greeting"))
        .with_id(42);
    let bytes = sent.to_bytes();
    (0..=bytes.len()).all(|cut| {
        let mut decoder = Decoder::new();
        let mut arrived = false;
        for chunk in [&bytes[..cut], &bytes[cut..]] {
            let mut feed = decoder.feed(chunk);
            while let Some(Ok(event)) = feed.next_event() {
                arrived = event.data() == "안녕\n하세요"
                    && event.event_type() == sent.event_type()
                    && event.id() == sent.id();
            }
        }
        arrived && decoder.last_event_id() == "42"
    })
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe { abort() }
}

#[global_allocator]
static HEAP: Bump = Bump {
    memory: UnsafeCell::new([0; SIZE]),
    used: AtomicUsize::new(0),
};

const SIZE: usize = 256 * 1024;

/// The simplest heap: it only ever grows.
#[repr(align(16))]
struct Bump {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: each byte is given out only once.
unsafe impl Sync for Bump {}

// SAFETY: as above. A request that does not fit, or wants more alignment than the heap has, is
// refused.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size().next_multiple_of(16);
        let start = self.used.fetch_add(size, Ordering::Relaxed);
        if layout.align() > 16 || start + size > SIZE {
            return null_mut();
        }
        // SAFETY: `start` is within the memory.
        unsafe { self.memory.get().cast::<u8>().add(start) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

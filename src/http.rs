//! The few constants and checks that HTTP code around the codec needs.

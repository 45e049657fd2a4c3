#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| px_fuzz::signature(data));

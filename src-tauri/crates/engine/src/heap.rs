//! Giving memory back that was needed for a moment only.

/// Lets the allocator give the pages back that it keeps; a megabyte of tables would stay otherwise.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library has no safe way to ask")]
pub(crate) fn trim() {
    // Source: malloc_trim(3).
    unsafe extern "C" {
        safe fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    malloc_trim(0);
}

/// Other systems' allocators give pages back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn trim() {}

//! How large the parts of a CSV file may be.

/// The largest record that is read, in bytes. A quote that is never closed meets this limit.
pub const MAX_RECORD: usize = 16 * 1024 * 1024;

/// The largest header that is read, in bytes.
pub const MAX_HEADER: usize = 64 * 1024;

/// The most columns that a header may have.
pub const MAX_COLUMNS: usize = 1000;

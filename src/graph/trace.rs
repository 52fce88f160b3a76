//! An event for `tracing` about each attempt of a call. Without the feature this does nothing.
//!
//! The documentation of `graph` promises its name and fields. A path holds fixed words and ids.

#[cfg(feature = "tracing")]
use super::call::Call;
#[cfg(feature = "tracing")]
use super::error::GraphError;
#[cfg(feature = "tracing")]
use crate::report::ApiError;

#[cfg(feature = "tracing")]
pub(super) fn attempt<T>(call: &Call, outcome: &Result<T, GraphError>) {
    let error = outcome.as_ref().err().and_then(GraphError::api_error);
    tracing::debug!(
        name: "call",
        target: "meta_offline_events",
        method = call.method().as_str(),
        path = call.path(),
        result = outcome.as_ref().err().map_or("answered", GraphError::code),
        status = error.map(ApiError::status),
        code = error.and_then(ApiError::code),
        subcode = error.and_then(ApiError::subcode),
        trace_id = error.and_then(|error| error.trace_id()),
        "call",
    );
}

#[cfg(not(feature = "tracing"))]
pub(super) fn attempt<C, O>(_: &C, _: &O) {}

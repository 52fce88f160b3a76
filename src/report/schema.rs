//! The schema of reports in JSON, and its version.

/// The version of the schema of reports. It rises when a member changes its meaning or goes; new members and new
/// outcomes may come without it, and readers skip what they do not know.
///
/// ```
/// use meta_offline_events::report::{DeliveryReport, SCHEMA_VERSION};
///
/// let json = serde_json::to_value(DeliveryReport::default())?;
/// assert_eq!(json["version"], SCHEMA_VERSION);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema (draft 2020-12) of what reports serialize as.
///
/// The schema itself describes a [`RunReport`](super::RunReport), and so a [`DeliveryReport`](super::DeliveryReport). Its `$defs` have `row_report` for a
/// [`RowReport`](super::RowReport), `coverage` for a
/// [`Coverage`](crate::customer::Coverage), and `diagnostic` for a
/// [`Diagnostic`](super::Diagnostic).
///
/// ```
/// use meta_offline_events::report::SCHEMA;
///
/// let schema: serde_json::Value = serde_json::from_str(SCHEMA)?;
/// assert!(schema["$defs"]["coverage"]["description"].is_string());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const SCHEMA: &str = include_str!("report.schema.json");

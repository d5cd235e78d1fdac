//! How grave the findings of an image may be, as `--max-severity` takes it.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use release_core::registry::scan_gate::MaxSeverity;

/// Takes the words of [`MaxSeverity`].
#[must_use]
pub fn max_severity() -> impl TypedValueParser<Value = MaxSeverity> {
    // clap has let only these words through.
    PossibleValuesParser::new(MaxSeverity::ALL.map(MaxSeverity::word))
        .map(|word| MaxSeverity::of(&word).unwrap_or(MaxSeverity::None))
}

//! A number of pods, or a share of them, as Kubernetes' `IntOrString` writes it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number_or_text::{self, NumberOrText};

/// `3` or `25%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    Pods(u32),
    Percent(u32),
}

impl Amount {
    /// Nothing at all.
    #[must_use]
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Pods(0) | Self::Percent(0))
    }

    /// So many of these, a share rounded up.
    #[must_use]
    pub fn of_up(self, pods: u32) -> u32 {
        self.share(pods, |hundredths| hundredths.div_ceil(100))
    }

    /// So many of these, a share rounded down.
    #[must_use]
    pub fn of_down(self, pods: u32) -> u32 {
        self.share(pods, |hundredths| hundredths.checked_div(100).unwrap_or_default())
    }

    fn share(self, pods: u32, rounded: fn(u64) -> u64) -> u32 {
        match self {
            Self::Pods(number) => number,
            Self::Percent(percent) => {
                let hundredths = u64::from(percent).saturating_mul(pods.into());
                u32::try_from(rounded(hundredths)).unwrap_or(u32::MAX)
            }
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pods(number) => write!(f, "{number}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pods(number) => serializer.serialize_u32(*number),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_or_text::deserialize(deserializer)
    }
}

impl NumberOrText for Amount {
    const EXPECTED: &'static str = "a number of pods, or a share like 25%";

    fn of_number(number: i128) -> Result<Self, String> {
        let why = if number < 0 { "is no number of pods" } else { "is too much" };
        u32::try_from(number).map(Self::Pods).map_err(|_| format!("{number} {why}"))
    }

    /// To Argo a text without the sign is a share, too (`intstr.GetValueFromIntOrPercent`): nobody means that.
    fn of_text(text: &str) -> Result<Self, String> {
        let percent = text.strip_suffix('%').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let percent = percent.and_then(|digits| digits.parse().ok()).map(Self::Percent);
        percent.ok_or_else(|| format!("\"{}\" is no number of pods and no share like 25%", text.escape_debug()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shares_are_rounded_as_a_deployment_does() {
        let read = |value| serde_json::from_value::<Amount>(value);
        for (value, up, down) in
            [(json!(3), 3, 3), (json!("25%"), 2, 1), (json!("0%"), 0, 0), (json!("100%"), 6, 6), (json!("150%"), 9, 9)]
        {
            let amount = read(value.clone()).unwrap();
            assert_eq!((amount.of_up(6), amount.of_down(6)), (up, down), "{value}");
            assert_eq!(serde_json::to_value(amount).unwrap(), value);
        }
        for bad in [json!("3"), json!(-1), json!("-1%"), json!("a%"), json!("%"), json!(1.5), json!(5_000_000_000_u64)]
        {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}

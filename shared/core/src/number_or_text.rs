//! Fields that are written as a number or as a text, such as Kubernetes' `IntOrString`.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// What a field makes of either.
pub trait NumberOrText: Sized {
    /// What is expected, for who wrote something else.
    const EXPECTED: &'static str;

    /// Of a whole number.
    ///
    /// # Errors
    /// What is wrong with it.
    fn of_number(number: i128) -> Result<Self, String>;

    /// Of a text.
    ///
    /// # Errors
    /// What is wrong with it.
    fn of_text(text: &str) -> Result<Self, String>;
}

/// Reads such a field.
///
/// # Errors
/// Where it is neither, or makes no sense.
pub fn deserialize<'de, T: NumberOrText, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Written(std::marker::PhantomData))
}

struct Written<T>(std::marker::PhantomData<T>);

impl<T: NumberOrText> Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::of_number(number.into()).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::of_number(number.into()).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::of_text(text).map_err(E::custom)
    }
}

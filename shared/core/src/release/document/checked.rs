//! Values that have the right type and can't be meant: found while they are read, so that their place is known.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::registry::image::{is_container_name, is_reference};
use crate::text::{is_label_key, is_service_name};

/// Nobody has more of one color.
pub const MOST_PODS: i32 = 10_000;

pub fn service<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    named(String::deserialize(deserializer)?)
}

pub fn other_service<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(named).transpose()
}

fn named<E: Error>(name: String) -> Result<String, E> {
    kept(name, is_service_name, "is no Service name")
}

pub fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let label = Option::<String>::deserialize(deserializer)?;
    label.map(|label| kept(label, is_label_key, "is no label's name")).transpose()
}

pub fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    match Option::<i32>::deserialize(deserializer)? {
        Some(size) if !(1..=MOST_PODS).contains(&size) => {
            Err(Error::custom(format!("{size} is not from 1 to {MOST_PODS}")))
        }
        size => Ok(size),
    }
}

pub fn images<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let images = Option::<BTreeMap<Container, Image>>::deserialize(deserializer)?;
    Ok(images.into_iter().flatten().map(|(Container(name), Image(image))| (name, image)).collect())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Container(String);

impl<'de> Deserialize<'de> for Container {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        container(deserializer).map(Self)
    }
}

pub fn container<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    kept(String::deserialize(deserializer)?, is_container_name, "is no container's name")
}

struct Image(String);

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        image(deserializer).map(Self)
    }
}

pub fn image<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    kept(String::deserialize(deserializer)?, is_reference, "is no image")
}

fn kept<E: Error>(text: String, is_meant: impl Fn(&str) -> bool, otherwise: &str) -> Result<String, E> {
    if is_meant(&text) { Ok(text) } else { Err(E::custom(format!("\"{}\" {otherwise}", text.escape_debug()))) }
}

//! Routes that decide between the colors: they are moved instead of the selector.

mod first;
mod found;
mod gateway;
mod istio;
mod meanwhile;
mod release;

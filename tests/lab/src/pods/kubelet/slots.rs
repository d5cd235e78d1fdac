//! Which pod each made-up pod of kwok's stands for; see [`crate::cluster::forwards`].

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cluster::forwards;

/// A pod's address, and its UID, as addresses are used again.
type Target = (IpAddr, String);

/// Port-forwards under way.
#[derive(Debug, Default)]
pub(super) struct Slots(Mutex<HashMap<u8, Target>>);

/// One of them; it is over when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    number: u8,
}

impl Slots {
    /// `None` when all are in use.
    pub fn take(self: &Arc<Self>, target: Target) -> Option<Slot> {
        let mut taken = self.taken();
        let number = (1..=forwards::SLOTS).find(|number| !taken.contains_key(number))?;
        taken.insert(number, target);
        Some(Slot { slots: Arc::clone(self), number })
    }

    pub fn pod_at(&self, address: IpAddr) -> Option<Target> {
        let taken = self.taken();
        let (_, target) = taken.iter().find(|(number, _)| address == forwards::address(**number))?;
        Some(target.clone())
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u8, Target>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// What kwok's server knows it by.
    pub fn path(&self) -> String {
        forwards::path(self.number)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.taken().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_forwards_never_share_a_pod_and_none_outlives_its_end() {
        let slots = Arc::<Slots>::default();
        let pod = |last: u8| (IpAddr::from([10, 7, 0, last]), format!("uid-{last}"));
        let first = slots.take(pod(1)).unwrap();
        let second = slots.take(pod(2)).unwrap();
        let at = |number| slots.pod_at(forwards::address(number).into());
        assert_eq!((at(first.number), at(second.number)), (Some(pod(1)), Some(pod(2))));
        let number = first.number;
        drop(first);
        assert_eq!(at(number), None);
    }
}

//! The one place that writes to ECR: putting a lifecycle policy.
//!
//! A write is sent again only after a plain no (throttling). Putting a policy twice would do no
//! harm by itself, but a repeat after an unclear answer could come after somebody else's policy
//! and undo it; so after one the policy in force is read back, and that says what is so.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::registry::{Call, Registry};
use crate::error::RegistryError;
use crate::trouble::Trouble;

/// How long a policy is read back after a write without an answer.
const READ_BACK: Duration = Duration::from_secs(5);

impl Registry {
    /// Puts a lifecycle policy in the place of the one in force.
    ///
    /// # Errors
    /// See [`RegistryError`]. After [`RegistryError::leaves_write_unclear`] the policy in force
    /// could not be read back, or it is another one.
    pub async fn put_lifecycle_policy(&self, repository: &str, text: &str) -> Result<(), RegistryError> {
        let call = Call::write("PutLifecyclePolicy", repository);
        let request = self.client.put_lifecycle_policy().repository_name(repository).lifecycle_policy_text(text);
        let request = request.set_registry_id(self.account.clone());
        let answer = self.made(call, || request.clone().send()).await;
        // ECR repeats the policy: whoever doesn't may have done nothing.
        let put = answer.and_then(|answer| match answer.lifecycle_policy_text {
            Some(_) => Ok(()),
            None => Err(self.failed(call, Trouble::Garbled("it has no lifecyclePolicyText".into()))),
        });
        match put {
            Ok(()) => Ok(()),
            Err(error) if error.leaves_write_unclear() && self.is_in_force(repository, text).await => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// ECR may give the text back in another form, so values are compared.
    async fn is_in_force(&self, repository: &str, text: &str) -> bool {
        // What became of a write is worth a moment, also where there is no time left.
        let now = Instant::now();
        let again = self.clone().until(now.checked_add(READ_BACK).unwrap_or(now));
        let in_force = again.lifecycle_policy(repository).await.ok().flatten();
        in_force.is_some_and(|found| same_policy(&found, text))
    }
}

/// True where both texts are the same JSON.
pub(super) fn same_policy(one: &str, other: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || parsed(one).is_some_and(|value| Some(value) == parsed(other))
}

//! Reading repositories and the lifecycle policies in force.

use super::read::{PAGE, Pages};
use super::registry::{Call, Registry, RepositoryInfo};
use super::translate;
use crate::error::RegistryError;
use crate::trouble::Trouble;

impl Registry {
    /// Every repository of the registry, by name.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn repositories(&self) -> Result<Vec<RepositoryInfo>, RegistryError> {
        let mut call = Call::new("DescribeRepositories", "");
        let mut repositories = Vec::new();
        let mut pages = Pages::default();
        loop {
            let request = self.client.describe_repositories().set_registry_id(self.account.clone());
            let request = request.max_results(PAGE).set_next_token(pages.token());
            let page = self.made(call, || request.clone().send()).await?;
            for info in self.list(call, "repositories", page.repositories)? {
                repositories.push(translate::repository(info).map_err(|why| self.failed(call, Trouble::Garbled(why)))?);
            }
            if !self.has_next_page(call, &mut pages, page.next_token, repositories.len())? {
                repositories.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                return Ok(repositories);
            }
            call.page = call.page.saturating_add(1);
        }
    }

    /// One repository.
    ///
    /// # Errors
    /// See [`RegistryError`]; [`Trouble::NoSuchRepository`] where it isn't there.
    pub async fn repository(&self, name: &str) -> Result<RepositoryInfo, RegistryError> {
        let call = Call::new("DescribeRepositories", name);
        let request = self.client.describe_repositories().set_registry_id(self.account.clone()).repository_names(name);
        let answer = self.made(call, || request.clone().send()).await?;
        let found = self.list(call, "repositories", answer.repositories)?.into_iter().next();
        let found = found.ok_or_else(|| self.failed(call, Trouble::NoSuchRepository))?;
        let found = translate::repository(found).map_err(|why| self.failed(call, Trouble::Garbled(why)))?;
        // What is put in force would be another one's.
        if found.name != name {
            return Err(self.failed(call, Trouble::Garbled("it is about another repository".into())));
        }
        Ok(found)
    }

    /// The text of the lifecycle policy in force; a repository without one is no error, and ECR says so by a code of its
    /// own: an answer without a text says nothing.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn lifecycle_policy(&self, repository: &str) -> Result<Option<String>, RegistryError> {
        let call = Call::new("GetLifecyclePolicy", repository);
        let request = self.client.get_lifecycle_policy().repository_name(repository);
        let request = request.set_registry_id(self.account.clone());
        match self.made(call, || request.clone().send()).await {
            Ok(answer) => match answer.lifecycle_policy_text.filter(|text| !text.is_empty()) {
                Some(text) => Ok(Some(text)),
                None => Err(self.failed(call, Trouble::Garbled("it has no lifecyclePolicyText".into()))),
            },
            Err(error) if error.is_code("LifecyclePolicyNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

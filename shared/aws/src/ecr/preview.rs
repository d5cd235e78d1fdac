//! ECR's own preview of a lifecycle policy: started, waited for, read page by page.
//!
//! A repository has one preview at a time, anybody's
//! (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartLifecyclePolicyPreview.html>).
//! So one that runs already is waited for, and an answer counts only where it is of our text.

use aws_sdk_ecr::operation::get_lifecycle_policy_preview::GetLifecyclePolicyPreviewOutput;
use aws_sdk_ecr::types::LifecyclePolicyPreviewStatus;
use tokio::time::{Instant, sleep};

use super::apply::same_policy;
use super::read::Pages;
use super::registry::{Call, PreviewedImage, Registry};
use super::translate;
use crate::error::RegistryError;
use crate::trouble::Trouble;

/// The most that GetLifecyclePolicyPreview gives in a page.
const PAGE: i32 = 100;
/// The longest pause between two looks, in first pauses.
const LONGEST_PAUSE: u32 = 8;

impl Registry {
    /// What ECR says a policy would do now; without a text, the policy in force. Images that it
    /// would leave alone are not in the answer. Nothing expires.
    ///
    /// # Errors
    /// See [`RegistryError`]; [`Trouble::Unsupported`] where the service knows no previews, and
    /// [`Trouble::PreviewRunning`] where none of ours was done by the deadline.
    pub async fn preview(
        &self,
        repository: &str,
        text: Option<&str>,
        deadline: Instant,
    ) -> Result<Vec<PreviewedImage>, RegistryError> {
        let mut ours = self.start_preview(repository, text).await?;
        let mut pause = self.pace.preview;
        loop {
            match self.preview_page(repository, (1, None)).await {
                Ok(page) if is_running(&page) => {}
                Ok(page) => {
                    let shown = self.text_of(repository, page.lifecycle_policy_text())?;
                    if ours.as_ref().is_some_and(|ours| same_policy(ours, shown)) {
                        return self.preview_results(repository, page).await;
                    }
                    // Somebody else's, which is over: now ours can start.
                    ours = self.start_preview(repository, text).await?;
                }
                Err(error) if !error.is_code("LifecyclePolicyPreviewNotFoundException") => return Err(error),
                Err(_) if ours.is_none() => ours = self.start_preview(repository, text).await?,
                Err(_) => {}
            }
            if deadline.saturating_duration_since(Instant::now()) <= pause {
                return Err(self.failed(Call::new("GetLifecyclePolicyPreview", repository), Trouble::PreviewRunning));
            }
            sleep(pause).await;
            // Previews of hundreds of repositories must leave room for each other's calls.
            pause = pause.saturating_mul(2).min(self.pace.preview.saturating_mul(LONGEST_PAUSE));
        }
    }

    /// The policy's text as ECR took it; nothing where another preview of the repository is still running.
    async fn start_preview(&self, repository: &str, text: Option<&str>) -> Result<Option<String>, RegistryError> {
        let call = Call::new("StartLifecyclePolicyPreview", repository);
        let request = self.client.start_lifecycle_policy_preview().repository_name(repository);
        let request = request.set_registry_id(self.account.clone()).set_lifecycle_policy_text(text.map(str::to_owned));
        match self.made(call, || request.clone().send()).await {
            Ok(answer) => self.text_of(repository, answer.lifecycle_policy_text()).map(|text| Some(text.to_owned())),
            Err(error) if error.is_code("LifecyclePolicyPreviewInProgressException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn preview_page(
        &self,
        repository: &str,
        (number, token): (usize, Option<String>),
    ) -> Result<GetLifecyclePolicyPreviewOutput, RegistryError> {
        let call = Call { page: number, ..Call::new("GetLifecyclePolicyPreview", repository) };
        let request = self.client.get_lifecycle_policy_preview().repository_name(repository);
        let request = request.set_registry_id(self.account.clone()).max_results(PAGE).set_next_token(token);
        self.made(call, || request.clone().send()).await
    }

    /// All results, once the first page says that they are there.
    async fn preview_results(
        &self,
        repository: &str,
        first: GetLifecyclePolicyPreviewOutput,
    ) -> Result<Vec<PreviewedImage>, RegistryError> {
        let mut call = Call::new("GetLifecyclePolicyPreview", repository);
        if first.status != Some(LifecyclePolicyPreviewStatus::Complete) {
            let status = first.status.map_or_else(|| "nothing".to_owned(), |s| s.as_str().to_owned());
            return Err(self.failed(call, Trouble::PreviewFailed(status)));
        }
        let mut images = Vec::new();
        let promised = first.summary.as_ref().and_then(|summary| summary.expiring_image_total_count);
        let (mut page, mut pages) = (first, Pages::default());
        loop {
            for result in self.list(call, "previewResults", page.preview_results)? {
                images.push(translate::previewed(result).map_err(|why| self.failed(call, Trouble::Garbled(why)))?);
            }
            if !self.has_next_page(call, &mut pages, page.next_token, images.len())? {
                break;
            }
            call.page = call.page.saturating_add(1);
            page = self.preview_page(repository, (call.page, pages.token())).await?;
        }
        let is_less = |promised: i32| usize::try_from(promised).is_ok_and(|promised| images.len() < promised);
        if promised.is_some_and(is_less) {
            return Err(self.failed(call, Trouble::Garbled("it lists fewer images than it counts".into())));
        }
        Ok(images)
    }

    /// Whose preview it is: without that it may be anybody's.
    fn text_of<'t>(&self, repository: &str, text: Option<&'t str>) -> Result<&'t str, RegistryError> {
        let call = Call::new("GetLifecyclePolicyPreview", repository);
        text.ok_or_else(|| self.failed(call, Trouble::Garbled("it has no lifecyclePolicyText".into())))
    }
}

fn is_running(page: &GetLifecyclePolicyPreviewOutput) -> bool {
    page.status == Some(LifecyclePolicyPreviewStatus::InProgress)
}

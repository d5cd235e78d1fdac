//! Reading images: whole repositories page by page, or a few images by name.

use std::collections::{BTreeSet, VecDeque};

use aws_sdk_ecr::types::{DescribeImagesFilter, ImageStatusFilter};
use futures::{StreamExt, stream};

use super::registry::{Call, ImageId, Registry};
use super::translate;
use crate::error::RegistryError;
use crate::trouble::Trouble;
use release_core::registry::push_history::PushedImage;

/// The most that DescribeImages gives in a page
/// (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html>).
pub(super) const PAGE: i32 = 1000;
/// A repository holds 100,000 images unless AWS raises its quota
/// (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>): twice as many is no list.
const MOST_ITEMS: usize = 200_000;
/// So many pages of a preview, which are the shortest, hold all images of such a repository.
const MOST_PAGES: usize = 1000;
/// The most `imageIds` in one call.
pub(super) const IDS: usize = 100;
/// Calls on their way at the same time.
pub(super) const AT_ONCE: usize = 8;

impl Registry {
    /// Every image of a repository, archived ones and untagged ones too; the newest first, those
    /// of the same moment by digest. Each page is cut down before the next is asked for.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn images(&self, repository: &str) -> Result<Vec<PushedImage>, RegistryError> {
        let mut call = Call::new("DescribeImages", repository);
        let mut images = Vec::new();
        let mut pages = Pages::default();
        loop {
            let request =
                self.client.describe_images().repository_name(repository).set_registry_id(self.account.clone());
            let request = request.max_results(PAGE).set_next_token(pages.token()).filter(every_status());
            let page = self.made(call, || request.clone().send()).await?;
            for detail in self.list(call, "imageDetails", page.image_details)? {
                images.push(translate::image(detail).map_err(|why| self.failed(call, Trouble::Garbled(why)))?);
            }
            if !self.has_next_page(call, &mut pages, page.next_token, images.len())? {
                return Ok(in_order(images));
            }
            call.page = call.page.saturating_add(1);
        }
    }

    /// The images of these names that are there; one that isn't is no error. In the order of
    /// [`Self::images`]. Any number of names: they are asked for a hundred at a time.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn images_by(&self, repository: &str, ids: &[ImageId]) -> Result<Vec<PushedImage>, RegistryError> {
        let mut found = Vec::new();
        let mut open: VecDeque<&[ImageId]> = ids.chunks(IDS).collect();
        while !open.is_empty() {
            let asked: Vec<&[ImageId]> = open.drain(..).collect();
            let answers: Vec<_> =
                stream::iter(asked.iter().map(|part| self.all_of(repository, part))).buffered(AT_ONCE).collect().await;
            for (part, answer) in asked.iter().zip(answers) {
                match answer {
                    Ok(images) => found.extend(images),
                    // ECR refuses all of them for one that is missing, and names one: halve.
                    Err(error) if error.is_code("ImageNotFoundException") && part.len() > 1 => {
                        let (left, right) = part.split_at(part.len() / 2);
                        open.extend([left, right]);
                    }
                    Err(error) if error.is_code("ImageNotFoundException") => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(in_order(found))
    }

    async fn all_of(&self, repository: &str, ids: &[ImageId]) -> Result<Vec<PushedImage>, RegistryError> {
        let call = Call::new("DescribeImages", repository);
        let request = self.client.describe_images().repository_name(repository).set_registry_id(self.account.clone());
        let named = ids.iter().map(translate::identifier).collect();
        let request = request.set_image_ids(Some(named)).filter(every_status());
        let answer = self.made(call, || request.clone().send()).await?;
        let described = self.list(call, "imageDetails", answer.image_details)?.into_iter().map(translate::image);
        let images: Result<Vec<PushedImage>, String> = described.collect();
        let images = images.map_err(|why| self.failed(call, Trouble::Garbled(why)))?;
        if images.iter().any(|image| !ids.iter().any(|id| id.names(image))) {
            return Err(self.failed(call, Trouble::Garbled("an image that was not asked for".into())));
        }
        Ok(images)
    }

    /// A list that ECR gives in each answer, that of an empty repository too (`"imageDetails": []`): an answer without
    /// it, or with `null` in its place, says nothing of what there is.
    pub(super) fn list<T>(&self, call: Call<'_>, member: &str, list: Option<Vec<T>>) -> Result<Vec<T>, RegistryError> {
        list.ok_or_else(|| self.failed(call, Trouble::Garbled(format!("it has no {member}"))))
    }

    /// Whether there is another page, whose token is that of `pages` then; `so_far` counts what was read. Pages that
    /// lead back to one of them are no answer, and neither is a list without an end.
    pub(super) fn has_next_page(
        &self,
        call: Call<'_>,
        pages: &mut Pages,
        next: Option<String>,
        so_far: usize,
    ) -> Result<bool, RegistryError> {
        let Some(next) = next.filter(|token| !token.is_empty()) else { return Ok(false) };
        if call.page >= MOST_PAGES || so_far >= MOST_ITEMS {
            let why = format!("a list without an end ({so_far} entries in {} pages, and more to come)", call.page);
            return Err(self.failed(call, Trouble::Garbled(why)));
        }
        if !pages.asked.insert(next.clone()) {
            return Err(self.failed(call, Trouble::Garbled("a page that leads back to one before it".into())));
        }
        pages.next = Some(next);
        Ok(true)
    }
}

/// The pages of one list that were asked for.
#[derive(Debug, Default)]
pub(super) struct Pages {
    asked: BTreeSet<String>,
    next: Option<String>,
}

impl Pages {
    /// The token of the page to ask for; the first has none.
    pub fn token(&self) -> Option<String> {
        self.next.clone()
    }
}

/// Without it ECR gives active images only.
fn every_status() -> DescribeImagesFilter {
    DescribeImagesFilter::builder().image_status(ImageStatusFilter::Any).build()
}

/// A push between two pages may give an image twice.
fn in_order(mut images: Vec<PushedImage>) -> Vec<PushedImage> {
    images.sort_unstable_by(|a, b| b.pushed_at.cmp(&a.pushed_at).then_with(|| a.digest.cmp(&b.digest)));
    images.dedup_by(|a, b| a.digest == b.digest);
    images
}

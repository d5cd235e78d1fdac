//! One repository of a test's own.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::image::seconds;
use super::{ACCOUNT, Call, EcrClient, Image, Interceptor, Preview, REGION, Recorded, Refused};
use crate::ecr::instructions::{ImageDescription, Instruction, RepositoryId, Scope};
use crate::namespace::Namespace;

/// A repository in the lab's ECR. It ends with the lab.
#[derive(Debug, Clone)]
pub struct Repository {
    client: EcrClient,
    id: RepositoryId,
    interceptor: Interceptor,
}

impl Namespace {
    /// Makes the repository `NAMESPACE/NAME`, empty and with mutable tags, in account
    /// [`ACCOUNT`] and region [`REGION`].
    ///
    /// # Errors
    /// When it exists, or the registry does not answer.
    pub async fn repository(&self, name: &str) -> Result<Repository> {
        self.repository_in(REGION, name).await
    }

    /// The same in another region.
    ///
    /// # Errors
    /// When it exists, or the registry does not answer.
    pub async fn repository_in(&self, region: &str, name: &str) -> Result<Repository> {
        let repository = Repository::at(region, &format!("{}/{name}", self.name()));
        repository.ask("CreateRepository", json!({})).await.map(|_| repository)
    }

    /// A repository that is answered from a recording, without moto: nothing can be pushed to it,
    /// and it has no lifecycle policy.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn recorded_repository(&self, name: &str, recorded: Recorded) -> Result<Repository> {
        let repository = Repository::at(REGION, &format!("{}/{name}", self.name()));
        repository.client.instruct(&Instruction::Record(recorded.at(repository.id.clone()))).await?;
        Ok(repository)
    }
}

impl Repository {
    fn at(region: &str, name: &str) -> Self {
        let client = EcrClient::inside();
        let id = RepositoryId { region: region.to_owned(), name: name.to_owned() };
        let interceptor = Interceptor::new(client.clone(), Scope::Repository(id.clone()));
        Self { client, id, interceptor }
    }

    /// Its name, such as `test-0a1b2c/ms-account-management`.
    pub fn name(&self) -> &str {
        &self.id.name
    }

    /// Its region.
    pub fn region(&self) -> &str {
        &self.id.region
    }

    /// What images of it begin with: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`.
    pub fn uri(&self) -> String {
        format!("{ACCOUNT}.dkr.ecr.{}.amazonaws.com/{}", self.id.region, self.id.name)
    }

    /// The reference of an image: by tag, or by digest when it begins with `sha256:`.
    pub fn image(&self, tag_or_digest: &str) -> String {
        let mark = if tag_or_digest.starts_with("sha256:") { '@' } else { ':' };
        format!("{}{mark}{tag_or_digest}", self.uri())
    }

    /// The calls about it so far, and making trouble with them.
    pub fn interceptor(&self) -> &Interceptor {
        &self.interceptor
    }

    /// The calls about it so far, in whatever region, without those of this library.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn calls(&self) -> Result<Vec<Call>> {
        self.interceptor.calls().await
    }

    /// Pushes an image with its children and all of its tags; gives its digest. A tag that another
    /// image has moves; without a time of its own it is pushed now.
    ///
    /// # Errors
    /// When ECR refuses.
    pub async fn push(&self, mut image: Image) -> Result<String> {
        if !image.detail.contains_key("imagePushedAt") {
            image = image.pushed_at(Timestamp::now());
        }
        for child in &image.children {
            self.push_one(child).await?;
        }
        self.push_one(&image).await
    }

    async fn push_one(&self, image: &Image) -> Result<String> {
        let digest = image.digest();
        let behavior = image.behavior.map(|behavior| {
            behavior.annotations().into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>()
        });
        // First what is said about it, so that nobody sees the image without.
        self.describe(&digest, image.detail.clone(), behavior).await?;
        let manifest = json!({
            "imageManifest": image.text(), "imageManifestMediaType": image.manifest["mediaType"], "imageDigest": digest,
        });
        let mut tags = image.tags.iter().map(|tag| json!({"imageTag": tag})).collect::<Vec<_>>();
        if tags.is_empty() {
            tags.push(json!({}));
        }
        for tag in tags {
            let mut request = manifest.clone();
            if let (Some(request), Some(tag)) = (request.as_object_mut(), tag.as_object()) {
                request.extend(tag.clone());
            }
            self.ask("PutImage", request).await?;
        }
        Ok(digest)
    }

    /// Puts one more tag on an image that is there, taking it from the image that has it. The
    /// time of the push stays.
    ///
    /// # Errors
    /// When there is no such image.
    pub async fn tag(&self, digest: &str, tag: &str) -> Result<()> {
        let got = self.ask("BatchGetImage", json!({"imageIds": [{"imageDigest": digest}]})).await?;
        let image = got["images"].get(0).with_context(|| format!("no image {digest} in {}", self.name()))?;
        let request = json!({
            "imageManifest": image["imageManifest"], "imageManifestMediaType": image["imageManifestMediaType"],
            "imageDigest": digest, "imageTag": tag,
        });
        self.ask("PutImage", request).await.map(drop)
    }

    /// Deletes an image, as a lifecycle policy would.
    ///
    /// # Errors
    /// When ECR refuses.
    pub async fn delete(&self, digest: &str) -> Result<()> {
        self.ask("BatchDeleteImage", json!({"imageIds": [{"imageDigest": digest}]})).await.map(drop)
    }

    /// Deletes the repository with all that is in it.
    ///
    /// # Errors
    /// When ECR refuses.
    pub async fn delete_repository(&self) -> Result<()> {
        self.ask("DeleteRepository", json!({"force": true})).await.map(drop)
    }

    /// Sets fields of ECR's ImageDetail of an image; `null` takes one away.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn set(&self, digest: &str, detail: Value) -> Result<()> {
        let detail = detail.as_object().cloned().context("fields are wanted")?;
        self.describe(digest, detail, None).await
    }

    /// Sets when an image was pushed.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn set_pushed_at(&self, digest: &str, time: Timestamp) -> Result<()> {
        self.set(digest, json!({"imagePushedAt": seconds(time)})).await
    }

    async fn describe(
        &self,
        digest: &str,
        detail: Map<String, Value>,
        behavior: Option<BTreeMap<String, String>>,
    ) -> Result<()> {
        let image = ImageDescription { id: self.id.clone(), digest: digest.to_owned(), detail, behavior };
        self.client.instruct(&Instruction::Describe(image)).await.map(drop)
    }

    /// Every image, archived ones too, as ECR's ImageDetail objects.
    ///
    /// # Errors
    /// When ECR refuses.
    pub async fn images(&self) -> Result<Vec<Value>> {
        let mut request = json!({"filter": {"imageStatus": "ANY"}, "maxResults": 1000});
        let mut images = Vec::new();
        loop {
            let page = self.ask("DescribeImages", request.clone()).await?;
            images.extend(page["imageDetails"].as_array().cloned().unwrap_or_default());
            if page["nextToken"].is_null() {
                return Ok(images);
            }
            request["nextToken"] = page["nextToken"].clone();
        }
    }

    /// The lifecycle policy in force, if there is one.
    ///
    /// # Errors
    /// When ECR refuses, or the policy is no JSON.
    pub async fn lifecycle_policy(&self) -> Result<Option<Value>> {
        match self.ask("GetLifecyclePolicy", json!({})).await {
            Ok(answer) => {
                let text = answer["lifecyclePolicyText"].as_str().context("no policy in the answer")?;
                Ok(Some(serde_json::from_str(text)?))
            }
            Err(error) => match error.downcast_ref::<Refused>() {
                Some(refused) if refused.code == "LifecyclePolicyNotFoundException" => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// Puts a lifecycle policy in force.
    ///
    /// # Errors
    /// When ECR refuses.
    pub async fn put_lifecycle_policy(&self, policy: &Value) -> Result<()> {
        self.ask("PutLifecyclePolicy", json!({"lifecyclePolicyText": policy.to_string()})).await.map(drop)
    }

    /// Records what the next lifecycle policy preview answers, and every one after it.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn preview(&self, preview: Preview) -> Result<()> {
        self.client.instruct(&Instruction::Preview(preview.at(self.id.clone()))).await.map(drop)
    }

    /// Calls any operation of ECR about this repository.
    ///
    /// # Errors
    /// [`Refused`] when ECR says no; or when the registry does not answer.
    pub async fn ask(&self, operation: &str, mut request: Value) -> Result<Value> {
        request["repositoryName"] = self.name().into();
        let answer = self.client.call(self.region(), operation, &request).await;
        answer.with_context(|| format!("{operation} of {}", self.name()))
    }
}

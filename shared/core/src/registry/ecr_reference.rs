//! Which ECR repository an image reference is of, and why it is of none.
//!
//! Host forms: `ACCOUNT.dkr.ecr[-fips].REGION.SUFFIX` and dual-stack
//! `ACCOUNT.dkr-ecr[-fips].REGION.on.SUFFIX`
//! (<https://docs.aws.amazon.com/general/latest/gr/ecr.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html>). A repository made
//! by a pull-through cache rule is an ordinary one.

use std::fmt;

use super::image::ImageRef;

/// DNS suffix of the registry, whether it is dual-stack, and the partition's name in ARNs. The
/// standard suffixes serve GovCloud too.
const SUFFIXES: [(&str, bool, &str); 9] = [
    ("amazonaws.com", false, "aws"),
    ("on.aws", true, "aws"),
    ("amazonaws.com.cn", false, "aws-cn"),
    ("on.amazonwebservices.com.cn", true, "aws-cn"),
    ("amazonaws.eu", false, "aws-eusc"),
    ("c2s.ic.gov", false, "aws-iso"),
    ("sc2s.sgov.gov", false, "aws-iso-b"),
    ("cloud.adc-e.uk", false, "aws-iso-e"),
    ("csp.hci.ic.gov", false, "aws-iso-f"),
];
/// Hosts of ECR Public, IPv4 and dual-stack.
const PUBLIC_HOSTS: [&str; 2] = ["public.ecr.aws", "ecr-public.aws.com"];
const DOCKER_HUB_HOSTS: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// A repository of a private ECR registry, and the host form that reaches it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcrRepository {
    /// The registry's AWS account: 12 digits.
    pub account: String,
    pub region: String,
    /// As in ARNs: `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'static str,
    /// The host asks for FIPS endpoints.
    pub fips: bool,
    /// The host asks for IPv4 and IPv6.
    pub dual_stack: bool,
    /// The registry's host as the image has it, in lower case.
    pub host: String,
    /// The repository's name, slashes included.
    pub name: String,
}

/// Why an image is of no private ECR repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEcr {
    /// `public.ecr.aws/…`
    EcrPublic,
    /// A short name, or one of Docker Hub's hosts.
    DockerHub,
    /// Any other registry's host.
    OtherRegistry(String),
    /// The host claims to be ECR's and can't be, or the name is none that ECR allows; why.
    Malformed(String),
}

impl fmt::Display for NotEcr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcrPublic => {
                f.write_str("the image is of ECR Public, which has another API and no lifecycle policies")
            }
            Self::DockerHub => f.write_str("the image is of Docker Hub, not of Amazon ECR"),
            Self::OtherRegistry(host) => write!(f, "the image is of the registry {host}, not of Amazon ECR"),
            Self::Malformed(why) => write!(f, "the image looks like one of Amazon ECR, but {why}"),
        }
    }
}

impl EcrRepository {
    /// The repository that an image reference is of; tag and digest are left aside.
    ///
    /// # Errors
    /// Where it is of none, which one it is of instead.
    pub fn of(reference: &str) -> Result<Self, NotEcr> {
        let repository = ImageRef::parse(reference).repository;
        // Without a dot, a port or `localhost` the first part is no host.
        let Some((host, name)) = repository.split_once('/').filter(|(host, _)| is_host(host)) else {
            return Err(NotEcr::DockerHub);
        };
        let host = host.to_lowercase();
        let bare = host.strip_suffix(":443").unwrap_or(&host);
        if PUBLIC_HOSTS.contains(&bare) {
            return Err(NotEcr::EcrPublic);
        }
        if DOCKER_HUB_HOSTS.contains(&bare) {
            return Err(NotEcr::DockerHub);
        }
        let Some(parts) = HostParts::split(bare) else {
            return Err(NotEcr::OtherRegistry(host.chars().filter(|c| !c.is_control()).take(253).collect()));
        };
        let partition = parts.partition().map_err(NotEcr::Malformed)?;
        if !is_repository_name(name) {
            return Err(NotEcr::Malformed("its repository name is none that ECR allows".into()));
        }
        Ok(Self {
            account: parts.account.to_owned(),
            region: parts.region.to_owned(),
            partition,
            fips: parts.fips,
            dual_stack: parts.dual_stack,
            name: name.to_owned(),
            host,
        })
    }

    /// The repository that an ARN names: `arn:aws:ecr:REGION:ACCOUNT:repository/NAME`.
    ///
    /// # Errors
    /// Where it names none, why.
    pub fn of_arn(arn: &str) -> Result<Self, NotEcr> {
        let bad = |why: &str| NotEcr::Malformed(why.to_owned());
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts.as_slice() else {
            return Err(bad("its ARN is not of six parts"));
        };
        if *service == "ecr-public" {
            return Err(NotEcr::EcrPublic);
        }
        let name = resource.strip_prefix("repository/").filter(|_| *service == "ecr");
        let name = name.ok_or_else(|| bad("its ARN is of no repository of ECR"))?;
        if !is_account(account) || !is_region(region) || partition_of(region) != *partition {
            return Err(bad("account, region and partition of its ARN don't go together"));
        }
        if !is_repository_name(name) {
            return Err(bad("its repository name is none that ECR allows"));
        }
        let served = if *partition == "aws-us-gov" { "aws" } else { partition };
        let suffix = SUFFIXES.iter().find(|(_, dual_stack, of)| !dual_stack && *of == served).map_or("", |s| s.0);
        Self::of(&format!("{account}.dkr.ecr.{region}.{suffix}/{name}"))
    }

    /// `HOST/NAME`, the host form kept.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{}/{}", self.host, self.name)
    }

    /// The image with a tag: `HOST/NAME:TAG`.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> String {
        format!("{}:{tag}", self.uri())
    }

    /// The image with a digest: `HOST/NAME@sha256:…`.
    #[must_use]
    pub fn with_digest(&self, digest: &str) -> String {
        format!("{}@{digest}", self.uri())
    }

    /// The image with both; runtimes go by the digest: `HOST/NAME:TAG@sha256:…`.
    #[must_use]
    pub fn with_tag_and_digest(&self, tag: &str, digest: &str) -> String {
        format!("{}:{tag}@{digest}", self.uri())
    }

    /// The repository's ARN, as IAM policies name it.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:{}:ecr:{}:{}:repository/{}", self.partition, self.region, self.account, self.name)
    }

    /// True where both are the same repository, whichever host form names it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.account, &self.region, &self.name) == (&other.account, &other.region, &other.name)
    }
}

/// True where both references are of one repository: by name, or whichever host form of ECR says it.
#[must_use]
pub fn same_repository(one: &str, other: &str) -> bool {
    let named = |reference| ImageRef::parse(reference).repository;
    let both = EcrRepository::of(one).ok().zip(EcrRepository::of(other).ok());
    named(one) == named(other) || both.is_some_and(|(one, other)| one.is_same(&other))
}

/// True where a repository that somebody typed, with or without its host, is the one of an image.
#[must_use]
pub fn names_repository_of(typed: &str, image: &str) -> bool {
    let repository = ImageRef::parse(image).repository;
    let is_end = repository.strip_suffix(typed).is_some_and(|before| before.is_empty() || before.ends_with('/'));
    same_repository(typed, image) || is_end
}

/// What an ECR host is made of.
struct HostParts<'a> {
    account: &'a str,
    region: &'a str,
    suffix: &'a str,
    fips: bool,
    dual_stack: bool,
}

impl<'a> HostParts<'a> {
    /// Nothing for a host that isn't ECR's.
    fn split(host: &'a str) -> Option<Self> {
        let known = SUFFIXES.iter().find(|(suffix, ..)| host.strip_suffix(suffix).is_some_and(|h| h.ends_with('.')))?;
        let (suffix, dual_stack, _) = *known;
        let labels: Vec<&str> = host.strip_suffix(suffix)?.strip_suffix('.')?.split('.').collect();
        let (account, service, region) = match (dual_stack, labels.as_slice()) {
            (false, [account, "dkr", service, region]) => (*account, *service, *region),
            (true, [account, service, region]) => (*account, service.strip_prefix("dkr-")?, *region),
            _ => return None,
        };
        let fips = match service {
            "ecr" => false,
            "ecr-fips" => true,
            _ => return None,
        };
        Some(Self { account, region, suffix, fips, dual_stack })
    }

    /// The partition, once account and region have been found to be possible.
    fn partition(&self) -> Result<&'static str, String> {
        if !is_account(self.account) {
            return Err("its host does not begin with an account of 12 digits".into());
        }
        if !is_region(self.region) {
            return Err("its host names no region".into());
        }
        let partition = partition_of(self.region);
        let served = match partition {
            "aws-us-gov" => "aws",
            other => other,
        };
        let fits = SUFFIXES.iter().any(|(suffix, _, of)| *suffix == self.suffix && *of == served);
        if fits { Ok(partition) } else { Err(format!("{} has no registry under {}", self.region, self.suffix)) }
    }
}

/// The partition of a region, by its prefix
/// (<https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>).
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    let prefixes = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
    ];
    prefixes.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// 12 digits.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

/// Like `ap-southeast-2`: words and a number, joined by hyphens. New regions come, so it is not a list.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [words @ .., number] = parts.as_slice() else { return false };
    text.len() <= 32
        && words.len() >= 2
        && words.iter().all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase()))
        && (1..=2).contains(&number.len())
        && number.chars().all(|c| c.is_ascii_digit())
}

/// 2 to 256 characters: parts of lower-case letters and digits, joined by one of `.`, `_`, `-` or
/// `/` (the pattern of `repositoryName` in
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>).
#[must_use]
pub fn is_repository_name(text: &str) -> bool {
    let part = |p: &str| !p.is_empty() && p.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (2..=256).contains(&text.len()) && text.split(['.', '_', '-', '/']).all(part)
}

/// True where the first part of a reference is a host, as runtimes read it.
pub(super) fn is_host(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':'])
}

#[cfg(test)]
mod tests;

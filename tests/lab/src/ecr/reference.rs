//! Image references of ECR: `ACCOUNT.dkr.ecr.REGION.DOMAIN/NAME[:TAG][@DIGEST]`, with
//! `dkr-ecr` for dual-stack hosts and `-fips` after `ecr`
//! (<https://docs.aws.amazon.com/general/latest/gr/ecr.html>). Pure.

/// A jq expression's test for the same: a pattern that hosts of ECR begin with.
pub const HOST_PATTERN: &str = "^[0-9]{12}[.]dkr[.-]ecr(-fips)?[.]";

/// An image of ECR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EcrImage<'a> {
    pub host: &'a str,
    pub account: &'a str,
    pub region: &'a str,
    /// The repository's name.
    pub name: &'a str,
    /// `latest` if the reference has neither tag nor digest.
    pub tag: Option<&'a str>,
    pub digest: Option<&'a str>,
}

impl<'a> EcrImage<'a> {
    /// `None` when the image is another registry's.
    pub fn parse(reference: &'a str) -> Option<Self> {
        let (host, path) = reference.split_once('/')?;
        let (account, rest) = host.split_once('.')?;
        let rest = rest.strip_prefix("dkr.ecr").or_else(|| rest.strip_prefix("dkr-ecr"))?;
        let rest = rest.strip_prefix("-fips").unwrap_or(rest).strip_prefix('.')?;
        let region = rest.split('.').next()?;
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
        let (name, tag) = path.split_once(':').map_or((path, None), |(name, tag)| (name, Some(tag)));
        let tag = tag.or(if digest.is_some() { None } else { Some("latest") });
        Some(Self { host, account, region, name, tag, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_ecr_are_told_from_others() {
        let hosts = [
            ("123456789012.dkr.ecr.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
        ];
        for (host, region) in hosts {
            let reference = format!("{host}/team/api:1.0@sha256:ab");
            let parsed = EcrImage::parse(&reference).unwrap();
            let account = "123456789012";
            let expected =
                EcrImage { host, account, region, name: "team/api", tag: Some("1.0"), digest: Some("sha256:ab") };
            assert_eq!(parsed, expected);
        }
        let others = ["api:v1", "registry.example:5000/api:v1", "public.ecr.aws/nginx/nginx", "1.dkr.ecr.x.y/api"];
        for other in others {
            assert_eq!(EcrImage::parse(other), None, "{other}");
        }
    }

    #[test]
    fn only_a_reference_with_nothing_else_means_latest() {
        let host = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com";
        let tag = |rest: &str| EcrImage::parse(&format!("{host}/{rest}")).unwrap().tag.map(str::to_owned);
        assert_eq!(tag("api").as_deref(), Some("latest"));
        assert_eq!(tag("api@sha256:ab"), None);
    }
}

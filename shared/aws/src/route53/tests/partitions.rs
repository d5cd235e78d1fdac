//! Where Route 53 is, by the region that somebody has set: it is one for all regions of a partition
//! (<https://docs.aws.amazon.com/general/latest/gr/r53.html>).

use aws_sdk_route53::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

use super::*;

/// Records of China and GovCloud are asked for there, and credentials of one partition are never sent to another.
#[tokio::test]
async fn every_partition_has_its_own() {
    for (region, fips, dual_stack, url) in [
        ("us-east-1", false, false, "https://route53.amazonaws.com"),
        ("ap-southeast-2", false, false, "https://route53.amazonaws.com"),
        ("eu-west-1", true, false, "https://route53-fips.amazonaws.com"),
        ("cn-north-1", false, false, "https://route53.amazonaws.com.cn"),
        ("us-gov-east-1", false, false, "https://route53.us-gov.amazonaws.com"),
        ("us-gov-east-1", true, false, "https://route53.us-gov.amazonaws.com"),
    ] {
        let params = Params::builder().region(region).use_fips(fips).use_dual_stack(dual_stack).build().unwrap();
        let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.unwrap();
        assert_eq!(endpoint.url(), url, "{region}");
    }
}

#[tokio::test]
async fn what_is_no_zone_is_asked_nothing() {
    for odd in ["", "../change/C1", "Z1?x=y", "\u{1b}[2J"] {
        let why = Zone::connect(odd, Duration::from_secs(1)).await.unwrap_err();
        assert!(why.why.ends_with("is no id of a hosted zone") && !why.why.contains('\u{1b}'), "{why:?}");
    }
    let zone =
        Zone::over(&sdk("http://127.0.0.1:1", "eu-west-1").await, zone_id("/hostedzone/Z1R8UBAEXAMPLE").unwrap());
    assert_eq!(zone.id(), "Z1R8UBAEXAMPLE");
}

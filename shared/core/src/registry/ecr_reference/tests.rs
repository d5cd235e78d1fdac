use super::*;

fn of(reference: &str) -> EcrRepository {
    EcrRepository::of(reference).unwrap_or_else(|e| panic!("{reference}: {e}"))
}

#[test]
fn every_documented_host_form_names_account_region_and_partition() {
    let cases = [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com", "us-east-1", "aws", false, false),
        ("123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", "us-west-2", "aws", true, false),
        ("123456789012.dkr-ecr.ap-southeast-2.on.aws", "ap-southeast-2", "aws", false, true),
        ("123456789012.dkr-ecr-fips.us-east-2.on.aws", "us-east-2", "aws", true, true),
        ("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "us-gov-west-1", "aws-us-gov", false, false),
        ("123456789012.dkr.ecr-fips.us-gov-east-1.amazonaws.com", "us-gov-east-1", "aws-us-gov", true, false),
        ("123456789012.dkr-ecr-fips.us-gov-east-1.on.aws", "us-gov-east-1", "aws-us-gov", true, true),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", "aws-cn", false, false),
        ("123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", "cn-northwest-1", "aws-cn", false, true),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "aws-eusc", false, false),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", "aws-iso", false, false),
        ("123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", "aws-iso-b", false, false),
        ("123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", "aws-iso-e", false, false),
        ("123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", "aws-iso-f", false, false),
    ];
    for (host, region, partition, fips, dual_stack) in cases {
        let found = of(&format!("{host}/team/api:1.5.0"));
        assert_eq!((found.account.as_str(), found.name.as_str()), ("123456789012", "team/api"), "{host}");
        assert_eq!((found.region.as_str(), found.partition), (region, partition), "{host}");
        assert_eq!((found.fips, found.dual_stack), (fips, dual_stack), "{host}");
        assert_eq!(found.with_tag("2"), format!("{host}/team/api:2"), "an image keeps the host form it had");
    }
}

#[test]
fn tag_digest_both_or_neither_are_all_of_the_same_repository() {
    let plain = of("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b_c/d-e");
    for end in [":1", "@sha256:abc", ":1@sha256:abc"] {
        assert_eq!(of(&format!("{}{end}", plain.uri())), plain);
    }
    assert_eq!(plain.with_digest("sha256:abc"), format!("{}@sha256:abc", plain.uri()));
    assert_eq!(plain.with_tag_and_digest("1", "sha256:abc"), format!("{}:1@sha256:abc", plain.uri()));
    assert_eq!(plain.arn(), "arn:aws:ecr:eu-west-1:123456789012:repository/a/b_c/d-e");
}

#[test]
fn one_repository_is_recognized_under_another_host_form() {
    let plain = of("123456789012.dkr.ecr.us-east-1.amazonaws.com/api:1");
    assert!(plain.is_same(&of("123456789012.DKR.ecr-fips.us-east-1.amazonaws.com:443/api")));
    assert!(plain.is_same(&of("docker-pullable://123456789012.dkr-ecr.us-east-1.on.aws/api@sha256:abc")));
    assert!(!plain.is_same(&of("123456789012.dkr.ecr.us-east-2.amazonaws.com/api:1")));
    assert!(!plain.is_same(&of("123456789013.dkr.ecr.us-east-1.amazonaws.com/api:1")));
}

#[test]
fn other_registries_are_told_apart_by_name() {
    let other = |host: &str| NotEcr::OtherRegistry(host.to_owned());
    let cases = [
        ("nginx", NotEcr::DockerHub),
        ("library/nginx:1", NotEcr::DockerHub),
        ("docker.io/library/nginx", NotEcr::DockerHub),
        ("", NotEcr::DockerHub),
        ("public.ecr.aws/nginx/nginx:1", NotEcr::EcrPublic),
        ("ecr-public.aws.com/nginx/nginx:1", NotEcr::EcrPublic),
        ("ghcr.io/a/b:1", other("ghcr.io")),
        ("localhost:5000/a", other("localhost:5000")),
        // Hosts that only look alike.
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.example.org/a",
            other("123456789012.dkr.ecr.us-east-1.amazonaws.com.example.org"),
        ),
        ("123456789012.dkr.ecr.us-east-1.notamazonaws.com/a", other("123456789012.dkr.ecr.us-east-1.notamazonaws.com")),
        ("api.ecr.us-east-1.amazonaws.com/a", other("api.ecr.us-east-1.amazonaws.com")),
        ("x.123456789012.dkr.ecr.us-east-1.amazonaws.com/a", other("x.123456789012.dkr.ecr.us-east-1.amazonaws.com")),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com:5000/ab",
            other("123456789012.dkr.ecr.us-east-1.amazonaws.com:5000"),
        ),
        ("s3.us-east-1.amazonaws.com/a", other("s3.us-east-1.amazonaws.com")),
        ("bad\u{1b}[2J.io/a", other("bad[2j.io")),
    ];
    for (reference, expected) in cases {
        assert_eq!(EcrRepository::of(reference), Err(expected), "{reference}");
    }
}

#[test]
fn a_host_or_name_that_ecr_never_gives_is_not_sent_anywhere() {
    let long = format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/{}", "a".repeat(257));
    let cases = [
        "12345678901.dkr.ecr.us-east-1.amazonaws.com/api",
        "12345678901x.dkr.ecr.us-east-1.amazonaws.com/api",
        "123456789012.dkr.ecr.nowhere.amazonaws.com/api",
        "123456789012.dkr.ecr.us-east-1@evil.amazonaws.com/api",
        "123456789012.dkr.ecr.us_east-1.amazonaws.com/api",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com/api",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn/api",
        "123456789012.dkr-ecr.us-iso-east-1.on.aws/api",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/Api",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/a//b",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/../b",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/a.-b",
        &long,
    ];
    for reference in cases {
        let refused = EcrRepository::of(reference);
        // An `@` begins the digest: what is left of the host is no registry's.
        assert!(refused.is_err(), "{reference}: {refused:?}");
        if !reference.contains('@') {
            assert!(matches!(refused, Err(NotEcr::Malformed(_))), "{reference}: {refused:?}");
        }
    }
}

/// A team that moved its images to another endpoint would be told that it never ran them.
#[test]
fn one_repository_has_many_hosts() {
    let plain = "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/api:1";
    for same in [
        "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/api@sha256:abc",
        "123456789012.dkr.ecr-fips.us-west-2.amazonaws.com/team/api:2",
        "123456789012.dkr-ecr.us-west-2.on.aws/team/api",
    ] {
        assert!(same_repository(plain, same), "{same}");
    }
    for other in [
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/api:1",
        "210987654321.dkr.ecr.us-west-2.amazonaws.com/team/api:1",
        "123456789012.dkr.ecr.us-west-2.amazonaws.com/api:1",
        "api:1",
    ] {
        assert!(!same_repository(plain, other), "{other}");
    }
    assert!(same_repository("api:1", "api:2"));
}

/// ARNs are what the AWS CLI and Terraform print.
#[test]
fn an_arn_names_what_a_reference_names() {
    for reference in [
        "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop/api",
        "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/api",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/repository/api",
        "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/api",
    ] {
        let repository = EcrRepository::of(reference).unwrap();
        assert_eq!(EcrRepository::of_arn(&repository.arn()), Ok(repository));
    }
    assert_eq!(EcrRepository::of_arn("arn:aws:ecr-public::123456789012:repository/api"), Err(NotEcr::EcrPublic));
    for bad in [
        "arn:aws:ecr:eu-west-1:123456789012:repository/*",
        "arn:aws:ecr:eu-west-1:123456789012:registry/api",
        "arn:aws:s3:eu-west-1:123456789012:repository/api",
        "arn:aws-cn:ecr:eu-west-1:123456789012:repository/api",
        "arn:aws:ecr:eu-west-1:12:repository/api",
        "arn:aws:ecr:eu-west-1",
    ] {
        assert!(matches!(EcrRepository::of_arn(bad), Err(NotEcr::Malformed(_))), "{bad}");
    }
}

#[test]
fn a_typed_repository_names_that_of_an_image_with_or_without_its_host() {
    let image = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop/api:1.0.4";
    let fips = "123456789012.dkr.ecr-fips.ap-southeast-2.amazonaws.com/shop/api";
    for typed in ["api", "shop/api", "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop/api", fips] {
        assert!(names_repository_of(typed, image), "{typed}");
    }
    for typed in ["web", "pi", "other/api", "999999999999.dkr.ecr.ap-southeast-2.amazonaws.com/shop/api", "api/shop"] {
        assert!(!names_repository_of(typed, image), "{typed}");
    }
}

//! Which Ingresses are canaries, and of which controller.

use super::*;

/// flagger#787, ingress-nginx#6825: `canary: "false"` is none, whatever else it says. The flag is read as Go reads it.
#[test]
fn only_a_flag_that_is_on_makes_a_canary() {
    for (flag, counts) in [
        ("true", true),
        ("True", true),
        ("1", true),
        ("t", true),
        ("false", false),
        ("yes", false),
        ("tRuE", false),
        (" true", false),
        ("", false),
    ] {
        let next = ingress("next", &json!({CANARY: flag, WEIGHT: "50"}), &[NEXT]);
        assert_eq!(made(&[main("main", &[SHOP]), next]).contains_key("next"), counts, "{flag:?}");
    }
}

/// cloud-platform#7651 has a class for each controller; nginx/kubernetes-ingress is another project, whose class is
/// called `nginx`, too, and knows none of this.
#[test]
fn both_ingresses_are_one_controllers() {
    let classes = [
        class("nginx", "k8s.io/ingress-nginx"),
        class("also", "k8s.io/ingress-nginx"),
        class("internal", "k8s.io/internal-ingress-nginx"),
        class("f5", "nginx.org/ingress-controller"),
        class("webapprouting.kubernetes.azure.com", "webapprouting.kubernetes.azure.com/nginx"),
        class("aks", "webapprouting.kubernetes.azure.com/nginx/second"),
        class("odd", "webapprouting.kubernetes.azure.com/nginxen"),
    ];
    let of = |classes: Option<&[IngressClass]>, both: [(Option<&str>, Option<&str>); 2]| {
        let classed = |mut object: Value, (name, annotated): (Option<&str>, Option<&str>)| {
            object["spec"]["ingressClassName"] = json!(name);
            if let Some(annotated) = annotated {
                object["metadata"]["annotations"]["kubernetes.io/ingress.class"] = json!(annotated);
            }
            object
        };
        let [first, second] = both;
        let objects = [classed(main("main", &[SHOP]), first), classed(canary("next", &[NEXT]), second)];
        canaries(&read(&objects), classes).get("next").map(|found| found.ignored.is_none())
    };
    let known = |class: &str| of(Some(&classes), [(Some(class), None), (Some(class), None)]);
    for name in ["nginx", "internal", "webapprouting.kubernetes.azure.com", "aks"] {
        assert_eq!(known(name), Some(true), "{name}");
    }
    for name in ["f5", "odd", "nowhere"] {
        assert_eq!(known(name), None, "{name}");
    }
    let mixed = |first, second| of(Some(&classes), [first, second]);
    assert_eq!(mixed((Some("nginx"), None), (Some("internal"), None)), Some(false));
    assert_eq!(mixed((Some("nginx"), None), (Some("also"), None)), Some(true));
    assert_eq!(mixed((Some("nginx"), None), (None, Some("nginx"))), Some(true), "the annotation of before");
    assert_eq!(mixed((None, Some("internal")), (Some("internal"), None)), Some(true));
    assert_eq!(mixed((Some("nginx"), None), (Some("nginx"), Some("f5"))), Some(true), "the field comes first");
    assert_eq!(mixed((Some("nginx"), None), (None, None)), None);
    assert_eq!(mixed((Some("nginx"), None), (None, Some("unheard-of"))), None);
    assert_eq!(of(None, [(Some("nginx"), None), (Some("nginx"), None)]), Some(true), "classes that may not be read");
    assert_eq!(of(None, [(Some("internal"), None), (Some("internal"), None)]), None);
    let f5 = [class("nginx", "nginx.org/ingress-controller")];
    assert_eq!(of(Some(&f5), [(Some("nginx"), None), (None, Some("nginx"))]), None);
}

//! Files as people really have them: what made other tools leave a document out, change an image's tag, or fail
//! without a place.

use super::*;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n";

fn read(name: &str, text: &str) -> FilledIn {
    filled(name, text, "").unwrap_or_else(|failure| panic!("{name}: {failure}\n{text}"))
}

/// Charts that render to nothing leave separators and comments; a document behind one must not be lost.
#[test]
fn separators_and_comments_make_no_documents_and_hide_none() {
    for (name, text) in [
        ("comment-first", format!("# the release\n---{WHOLE}---\n{CONFIG}")),
        (
            "rendered-to-nothing",
            format!("---\n# Source: chart/templates/a.yaml\n---\n---{WHOLE}---\n\n---\n{CONFIG}---\n# Foo\n---\n"),
        ),
        ("blank-line-between", format!("---\n---\n\n---{WHOLE}---\n{CONFIG}")),
        ("comment-behind", format!("--- # first{WHOLE}---            \n{CONFIG}")),
        ("end-markers", format!("---{WHOLE}...\n---\n...\n---\n{CONFIG}...\n")),
        ("windows", format!("\u{feff}{WHOLE}---\n{CONFIG}").replace('\n', "\r\n")),
        ("directive", format!("%YAML 1.1\n---{WHOLE}---\n{CONFIG}")),
    ] {
        let Release { parts, others, .. } = release(name, &text, "").unwrap();
        assert_eq!((parts[0].args.replicas, others.len()), (Some(3), 1), "{name}");
    }
    let ignored = format!("{WHOLE}--- sjhklgjdlk\n{CONFIG}");
    let failure = filled("ignored", &ignored, "").unwrap_err();
    assert!(failure.exit == Exit::Usage && failure.message.contains("line 1"), "{failure}");
}

/// Another image than the one that was built would be rolled out, or none that can be pulled.
#[test]
fn tags_that_look_like_numbers_stay_what_they_are() {
    for tag in ["1.10", "553640e6", "0362525", "29111998", "3.6", "0e12"] {
        let whole = WHOLE.replace("'r.io/app:2'", &format!("r.io/app:{tag}"));
        assert_eq!(read("tagged", &whole).args.image[0], format!("app=r.io/app:{tag}"));
        let alone = filled("number", &WHOLE.replace("'r.io/app:2'", tag), "").unwrap_err();
        assert!(alone.exit == Exit::Usage && alone.message.contains("line 10, "), "{tag}: {alone}");
    }
    let digest = format!("r.io:5000/app@sha256:{}", "0".repeat(64));
    assert_eq!(read("digest", &WHOLE.replace("'r.io/app:2'", &digest)).args.image[0], format!("app={digest}"));
}

/// Whatever an anchor brings along is what was written there; what is written beside it wins.
#[test]
fn anchors_and_merged_keys_are_what_they_stand_for() {
    let anchored = |more: &str| {
        format!(
            "apiVersion: deploy.example.com/v1\nkind: BlueGreenDeployment\nmetadata: {{name: &name users}}\nspec:\n  \
             service: *name\n  images: &images {{app: 'r.io/app:2', proxy: 'r.io/proxy:7'}}\n{more}"
        )
    };
    assert_eq!(read("alias", &anchored("")).args.services[0], "users");
    let overridden = "apiVersion: kubectl-release.dev/v1\nkind: BlueGreenDeployment\nmetadata: {name: users}\nspec:\n  \
                      <<: {replicas: 2, images: {app: 'r.io/app:2'}}\n  replicas: 5\n";
    let args = read("overridden", overridden).args;
    assert_eq!((args.replicas, args.image[0].as_str()), (Some(5), "app=r.io/app:2"));
    let tagged = overridden.replace("<<:", "!!merge <<:");
    assert_eq!(read("tagged", &tagged).args.replicas, Some(5));
    let list = "---\napiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n\
                - <<: *a\n  metadata: {name: b}\n";
    let others = release("list", &anchored(list), "").unwrap().others;
    assert_eq!((others.len(), &others[1]["kind"]), (2, &"ConfigMap".into()), "{others:?}");
    let beyond = format!("{}---\nkind: ConfigMap\ndata: *images\n", anchored(""));
    let failure = filled("beyond", &beyond, "").unwrap_err();
    assert!(failure.exit == Exit::Usage && failure.message.contains("line 9, "), "{failure}");
}

/// Fields of Argo Rollouts and of a Deployment look at home here, and would do nothing.
#[test]
fn what_is_of_another_kind_is_told() {
    for (field, known) in [
        ("autoPromotionEnabled: false", "replicas"),
        ("strategy: {blueGreen: {activeService: a}}", "replicas"),
        ("template: {spec: {containers: []}}", "replicas"),
        ("retainPreviousVersions: 1h", "retainPreviousVersion"),
        ("smoketests: []", "smokeTests"),
    ] {
        let failure = filled("field", &format!("{WHOLE}  {field}\n"), "").unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.message.contains("line 14, column 3"), "{failure}");
        assert!(failure.next.is_some_and(|next| next.to_string().contains(known)), "{field}");
    }
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: api}\nspec: {replicas: 2}\n";
    let failure = filled("rollout", rollout, "").unwrap_err();
    assert!(
        failure.exit == Exit::Usage && failure.message.contains("line 4, column 8: missing field `strategy`"),
        "{failure}"
    );
    for kind in ["bluegreendeployment", "BlueGreenDeploymnet"] {
        let failure = filled("kind", &WHOLE.replace("BlueGreenDeployment", kind), "").unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.message.contains("line 3, "), "{failure}");
    }
}

/// The last one of two would win silently.
#[test]
fn a_key_that_is_there_twice_is_told_with_its_place() {
    for (text, line) in [("  replicas: 4\n", 14), ("  images: {app: 'r.io/app:3'}\n", 14)] {
        let failure = filled("twice", &format!("{WHOLE}{text}"), "").unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.message.contains(&format!("line {line}, ")), "{failure}");
    }
    let unquoted = filled("name", &WHOLE.replace("name: users", "name: 1"), "").unwrap_err();
    assert!(unquoted.exit == Exit::Usage && unquoted.message.contains("line 4, "), "{unquoted}");
}

/// As `examples/rollout-bluegreen.yaml` of Argo Rollouts has it, with its Services.
const ROLLOUT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: api, namespace: shop}
spec:
  replicas: 2
  revisionHistoryLimit: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers: [{name: app, image: r.io/api:1.10, ports: [{containerPort: 8080}]}]
  strategy:
    blueGreen: {activeService: api, previewService: api-preview, autoPromotionEnabled: false, scaleDownDelaySeconds: 300}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80}]}
";

/// A shop that comes from Argo Rollouts would have to write everything down again, and what it had asked for would be
/// dropped without a word.
#[test]
fn a_rollout_of_argos_is_a_release() {
    let FilledIn { args, namespace, notes, .. } = read("rollout", ROLLOUT);
    assert_eq!((args.services[0].as_str(), namespace.as_deref()), ("api", Some("shop")));
    assert_eq!((args.replicas, args.no_switch, args.image), (Some(2), true, vec!["app=r.io/api:1.10".to_owned()]));
    assert_eq!(args.after.retain, Some(Duration::from_secs(300)));
    for word in ["previewService", "scaleDownDelaySeconds", "template", "revisionHistoryLimit"] {
        assert!(notes.iter().any(|note| note.starts_with("Rollout/api: ") && note.contains(word)), "{word} {notes:?}");
    }
    assert_eq!(release("rollout", ROLLOUT, "").unwrap().others.len(), 1);
    let automatic = ROLLOUT.replace("autoPromotionEnabled: false", "autoPromotionSeconds: 30");
    let args = filled("rollout-auto", &automatic, "").unwrap().args;
    assert_eq!((args.no_switch, args.switch_after), (false, Some(Duration::from_secs(30))));
    let both = format!("{ROLLOUT}---{WHOLE}");
    let Release { parts, others, .. } = release("rollout-beside", &both, "").unwrap();
    assert_eq!((parts[0].args.services[0].as_str(), others.len()), ("user-service", 2), "our own document goes first");
}

/// What can't be decided without a controller is no release, and a misspelt field is found where it stands.
#[test]
fn a_rollout_that_asks_for_a_controller_is_refused_by_name() {
    for (instead, exit, told) in [
        ("prePromotionAnalysis: {templates: []}", Exit::Failed, "prePromotionAnalysis"),
        ("autoPromotionEnable: false", Exit::Usage, "line 14, "),
        ("autoPromotionSeconds: 30s", Exit::Usage, "line 14, "),
    ] {
        let text = ROLLOUT.replace("autoPromotionEnabled: false", instead);
        let failure = filled("rollout-refused", &text, "").unwrap_err();
        assert!(failure.exit == exit && failure.message.contains(told), "{failure}");
    }
    let (before, rest) = ROLLOUT.split_once("blueGreen: {").unwrap();
    let canary = format!("{before}canary: {{steps: [{{setWeight: 20}}]}}{}", rest.split_once('}').unwrap().1);
    let failure = filled("rollout-canary", &canary, "").unwrap_err();
    assert!(failure.exit == Exit::Failed && failure.message.contains("spec.strategy.canary"), "{failure}");
}

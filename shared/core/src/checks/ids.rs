//! Every check that there is: its id, how it may weigh, and the line that documents it. What is not
//! here can't be found; the documents and the tests read it.

mod check;
mod spelling;
mod suite;

use super::severity::Severity;
pub use check::{Check, CheckId};
pub use suite::Suite;

impl CheckId {
    /// The check of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().map(|check| check.id).find(|id| id.as_str() == name)
    }
}

impl Suite {
    /// The ids of its checks, in alphabetical order.
    pub fn ids(self) -> impl Iterator<Item = CheckId> {
        ALL.iter().filter(move |check| check.suites.contains(&self)).map(|check| check.id)
    }
}

macro_rules! checks {
    ($($name:ident = $id:literal, [$($suite:ident),+], [$($severity:ident),*], $means:literal;)+) => {
        $(
            #[doc = $means]
            pub const $name: CheckId = CheckId::of($id);
        )+

        /// All of them, in alphabetical order.
        pub const ALL: &[Check] = &[$(Check {
            id: $name,
            suites: &[$(Suite::$suite),+],
            severities: &[$(Severity::$severity),*],
            means: $means,
        }),+];
    };
}

checks! {
    ALL_UNAVAILABLE = "all-unavailable", [EcrRollback], [Warns],
        "`maxUnavailable` lets all pods go at once";
    ANNOTATIONS_FULL = "annotations-full", [Bluegreen, EcrRollback], [Warns],
        "other annotations fill the 256 KiB that all of an object may have, and leave no room for our record, even without the history before it";
    ASKED_FOR = "asked-for", [Lifecycle], [Blocks],
        "the template of one of these asks for it, or of a CronJob, a Job that is not over, a bare ReplicaSet or ReplicationController, a PodTemplate: as an image, or in a container's environment, command, arguments, hooks or probes, as operators have the images of what they make";
    BEING_DELETED = "being-deleted", [Bluegreen, Canary, EcrRollback], [Blocks],
        "the Service, or a workload that is to serve, has been deleted and is only waiting for its finalizers or dependents";
    CACHED_IMAGE = "cached-image", [EcrRollback], [Warns],
        "`unpin` goes to a tag that moves, and `imagePullPolicy` is not `Always`";
    CANARY_NAME_TAKEN = "canary-name-taken", [Canary], [Blocks],
        "the Deployment that the canary is to be is there, and is none of this release's: another release's, another application's, or somebody made it by hand";
    CHANGED_SINCE = "changed-since", [Bluegreen], [Blocks, Warns],
        "a rollback would go to something else than was left: the color was deployed, or made anew, since; or the Service selects by other values of its other labels than it did then (a label that one of both lacks warns: only the color goes back). Blocks with `--yes` while another color has ready pods; without it the question is asked";
    CLUSTER_UNREAD = "cluster-unread", [Lifecycle], [Blocks],
        "a cluster that may use the images could not be read";
    COLOR_IN_USE = "color-in-use", [Bluegreen], [Blocks, Warns],
        "another Service, or a route, sends to the color that a deploy overwrites. Warns where that is a preview or the color's own, and about a Service over both colors";
    COLORS_DIFFER = "colors-differ", [Bluegreen], [Warns],
        "the color that a deploy prepares has another pod template than the active one, besides images; values that look secret are not shown";
    CONTAINER_STAYS = "container-stays", [Bluegreen, EcrRollback], [Warns],
        "another container of the same repository keeps its image";
    CONTRACTED = "contracted", [Bluegreen], [Blocks],
        "`cleanup --contract` has taken away what the target needs, or has begun to: there is no way back to it. Another version on that color is free to go";
    DEADLINE_EXCEEDED = "deadline-exceeded", [Bluegreen], [Blocks],
        "its rollout passed `progressDeadlineSeconds`";
    DIFFERS_FROM_FILE = "differs-from-file", [Bluegreen], [Warns],
        "the file of `deploy -f` has an object besides the release that is not there, or that an apply would change. Nothing of it is applied; which color the Service selects, and sizes and images of its colors, aren't compared";
    ECR_DIFFERS = "ecr-differs", [Lifecycle], [Warns],
        "ECR's own preview differs from what is judged here";
    ECR_PREVIEW = "ecr-preview", [Lifecycle], [],
        "ECR's own preview could not be made";
    FAILED_BEFORE = "failed-before", [Bluegreen, EcrRollback], [Blocks],
        "the target failed before, was taken back, and hasn't changed since";
    FORBIDDEN = "forbidden", [EcrRollback], [Blocks],
        "the API server would not let you patch the workload";
    FROZEN = "frozen", [Bluegreen], [Blocks],
        "an annotation of the Service or of its namespace says that nothing is to be released now: `kubectl-release.dev/freeze`, `kubectl-release.dev/freeze-windows`";
    GITOPS = "gitops", [Bluegreen, Canary, EcrRollback], [Blocks],
        "a controller owns the field that is written: Argo CD, Flux, Config Sync, a Rancher object set, the addon manager, or somebody else who holds it by server-side apply";
    GOES_LATER = "goes-later", [Lifecycle], [Blocks, Warns],
        "stays now, and a rule by age takes it when its age runs out: blocks in fewer than 30 days, warns after that";
    GRACE_TOO_SHORT = "grace-too-short", [Bluegreen, EcrRollback], [Warns],
        "its preStop sleeps as long as the grace period, or longer";
    HEADLESS_DNS = "headless-dns", [Bluegreen], [Warns],
        "the Service is headless: its clients hold the addresses of pods";
    HELD_BY_INDEX = "held-by-index", [Lifecycle], [Warns],
        "images stay only because an index that stays is made of them";
    HELM = "helm", [Bluegreen, Canary, EcrRollback], [Warns],
        "a Helm release has the object";
    HIGHER_VERSION = "higher-version", [EcrRollback], [Blocks, Warns],
        "what was pushed before, or was counted on the way to it, has a higher version, or a higher build number; or what `--from rollout-history` leads to was pushed later than what runs, or nobody knows whether it was and a record passes over what ran in between: blocks with `--yes`, unless the image was named. What ran before and is only called higher warns";
    HPA_AT_LIMIT = "hpa-at-limit", [EcrRollback], [Warns],
        "its autoscaler is at `maxReplicas`";
    HPA_BELOW_ACTIVE = "hpa-below-active", [Bluegreen], [Blocks, Warns],
        "blocks: `maxReplicas` of the target's autoscaler is below what is required. Warns: `minReplicas` is below the active color's ready pods (not with `--scale`)";
    HPA_SCALES_STABLE = "hpa-scales-stable", [Canary], [Blocks],
        "an autoscaler sets the size of the stable Deployment, and pods that share the requests by their number need theirs: both would write `spec.replicas`";
    IMAGE_DIFFERS = "image-differs", [Bluegreen], [Blocks],
        "a container that a deploy doesn't name has another image than in the active color";
    IMAGE_UNTAGGED = "image-untagged", [Bluegreen], [Warns],
        "an image that is deployed has neither tag nor digest, or the tag `latest`";
    IMAGE_UPDATER = "image-updater", [Bluegreen, EcrRollback], [Blocks, Warns],
        "a tool that follows the registry writes the image by itself: Keel, Argo CD Image Updater, Flux, image change triggers of OpenShift. Blocks a rollback of the image, warns about a color's";
    IN_HISTORY = "in-history", [Lifecycle], [Blocks],
        "a ReplicaSet, ControllerRevision or ReplicationController had it, whoever it belongs to (`kubectl rollout undo`)";
    INDEXES = "indexes", [Lifecycle], [Blocks],
        "something would go, and what the indexes are made of could not be read: it may be a part of one that is in use";
    INIT_CONTAINER_STAYS = "init-container-stays", [EcrRollback], [Warns],
        "an init container of the same repository keeps its image";
    INIT_MIGRATES = "init-migrates", [Bluegreen, Canary], [Warns],
        "an init container of what is deployed migrates something, by its name, image or command";
    INTERNAL_TRAFFIC_UNCOVERED = "internal-traffic-uncovered", [Bluegreen], [Warns],
        "the same with `internalTrafficPolicy: Local`";
    KINDS_UNREAD = "kinds-unread", [Lifecycle], [Blocks],
        "kinds of a cluster that may need images could not be read; of those that are never read it is only said that there are objects";
    KUBECTL_APPLY = "kubectl-apply", [Bluegreen, Canary, EcrRollback], [Warns],
        "the field is in the manifest of the last `kubectl apply`, or held by a tool that a person starts (kubectl, kapp, Terraform, Pulumi)";
    LB_ENDPOINT_GROUPS = "lb-endpoint-groups", [Bluegreen], [Blocks],
        "a Google Cloud load balancer reaches the pods by network endpoint groups (`cloud.google.com/neg`, `cloud.google.com/neg-status`)";
    LB_IP_TARGETS = "lb-ip-targets", [Bluegreen], [Blocks, Warns],
        "an AWS load balancer registers the pods themselves: a TargetGroupBinding of `targetType: ip`, NLB annotations, or the `loadBalancerClass` of EKS Auto Mode without `instance` targets. With `--widen` a *quiet* warning";
    LB_PROPAGATION = "lb-propagation", [Bluegreen], [Warns],
        "a load balancer follows in its own time, by health check of the nodes (`externalTrafficPolicy: Local`); *quiet* where its nodes simply follow kube-proxy";
    LESSER_PROOF = "lesser-proof", [Bluegreen], [Blocks],
        "a move that was cut off is finished by words that leave out what it was to be verified by: smoke tests, an analysis, a comparison, a hook after the switch";
    LIST_IS_AND = "list-is-and", [Lifecycle], [Warns],
        "a rule's list has several entries, and an image needs a tag for every one of them";
    LOCAL_TRAFFIC_UNCOVERED = "local-traffic-uncovered", [Bluegreen], [Warns],
        "`externalTrafficPolicy: Local`, and nodes with a ready active pod have no ready target pod";
    NAMED_AFTER_COLOR = "named-after-color", [Bluegreen], [Warns],
        "a color that a deploy creates names ConfigMaps, Secrets, claims, a service account or settings that are called after the active one";
    NEIGHBOURS_UNREAD = "neighbours-unread", [Bluegreen], [Blocks],
        "`cleanup` may not or can't read something that may need the color: Services, routes, Ingresses, budgets, autoscalers";
    NETWORK_POLICY = "network-policy", [Bluegreen], [Blocks],
        "a NetworkPolicy gives the active color traffic that the target wouldn't get: on the colors' own pods (in or out), limiting the target alone, or a policy of other pods that names the active color (a database that admits blue only)";
    NETWORK_POLICY_UNCOVERED = "network-policy-uncovered", [Bluegreen], [Warns],
        "policies cover the active color, and none covers the target";
    NEVER_APPLIES = "never-applies", [Lifecycle], [Warns],
        "a rule of higher priority selects all images of this one";
    NEW_COLOR = "new-color", [Bluegreen], [Warns],
        "a deploy creates a color although the Service has another one beside the active";
    NEWER_THAN_ACTIVE = "newer-than-active", [Bluegreen], [Blocks, Warns],
        "no record says where a rollback goes, and the only other color was deployed after the active one: that is no way back. Blocks and warns as `changed-since`. Where nothing says which of both is older, a rollback is refused (`NoWayBack`) while the active one has ready pods";
    NO_PODS = "no-pods", [EcrRollback], [Warns],
        "it is scaled to zero";
    NO_PRESTOP = "no-prestop", [Bluegreen, EcrRollback], [Warns],
        "no container that serves has a preStop hook";
    NO_READINESS_PROBE = "no-readiness-probe", [Bluegreen, EcrRollback], [Warns],
        "the container that serves has no readiness probe";
    NO_READY_PODS = "no-ready-pods", [Bluegreen], [Blocks],
        "no pod of the target is ready: scaled to zero, none ready yet, or nothing runs that color; or a route doesn't reach any (a label of its subset that no pod has, a subset or Service that is gone)";
    NO_SERVICE = "no-service", [Canary], [Blocks],
        "no Service of the namespace selects the stable pods, so that pods share no requests by their number";
    NODES = "nodes", [Bluegreen], [],
        "whether the nodes of the target's pods are there could not be read";
    NOT_IN_ECR = "not-in-ecr", [Bluegreen], [Blocks],
        "`--max-severity` or `--require-signature` is given, and an image is of another registry, or isn't there, or is archived";
    NOT_IN_REPOSITORY = "not-in-repository", [Lifecycle], [Warns],
        "something asks for an image that is not in the repository";
    NOT_JUDGED = "not-judged", [Canary], [Warns],
        "nothing is judged by numbers: a version whose pods get ready, and stay so, goes on by time alone";
    NOT_SCANNED = "not-scanned", [Bluegreen, EcrRollback], [Blocks],
        "`--max-severity` is given and the image has no finished scan, or it can't be read. Without it a rollback only shows this, as not checked";
    NOTHING_PUSHED = "nothing-pushed", [EcrRollback], [Blocks, Warns],
        "`unpin` goes to a tag that is still on the image that the rollback left, or was moved to an older push: nothing was pushed since. Blocks with `--yes`";
    ON_DELETE = "on-delete", [Bluegreen, EcrRollback], [Blocks],
        "`updateStrategy: OnDelete`";
    OTHER_APPLICATION = "other-application", [EcrRollback], [Blocks, Warns],
        "the repository holds several applications, and the image, or one that was counted on the way to it, is tagged for another one, or nothing says for which: blocks with `--yes`";
    OTHER_HOST = "other-host", [Lifecycle], [Blocks],
        "something asks for that tag under another host's name that may lead to this repository: a domain of one's own, a mirror, a cache that is pulled through";
    OTHER_NAME = "other-name", [EcrRollback], [Blocks, Warns],
        "what is left goes by a name that moves, and it is not known that the image ever had it: it has no tag, and other names move here, too; or builds are promoted to that name (`prod`, `staging`), and other environments' names are here, or which image an older revision ran by it was not noted. Blocks with `--yes`";
    OTHER_REPOSITORY = "other-repository", [Bluegreen, EcrRollback], [Warns],
        "a container gets an image of another repository than it had";
    OTHER_VARIANT = "other-variant", [EcrRollback], [Blocks, Warns],
        "the tag of the image, or of one that was counted on the way to it, differs in a number that may tell a variant of a release and not the release (`java21` and `java17`), and the repository doesn't say which: blocks with `--yes`, unless the image was named";
    OWNED_BY_CONTROLLER = "owned-by-controller", [Bluegreen, EcrRollback], [Blocks, Warns],
        "a controller owns what is written: blocks where it puts back a Service's selector, a record of DNS (external-dns) or a workload's image; warns for a workload or an autoscaler that is brought to size";
    PARTITION = "partition", [Bluegreen, EcrRollback], [Blocks, Warns],
        "a StatefulSet's `partition` is above 0: blocks a deploy, and an image rollback where it is so high that no pod would be updated";
    PAST_ROUTE = "past-route", [Bluegreen], [Warns],
        "where a route decides: several destinations of one color in a rule, of which the first gets all; rules of it, or other routes, that send to another color and are not moved; requests that never meet it (a VirtualService that is bound to gateways alone, or that has no host for the Service, an Ingress, `type: LoadBalancer`, another Service over both colors; requests whose header or cookie a canary Ingress looks at before its weight); where records of DNS decide: a TTL of more than 60 s, types that lead to no color, and what is answered while the target's health checks fail";
    PAUSED = "paused", [Bluegreen, Canary, EcrRollback], [Blocks],
        "the Deployment is paused";
    PDB_ALLOWS_NONE = "pdb-allows-none", [Bluegreen], [Warns],
        "a budget of the target allows no disruption now";
    PDB_BROKEN = "pdb-broken", [EcrRollback], [Warns],
        "a budget of the pods is broken already";
    PDB_MISSING = "pdb-missing", [Bluegreen, EcrRollback], [Warns],
        "no PodDisruptionBudget covers the pods";
    PDB_SPANS_COLORS = "pdb-spans-colors", [Bluegreen], [Warns],
        "one budget counts both colors' pods";
    PLATFORM_MISSING = "platform-missing", [EcrRollback], [Blocks, Warns],
        "of the platforms that the image to go to is built for, nodes that its pods may be put on are none: blocks where that is so of all of them, and of a DaemonSet's where it is so of one; else warns. Looked at where it is a multi-architecture image without linux/amd64 or linux/arm64";
    PODS_NOT_READY = "pods-not-ready", [Bluegreen], [Warns],
        "why target pods aren't ready, one line for each reason: image pull, crash loop, out of memory, unschedulable, probes, readiness gates";
    POLICY_UNREADABLE = "policy-unreadable", [Lifecycle], [Blocks, Warns],
        "blocks: ECR doesn't give out the policy in force. Warns: it makes no sense to us, and is shown as it is";
    PORT_MISSING = "port-missing", [Bluegreen], [Blocks],
        "a route that is moved names a port that the Service of the color doesn't have; or the Service's named `targetPort` is not in the target's ready pods (where none is ready, in the template), or has another protocol; workers without any of the ports are fine where the active color has such, too";
    PORT_UNDECLARED = "port-undeclared", [Bluegreen], [Warns],
        "the template declares ports, but not the number the Service sends to; *quiet* where the active color doesn't either";
    PREFIX_MATCHES_MORE = "prefix-matches-more", [Lifecycle], [Warns],
        "a prefix that ends in a digit selects longer numbers too";
    PULL_REQUEST_BUILD = "pull-request-build", [EcrRollback], [Blocks, Warns],
        "the image, or one that was counted on the way to it, was built of a pull or merge request or of its branch, and what runs was not: blocks with `--yes`";
    PULLED_LATELY = "pulled-lately", [Lifecycle], [Blocks],
        "ECR recorded a pull in the last 30 days";
    READY_BELOW_ACTIVE = "ready-below-active", [Bluegreen], [Blocks],
        "fewer ready pods than the active color has, or than `--min-ready` asks for";
    RECORD = "record", [EcrRollback], [Warns],
        "our record on the workload makes no sense, or leads from or to an image that no revision of it had, or that the revision did not have which it says that it left: somebody else wrote it";
    RECORD_UNHEALTHY = "record-unhealthy", [Bluegreen], [Blocks, Warns],
        "a health check of Route 53 on a record of the target fails, where records of DNS decide. A rollback only warns";
    RECORD_UNREADABLE = "record-unreadable", [Bluegreen], [Warns],
        "our record on the Service was edited by hand and makes no sense";
    RECREATE = "recreate", [EcrRollback], [Warns],
        "`strategy: Recreate`";
    ROLLBACK_RECORD = "rollback-record", [Lifecycle], [Blocks],
        "the record of a rollback offers it: the image that was left (undo), or the tag that `unpin` goes back to";
    ROLLBACK_TARGET = "rollback-target", [Lifecycle], [Blocks],
        "a Deployment, StatefulSet or DaemonSet would go back to it: both what was pushed and what was deployed before, where these differ";
    ROLLED_BACK = "rolled-back", [Bluegreen], [Warns],
        "somebody went back from the target, and it hasn't changed since";
    ROLLOUT_FAILED = "rollout-failed", [EcrRollback], [Warns],
        "the rollout before failed";
    ROLLOUT_IN_PROGRESS = "rollout-in-progress", [EcrRollback], [Warns],
        "the rollout before isn't done";
    ROLLOUT_UNFINISHED = "rollout-unfinished", [Bluegreen], [Blocks],
        "the target's rollout goes on, or its controller has not seen the latest change";
    ROUTE_DECIDES = "route-decides", [Bluegreen], [Blocks],
        "the Service selects one color, and an Istio VirtualService sends to a subset that is a color, or that no DestinationRule of the namespace defines; or, with `--router=service`, a route shares requests between this Service and one of another color; or a rule of a route shares among Services of the colors, and not with this one; or a canary Ingress of ingress-nginx or a weighted action of an AWS load balancer does";
    ROUTE_REFUSED = "route-refused", [Bluegreen], [Blocks, Warns],
        "the route that decides is not accepted by its controller (`Accepted`, `ResolvedRefs` of this generation), or has an action that the AWS Load Balancer Controller can't take ([routers.md](routers.md#aws-load-balancers)), or is a canary Ingress that ingress-nginx passes over, or that it finds by a main Service without a ready endpoint ([routers.md](routers.md#ingress-nginx); a rollback is told that, and made)";
    ROUTE_STICKY = "route-sticky", [Bluegreen], [Warns],
        "a rule of the HTTPRoute or GRPCRoute that is moved has `sessionPersistence`, or the action of an Ingress `targetGroupStickinessConfig`, or the main Ingress of a canary `affinity: cookie`";
    RUNNING = "running", [Lifecycle], [Blocks],
        "a pod in any namespace runs it or waits to: containers, init and ephemeral containers, image volumes, by the digest that the runtime reports, else by tag";
    RUNNING_UNKNOWN = "running-unknown", [Lifecycle], [Blocks],
        "something would go, and a pod runs an image of the repository by a tag that was pushed again since it started, while its runtime names no image that the repository has (an `imageID` that is a configuration's)";
    SAME_IMAGE = "same-image", [EcrRollback], [Blocks],
        "`--from rollout-history` chose a tag of the image that runs already";
    SCALED_DOWN = "scaled-down", [Bluegreen], [Warns],
        "while the target was watched, it was scaled below what the move was allowed with";
    SCAN_FINDINGS = "scan-findings", [Bluegreen, EcrRollback], [Blocks, Warns],
        "blocks: findings graver than `--max-severity` (undefined and untriaged ones count as graver). Warns: HIGH or CRITICAL ones, wherever scans are read";
    SELECTOR_OVERLAPS = "selector-overlaps", [Bluegreen], [Warns],
        "the active color's workload doesn't select by the track key: its selector matches pods of the color that is created, too";
    SELECTS_CANARY = "selects-canary", [Canary], [Warns],
        "the stable Deployment's selector, an autoscaler or a disruption budget counts the canary's pods too: their labels are stable's, as the Service needs them to be";
    SEPARATE_VOLUMES = "separate-volumes", [Bluegreen], [Warns],
        "a color is a StatefulSet with volumes of its own";
    SESSION_AFFINITY = "session-affinity", [Bluegreen], [Warns],
        "`sessionAffinity: ClientIP`";
    SETTING_UNUSABLE = "setting-unusable", [Bluegreen], [Warns],
        "an annotation of ours has a value that can't be used";
    SHARED_CLAIM = "shared-claim", [Bluegreen], [Warns],
        "a color that a deploy creates mounts the volume claims of the active one";
    SINGLE_REPLICA = "single-replica", [Bluegreen], [Warns],
        "the target runs on one pod; *quiet* where the active color does too";
    STABLE_UNSETTLED = "stable-unsettled", [Canary], [Blocks],
        "the stable Deployment is scaled to 0, its rollout goes on or has failed, or not all of its pods are available and behind the Service";
    STRATEGY_RECREATE = "strategy-recreate", [Canary], [Blocks],
        "the stable Deployment's strategy is `Recreate`: no two versions of it are to run at once";
    STRAY_PODS = "stray-pods", [Bluegreen], [Blocks, Warns],
        "ready pods with a color's labels that no workload keeps (a debug copy, a Job's, made by hand) get traffic. Blocks where the target has too few without them";
    STUCK_PODS = "stuck-pods", [EcrRollback], [Warns],
        "pods of a StatefulSet aren't ready, and it waits for them instead of replacing them (`podManagementPolicy: OrderedReady`)";
    SWITCH_FORBIDDEN = "switch-forbidden", [Bluegreen], [Warns],
        "whoever runs `preflight` may not patch the Service";
    SWITCH_UNFINISHED = "switch-unfinished", [Bluegreen], [Blocks],
        "a deploy would overwrite the color that a move without a result goes back to where it fails";
    TAG_MOVED = "tag-moved", [EcrRollback], [Blocks, Warns],
        "`--from rollout-history` chose a tag that was pushed again after that revision had it, or that is gone (not checked where ECR gives no answer); or what ran directly before is passed over, because its release's tag was pushed again since, which blocks with `--yes` only";
    TARGET_HEALTH = "target-health", [Bluegreen], [Warns],
        "a load balancer has the target's pods as its targets, and can't be asked whether they are healthy: no AWS credentials, or none that may `elasticloadbalancing:DescribeTargetHealth`";
    TARGET_NOT_READY = "target-not-ready", [EcrRollback], [Blocks, Warns],
        "no pod of the image to go back to is ready, and ready pods still run one that was deployed before it, or pods of it are there and fail: blocks with `--yes`, unless the image was named";
    TWIN_SERVICE = "twin-service", [Bluegreen], [Blocks],
        "another Service selects pods of the active color and of no other, by whichever labels, and isn't moved along. *Quiet* warning where its name has the color in it (`api-blue`), or where it is one pod's own (`statefulset.kubernetes.io/pod-name`): it is meant to stay";
    UNMANAGED_ENDPOINTS = "unmanaged-endpoints", [Bluegreen], [Blocks],
        "an EndpointSlice of the Service is written by somebody else than its controller";
    UNREADY_PUBLISHED = "unready-published", [Bluegreen], [Blocks, Warns],
        "the Service has `publishNotReadyAddresses`, and pods of the target aren't ready. A rollback only warns";
    UNRECORDED = "unrecorded", [EcrRollback], [Blocks, Warns],
        "a rollback led to what the workload asks for, as its change-cause and its field manager tell, and its record is gone: the same words would go one further back. Blocks with `--yes`, unless the image was named, or `--again` or `--if-running` says what is meant";
    UNSIGNED = "unsigned", [Bluegreen], [Blocks],
        "`--require-signature` is given, and the image's repository has no signature of its digest by cosign or Notation, or that can't be read";
    WEIGHT_UNREACHABLE = "weight-unreachable", [Canary], [Blocks, Warns],
        "so many pods can't have that share. Blocks where the canary would get over a quarter more than is asked for, or nothing";
    WIDENING = "widening", [Bluegreen], [Blocks],
        "`--widen` is given, and no TargetGroupBinding has the Service's pods as its targets, ready pods of neither color would be selected, too, or a route decides";
    WILL_EXPIRE = "will-expire", [EcrRollback], [Warns],
        "the target is pinned, and the lifecycle policy would delete it once its tag is moved";
    ZONES_UNCOVERED = "zones-uncovered", [Bluegreen], [Warns],
        "clients are sent to pods of their own zone (`trafficDistribution`, `topology-mode`), and zones with a ready active pod have no ready target pod";
}

#[cfg(test)]
mod tests;

//! Names of the annotations that a pod tells the lab with how to behave.
//!
//! They are read from the pod, live: put them into a workload's template, or change one pod
//! with `kubectl annotate pod NAME lab.kubectl-release.dev/…=…`.

/// How the pod behaves; see [`crate::fixtures::Behavior`].
pub const BEHAVIOR: &str = "lab.kubectl-release.dev/behavior";
/// What a pod's images of ECR were when it was placed: a JSON object, container to
/// `{"imageID": …}` or `{"missing": …}`. Written by the lab; such a pod starts only then.
pub const IMAGES: &str = "lab.kubectl-release.dev/images";
/// Written by the lab from what a test said about an image of ECR; wins over [`BEHAVIOR`].
pub const IMAGE_BEHAVIOR: &str = "lab.kubectl-release.dev/image-behavior";
/// Time from start to ready, with behavior `ready-after` (`5s`, `300ms`; default 5s).
pub const READY_AFTER: &str = "lab.kubectl-release.dev/ready-after";
/// `"true"`: ready; anything else: not ready; with behavior `on-demand`.
pub const READY: &str = "lab.kubectl-release.dev/ready";
/// Time from ready to no longer ready, with behavior `unready-later` (default 5s).
pub const UNREADY_AFTER: &str = "lab.kubectl-release.dev/unready-after";
/// Time from ready to running out of memory, with behavior `oom-later` (default 5s).
pub const OOM_AFTER: &str = "lab.kubectl-release.dev/oom-after";
/// How long the pod stays Terminating; default is what preStop and drain take, and 5s with
/// behavior `slow-termination`.
pub const TERMINATES_AFTER: &str = "lab.kubectl-release.dev/terminates-after";
/// Whole seconds for which the process goes on serving after its SIGTERM.
pub const DRAIN_SECONDS: &str = "lab.kubectl-release.dev/drain-seconds";
/// Time each answer takes (`200ms`).
pub const LATENCY: &str = "lab.kubectl-release.dev/latency";
/// Share of requests answered with 500, in percent.
pub const FAIL_PERCENT: &str = "lab.kubectl-release.dev/fail-percent";
/// `"false"`: every answer closes its connection.
pub const KEEP_ALIVE: &str = "lab.kubectl-release.dev/keep-alive";
/// Paths that are answered otherwise: a JSON object, path to `{"status": 503, "body": …,
/// "latency": "200ms", "headers": {…}, "first": 3, "times": 1000,
/// "echo": true}`, each member at will.
pub const ANSWERS: &str = "lab.kubectl-release.dev/answers";
/// Answers gRPC health checks on every port: `SERVING`, `NOT_SERVING`, or with services of their
/// own `SERVING,db=NOT_SERVING`.
pub const GRPC_HEALTH: &str = "lab.kubectl-release.dev/grpc-health";
/// `"true"`: the pod counts its requests and shows the counters at `/metrics`, as
/// `http_requests_total` and `http_request_duration_seconds` with the label `service` (the pod's
/// label `app`), `method` and `status`.
pub const METRICS: &str = "lab.kubectl-release.dev/metrics";
/// A text that the process writes into its log, at its start and whenever this changes.
pub const LOG: &str = "lab.kubectl-release.dev/log";
/// Time from ready to the end of a Job's pod (default 1s).
pub const COMPLETES_AFTER: &str = "lab.kubectl-release.dev/completes-after";
/// Exit code of a Job's pod; the pod has failed unless it is 0 (the default).
pub const EXIT_CODE: &str = "lab.kubectl-release.dev/exit-code";
/// A label: the version the pod answers with; default is the tag of its first container's image.
pub const VERSION: &str = "lab.kubectl-release.dev/version";

//! A document's tests as they are asked of each workload's pods.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, Probe, Service};

use super::of_document::PodTests;
use super::port::{number_in, number_in_container, of_service, port_of};
use super::test::{Ask, Expected, PodTest, Stage};
use crate::kube::Workload;
use crate::release::document::{Grpc, HealthCheck, HttpGet, Port, Scheme, SmokeTest, Time};
use crate::text::printable;

/// One try where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(5);
/// From the begin of one health probe to that of the next where nothing else is said.
const PERIOD: Duration = Duration::from_secs(5);
/// From the begin of one try of another test to that of the next.
const PAUSE: Duration = Duration::from_secs(1);
/// So many in a row that fail are a failure.
const FAILURES: u32 = 3;

/// What is asked of the pods of one workload.
#[derive(Debug, Clone, PartialEq)]
pub struct ForWorkload {
    /// `deploy/api-green`
    pub workload: String,
    /// Stage by stage.
    pub tests: Vec<PodTest>,
}

/// All tests for each workload.
///
/// # Errors
/// Where a test can be asked nowhere: no port is known, no workload has it, or none has a probe that it could be.
pub fn asked(tests: &PodTests, service: &Service, workloads: &[&Workload]) -> Result<Vec<ForWorkload>, String> {
    let mut all: Vec<ForWorkload> =
        workloads.iter().map(|workload| ForWorkload { workload: workload.reference(), tests: Vec::new() }).collect();
    let mut add = |of_each: Vec<Option<PodTest>>| {
        all.iter_mut().zip(of_each).for_each(|(one, test)| one.tests.extend(test));
    };
    if let Some(health) = &tests.health {
        add(health_of_each(health, service, workloads).map_err(|why| format!("the health check: {why}"))?);
    }
    let of_stage = [(Stage::Dependencies, &tests.dependencies), (Stage::Smoke, &tests.smoke)];
    for (stage, test) in of_stage.into_iter().flat_map(|(stage, tests)| tests.iter().map(move |test| (stage, test))) {
        let of_each = smoke_of_each((stage, test), tests.health.as_ref(), service, workloads);
        add(of_each.map_err(|why| format!("the {stage} test {}: {why}", printable(&test.name)))?);
    }
    Ok(all)
}

fn health_of_each(
    health: &HealthCheck,
    service: &Service,
    workloads: &[&Workload],
) -> Result<Vec<Option<PodTest>>, String> {
    let (port, ask) = match (&health.http_get, &health.grpc) {
        (Some(get), _) => (&get.port, by_http(get)),
        (None, Some(Grpc { port, service })) => (port, Ask::Grpc { service: service.clone().unwrap_or_default() }),
        (None, None) => return workloads.iter().map(|workload| own_probe(health, workload).map(Some)).collect(),
    };
    let port = port.clone().map_or_else(|| of_service(service), Ok)?;
    let test = |number| health_test(health, ask.clone(), number);
    of_each(&port, workloads, test)
}

/// The test of each workload that has the port; where none has, nothing could be asked.
fn of_each(
    port: &Port,
    workloads: &[&Workload],
    test: impl Fn(u16) -> PodTest,
) -> Result<Vec<Option<PodTest>>, String> {
    let of_each: Vec<Option<PodTest>> = workloads.iter().map(|workload| number_in(workload, port).map(&test)).collect();
    if of_each.iter().any(Option::is_some) {
        return Ok(of_each);
    }
    let names: Vec<String> = workloads.iter().map(|workload| workload.reference()).collect();
    Err(format!("{} has no port named {}", names.join(", "), printable(&port.to_string())))
}

fn by_http(get: &HttpGet) -> Ask {
    Ask::Http {
        scheme: get.scheme.unwrap_or_default(),
        method: "GET".to_owned(),
        path: get.path.clone().unwrap_or_else(|| "/".to_owned()),
        headers: get.http_headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect(),
        body: None,
    }
}

fn health_test(health: &HealthCheck, ask: Ask, port: u16) -> PodTest {
    let seconds = |said: Option<u32>, usual| said.map_or(usual, |s| Duration::from_secs(s.into()));
    PodTest {
        stage: Stage::Health,
        name: ask.to_string(),
        ask,
        port,
        expected: Expected { status: (200, 399), body: None, json: None },
        timeout: seconds(health.timeout_seconds, TIMEOUT),
        every: seconds(health.period_seconds, PERIOD),
        successes: health.success_threshold.unwrap_or(1),
        failures: health.failure_threshold.unwrap_or(FAILURES),
    }
}

/// As the kubelet probes it.
fn own_probe(health: &HealthCheck, workload: &Workload) -> Result<PodTest, String> {
    let mut probed = workload.serving_containers().filter_map(|c| Some((c, c.readiness_probe.as_ref()?)));
    let found = probed.find_map(|(container, probe)| asked_by(container, probe));
    let none = || format!("it names neither httpGet nor grpc, and {workload} has no readiness probe by either");
    found.map(|(ask, port)| health_test(health, ask, port)).ok_or_else(none)
}

fn asked_by(container: &Container, probe: &Probe) -> Option<(Ask, u16)> {
    if let Some(grpc) = &probe.grpc {
        let port = u16::try_from(grpc.port).ok()?;
        return Some((Ask::Grpc { service: grpc.service.clone().unwrap_or_default() }, port));
    }
    let get = probe.http_get.as_ref()?;
    let port = number_in_container(container, &port_of(&get.port)?)?;
    let headers = get.http_headers.iter().flatten().map(|header| (header.name.clone(), header.value.clone()));
    let scheme = if get.scheme.as_deref() == Some("HTTPS") { Scheme::Https } else { Scheme::Http };
    let path = get.path.clone().filter(|path| path.starts_with('/')).unwrap_or_else(|| "/".to_owned());
    Some((Ask::Http { scheme, method: "GET".to_owned(), path, headers: headers.collect(), body: None }, port))
}

fn smoke_of_each(
    (stage, test): (Stage, &SmokeTest),
    health: Option<&HealthCheck>,
    service: &Service,
    workloads: &[&Workload],
) -> Result<Vec<Option<PodTest>>, String> {
    let get = health.and_then(|health| health.http_get.as_ref());
    let of_health = get.and_then(|get| get.port.clone()).filter(|_| test.port.is_none());
    // The same port speaks the same.
    let scheme = test.scheme.or_else(|| of_health.as_ref().and(get?.scheme)).unwrap_or_default();
    let port = test.port.clone().or(of_health).map_or_else(|| of_service(service), Ok)?;
    of_each(&port, workloads, |number| smoke_test((stage, test), scheme, number))
}

fn smoke_test((stage, test): (Stage, &SmokeTest), scheme: Scheme, port: u16) -> PodTest {
    let usual = if test.body.is_some() { "POST" } else { "GET" };
    let ask = Ask::Http {
        scheme,
        method: test.method.clone().unwrap_or_else(|| usual.to_owned()),
        path: test.endpoint.clone(),
        headers: test.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        body: test.body.clone(),
    };
    let expect = test.expect.clone().unwrap_or_default();
    let timeout = test.timeout.map_or(TIMEOUT, |Time(timeout)| timeout);
    PodTest {
        stage,
        name: test.name.clone(),
        ask,
        port,
        expected: Expected {
            status: expect.status.map_or((200, 299), |status| (status, status)),
            body: expect.body,
            json: expect.json,
        },
        timeout,
        every: PAUSE,
        successes: 1,
        failures: test.retries.map_or(FAILURES, |retries| retries.saturating_add(1)),
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::{Value, json};

    use super::*;

    fn workload(name: &str, container: Value) -> Workload {
        let spec = json!({"selector": {}, "template": {"spec": {"containers": [container]}}});
        serde_json::from_value::<Deployment>(json!({"metadata": {"name": name}, "spec": spec})).unwrap().into()
    }

    fn service(ports: Value) -> Service {
        serde_json::from_value(json!({"metadata": {"name": "api"}, "spec": {"ports": ports}})).unwrap()
    }

    fn tests_of(spec: Value) -> PodTests {
        PodTests::of(&serde_json::from_value(spec).unwrap()).unwrap()
    }

    fn of_api(spec: Value, ports: Value, container: Value) -> Result<Vec<PodTest>, String> {
        let api = workload("api", container);
        asked(&tests_of(spec), &service(ports), &[&api]).map(|mut all| all.remove(0).tests)
    }

    fn ports_of(spec: Value, ports: Value) -> Result<Vec<u16>, String> {
        let container = json!({"name": "app", "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9090}]});
        of_api(spec, ports, container).map(|tests| tests.iter().map(|test| test.port).collect())
    }

    #[test]
    fn a_port_is_its_own_else_the_health_checks_else_the_services_only_one() {
        let one = json!([{"port": 80, "targetPort": "http"}, {"port": 443, "targetPort": "http"}, {"port": 53, "protocol": "UDP"}]);
        let two = json!([{"port": 80, "targetPort": 8080}, {"port": 81, "targetPort": 9090}]);
        let smoke = |more: Value| {
            let mut test = json!({"name": "a", "endpoint": "/"});
            test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            test
        };
        let with = |health: Value, more: Value| json!({"healthCheck": health, "smokeTests": [smoke(more)]});
        let admin = json!({"httpGet": {"port": "admin"}});
        assert_eq!(ports_of(with(admin.clone(), json!({"port": 7000})), two.clone()), Ok(vec![9090, 7000]));
        assert_eq!(ports_of(with(admin, json!({})), two.clone()), Ok(vec![9090, 9090]));
        assert_eq!(ports_of(json!({"smokeTests": [smoke(json!({}))]}), one.clone()), Ok(vec![8080]));
        // A port that speaks gRPC answers no HTTP.
        assert_eq!(ports_of(with(json!({"grpc": {"port": 7001}}), json!({})), one), Ok(vec![7001, 8080]));
        let told = ports_of(json!({"smokeTests": [smoke(json!({}))]}), two).unwrap_err();
        assert_eq!(told, "the smoke test a: it names no port, and service/api leads to 8080, 9090: name one");
        let told = ports_of(json!({"smokeTests": [smoke(json!({"port": "metrics"}))]}), json!([])).unwrap_err();
        assert_eq!(told, "the smoke test a: deploy/api has no port named metrics");
    }

    #[test]
    fn a_worker_without_the_port_beside_servers_is_not_asked() {
        let server = workload("api", json!({"name": "app", "ports": [{"name": "http", "containerPort": 8080}]}));
        let worker = workload("worker", json!({"name": "app"}));
        let tests = tests_of(json!({"healthCheck": {"httpGet": {"path": "/h"}}}));
        let all = asked(&tests, &service(json!([{"port": 80, "targetPort": "http"}])), &[&worker, &server]).unwrap();
        assert_eq!((all[0].tests.len(), all[1].tests.len()), (0, 1));
    }

    #[test]
    fn without_a_way_of_its_own_the_health_check_is_the_pods_own_probe() {
        let of = |probe: Value| {
            let ports = json!([{"name": "web", "containerPort": 8443}]);
            let container = json!({"name": "app", "ports": ports, "readinessProbe": probe});
            of_api(json!({"healthCheck": {"periodSeconds": 2}}), json!([]), container).map(|mut tests| tests.remove(0))
        };
        let grpc = of(json!({"grpc": {"port": 9000, "service": "db"}})).unwrap();
        assert_eq!((grpc.ask, grpc.port), (Ask::Grpc { service: "db".into() }, 9000));
        let get = of(json!({"httpGet": {"path": "/ready", "port": "web", "scheme": "HTTPS"}})).unwrap();
        assert_eq!((get.ask.to_string().as_str(), get.port), ("GET /ready by HTTPS", 8443));
        assert!(of(json!({"exec": {"command": ["true"]}})).unwrap_err().contains("no readiness probe by either"));
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let spec = json!({
            "healthCheck": {"httpGet": {"path": "/health?token=secret", "port": 8443, "scheme": "HTTPS"}},
            "dependencyChecks": [{"name": "db", "endpoint": "/db", "retries": 0, "timeout": "2s"}],
            "smokeTests": [{"name": "order", "endpoint": "/orders", "body": "{}", "expect": {"status": 201}}],
        });
        let tests = of_api(spec, json!([]), json!({"name": "app"})).unwrap();
        let [health, db, order] = &tests[..] else { panic!("{tests:?}") };
        assert_eq!((health.name.as_str(), health.failures), ("GET /health?… by HTTPS", 3));
        assert_eq!((health.expected.status, order.expected.status), ((200, 399), (201, 201)));
        assert_eq!((db.stage, db.failures, db.timeout.as_secs()), (Stage::Dependencies, 1, 2));
        assert_eq!((order.ask.to_string().as_str(), order.port), ("POST /orders by HTTPS", 8443));
    }
}

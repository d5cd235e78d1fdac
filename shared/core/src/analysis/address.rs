//! Where a Prometheus is, by its address as teams write it: as pods of the cluster reach it.

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A Service of the cluster, reached through the API server.
    Service(ServicePlace),
    /// Reached from here.
    Elsewhere(String),
}

/// A Service of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePlace {
    pub is_tls: bool,
    pub name: String,
    /// Where none is said it is that of the run, or the only one that has a Service of this name.
    pub namespace: Option<String>,
    pub port: u16,
    /// What comes before `/api/v1`, without a slash at its end.
    pub path: String,
}

/// Reads an address.
///
/// # Errors
/// Why it is none. It is not repeated: a password may be in it.
pub fn place(address: &str) -> Result<Place, &'static str> {
    let address = address.trim();
    let scheme = ["http://", "https://"].into_iter().find(|scheme| address.starts_with(scheme));
    let Some(scheme) = scheme else { return Err("an address begins with http:// or https://") };
    let rest = address.trim_start_matches(scheme);
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if authority.contains('@') {
        return Err("user and password don't belong into an address: everybody sees it");
    }
    if path.contains(['?', '#']) || !path.chars().all(|c| c.is_ascii_graphic()) || path.contains("..") {
        return Err("an address has a path at most");
    }
    let path = path.trim_end_matches('/').to_owned();
    let is_tls = scheme == "https://";
    let (host, port) = host_and_port(authority, if is_tls { 443 } else { 80 })?;
    Ok(match of_service(host) {
        Some((name, namespace)) => {
            let namespace = namespace.map(str::to_owned);
            Place::Service(ServicePlace { is_tls, name: name.to_owned(), namespace, port, path })
        }
        None => Place::Elsewhere(format!("{scheme}{authority}{path}")),
    })
}

/// The same for an address that is reached from here, whatever it looks like.
///
/// # Errors
/// As [`place`].
pub fn from_here(address: &str) -> Result<String, &'static str> {
    Ok(match place(address)? {
        Place::Elsewhere(address) => address,
        Place::Service(_) => address.trim().trim_end_matches('/').to_owned(),
    })
}

fn host_and_port(authority: &str, usual: u16) -> Result<(&str, u16), &'static str> {
    if authority.starts_with('[') {
        let is_whole = authority.ends_with(']') || authority.contains("]:");
        return if is_whole { Ok((authority, usual)) } else { Err("an address has a host") };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0).ok_or("an address has a port from 1")?),
        None => (authority, usual),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
    if host.is_empty() || !host.chars().all(is_name) { Err("an address has a host") } else { Ok((host, port)) }
}

/// `name`, `name.namespace`, `name.namespace.svc` and what may follow that. Hosts of the world have more parts.
fn of_service(host: &str) -> Option<(&str, Option<&str>)> {
    if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        return None;
    }
    let parts: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let is_label = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !parts.iter().all(is_label) {
        return None;
    }
    match parts.as_slice() {
        [name] => Some((name, None)),
        [name, namespace] | [name, namespace, "svc", ..] => Some((name, Some(namespace))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(address: &str) -> Option<(String, Option<String>, u16, bool, String)> {
        match place(address) {
            Ok(Place::Service(s)) => Some((s.name, s.namespace, s.port, s.is_tls, s.path)),
            _ => None,
        }
    }

    /// The addresses of teams' templates work in the cluster alone: asked from here they would be nobody's.
    #[test]
    fn services_of_the_cluster_are_told_from_hosts_of_the_world() {
        let of = |name: &str, namespace: Option<&str>, port| {
            Some((name.to_owned(), namespace.map(str::to_owned), port, false, String::new()))
        };
        assert_eq!(
            service("http://prometheus-server.monitoring:9090"),
            of("prometheus-server", Some("monitoring"), 9090)
        );
        assert_eq!(service("http://prometheus:9090/"), of("prometheus", None, 9090));
        assert_eq!(service("http://p.m.svc"), of("p", Some("m"), 80));
        assert_eq!(service("http://p.m.svc.cluster.local:9090"), of("p", Some("m"), 9090));
        let prefixed = service("https://p.m.svc:8443/prometheus/").unwrap();
        assert_eq!((prefixed.2, prefixed.3, prefixed.4.as_str()), (8443, true, "/prometheus"));
        for elsewhere in
            ["http://prometheus.example.com:9090", "http://10.0.0.1:9090", "http://localhost:9090", "http://[::1]:9090"]
        {
            assert_eq!(place(elsewhere), Ok(Place::Elsewhere(elsewhere.into())), "{elsewhere}");
        }
        assert_eq!(from_here("http://prometheus:9090/"), Ok("http://prometheus:9090".into()));
    }

    /// argo-rollouts#1774's kin: an address without a scheme fails each measurement, minutes after the switch.
    #[test]
    fn what_is_no_address_is_found_before_anything_is_written() {
        for bad in [
            "prometheus.monitoring:9090",
            "",
            "ftp://p:1",
            "http://",
            "http://:9090",
            "http://p:0",
            "http://p:x",
            "http://user:secret@p:9090",
            "http://p:9090/?a=b",
            "http://p:9090/../../api",
            "http://p m:9090",
        ] {
            let why = place(bad).expect_err(bad);
            assert!(!why.contains("secret"), "{why}");
        }
    }
}

//! Which HTTP proxy stands before the API server, or another server that is asked.
//!
//! The rules are those of Go's `golang.org/x/net/http/httpproxy`, as kubectl has them: the
//! kubeconfig's `proxy-url` wins; else `HTTPS_PROXY` applies unless `NO_PROXY` names the
//! cluster's host, and never to localhost.

use std::net::IpAddr;

use http::Uri;

/// The proxy of the environment before a server.
#[must_use]
pub fn of_environment(server: &Uri) -> Option<String> {
    let is_tls = server.scheme_str() == Some("https");
    let proxy = if is_tls { variable("HTTPS_PROXY", "https_proxy") } else { variable("HTTP_PROXY", "http_proxy") };
    let port = server.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let no_proxy = variable("NO_PROXY", "no_proxy");
    proxy_for(server.host().unwrap_or_default(), port, proxy.as_deref(), no_proxy.as_deref())
}

/// The first of them that is not empty, as Go's `httpproxy` has it.
fn variable(upper: &str, lower: &str) -> Option<String> {
    [upper, lower].iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty())
}

/// The proxy for `host` and `port`, given the values of `HTTPS_PROXY` and `NO_PROXY`.
fn proxy_for(host: &str, port: u16, https_proxy: Option<&str>, no_proxy: Option<&str>) -> Option<String> {
    let proxy = https_proxy.filter(|p| !p.is_empty())?;
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_lowercase();
    if is_loopback(&host) {
        return None;
    }
    let exempt = no_proxy.unwrap_or_default().split(',').map(str::trim).any(|entry| exempts(entry, &host, port));
    (!exempt).then(|| if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") })
}

/// Whether a host is this machine, by its name or address.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An entry is `*`, a network, an address or a domain, the last two with a port if that matters. An
/// address is never part of a domain.
fn exempts(entry: &str, host: &str, port: u16) -> bool {
    let entry = entry.to_lowercase();
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return in_network(host, network, bits);
    }
    let (name, wanted_port) = match entry.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') || name.ends_with(']') => (name, digits.parse().ok()),
        _ => (entry.as_str(), None),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if name.is_empty() || wanted_port.is_some_and(|wanted: u16| wanted != port) {
        return false;
    }
    match (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        (Ok(name), Ok(host)) => name == host,
        (Err(_), Err(_)) => in_domain(host, name),
        _ => false,
    }
}

/// `example.com` is itself and all below it; `.example.com` and `*.example.com` only what is below.
fn in_domain(host: &str, name: &str) -> bool {
    let below = name.trim_start_matches('*').trim_start_matches('.');
    let itself = below == name && host == name;
    itself || host.strip_suffix(below).is_some_and(|rest| rest.ends_with('.'))
}

fn in_network(host: &str, network: &str, bits: &str) -> bool {
    let (Ok(host), Ok(network), Ok(bits)) = (host.parse::<IpAddr>(), network.parse::<IpAddr>(), bits.parse::<u32>())
    else {
        return false;
    };
    match (host, network) {
        (IpAddr::V4(h), IpAddr::V4(n)) if bits <= 32 => {
            u32::from(h).checked_shr(32_u32.saturating_sub(bits))
                == u32::from(n).checked_shr(32_u32.saturating_sub(bits))
        }
        (IpAddr::V6(h), IpAddr::V6(n)) if bits <= 128 => {
            u128::from(h).checked_shr(128_u32.saturating_sub(bits))
                == u128::from(n).checked_shr(128_u32.saturating_sub(bits))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(host: &str, no_proxy: &str) -> bool {
        proxy_for(host, 443, Some("proxy:3128"), Some(no_proxy)).is_some()
    }

    #[test]
    fn no_proxy_is_matched_against_the_cluster_and_a_trailing_comma_is_harmless() {
        assert!(proxied("api.eu.example.com", ""));
        assert!(!proxied("api.eu.example.com", "other,example.com,"));
        assert!(!proxied("api.eu.example.com", ".example.com"));
        assert!(proxied("example.com", ".example.com"));
        assert!(proxied("badexample.com", "example.com"));
        assert!(!proxied("10.1.2.3", "10.0.0.0/8"));
        assert!(proxied("11.1.2.3", "10.0.0.0/8"));
        assert!(!proxied("10.1.2.3", "0.0.0.0/0"));
        assert!(proxied("api.example.com", "api.example.com:6443"));
        assert!(!proxied("api.example.com", "*"));
        assert!(!proxied("127.0.0.1", ""));
        assert!(proxied("10.0.0.1", "0.1,.0.0.1,10.0.0.1:6443"));
        assert!(!proxied("10.0.0.1", "10.0.0.1:443"));
        assert!(!proxied("[fd00::1]", "fd00:0::1"));
        assert!(!proxied("[fd00::1]", "[fd00::1]:443"));
    }

    #[test]
    fn a_proxy_without_a_scheme_is_an_http_proxy() {
        assert_eq!(proxy_for("a.b", 443, Some("p:1"), None).as_deref(), Some("http://p:1"));
        assert_eq!(proxy_for("a.b", 443, Some("socks5://p:1"), None).as_deref(), Some("socks5://p:1"));
        assert_eq!(proxy_for("a.b", 443, Some(""), None), None);
    }
}

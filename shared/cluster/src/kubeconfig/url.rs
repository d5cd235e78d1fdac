//! Addresses of a server and of a proxy, as client-go reads them (`client-go/rest/url_utils.go`,
//! `client-go/tools/clientcmd/helpers.go`).

use anyhow::{Context as _, Result, ensure};
use http::Uri;

use crate::proxy_env::of_environment;

/// The server's address: without a scheme it is `http`, and then has no path.
///
/// # Errors
/// Where it is no address; it is not quoted.
pub(super) fn server(text: &str) -> Result<Uri> {
    let url = parse("server", text)?;
    ensure!(text.contains("://") || matches!(url.path(), "" | "/"), "server: a path needs https:// before the host");
    ensure!(matches!(url.scheme_str(), Some("http" | "https")), "server: neither http:// nor https://");
    Ok(url)
}

/// The kubeconfig's proxy, or else the environment's.
///
/// # Errors
/// Where the kubeconfig's is none that kubectl knows.
pub(super) fn proxy(of_kubeconfig: &str, server: &Uri) -> Result<Option<Uri>> {
    if of_kubeconfig.is_empty() {
        return Ok(of_environment(server).and_then(|url| parse("proxy", &url).ok()));
    }
    let (scheme, _) = of_kubeconfig.split_once("://").unwrap_or_default();
    ensure!(
        ["http", "https", "socks5"].contains(&scheme.to_lowercase().as_str()),
        "proxy-url: neither http://, https:// nor socks5://"
    );
    parse("proxy-url", of_kubeconfig).map(Some)
}

/// Schemes are words of any case.
fn parse(what: &str, text: &str) -> Result<Uri> {
    let url = match text.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_lowercase()),
        None => format!("http://{text}"),
    };
    let url = url.split('#').next().unwrap_or_default();
    let parsed: Option<Uri> = url.parse().ok();
    parsed
        .filter(|uri| uri.host().is_some_and(|host| !host.is_empty()))
        .with_context(|| format!("{what}: not a URL with a host"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_kubectl_reads_them() {
        let read = |text: &str| server(text).map(|url| url.to_string()).unwrap_or_default();
        assert_eq!(read("https://10.0.0.1:6443"), "https://10.0.0.1:6443/");
        assert_eq!(read("HTTPS://rancher.example/k8s/clusters/c-1"), "https://rancher.example/k8s/clusters/c-1");
        assert_eq!(read("localhost:8001"), "http://localhost:8001/");
        assert_eq!(read("https://[fd00::1]:6443"), "https://[fd00::1]:6443/");
        for refused in ["", "not a url", "example.com/k8s/clusters/c-1", "ftp://example.com", "https://"] {
            assert_eq!(read(refused), "", "{refused}");
        }
    }

    #[test]
    fn proxies_need_a_scheme_that_kubectl_knows() {
        let server = server("https://10.0.0.1").unwrap();
        assert!(proxy("http://proxy:3128", &server).unwrap().is_some());
        assert!(proxy("socks5://proxy:1080", &server).unwrap().is_some());
        assert!(proxy("proxy:3128", &server).is_err());
        assert!(proxy("socks4://proxy:1080", &server).is_err());
    }
}

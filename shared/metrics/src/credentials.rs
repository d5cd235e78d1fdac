//! Who we are to Prometheus, from a Secret: never shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use k8s_openapi::api::core::v1::Secret;
use release_cluster::Cluster;
use release_core::kube::path::collection;

/// A key of a Secret of the run's namespace, as `secret/NAME/KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    pub name: String,
    pub key: String,
}

impl SecretKey {
    /// Reads one. What was typed is not repeated: it may be the secret itself.
    ///
    /// # Errors
    /// Where it is none.
    pub fn of(text: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_name = |text: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            !text.is_empty() && text.len() <= 253 && text.chars().all(known) && !text.starts_with('.')
        };
        match parts.as_slice() {
            ["secret", name, key] if is_name(name) && is_name(key) => {
                Ok(Self { name: (*name).to_owned(), key: (*key).to_owned() })
            }
            _ => Err("secret/NAME/KEY is expected"),
        }
    }
}

/// The value of `Authorization`: `user:password`, or a bearer token.
///
/// # Errors
/// Why there is none; without a word of the value.
pub async fn authorization(cluster: &Cluster, from: &SecretKey) -> Result<HeaderValue, String> {
    let SecretKey { name, key } = from;
    let path = format!("{}/{name}", collection::<Secret>(Some(&cluster.namespace)));
    let secret: Secret = cluster.get(&path).await.map_err(|error| match error {
        _ if error.is_not_found() => format!("there is no secret/{name}"),
        error => format!("secret/{name} can't be read: {}", error.short()),
    })?;
    let data = secret.data.unwrap_or_default();
    let value = data.get(key).ok_or_else(|| format!("secret/{name} has no key {key}"))?;
    header(&value.0).ok_or_else(|| format!("{key} of secret/{name} is neither user:password nor a token"))
}

fn header(value: &[u8]) -> Option<HeaderValue> {
    let text = std::str::from_utf8(value).ok()?.trim_end_matches(['\r', '\n']);
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let value = if text.contains(':') { format!("Basic {}", STANDARD.encode(text)) } else { format!("Bearer {text}") };
    let mut header = HeaderValue::from_str(&value).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that was typed in the place of its Secret's name would stand in every log.
    #[test]
    fn a_secret_is_named_and_its_value_never_shown() {
        assert!(SecretKey::of("secret/prometheus/token").is_ok());
        for bad in ["eyJhbGciOi", "secret/a", "secret/../b", "secret//b", "secret/a/b/c", "configmap/a/b"] {
            assert_eq!(SecretKey::of(bad), Err("secret/NAME/KEY is expected"), "{bad}");
        }
        let basic = header(b"lee:s3cret\n").unwrap();
        assert!(basic.is_sensitive() && format!("{basic:?}") == "Sensitive");
        assert_eq!(basic.to_str().unwrap(), format!("Basic {}", STANDARD.encode("lee:s3cret")));
        assert_eq!(header(b"eyJhbGciOi").unwrap().to_str().unwrap(), "Bearer eyJhbGciOi");
        for bad in [b"".as_slice(), b"a\nb", b"\xff"] {
            assert_eq!(header(bad), None);
        }
    }
}

//! Names of Services as people type them.

use release_core::failure::{Failure, Outcome};
use release_core::text::is_service_name;

/// Names without `svc/`, each once, in the order typed.
///
/// # Errors
/// Exit 2 for what can't be a Service's name (RFC 1035 label, as the API server demands).
pub fn service_names(typed: &[String]) -> Outcome<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for word in typed {
        let name = ["svc/", "service/", "services/"].iter().find_map(|kind| word.strip_prefix(kind)).unwrap_or(word);
        if !is_service_name(name) {
            let hint = if word.contains('/') {
                "only Services can be switched: svc/NAME"
            } else {
                "lower case letters, digits and hyphens"
            };
            return Err(Failure::usage(format!("\"{}\" is no Service name", word.escape_debug())).next(hint));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_with_or_without_their_kind_and_nothing_else() {
        let typed = ["api", "svc/web", "service/api"].map(String::from);
        assert_eq!(service_names(&typed).unwrap(), ["api", "web"]);
        for bad in ["", "svc/", "deploy/api", "../secrets/x", "API", "a b", "api?x=1"] {
            assert!(service_names(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}

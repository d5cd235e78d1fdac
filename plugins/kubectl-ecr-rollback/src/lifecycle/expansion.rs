//! Variables within a container's words, as the kubelet puts them in: `$(NAME)`, where `$$(NAME)` stays a text, and
//! what isn't known stays as it is
//! (<https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>).

use std::collections::BTreeMap;

/// The text with the variables that are known.
#[must_use]
pub fn expanded(text: &str, known: &BTreeMap<String, String>) -> String {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        whole.push_str(before);
        let after = &from[1..];
        if let Some(escaped) = after.strip_prefix('$') {
            whole.push('$');
            rest = escaped;
        } else if let Some((name, then)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match known.get(name) {
                Some(value) => whole.push_str(value),
                None => whole.push_str(&from[..name.len().saturating_add(3)]),
            }
            rest = then;
        } else {
            whole.push('$');
            rest = after;
        }
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_as_the_kubelet_does_it() {
        let known = BTreeMap::from([("REG".to_owned(), "r.io/x".to_owned()), ("TAG".to_owned(), "1".to_owned())]);
        for (text, whole) in [
            ("$(REG)/api:$(TAG)", "r.io/x/api:1"),
            ("$(NONE)/api", "$(NONE)/api"),
            ("$$(REG)", "$(REG)"),
            ("$$$(REG)", "$r.io/x"),
            ("$REG ${REG} $(REG", "$REG ${REG} $(REG"),
            ("ö$(TAG)ö$", "ö1ö$"),
            ("", ""),
        ] {
            assert_eq!(expanded(text, &known), whole, "{text}");
        }
    }
}

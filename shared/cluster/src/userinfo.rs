//! Passwords in addresses that people type (`https://user:password@host`, RFC 3986 section 3.2.1): what
//! is printed leaves them out.

/// An address without the password in it, or as it is where it has none. It needs no scheme.
#[must_use]
pub fn without_password(address: &str) -> String {
    match user_and_password(address) {
        Some(Split { before, user: "", after }) => format!("{before}{after}"),
        Some(Split { before, user, after }) => format!("{before}{user}@{after}"),
        None => address.to_owned(),
    }
}

/// The same for what is an address only where it has a scheme: a context may be called `a:b@c`.
#[must_use]
pub fn without_password_of_url(value: &str) -> String {
    if value.contains("://") { without_password(value) } else { value.to_owned() }
}

/// An address around its password.
struct Split<'a> {
    before: &'a str,
    user: &'a str,
    after: &'a str,
}

/// A password that wasn't encoded may hold any of `/?#@`: it ends at the last `@` then, where what would
/// be the port is none.
fn user_and_password(address: &str) -> Option<Split<'_>> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let before = address.strip_suffix(rest)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let userinfo = if let Some((userinfo, _)) = authority.rsplit_once('@') {
        userinfo
    } else {
        let (_, port) = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'))?;
        rest.rsplit_once('@').filter(|_| !port.chars().all(|c| c.is_ascii_digit()))?.0
    };
    let (user, _password) = userinfo.split_once(':')?;
    Some(Split { before, user, after: rest.strip_prefix(userinfo)?.strip_prefix('@')? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log that others read would hold somebody's password.
    #[test]
    fn no_way_of_writing_a_password_shows_it() {
        for (typed, shown) in [
            ("https://user:SECRET@host:6443", "https://user@host:6443"),
            ("https://user:SECRET@host/k8s/clusters/c-1?a=b", "https://user@host/k8s/clusters/c-1?a=b"),
            ("user:SECRET@host", "user@host"),
            ("https://:SECRET@host", "https://host"),
            ("https://user:SE@CR:ET@host", "https://user@host"),
            ("https://user:SE/CR#ET@host", "https://user@host"),
            ("HTTPS://user:SECRET@[2001:db8::1]:6443", "HTTPS://user@[2001:db8::1]:6443"),
            ("https://user:%53ECRET@", "https://user@"),
        ] {
            assert_eq!(without_password(typed), shown);
        }
    }

    /// The printed command would reach another server.
    #[test]
    fn an_address_without_a_password_is_left_as_it_is() {
        for address in [
            "https://host:6443",
            "https://user@host",
            "host:6443",
            "https://[2001:db8::1]:6443/a@b",
            "https://h:1/p@q",
            "",
        ] {
            assert_eq!(without_password(address), address);
        }
        assert_eq!(without_password_of_url("admin:team@prod"), "admin:team@prod");
        assert_eq!(without_password_of_url("https://user:SECRET@prod"), "https://user@prod");
    }
}

//! A pod as it is addressed.

/// As a URL has it.
pub fn of(address: &str, port: u16) -> String {
    match address {
        "" => format!("localhost:{port}"),
        v6 if v6.contains(':') => format!("[{v6}]:{port}"),
        v4 => format!("{v4}:{port}"),
    }
}

//! A text in quotes (`UnquoteExtend` of client-go, and Go's `strconv.UnquoteChar`).

/// What stands between them.
///
/// # Errors
/// Where what is escaped is nothing that Go knows.
pub fn unquoted(text: &str) -> Result<String, String> {
    let wrong = || format!("unquote string {text}");
    let quote = text.chars().next().ok_or_else(wrong)?;
    let inside = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)).ok_or_else(wrong)?;
    if !inside.contains(['\\', quote]) {
        return Ok(inside.to_owned());
    }
    let mut plain = String::new();
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        if c == quote {
            return Err(wrong());
        }
        if c != '\\' {
            plain.push(c);
            continue;
        }
        let escaped = rest.next().ok_or_else(wrong)?;
        plain.push(match escaped {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' => '\\',
            'x' => code(&mut rest, 2).ok_or_else(wrong)?,
            'u' => code(&mut rest, 4).ok_or_else(wrong)?,
            'U' => code(&mut rest, 8).ok_or_else(wrong)?,
            other if other == quote => other,
            _ => return Err(wrong()),
        });
    }
    Ok(plain)
}

fn code(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let digits: String = rest.take(digits).collect();
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
}

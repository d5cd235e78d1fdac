//! Tables as kubectl prints them: upper-case headers, columns parted by spaces, no frame.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use release_core::text::one_line;

/// Lays out rows under headers; empty columns at the right are left out.
#[must_use]
pub fn table(headers: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headers.to_vec());
    for row in rows {
        table.add_row(row.iter().map(|cell| one_line(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_like_kubectl() {
        let shown =
            table(&["COLOR", "STATE"], &[vec!["green".into(), "ACTIVE".into()], vec!["b".into(), String::new()]]);
        assert_eq!(shown, "COLOR  STATE\ngreen  ACTIVE\nb");
    }

    /// A row that somebody's annotation makes up would be read as ours.
    #[test]
    fn a_cell_makes_no_row() {
        let shown = table(&["COLOR"], &[vec!["green\nblue   ACTIVE".into()]]);
        assert_eq!(shown, "COLOR\ngreen blue   ACTIVE");
    }
}

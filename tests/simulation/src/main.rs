//! Prints the table: `simulation [RELEASES]`, 1,000 a cell where nothing is said.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let releases = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    writeln!(std::io::stdout(), "{}", simulation::table::table(releases))
}

//! Tables as they are printed, and bounds that hold or are missed.

use std::path::Path;

use anyhow::{Context, Result};

use crate::figures::megabytes;

/// The largest release binary, with the AWS clients that it needs.
const SIZE: u64 = 18_000_000;

/// Bounds judged so far.
#[derive(Debug, Default)]
pub struct Score {
    bounds: Vec<[String; 4]>,
    missed: usize,
}

impl Score {
    /// Judges one measured value.
    pub fn judge(&mut self, what: &str, measured: String, bound: String, holds: bool) {
        let verdict = if holds { "ok" } else { "MISSED" };
        self.missed += usize::from(!holds);
        self.bounds.push([what.to_owned(), measured, bound, verdict.to_owned()]);
    }

    /// Judges a share: ours of theirs.
    pub fn at_most(&mut self, what: &str, share: f64, bound: f64) {
        self.judge(what, format!("{share:.2}"), format!("<= {bound}"), share <= bound);
    }

    /// Judges the size of a release binary.
    pub fn size(&mut self, binary: &Path) -> Result<()> {
        let size = std::fs::metadata(binary).with_context(|| format!("no {}", binary.display()))?.len();
        self.judge("release binary", megabytes(size), format!("<= {}", megabytes(SIZE)), size <= SIZE);
        Ok(())
    }

    /// Prints all bounds; whether they hold.
    pub fn conclude(&self) -> bool {
        let rows: Vec<Vec<String>> = self.bounds.iter().map(|bound| bound.to_vec()).collect();
        print_table("Bounds", &["", "measured", "bound", ""], &rows);
        match self.missed {
            0 => println!("\nall {} bounds hold", self.bounds.len()),
            missed => println!("\n{missed} of {} bounds MISSED", self.bounds.len()),
        }
        self.missed == 0
    }
}

/// Prints a heading and rows; columns after the first are aligned to the right.
pub fn print_table(heading: &str, columns: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(columns.get(column).map(|name| name.chars().count())).max().unwrap_or(0)
    };
    let line = |cells: &[String]| {
        let padded = cells.iter().enumerate().map(|(column, cell)| match column {
            0 => format!("  {cell:<0$}", width(0)),
            _ => format!("  {cell:>0$}", width(column)),
        });
        padded.collect::<String>().trim_end().to_owned()
    };
    println!("\n{heading}");
    println!("{}", line(&columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
    rows.iter().for_each(|row| println!("{}", line(row)));
}

//! Ten thousand images: our reading against the AWS CLI with the query that people sort by, on one
//! stub in one run, in turns. Needs no lab.

mod awscli;
pub mod reading;
pub mod stub;

use anyhow::Result;
use tokio::process::Command;

use crate::figures::{megabytes, millis};
use crate::looking::Cost;
use crate::score::{Score, print_table};
use stub::{MANY, ONE, Stub};

/// What a release on ECR is rolled back to by hand today: the second newest push.
const QUERY: &str = "sort_by(imageDetails,& imagePushedAt)[-2].imageTags[0]";
/// The largest share of the AWS CLI's time and memory.
const BOUND: f64 = 0.33;

/// One way to read a repository.
struct Reader<'a> {
    name: &'static str,
    command: &'a dyn Fn(&str) -> Command,
    /// All images, and a repository of one, whose cost is that of starting and of one page.
    many: Cost,
    one: Cost,
}

impl<'a> Reader<'a> {
    fn new(name: &'static str, command: &'a dyn Fn(&str) -> Command) -> Self {
        Self { name, command, many: Cost::default(), one: Cost::default() }
    }

    async fn round(&mut self) -> Result<()> {
        self.many.add(|| (self.command)(MANY)).await?;
        self.one.add(|| (self.command)(ONE)).await
    }

    /// What more images cost beyond starting and the first page, in seconds.
    fn without_start(&self) -> f64 {
        (self.many.wall.median().as_secs_f64() - self.one.wall.median().as_secs_f64()).max(0.0)
    }

    fn rows(&self) -> [Vec<String>; 2] {
        [self.many.row(self.name), self.one.row(&format!("{}, one image", self.name))]
    }
}

/// `ours` reads a repository as the plugin does; a hidden command of this program does until the
/// plugin can be asked for the same.
pub async fn run(rounds: usize, score: &mut Score) -> Result<()> {
    let aws = awscli::ensure()?;
    let stub = Stub::start().await?;
    let program = std::env::current_exe()?;
    let ours = |repository: &str| {
        let mut command = Command::new(&program);
        command.args(["read-images", repository]);
        stub.point(&mut command);
        command
    };
    let theirs = |more: &[&str], repository: &str| {
        let mut command = Command::new(&aws);
        command.args(["ecr", "describe-images", "--repository-name", repository, "--query", QUERY]);
        // With `--output text` it applies the query to each page by itself: a hundred answers, all wrong.
        command.args(["--output", "json"]).args(more);
        stub.point(&mut command);
        command
    };
    let (typed, big_pages) = (|r: &str| theirs(&[], r), |r: &str| theirs(&["--page-size", "1000"], r));
    let mut readers = [
        Reader::new("ours", &ours),
        Reader::new("aws ecr describe-images", &typed),
        Reader::new("aws ecr describe-images --page-size 1000", &big_pages),
    ];
    for _ in 0..rounds {
        for reader in &mut readers {
            reader.round().await?;
        }
    }
    let rows: Vec<Vec<String>> = readers.iter().flat_map(Reader::rows).collect();
    print_table("10,000 images, each page after 50 ms (ECR gives 100 a page unless asked)", &Cost::COLUMNS, &rows);
    judge(&readers, score);
    Ok(())
}

fn judge([ours, typed, big_pages]: &[Reader<'_>; 3], score: &mut Score) {
    for (what, share) in shares(ours, typed) {
        score.at_most(&format!("{what} / {}", typed.name), share, BOUND);
    }
    // Not judged: with pages of one size both wait for the same 500 ms, most of what ours takes.
    println!("\nours / {}, pages of one size, not judged", big_pages.name);
    for (what, share) in shares(ours, big_pages) {
        println!("  {what} {share:.2}");
    }
    println!(
        "\nthe pages alone: {} for 10 of 1,000, {} for 100 of 100; memory above one image: ours {}, theirs {}",
        millis(stub::PAGE_DELAY * 10),
        millis(stub::PAGE_DELAY * 100),
        megabytes(ours.many.peak.saturating_sub(ours.one.peak)),
        megabytes(typed.many.peak.saturating_sub(typed.one.peak)),
    );
}

/// Without start-up: less the run that reads one image, so less one page, too.
fn shares(ours: &Reader<'_>, theirs: &Reader<'_>) -> [(&'static str, f64); 3] {
    let wall = |reader: &Reader<'_>| reader.many.wall.median().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let peak = |reader: &Reader<'_>| reader.many.peak as f64;
    [
        ("wall time", wall(ours) / wall(theirs)),
        ("wall time without start-up", ours.without_start() / theirs.without_start()),
        ("peak memory", peak(ours) / peak(theirs)),
    ]
}

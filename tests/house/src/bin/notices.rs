//! Prints what the licences of everything that is in our programs ask to be passed on, for the archives that
//! are handed out: `make notices`. It reads what cargo has downloaded, and nothing else.

use anyhow::Result;

fn main() -> Result<()> {
    print!("{}", house::notices::notices(&["kubectl-bluegreen", "kubectl-canary", "kubectl-ecr-rollback"])?);
    Ok(())
}

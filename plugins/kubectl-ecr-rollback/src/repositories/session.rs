//! One run of a lifecycle verb.

use std::rc::Rc;

use release_cli::flags::{ConnectionFlags, DryRunFlag, Output};
use release_cli::report::{Members, Origin, Report};
use release_cli::run::{nothing_written, print_end};
use release_cli::talk::Talk;
use release_cluster::connection::Connection;
use release_core::checks::finding::{self, Finding};
use release_core::failure::{Exit, Outcome};

/// One run. Unlike a rollback's it is of no cluster: several may be asked, or none.
#[derive(Debug)]
pub struct Session {
    pub connection: Connection,
    pub talk: Talk,
}

impl std::ops::Deref for Session {
    type Target = Talk;

    fn deref(&self) -> &Talk {
        &self.talk
    }
}

impl Session {
    /// Findings as lines for stdout, without color.
    #[must_use]
    pub fn plain(&self, findings: &[Finding]) -> String {
        finding::lines(findings, finding::Look { colored: false, ..self.look(1) })
    }
}

/// Runs a verb until it ends or is interrupted, and prints its report. A kubeconfig is needed only
/// where a cluster is looked at.
pub async fn to_the_end<M: Members>(
    flags: &ConnectionFlags,
    output: Output,
    dry_run: DryRunFlag,
    verb: impl AsyncFnOnce(&Session, &mut Report<M>) -> Outcome<()>,
) -> Exit {
    let standing = nothing_written();
    let origin = Origin { dry_run, ..Origin::default() };
    let session = Session { connection: Connection::from(flags), talk: Talk::new(output, Rc::clone(&standing)) };
    print_end(output, &origin, &standing, async |report| verb(&session, report).await).await
}

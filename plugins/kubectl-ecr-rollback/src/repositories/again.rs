//! Looking again just before a policy is put. A person thinks, ECR makes a preview, other repositories are read: by
//! then something may have been deployed, a tag moved, an image pushed.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use release_aws::ecr::Registry;
use release_cluster::connection::Connection;
use release_core::checks::finding::Finding;
use release_core::checks::weighing::blocking;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::EcrRepository;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::clusters::{Looked, look};
use super::read::contents;
use super::turns::Undone;
use crate::lifecycle::objections::objections;
use crate::lifecycle::options::ApplyOptions;
use crate::lifecycle::outlook::Outlook;
use crate::lifecycle::row::Row;
use crate::lifecycle::words::{image_name, images};

/// For so long what clusters need is as good as just read: policies are put one after the other.
const FRESH: Duration = Duration::from_secs(5);
/// So many images are named.
const NAMED: usize = 3;

/// What is looked at again, and what it is held against.
#[derive(Debug)]
pub struct Again<'a> {
    pub connection: &'a Connection,
    pub contexts: &'a [String],
    pub options: &'a ApplyOptions,
    /// Account and region, for findings.
    pub location: &'a str,
    looked: Mutex<Option<(Instant, Rc<Looked>)>>,
}

impl<'a> Again<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(
        connection: &'a Connection,
        contexts: &'a [String],
        options: &'a ApplyOptions,
        location: &'a str,
    ) -> Self {
        Self { connection, contexts, options, location, looked: Mutex::default() }
    }

    /// Reads the repository and who uses it, and judges the policy that was shown once more.
    ///
    /// # Errors
    /// Exit 3 where it would take something else than was shown, exit 1 where that can't be known any more.
    pub async fn judge(
        &self,
        registry: &Registry,
        repository: &EcrRepository,
        shown: &Outlook,
        deadline: Instant,
    ) -> Result<(), Undone> {
        let looked = self.look(deadline).await?;
        let policy = Some(&shown.policy);
        let contents =
            contents(registry, repository, &looked.demand, policy, (&shown.children, &shown.contents)).await?;
        let name = shown.repository.as_str();
        if contents.in_force != shown.in_force {
            return Err(changed(format!("the policy of {name} was changed by somebody else")).into());
        }
        let mut now = Outlook::new(name, &contents, &shown.policy, &self.options.forced);
        now.keep_answer_of(shown);
        self.compare(shown, &now).map_err(Undone::from)
    }

    async fn look(&self, deadline: Instant) -> Outcome<Rc<Looked>> {
        let mut last = self.looked.lock().await;
        if let Some((_, looked)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(Rc::clone(looked));
        }
        let looked = Rc::new(look(self.connection, self.contexts, deadline).await);
        let mut unread = looked.findings(self.location, true);
        self.options.weigh(&mut unread);
        if let Some(finding) = blocking(&unread).next() {
            let message = format!("what is in use can't be known any more ({})", finding.message);
            return Err(Failure::failed("ClusterUnread", format!("{message}; nothing was written")));
        }
        *last = Some((Instant::now(), Rc::clone(&looked)));
        Ok(looked)
    }

    /// Whoever was asked has agreed to what was shown, and to nothing beyond it.
    fn compare(&self, shown: &Outlook, now: &Outlook) -> Outcome<()> {
        let mut found = objections(now, &self.options.forced);
        self.options.weigh(&mut found);
        let blocks: Vec<&Finding> = blocking(&found).collect();
        let name = &shown.repository;
        if let Some(first) = blocks.first() {
            let more = blocks.len().saturating_sub(1);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let message = format!("in {name} something has changed since it was looked at: {}{more}", first.message);
            return Err(changed(format!("{message} ({})", first.id)));
        }
        let beyond: Vec<&Row> = if self.options.yes { Vec::new() } else { beyond(shown, now) };
        if beyond.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = beyond.iter().take(NAMED).map(|row| image_name(&row.tags, &row.digest)).collect();
        let message = format!("in {name} {} would go beyond what was shown", images(beyond.len()));
        Err(changed(format!("{message}: {}", named.join(", "))))
    }
}

/// What would go now and would not have gone, or has users that were not shown.
fn beyond<'n>(shown: &Outlook, now: &'n Outlook) -> Vec<&'n Row> {
    let goes = |row: &&Row| row.goes().is_some() || row.is_threatened();
    let users = |row: &Row| -> BTreeSet<(String, String)> {
        let users = row.uses.iter().filter_map(|used| used.user());
        users.map(|(cluster, by)| (cluster.to_owned(), by.to_owned())).collect()
    };
    let is_known = |row: &&Row| {
        let before = shown.rows.iter().filter(goes).find(|before| before.digest == row.digest);
        before.is_some_and(|before| users(row).is_subset(&users(before)))
    };
    now.rows.iter().filter(goes).filter(|row| !is_known(row)).collect()
}

fn changed(what: String) -> Failure {
    Failure::changed(format!("{what}; nothing was written to it")).next("look again: run the same command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::samples::{image, keep_five, outlook, releases, running};
    use crate::lifecycle::usage::Forced;

    fn compared(yes: bool, forced: &[&str], shown: &Outlook, now: &Outlook) -> Option<u8> {
        let forced = Forced::new(forced.iter().map(ToString::to_string).collect());
        let options = ApplyOptions { forced, strict: false, yes, dry_run: false };
        let connection = Connection::default();
        let again = Again::new(&connection, &[], &options, "here");
        again.compare(shown, now).err().map(|failure| failure.exit.code())
    }

    /// An image that was deployed while the question stood open would be gone a day later.
    #[test]
    fn what_was_taken_into_use_meanwhile_stops_it() {
        let before = outlook(releases(), Some(('5', running())), &keep_five());
        let deployed = outlook(releases(), Some(('0', running())), &keep_five());
        assert_eq!(compared(true, &[], &before, &before), None);
        assert_eq!(compared(true, &[], &before, &deployed), Some(3));
        assert_eq!(compared(true, &["running"], &before, &deployed), None, "given up by name");
        assert_eq!(compared(false, &["running"], &before, &deployed), Some(3), "and a person has seen another list");
    }

    #[test]
    fn a_person_has_agreed_to_what_was_shown_and_to_no_more() {
        let before = outlook(releases(), None, &keep_five());
        let pushed = outlook([releases(), vec![image('9', "latest-release-1.0.6", 0)]].concat(), None, &keep_five());
        assert_eq!(compared(false, &[], &before, &pushed), Some(3), "one more goes");
        assert_eq!(compared(true, &[], &before, &pushed), None, "nobody looked");
        assert_eq!(compared(false, &[], &pushed, &before), None, "one fewer");
    }
}

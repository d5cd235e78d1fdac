//! Which records may be acted on. Whoever may annotate a workload may write any: one counts only as far as the
//! workload's own templates, which its controller keeps, bear it out.

use release_core::kube::Workload;
use release_core::registry::ecr_reference::same_repository;
use release_core::registry::image::ImageRef;
use release_core::release::record::{Record as _, RunResult};
use release_core::workload::revisions::{Revision, deployed_number};

use super::{ImageRecord, Moved, RecordedImages};
use crate::words::pinned_short;
use release_core::workload::container_image::{ContainerImage, containers_of};

/// What a workload is seen to have run.
#[derive(Debug)]
struct Seen<'a> {
    template: Vec<ContainerImage>,
    revisions: &'a [Revision],
    /// Earlier templates are not kept: of them nothing can be seen.
    keeps_none: bool,
    /// The number of the template that is there, where they are counted.
    deployed: Option<i64>,
}

/// The records without those that lead from or to an image which the workload never ran, or from one repository to
/// another, unless that is over and revisions have both. Where the last one is left out that the template would be the outcome of, it is reported.
#[must_use]
pub fn believed(recorded: &RecordedImages, workload: &Workload, revisions: &[Revision]) -> RecordedImages {
    let (template, keeps_none) = (containers_of(workload), workload.keeps_no_revisions);
    let seen = Seen { template, revisions, keeps_none, deployed: deployed_number(workload) };
    let mut believed = recorded.clone();
    let refused = believed.current.take_if(|record| seen.speaks_against(record).is_some());
    believed.history.retain(|record| seen.speaks_against(record).is_none());
    let matters = refused.filter(|record| record.is_in(&seen.template));
    let why = matters.and_then(|record| seen.speaks_against(&record));
    believed.unreadable = believed.unreadable.or(why.map(|why| format!("{}: {why}", ImageRecord::CURRENT)));
    believed
}

/// True where a template of the workload had that tag in that repository.
#[must_use]
pub fn had_tag(workload: &Workload, revisions: &[Revision], container: &str, (repository, tag): (&str, &str)) -> bool {
    let has = |image: &str| ImageRef::parse(image).asked_tag() == Some(tag) && same_repository(image, repository);
    let template = containers_of(workload);
    let asked = template.iter().filter(|one| one.name == container).map(|one| one.image.as_str());
    workload.keeps_no_revisions || asked.chain(revisions.iter().filter_map(|r| r.image_of(container))).any(has)
}

impl Seen<'_> {
    /// Why a record is not acted on.
    fn speaks_against(&self, record: &ImageRecord) -> Option<String> {
        // What is over leads nowhere any more: it only keeps the same words from going further.
        let is_over = matches!(record.result, Some(RunResult::Done | RunResult::RolledBack));
        let left_another = || self.left_another(record).filter(|_| !is_over);
        record.containers.iter().find_map(|moved| self.against(record, moved, is_over)).or_else(left_another)
    }

    /// Each run notes which template it left; the next one is its own. What is gone on with leads from the one to the
    /// other, and may be taken back.
    fn left_another(&self, record: &ImageRecord) -> Option<String> {
        self.deployed?;
        let Some(left) = record.revision else { return Some("it says of no revision that it left it".into()) };
        let came_from = |moved: &Moved, image: &str| moved.from == image;
        let led_to = |moved: &Moved, image: &str| record.led_to(moved, image);
        let odd = self.ran_another(left, record, came_from).map(|moved| (left, &moved.from));
        let odd = odd.filter(|_| !record.left_unrolled);
        let odd = odd.or_else(|| {
            let own = left.saturating_add(1);
            self.ran_another(own, record, led_to).map(|moved| (own, &moved.to))
        });
        odd.map(|(number, image)| format!("revision {number} did not run {}", pinned_short(image)))
    }

    /// The container that a revision had another image in, where that revision is still there.
    fn ran_another<'r>(
        &self,
        number: i64,
        record: &'r ImageRecord,
        is_it: impl Fn(&Moved, &str) -> bool,
    ) -> Option<&'r Moved> {
        let had_it = |revision: &&Revision| revision.number == number || revision.earlier_numbers.contains(&number);
        let revision = self.revisions.iter().find(had_it)?;
        let is_odd = |moved: &&Moved| revision.image_of(&moved.name).is_none_or(|image| !is_it(moved, image));
        record.containers.iter().find(is_odd)
    }

    fn against(&self, record: &ImageRecord, moved: &Moved, is_over: bool) -> Option<String> {
        let had = |image: &String| self.revisions.iter().any(|revision| revision.image_of(&moved.name) == Some(image));
        let went_over = || is_over && had(&moved.from) && had(&moved.to);
        if !same_repository(&moved.from, &moved.to) && !went_over() {
            return Some("it leads from one repository to another".into());
        }
        let went_to = |image: &str| record.led_to_image(moved, image);
        let unseen = if !record.left_unrolled && !self.ran(moved, |image| image == moved.from) {
            &moved.from
        } else if !self.ran(moved, went_to) {
            &moved.to
        } else {
            return None;
        };
        Some(format!("no revision ran {}", pinned_short(unseen)))
    }

    fn ran(&self, moved: &Moved, is_it: impl Fn(&str) -> bool) -> bool {
        let asked = self.template.iter().find(|one| one.name == moved.name && one.init == moved.init);
        let may_have = self.keeps_none && asked.is_some_and(|one| same_repository(&one.image, &moved.to));
        let mut revisions = self.revisions.iter().filter_map(|revision| revision.image_of(&moved.name));
        asked.is_some_and(|one| is_it(&one.image)) || may_have || revisions.any(is_it)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::samples::record;

    const API: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api";

    fn revision(number: i64, image: &str) -> Revision {
        let annotations = json!({"deployment.kubernetes.io/revision": number.to_string()});
        let spec = json!({"template": {"spec": {"containers": [{"name": "app", "image": image}]}}});
        let metadata = json!({"name": format!("api-{number}"), "annotations": annotations});
        serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
    }

    fn workload(image: &str, limit: i32) -> Workload {
        let template = json!({"spec": {"containers": [{"name": "app", "image": image}]}});
        let spec = json!({"selector": {}, "template": template, "revisionHistoryLimit": limit});
        let object = json!({"metadata": {"name": "api", "uid": "u"}, "spec": spec});
        serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap().into()
    }

    fn of(tag: &str) -> String {
        format!("{API}:{tag}")
    }

    fn is_believed(record: ImageRecord, limit: i32) -> (bool, bool) {
        let revisions = [revision(2, &of("1")), revision(1, &of("2"))];
        let recorded = RecordedImages { current: Some(record), ..RecordedImages::default() };
        let believed = believed(&recorded, &workload(&of("1"), limit), &revisions);
        (believed.current.is_some(), believed.unreadable.is_some())
    }

    /// An operator's rollback would write an image that somebody wrote into an annotation.
    #[test]
    fn only_images_that_revisions_have_are_believed() {
        assert_eq!(is_believed(record(&of("2"), &of("1")), 10), (true, false));
        assert_eq!(is_believed(record(&of("9"), &of("1")), 10), (false, true), "never ran here");
        assert_eq!(is_believed(record("evil.example/api:2", &of("1")), 10), (false, true));
        let other_account = of("2").replace("123456789012", "999999999999");
        assert_eq!(is_believed(record(&other_account, &of("1")), 10), (false, true));
        let elsewhere = record(&of("9"), &of("8"));
        assert_eq!(is_believed(elsewhere, 10), (false, false), "nothing would come of it");
    }

    /// After a repository got another name, a job that is retried would go back two releases.
    #[test]
    fn a_move_between_repositories_is_believed_once_it_is_over_and_both_were_deployed() {
        let old = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/old:1";
        let (now, revisions) = (workload(old, 10), [revision(3, old), revision(2, &of("2")), revision(1, &of("1"))]);
        let is_believed = |from: &str, result: Option<RunResult>| {
            let record = ImageRecord { result, ..record(from, old) };
            let recorded = RecordedImages { current: Some(record), ..RecordedImages::default() };
            believed(&recorded, &now, &revisions).current.is_some()
        };
        assert!(is_believed(&of("2"), Some(RunResult::Done)));
        assert!(!is_believed(&of("9"), Some(RunResult::Done)), "it never ran");
        for open in [None, Some(RunResult::Unfinished), Some(RunResult::Failed)] {
            assert!(!is_believed(&of("2"), open.clone()), "{open:?} would be gone on with");
        }
    }

    /// A rollout that fails would be taken back to whatever a forger has written that it came from.
    #[test]
    fn what_is_gone_on_with_leads_from_the_revision_that_it_left_to_the_next() {
        let revisions = [revision(3, &of("1")), revision(2, &of("2")), revision(1, &of("3"))];
        let numbered = |image: &str| {
            let mut workload = workload(image, 10);
            let number = ("deployment.kubernetes.io/revision".to_owned(), "3".to_owned());
            workload.metadata.annotations = Some([number].into());
            workload
        };
        let is_believed = |from: &str, left: Option<i64>, result: Option<RunResult>| {
            let record = ImageRecord { revision: left, result, ..record(&of(from), &of("1")) };
            let recorded = RecordedImages { current: Some(record), ..RecordedImages::default() };
            believed(&recorded, &numbered(&of("1")), &revisions).current.is_some()
        };
        for open in [None, Some(RunResult::Unfinished), Some(RunResult::Failed)] {
            assert!(is_believed("2", Some(2), open.clone()));
            for (from, left) in [("3", Some(2)), ("3", Some(1)), ("3", None), ("2", None)] {
                assert!(!is_believed(from, left, open.clone()), "{from} {left:?}");
            }
        }
        // What is over leads nowhere.
        assert!(is_believed("3", None, Some(RunResult::Done)));
    }

    /// A job that is retried would go back two releases where a workload keeps no revisions.
    #[test]
    fn where_nothing_is_kept_the_repository_has_to_do() {
        assert_eq!(is_believed(record(&of("9"), &of("1")), 0), (true, false));
        assert_eq!(is_believed(record("evil.example/api:2", &of("1")), 0), (false, true));
    }

    #[test]
    fn a_tag_is_gone_back_to_that_a_template_had() {
        let revisions = [revision(2, &of("1")), revision(1, &of("latest"))];
        let had = |tag| had_tag(&workload(&of("1"), 10), &revisions, "app", (API, tag));
        assert_eq!((had("latest"), had("1"), had("evil")), (true, true, false));
    }
}

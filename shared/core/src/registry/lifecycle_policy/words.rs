//! A rule in a person's words, short enough for a table's cells.

use super::policy::{Action, Limit, LimitKind, Rule, StorageClass, Tags};
use crate::text::printable;

impl Rule {
    /// Which images: `tagged latest*`, `tagged alpha* and beta*`, `untagged`, `any archived`.
    #[must_use]
    pub fn images_in_words(&self) -> String {
        let tags = match &self.tags {
            Tags::Any => "any".to_owned(),
            Tags::Untagged => "untagged".to_owned(),
            tagged => format!("tagged {}", printable(&tagged.as_patterns().join(" and "))),
        };
        if self.storage == StorageClass::Archive { format!("{tags} archived") } else { tags }
    }

    /// The whole rule: `untagged: keep the newest 2, expire the others`.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("{}: keep {}, {} the others", self.images_in_words(), self.limit.in_words(), self.action.word())
    }
}

impl Limit {
    /// What is spared: `the newest 5`, `14 days from the push`.
    #[must_use]
    pub fn in_words(self) -> String {
        let days = if self.number == 1 { "day" } else { "days" };
        match self.kind {
            LimitKind::Newest => format!("the newest {}", self.number),
            LimitKind::SincePush => format!("{} {days} from the push", self.number),
            LimitKind::SincePull => format!("{} {days} from the last pull", self.number),
            LimitKind::SinceArchived => format!("{} {days} in the archive", self.number),
        }
    }
}

impl Action {
    /// `expire` or `archive`
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expire => "expire",
            Self::Archive => "archive",
        }
    }
}

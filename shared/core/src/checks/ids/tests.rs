use super::*;

/// A reader of the documents finds every check with its weight and meaning, and none that is
/// not there any more.
#[test]
fn the_documents_have_every_check_as_it_is() {
    let documents = [
        (Suite::Bluegreen, include_str!("../../../../../docs/checks.md")),
        (Suite::Canary, include_str!("../../../../../docs/canary.md")),
        (Suite::EcrRollback, include_str!("../../../../../docs/checks-ecr-rollback.md")),
        (Suite::Lifecycle, include_str!("../../../../../docs/lifecycle.md")),
    ];
    for (suite, document) in documents {
        let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
        for check in ALL.iter().filter(|check| check.suites.contains(&suite)) {
            let row = format!("| `{}` | {} | {} |", check.id, check.weighs(), check.means);
            assert!(rows.iter().any(|found| found.starts_with(&row)), "{suite:?} lacks: {row}");
        }
        let is_check = |row: &&&str| ["| blocks", "| warns", "|  |"].iter().any(|weight| row.contains(weight));
        for row in rows.iter().filter(is_check) {
            let id = row.split('`').nth(1).unwrap_or_default();
            let known =
                CheckId::named(id).is_some_and(|id| ALL.iter().any(|c| c.id == id && c.suites.contains(&suite)));
            assert!(known, "no check of {suite:?}: {row}");
        }
    }
}

#[test]
fn ids_are_words_joined_by_hyphens_and_in_order() {
    for pair in ALL.windows(2) {
        assert!(pair[0].id < pair[1].id, "{:?} {:?}", pair[0].id, pair[1].id);
    }
    for check in ALL {
        assert!(check.id.as_str().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{:?}", check.id);
    }
}

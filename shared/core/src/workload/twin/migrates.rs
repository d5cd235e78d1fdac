//! Init containers that change a database: each pod runs them once more.

use serde_json::Value;

/// What migrations are called, in names and on command lines.
const WORDS: [&str; 12] = [
    "migrate",
    "migrates",
    "migrator",
    "migration",
    "migrations",
    "flyway",
    "liquibase",
    "alembic",
    "goose",
    "dbmate",
    "sqitch",
    "schema",
];

/// True where an init container's name, image or command line speaks of a migration.
#[must_use]
pub fn migrates(container: &Value) -> bool {
    let text = |field: &str| container[field].as_str().unwrap_or_default().to_owned();
    let words = |field: &str| {
        let words = container[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        words.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let image = text("image");
    // A registry's or a team's name says nothing of what the image does.
    let image = image.rsplit('/').next().unwrap_or_default();
    let all = [text("name"), image.to_owned(), words("command"), words("args")].join(" ").to_ascii_lowercase();
    all.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

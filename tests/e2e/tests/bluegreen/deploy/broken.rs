//! Documents that are wrong.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::blue_green;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, said};
use e2e::namespace;

use super::document::File;

/// `spec:` in the fourth line, and what stands under it.
fn spec(text: &str) -> String {
    format!("apiVersion: deploy.example.com/v1\nkind: BlueGreenDeployment\nmetadata: {{name: api}}\nspec:\n{text}\n")
}

fn bomb() -> String {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (last, next) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        text.push_str(&format!("{next}: &{next} [{}]\n", vec![format!("*{last}"); 9].join(", ")));
    }
    text
}

/// What is wrong in the fifth line, which is the first one under `spec:`.
const UNDER_SPEC: &[&str] = &[
    "  replica: 3",
    "  replicas: three",
    "  replicas: 3.5",
    "  replicas: 0",
    "  replicas: 010",
    "  replicas: 99999999999",
    "  replicas: [3]",
    "  replicas: [3",
    "  replicas: {{ .Values.replicas }}",
    "  replicas: ${REPLICAS}",
    "\treplicas: 3",
    "  rollbackOnFailure: sometimes",
    "  retainPreviousVersion: soon",
    "  retainPreviousVersion: -1h",
    "  retainPreviousVersion: 60",
    "  retainPreviousVersion: '60'",
    "  retainPreviousVersion: 1:30",
    "  verify: 30s",
    "  images: [app]",
    "  images: {app: [x]}",
    "  images: {app: 'no image'}",
    "  images: {app: 1.10}",
    "  images: {app: ~}",
    "  images: {app: 'api:2', app: 'api:3'}",
    "  images: {App: 'api:2'}",
    "  trackKey: 'a b'",
    "  service: NOT_A_NAME",
    "  service: on",
    "  service: {name: api}",
    "  router: *unknown",
    "  healthCheck: {httpGet: {path: /, port: 99999}}",
    "  healthCheck: {httpget: {path: /}}",
    "  healthCheck: {tcpSocket: {port: 80}}",
    "  notify: [{slack: '#releases'}]",
    "  smokeTests: {name: a}",
    "  hooks: {before: x}",
];

/// Broken documents, and the line that is told: the one that is wrong; of what has no end, where the end was missed.
fn broken() -> Vec<(Vec<u8>, Option<u64>)> {
    let good = spec("  replicas: 3");
    let whole = [
        (spec("  replicas: 3\n  replicas: 4"), Some(6)),
        (spec("  smokeTests:\n  - {name: a, endpoint: /}\n  - {name: b, endpont: /}"), Some(7)),
        (spec("  verify:\n    form: 5s"), Some(6)),
        (spec("  retainPreviousVersion: 'x"), Some(6)),
        (spec("  <<: {replicas: many}"), Some(5)),
        (good.replace("kind:", "knd:"), Some(2)),
        (good.replace("deploy.example.com/v1", "deploy.example.com/v9"), Some(1)),
        (good.replace("{name: api}", "{names: api}"), Some(3)),
        (good.replace("{name: api}", "{name: 123}"), Some(3)),
        (good.replace("{name: api}", "{name: api, labels: {app: api}}"), Some(3)),
        (good.replace('\n', "\r\n").replace("replicas", "replica"), Some(5)),
        (format!("{good}---\n{good}"), Some(7)),
        (format!("{good}...\ntrash: {{{{{{\n"), Some(7)),
        (format!("{good}--- trash\nkind: x\n"), Some(7)),
        (format!("apiVersion: v1\nkind: List\nitems:\n- {}\n", good.trim().replace('\n', "\n  ")), Some(1)),
        ("- a list\n".to_owned(), Some(1)),
        // Each line holds nine times what the one before it does: the sixth has half a million.
        (bomb(), Some(6)),
        ("[".repeat(50_000), Some(1)),
        ("a: b\n".repeat(2_100_000), None),
    ];
    let under_spec = UNDER_SPEC.iter().map(|text| (spec(text).into_bytes(), Some(5)));
    let whole = whole.into_iter().map(|(text, line)| (text.into_bytes(), line));
    let wide: Vec<u8> =
        good.encode_utf16().fold(b"\xff\xfe".to_vec(), |text, unit| [text, unit.to_le_bytes().into()].concat());
    under_spec.chain(whole).chain([(b"kind: a\nname: \xff\n".to_vec(), Some(2)), (wide, Some(1))]).collect()
}

/// Half a release, or one with a field that nobody read, is worse than none.
#[tokio::test]
async fn broken_documents_say_where_and_write_nothing() -> Result<()> {
    let ns = namespace("deploy-broken").await?;
    blue_green(&ns, 2).await?;
    let before = versions(&ns).await?;
    let all = broken();
    ensure!(all.len() >= 50, "{}", all.len());
    for (index, (text, line)) in all.into_iter().enumerate() {
        let start = String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned();
        let file = File::new(&format!("broken-{index}"), text)?;
        let told = bluegreen(&ns, &file.words("--image app=api:2 --yes")).await?.ends(2)?;
        let place = line.map_or("line ".to_owned(), |line| format!("line {line}, column "));
        ensure!(told.stderr.contains(&place), "not at {place}\n{start}\n{}", said(&told));
        ensure!(!told.stderr.contains("panicked") && told.stderr.len() < 1500, "{start}\n{}", said(&told));
    }
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A file that isn't there, or has something else in it, must not end as if there were nothing to do.
#[tokio::test]
async fn a_file_without_a_release_is_wrong_usage() -> Result<()> {
    let ns = namespace("deploy-no-document").await?;
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\n";
    for (index, text) in ["", "---\n# nothing\n---\n", service].into_iter().enumerate() {
        let file = File::new(&format!("without-{index}"), text)?;
        bluegreen(&ns, &file.words("--yes")).await?.ends(2)?.tells("BlueGreenDeployment")?;
    }
    for path in ["/nowhere/release.yaml", "/tmp"] {
        bluegreen(&ns, &format!("deploy -f {path} --yes")).await?.ends(2)?.tells(path)?;
    }
    bluegreen(&ns, "deploy --yes").await?.ends(2)?;
    Ok(())
}

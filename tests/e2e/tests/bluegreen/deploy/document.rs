//! A release as the team has it in a file.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{GREEN, active, blue_green, replicas};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, admin, said, words_of};
use e2e::namespace;
use lab::Running;
use serde_json::Value;

use super::{images, written};

/// A document in a file of its own, which goes with it.
pub struct File(PathBuf);

impl File {
    pub fn new(name: &str, text: impl AsRef<[u8]>) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("release-{name}-{}.yaml", std::process::id()));
        std::fs::write(&path, text)?;
        Ok(Self(path))
    }

    pub fn words(&self, more: &str) -> String {
        format!("deploy -f {} {more}", self.0.display())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const RELEASE: &str = "
apiVersion: deploy.example.com/v1
kind: BlueGreenDeployment
metadata: {name: api}
spec:
  replicas: 3
  images: {app: 'registry.example.com/api:1.6.0'}
  rollbackOnFailure: true
  retainPreviousVersion: 1h
  verify: {for: 0s}
";

/// What the team has had in its repository for years is released without a flag, and what else is in the file
/// stays its owner's.
#[tokio::test]
async fn a_document_is_released_and_the_rest_of_its_file_is_not_applied() -> Result<()> {
    let ns = namespace("deploy-document").await?;
    blue_green(&ns, 2).await?;
    let other = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-the-file}\n";
    let file = File::new("whole", format!("{RELEASE}{other}"))?;
    let document = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    ensure!(written(&document).contains(&"deploy/api-green"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    assert_eq!(images(&ns, "api-green").await?[0], "registry.example.com/api:1.6.0");
    ensure!(replicas(&ns, "api-green").await? >= 3);
    ns.kubectl(&["get", "configmap", "of-the-file"]).await?.ends(1)?;
    Ok(())
}

/// Whose traffic goes by a load balancer would be told that it moved, by a selector that decides nothing.
#[tokio::test]
async fn what_no_release_does_yet_is_refused_by_name_before_any_write() -> Result<()> {
    let ns = namespace("deploy-refused-fields").await?;
    blue_green(&ns, 2).await?;
    let before = versions(&ns).await?;
    let file = File::new("route53", RELEASE.replace("spec:\n", "spec:\n  router: route53\n"))?;
    bluegreen(&ns, &file.words("--yes")).await?.ends(1)?.tells("spec.router: route53")?;
    let document: Value = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "NotHonoured");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A pipeline that renders the document has no file of it.
#[tokio::test]
async fn a_document_comes_by_standard_input() -> Result<()> {
    let ns = namespace("deploy-stdin").await?;
    blue_green(&ns, 2).await?;
    let file = File::new("stdin", RELEASE.replace('\n', "\r\n"))?;
    let mut command = admin(&ns).command(&words_of("bluegreen", "deploy -f - --yes -ojson"));
    command.stdin(std::fs::File::open(&file.0)?);
    let document = Running::start(command)?.wait(Duration::from_secs(120)).await?.ends(0)?.json()?;
    ensure!(written(&document).contains(&"deploy/api-green"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Who names one of the file's Services would release the others, too; a file for what isn't there would be released
/// in part.
#[tokio::test]
async fn of_several_documents_the_service_that_was_named_is_released() -> Result<()> {
    let ns = namespace("deploy-several").await?;
    blue_green(&ns, 2).await?;
    let before = versions(&ns).await?;
    let file = File::new("several", format!("{}---{RELEASE}", RELEASE.replace("name: api", "name: web")))?;
    bluegreen(&ns, &file.words("--yes")).await?.ends(1)?.tells("web")?;
    bluegreen(&ns, &file.words("worker --yes")).await?.ends(2)?.tells("service/worker")?;
    assert_eq!(versions(&ns).await?, before);
    bluegreen(&ns, &file.words("svc/api --yes")).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A document without images is for the color that somebody has got ready by other means; without the color's name
/// a retried job would go to and fro.
#[tokio::test]
async fn without_images_the_color_that_is_named_is_released_as_it_is() -> Result<()> {
    let ns = namespace("deploy-as-it-is").await?;
    blue_green(&ns, 2).await?;
    let without = RELEASE.lines().filter(|line| !line.contains("images")).collect::<Vec<_>>().join("\n");
    let file = File::new("as-it-is", without)?;
    let before = versions(&ns).await?;
    bluegreen(&ns, &file.words("--yes")).await?.ends(2)?.tells("--to COLOR")?;
    assert_eq!(versions(&ns).await?, before);
    let words = file.words("--to green --yes -ojson");
    let document = bluegreen(&ns, &words).await?.ends(0)?.json()?;
    assert_eq!(written(&document), ["deploy/api-green"], "{document:#}");
    assert_eq!((images(&ns, "api-green").await?, replicas(&ns, "api-green").await?), (vec![GREEN.to_owned()], 3));
    let again = bluegreen(&ns, &words).await?.ends(0)?.json()?;
    ensure!(written(&again).is_empty(), "{again:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// As Argo's example has it, with the names of the test.
const ROLLOUT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: api-rollout}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: app, image: 'registry.example.com/api:1.6.0'}]}
  strategy:
    blueGreen: {activeService: api, previewService: api-preview, autoPromotionEnabled: false, scaleDownDelaySeconds: 30}
";

/// Whoever leaves Argo Rollouts would pass a gate that a person was to open, or write everything anew.
#[tokio::test]
async fn a_rollout_of_argos_is_released_up_to_its_gate() -> Result<()> {
    let ns = namespace("deploy-rollout").await?;
    blue_green(&ns, 1).await?;
    let file = File::new("rollout", ROLLOUT)?;
    let told = bluegreen(&ns, &file.words("--yes")).await?.ends(0)?;
    ensure!(told.stderr.contains("previewService") && told.stderr.contains("--expect"), "{}", said(&told));
    assert_eq!(
        (active(&ns, "api").await?.as_str(), images(&ns, "api-green").await?[0].as_str()),
        ("blue", "registry.example.com/api:1.6.0")
    );
    let document = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    ensure!(document["fingerprint"].is_string(), "{document:#}");
    let automatic =
        File::new("rollout-auto", ROLLOUT.replace("autoPromotionEnabled: false", "autoPromotionSeconds: 2"))?;
    let planned = bluegreen(&ns, &automatic.words("--dry-run=client")).await?.ends(0)?;
    ensure!(said(&planned).contains("wait for 2s"), "{}", said(&planned));
    bluegreen(&ns, &automatic.words("--yes --verify-for=0")).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    bluegreen(&ns, &automatic.words("--yes --timeout=2s")).await?.ends(2)?;
    Ok(())
}

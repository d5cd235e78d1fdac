//! Images as they are typed, and as a build writes them into a file.

use std::path::Path;
use std::time::Duration;

use crate::bounded_file;

use release_core::failure::{Failure, Outcome};
use release_core::registry::image::{is_container_name, is_reference};
use release_core::text::printable;
use serde::Deserialize;

/// A file of images is never larger.
const LARGEST: u64 = 1024 * 1024;
/// What a file of images has to be
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html>).
const DEFINITIONS: &str = "imagedefinitions.json is a list: [{\"name\": CONTAINER, \"imageUri\": IMAGE}]";

/// An image that was asked for, of a container that may not be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedImage {
    /// Nothing where a pod's only container is meant.
    pub container: Option<String>,
    pub image: String,
}

/// An entry of CodePipeline's file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    name: String,
    image_uri: String,
}

/// All images that were asked for, each container's once.
///
/// # Errors
/// Exit 2 for what is no image, for a file that is none of images or is not read in that time, and for a container with two.
pub fn images(typed: &[String], file: Option<&Path>, limit: Duration) -> Outcome<Vec<TypedImage>> {
    let mut images: Vec<TypedImage> = Vec::new();
    let of_file = file.map(|path| definitions(path, limit)).transpose()?.unwrap_or_default();
    for image in typed.iter().map(|word| typed_image(word)).chain(of_file) {
        let image = checked(image)?;
        match images.iter().find(|known| known.container == image.container) {
            Some(known) if known.image != image.image => return Err(twice(known, &image)),
            Some(_) => {}
            None => images.push(image),
        }
    }
    if images.iter().any(|image| image.container.is_none()) && images.len() > 1 {
        return Err(Failure::usage("one of several images names no container").next("--image CONTAINER=IMAGE"));
    }
    Ok(images)
}

fn twice(one: &TypedImage, other: &TypedImage) -> Failure {
    let container = one.container.as_deref().map_or("the container".to_owned(), |name| format!("container {name}"));
    Failure::usage(format!("{} is to get {} and {}", printable(&container), one.image, other.image))
}

/// No image has a `=`.
fn typed_image(word: &str) -> TypedImage {
    match word.split_once('=') {
        Some((container, image)) => TypedImage { container: Some(container.to_owned()), image: image.to_owned() },
        None => TypedImage { container: None, image: word.to_owned() },
    }
}

fn checked(image: TypedImage) -> Outcome<TypedImage> {
    let wrong = |why: String| Err(Failure::usage(why).next("--image CONTAINER=IMAGE"));
    if !is_reference(&image.image) {
        return wrong(format!("\"{}\" is no image", image.image.escape_debug()));
    }
    match image.container.as_deref().filter(|name| !is_container_name(name)) {
        Some(name) => wrong(format!("\"{}\" is no container's name", name.escape_debug())),
        None => Ok(image),
    }
}

fn definitions(path: &Path, limit: Duration) -> Outcome<Vec<TypedImage>> {
    let name = printable(&path.display().to_string());
    let unread = |why: String| Failure::usage(format!("{name}: {why}")).next(DEFINITIONS);
    let read = bounded_file::read(path, LARGEST.saturating_add(1), limit);
    let text = read.map(String::from_utf8).map_err(|error| unread(error.to_string()))?;
    let text = text.map_err(|_| unread("this is no UTF-8".to_owned()))?;
    if text.len() as u64 > LARGEST {
        return Err(unread("larger than a file of images ever is".to_owned()));
    }
    let parsed = serde_json::from_str::<Vec<Definition>>(text.trim_start_matches('\u{feff}'));
    let definitions = parsed.map_err(|error| unread(printable(&error.to_string())))?;
    if definitions.is_empty() {
        return Err(unread("it has no images".to_owned()));
    }
    let image = |d: Definition| TypedImage { container: Some(d.name), image: d.image_uri };
    Ok(definitions.into_iter().map(image).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn read(typed: &[&str]) -> Result<Vec<(Option<String>, String)>, String> {
        let typed: Vec<String> = typed.iter().map(ToString::to_string).collect();
        let images = images(&typed, None, LIMIT).map_err(|failure| failure.message)?;
        Ok(images.into_iter().map(|image| (image.container, image.image)).collect())
    }

    #[test]
    fn images_are_of_a_container_or_of_the_only_one() {
        let app = |image: &str| (Some("app".to_owned()), image.to_owned());
        assert_eq!(read(&["app=r.io:5000/api:2"]).unwrap(), [app("r.io:5000/api:2")]);
        assert_eq!(read(&["app=api:2", "app=api:2"]).unwrap(), [app("api:2")]);
        assert_eq!(read(&["api:2"]).unwrap(), [(None, "api:2".to_owned())]);
        let digest = format!("r.io/api@sha256:{}", "0".repeat(64));
        assert_eq!(read(&[&format!("app={digest}")]).unwrap(), [app(&digest)]);
    }

    /// A pipeline's variable that was not set would be rolled out, and nobody could pull it.
    #[test]
    fn what_can_not_be_an_image_is_wrong_usage() {
        for bad in [
            "app=",
            "app=api:",
            "app=r.io/api:$TAG",
            "app=<none>:<none>",
            "app= api:2",
            "=api:2",
            "App=api:2",
            "app=https://r.io/api:2",
            "app=api@sha256:",
            "app=-api",
        ] {
            assert!(read(&[bad]).is_err(), "{bad}");
        }
        assert!(read(&["app=api:2", "app=api:3"]).is_err() && read(&["api:2", "app=api:2"]).is_err());
    }

    #[test]
    fn a_build_writes_images_into_a_file() {
        let folder = std::env::temp_dir().join(format!("images-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let from = |text: &str| {
            let path = folder.join("imagedefinitions.json");
            std::fs::write(&path, text).unwrap();
            images(&[], Some(&path), LIMIT)
        };
        let read = from("\u{feff}[{\"name\":\"app\",\"imageUri\":\"r.io/api:2\"}]\n").unwrap();
        assert_eq!(read[0], TypedImage { container: Some("app".into()), image: "r.io/api:2".into() });
        // What other actions of CodePipeline want is a file of its own, and so is a mistaken one.
        for other in
            [r#"{"ImageURI":"r.io/api:2"}"#, "[]", "", r#"[{"name":"app"}]"#, "- name: app", &"x".repeat(2 << 20)]
        {
            let failure = from(other).unwrap_err();
            assert_eq!(failure.exit, release_core::failure::Exit::Usage, "{other:.40}");
            assert!(failure.next.is_some());
        }
        assert!(images(&[], Some(&folder.join("missing.json")), LIMIT).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

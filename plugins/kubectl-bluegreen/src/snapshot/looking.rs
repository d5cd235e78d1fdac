//! What to read.

use release_core::traffic::router::NamedRouter;

use super::optional::ReadScope;

/// What to read.
#[derive(Debug, Clone, Copy)]
pub struct Looking<'a> {
    /// The track key, where a person named it.
    pub key: Option<&'a str>,
    /// What decides between the colors, where a person named it.
    pub router: Option<&'a NamedRouter>,
    pub extent: ReadScope,
    /// The pods' images too.
    pub images: bool,
}

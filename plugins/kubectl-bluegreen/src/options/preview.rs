//! `preview`, resolved.

use release_cli::flags::Output;
use release_core::failure::{Failure, Outcome};
use release_core::text::is_label_value;
use release_core::traffic::router::NamedRouter;

use crate::args::PreviewArgs;
use crate::names::service_names;

/// A preview, resolved.
#[derive(Debug, Clone)]
pub struct PreviewOptions {
    pub service: String,
    /// The color, where it was named.
    pub color: Option<String>,
    pub track_key: Option<String>,
    /// What decides between the colors, where it was named.
    pub router: Option<NamedRouter>,
    pub way: Way,
    pub yes: bool,
}

/// By which it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A port of this machine.
    Local {
        /// 0: a free one.
        port: u16,
        /// The Service's port, by number or name.
        remote: Option<String>,
    },
    /// A Service in the cluster.
    Exposed,
}

/// Resolves `preview`.
///
/// # Errors
/// Exit 2 for names and ports that are none, and for a document of what has no end.
pub fn preview(args: PreviewArgs) -> Outcome<PreviewOptions> {
    let service = service_names(&[args.service])?.into_iter().next().unwrap_or_default();
    if let Some(color) = args.color.as_deref().filter(|color| color.is_empty() || !is_label_value(color)) {
        return Err(Failure::usage(format!("--color: \"{}\" is no color's name", color.escape_debug())));
    }
    if !args.expose && !matches!(args.output.output, Output::Table | Output::Wide) {
        return Err(Failure::usage("a preview on this machine prints its address, a line, as soon as it is there")
            .next("-o goes with --expose"));
    }
    let way = if args.expose { Way::Exposed } else { local(args.port.as_deref())? };
    let (track_key, router) = (args.track.track_key, args.track.router);
    Ok(PreviewOptions { service, color: args.color, track_key, router, way, yes: args.write.yes })
}

/// `8080`, `8080:http`, `:80`, as kubectl takes them.
fn local(typed: Option<&str>) -> Outcome<Way> {
    let Some(typed) = typed else { return Ok(Way::Local { port: 0, remote: None }) };
    let wrong = || {
        let text = format!("--port: \"{}\" is no port", typed.escape_debug());
        Err(Failure::usage(text).next("LOCAL, LOCAL:REMOTE or :REMOTE; REMOTE is a port of the Service"))
    };
    let (port, remote) = typed.split_once(':').map_or((typed, None), |(port, remote)| (port, Some(remote)));
    let is_meant = |remote: &str| !remote.is_empty() && remote.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match (port, remote) {
        (_, Some(remote)) if !is_meant(remote) => wrong(),
        ("", Some(remote)) => Ok(Way::Local { port: 0, remote: Some(remote.to_owned()) }),
        (port, remote) => match port.parse() {
            Ok(port) => Ok(Way::Local { port, remote: remote.map(str::to_owned) }),
            Err(_) => wrong(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_typed_as_for_kubectl() {
        let read = |typed: &str| local(Some(typed)).ok();
        let of = |port, remote: Option<&str>| Some(Way::Local { port, remote: remote.map(str::to_owned) });
        assert_eq!(read("8080"), of(8080, None));
        assert_eq!(read("8080:80"), of(8080, Some("80")));
        assert_eq!(read(":http"), of(0, Some("http")));
        assert_eq!(read("0:80"), of(0, Some("80")));
        for wrong in ["", ":", "8080:", "http", "http:80", "65536", "-1", "8080:80:90", "80:a b"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

//! Answering for a container's log.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use jiff::Timestamp;
use tokio::sync::watch;

use super::super::log::{Log, Part};
use super::super::registry::Process;
use super::options::Options;
use super::{Body, refusal};

pub(super) fn answer(process: Option<watch::Receiver<Process>>, container: &str, query: &str) -> Response<Body> {
    let options = Options::parse(query, Timestamp::now());
    let Some(process) = process else {
        return refusal(
            StatusCode::BAD_REQUEST,
            format!("container {container:?} is waiting to start: PodInitializing"),
        );
    };
    let (log, settings) = {
        let process = process.borrow();
        (Arc::clone(&process.log), process.settings.clone())
    };
    if log.runs_so_far() == 0 {
        let why = settings.waiting.unwrap_or_else(|| "ContainerCreating".to_owned());
        let pod = settings.pod;
        return refusal(
            StatusCode::BAD_REQUEST,
            format!("container {container:?} in pod {pod:?} is waiting to start: {why}"),
        );
    }
    if settings.containers.first().is_some_and(|first| first != container) {
        return whole(format!("started container={container}\n"), &options);
    }
    if options.previous {
        return match log.previous() {
            Some(run) => whole(options.text(options.wanted(&run.lines)), &options),
            None => refusal(
                StatusCode::BAD_REQUEST,
                format!("previous terminated container {container:?} in pod {:?} not found", settings.pod),
            ),
        };
    }
    let run = log.runs_so_far();
    let so_far = log.read(run, 0);
    if options.follow {
        followed(log, run, so_far, options)
    } else {
        whole(options.text(options.wanted(&so_far.lines)), &options)
    }
}

fn whole(mut text: String, options: &Options) -> Response<Body> {
    if let Some(limit) = options.limit_bytes {
        text.truncate(text.floor_char_boundary(limit));
    }
    Response::new(Full::new(Bytes::from(text)).boxed())
}

/// A reader that gets each line as it is written, until the run ends.
struct Follower {
    log: Arc<Log>,
    changes: watch::Receiver<()>,
    run: usize,
    options: Options,
    /// What was there already.
    first: Option<Part>,
    /// Where to read on; `None` at the end.
    from: Option<usize>,
}

fn followed(log: Arc<Log>, run: usize, so_far: Part, options: Options) -> Response<Body> {
    let lines = options.wanted(&so_far.lines).to_vec();
    let first = Some(Part { lines, ..so_far });
    let follower = Follower { changes: log.changes(), log, run, options, first, from: Some(0) };
    let chunks = stream::unfold(follower, |mut follower| async move {
        let part = follower.next().await?;
        let text = follower.options.text(&part.lines);
        Some((Ok(Frame::data(Bytes::from(text))), follower))
    });
    Response::new(BodyExt::boxed(StreamBody::new(chunks)))
}

impl Follower {
    async fn next(&mut self) -> Option<Part> {
        let part = match self.first.take() {
            Some(part) => part,
            None => self.more(self.from?).await,
        };
        self.from = (!part.ended).then_some(part.next);
        Some(part)
    }

    async fn more(&mut self, from: usize) -> Part {
        loop {
            self.changes.mark_unchanged();
            let part = self.log.read(self.run, from);
            if part.ended || !part.lines.is_empty() || self.changes.changed().await.is_err() {
                return part;
            }
        }
    }
}

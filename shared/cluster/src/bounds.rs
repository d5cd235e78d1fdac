//! How much is taken from a server, whatever it sends.
//!
//! What etcd and the API server take in is bounded: 1.5 MiB a request
//! (<https://etcd.io/docs/latest/dev-guide/limit/>), 3 MiB a body of a write
//! (`MaxRequestBodyBytes` in `k8s.io/apiserver/pkg/server/config.go`). What they give out is not, and a
//! proxy or an aggregated API before them gives what it likes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Bytes of one answer. A page of 500 pods of 14 KiB has 7 MiB; what the watch cache gives at once of a
/// large cluster may be more, and is asked for in pages then.
pub const ANSWER_BYTES: usize = 48 << 20;
/// Bytes of all answers that are held at the same moment: a dozen lists are read at once, and what grows
/// has up to twice the memory of what is in it.
pub const HELD_BYTES: usize = 64 << 20;
/// Bytes of a refusal: a `Status` names what is wrong, and quotes at most the object.
pub const REFUSAL_BYTES: usize = 4 << 20;
/// Bytes of one line of a watch: one object, written more than once in its managed fields.
pub const EVENT_BYTES: usize = 8 << 20;
/// Lines of a watch that say nothing, one after the other; the API server sends a bookmark a minute.
pub const BOOKMARKS: usize = 1000;

/// Bytes of what a pod answers to a test that looks into the body.
pub const POD_ANSWER_BYTES: usize = 1 << 20;
/// Bytes of what a pod answers where the status decides, as many as the kubelet reads of a probe's
/// (`maxRespBodyLength` in `k8s.io/kubernetes/pkg/probe/http/http.go`).
pub const PROBE_BYTES: usize = 10 << 10;
/// Bytes of an answer to a gRPC health check: it has one number.
pub const GRPC_BYTES: usize = 4 << 10;

/// Bytes of one line of a container's log; runtimes cut longer ones themselves, at 16 KiB.
pub const LOG_LINE_BYTES: usize = 16 << 10;

/// Objects in the pages of a list: about 5 MiB of 10 KiB pods; and fewer, where a page of them is too
/// large. Five objects of the greatest size that etcd takes fit into any answer.
pub const PAGES_OF: [usize; 3] = [500, 50, 5];
/// Objects in one answer: what the watch cache has comes in one.
pub const ITEMS: usize = 200_000;
/// Pages of one list: 500,000 objects, more than three times the pods of the largest cluster that
/// Kubernetes supports (<https://kubernetes.io/docs/setup/best-practices/cluster-large/>).
pub const PAGES: usize = 1000;
/// Bytes of all pages of one list: the 150,000 pods of such a cluster, of 14 KiB each, twice.
pub const LIST_BYTES: u64 = 4 << 30;
/// How often a list is begun again whose continue token has expired on the way: etcd is compacted every
/// five minutes.
pub const RESTARTS: usize = 3;
/// How long a list may take, in request timeouts.
const LIST_TIMES: u32 = 20;

/// How long all pages of a list may take together.
#[must_use]
pub fn list_time(request_timeout: Duration) -> Duration {
    request_timeout.saturating_mul(LIST_TIMES)
}

/// Characters of a message of the server; the API server cuts the reasons that it collects at about as
/// many.
pub const MESSAGE_CHARS: usize = 4096;
/// Different warnings that are told in a run; the API server sends at most 4 KiB of them with an answer.
pub const WARNINGS: usize = 50;

static HELD: AtomicUsize = AtomicUsize::new(0);

/// Bytes of an answer as it comes in; given back when they are dropped.
#[derive(Debug, Default)]
pub struct Held {
    bytes: Vec<u8>,
}

/// It doesn't fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Held {
    /// Takes more in.
    ///
    /// # Errors
    /// Where that is more than `most`, or too much beside all others.
    pub fn take(&mut self, more: &[u8], most: usize) -> Result<(), Full> {
        if self.bytes.len().saturating_add(more.len()) > most {
            return Err(Full);
        }
        if HELD.fetch_add(more.len(), Ordering::Relaxed).saturating_add(more.len()) > HELD_BYTES {
            HELD.fetch_sub(more.len(), Ordering::Relaxed);
            return Err(Full);
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    /// What came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_answers_together_are_bounded_and_give_back_what_they_held() {
        let chunk = vec![b'x'; 16 << 20];
        let mut answers: Vec<Held> = std::iter::repeat_with(Held::default).take(5).collect();
        let taken: Vec<bool> = answers.iter_mut().map(|held| held.take(&chunk, ANSWER_BYTES).is_ok()).collect();
        assert_eq!(taken, [true, true, true, true, false]);
        answers.truncate(1);
        assert_eq!(answers[0].take(&chunk, ANSWER_BYTES), Ok(()));
        assert_eq!(answers[0].take(&chunk, ANSWER_BYTES), Ok(()));
        assert_eq!(answers[0].take(&chunk, ANSWER_BYTES), Err(Full), "an answer has its own bound");
        drop(answers);
        assert_eq!(HELD.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn no_request_timeout_makes_a_list_endless() {
        assert_eq!(list_time(Duration::from_secs(15)), Duration::from_secs(300));
        let _ = list_time(Duration::MAX);
    }
}

//! A verb whose fault ends it with a word of what is so.

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use release_core::failure::{Failure, Next, Outcome};
use release_core::text::one_line;

use crate::talk::{Stand, Standing};

/// A panic is a fault of ours, and no reason to leave a person without a word of what is so.
pub async fn caught(verb: impl Future<Output = Outcome<()>>, standing: &Standing) -> Outcome<()> {
    static WHERE: Mutex<String> = Mutex::new(String::new());
    let place = || WHERE.lock().unwrap_or_else(PoisonError::into_inner);
    std::panic::set_hook(Box::new(move |panic| *place() = one_line(&panic.to_string())));
    let ended = AssertUnwindSafe(verb).catch_unwind().await;
    drop(std::panic::take_hook());
    ended.unwrap_or_else(|_| {
        let Stand { text, next } = standing.borrow().clone();
        let message = format!("a fault of this program ({}), please report it\n{text}", place());
        let again = || Next::from("run the same command again: it takes up what was begun");
        Err(Failure::failed("Fault", message).next(next.unwrap_or_else(again)))
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use release_core::failure::Exit;

    use super::*;

    /// In the middle of a switch, somebody has to know whether it was written.
    #[tokio::test]
    async fn a_fault_of_ours_is_told_with_what_is_so() {
        let standing: Standing = Rc::new(RefCell::new("service/api selects green now, not proven yet".into()));
        let nothing: &[u8] = &[];
        let verb = async {
            assert_eq!(nothing[std::hint::black_box(3)], 0);
            Ok(())
        };
        let failure = caught(verb, &standing).await.unwrap_err();
        assert_eq!((failure.exit, failure.reason), (Exit::Failed, "Fault"));
        assert!(failure.message.contains("selects green now") && failure.message.contains("caught.rs"), "{failure}");
    }
}

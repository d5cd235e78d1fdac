//! `grpc.health.v1.Health/Check`, spoken as far as a probe speaks it. Pure.
//!
//! Its messages have one field each, so that they are written here byte by byte:
//! <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>.

use std::collections::BTreeMap;

const CHECK: &str = "/grpc.health.v1.Health/Check";
/// A message is preceded by one byte (compressed or not) and its length in four.
const PREFIX: usize = 5;

const SERVING: u8 = 1;
const NOT_SERVING: u8 = 2;

/// Services and whether they serve; the empty name is the whole server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GrpcHealth(BTreeMap<String, u8>);

/// A gRPC answer: its status, and its message if it has one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub status: u8,
    pub message: Option<[u8; PREFIX + 2]>,
}

impl Reply {
    const NOT_FOUND: Self = Self { status: 5, message: None };
    const UNIMPLEMENTED: Self = Self { status: 12, message: None };
    const INTERNAL: Self = Self { status: 13, message: None };
}

impl GrpcHealth {
    /// From `SERVING`, `NOT_SERVING`, or with services of their own `SERVING,db=NOT_SERVING`.
    pub fn parse(text: &str) -> Self {
        let service = |part: &str| {
            let (name, state) = part.split_once('=').unwrap_or(("", part));
            (name.trim().to_owned(), if state.trim() == "SERVING" { SERVING } else { NOT_SERVING })
        };
        Self(text.split(',').map(service).collect())
    }

    /// Answers a call.
    pub fn reply(&self, path: &str, request: &[u8]) -> Reply {
        if path != CHECK {
            return Reply::UNIMPLEMENTED;
        }
        let Some(service) = service_in(request) else { return Reply::INTERNAL };
        self.0.get(service).map_or(Reply::NOT_FOUND, |state| {
            // Field 1, a number: the status.
            Reply { status: 0, message: Some([0, 0, 0, 0, 2, 0x08, *state]) }
        })
    }
}

/// The request's only field, which is left out when it is empty.
fn service_in(request: &[u8]) -> Option<&str> {
    match request.get(PREFIX..)? {
        [] => Some(""),
        // Field 1, a text of less than 128 bytes.
        [0x0a, length, name @ ..] => std::str::from_utf8(name.get(..usize::from(*length))?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_a_state_of_its_own() {
        let health = GrpcHealth::parse("SERVING, db=NOT_SERVING");
        let state = |request: &[u8]| health.reply(CHECK, request).message.map(|message| message[6]);
        assert_eq!(state(&[0, 0, 0, 0, 0]), Some(SERVING));
        assert_eq!(state(&[0, 0, 0, 0, 4, 0x0a, 2, b'd', b'b']), Some(NOT_SERVING));
        assert_eq!(health.reply(CHECK, &[0, 0, 0, 0, 3, 0x0a, 1, b'x']), Reply::NOT_FOUND);
        assert_eq!(health.reply(CHECK, &[0, 0, 0, 0, 3, 0x0a, 9, b'x']), Reply::INTERNAL);
        assert_eq!(health.reply("/shop.Orders/List", &[]), Reply::UNIMPLEMENTED);
    }
}

//! `grpc.health.v1.Health/Check` over a stream. Its messages have one field each, and are written and read here
//! (<https://github.com/grpc/grpc/blob/master/doc/health-checking.md>).

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use release_core::release::pod_tests::Answer;

use super::broken::broken;
use crate::bounds::GRPC_BYTES;
use crate::port_forward::Stream;

/// A message is preceded by one byte (compressed or not) and its length in four.
const PREFIX: usize = 5;
/// Numbers of messages have seven bits a byte.
const BITS: u32 = 7;
const MORE: u8 = 0x80;
const STATUS: &str = "grpc-status";

/// Asks for the health of a service; of the whole server where its name is empty.
pub async fn check(stream: Box<dyn Stream>, host: &str, service: &str) -> Result<Answer, String> {
    let request = Request::post(format!("http://{host}/grpc.health.v1.Health/Check"))
        .header(CONTENT_TYPE, "application/grpc")
        .header(HeaderName::from_static("te"), "trailers")
        .body(Full::new(Bytes::from(framed(&asking_for(service)))));
    let request = request.map_err(|error| error.to_string())?;
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| broken(&error))?;
    // It ends with the stream, which whoever asks holds.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Err(format!("answered {} to a gRPC call", head.status.as_u16()));
    }
    let body = Limited::new(body, GRPC_BYTES).collect().await;
    let body = body.map_err(|_| "its answer broke off, or has more than a health check's".to_owned())?;
    let code = body.trailers().and_then(status).or_else(|| status(&head.headers));
    let code = code.ok_or_else(|| "answered without a gRPC status".to_owned())?;
    Ok(Answer::Grpc { code, health: health_in(&body.to_bytes()) })
}

fn status(headers: &HeaderMap) -> Option<u32> {
    headers.get(STATUS)?.to_str().ok()?.parse().ok()
}

/// Field 1, a text; left out where it is empty.
fn asking_for(service: &str) -> Vec<u8> {
    if service.is_empty() {
        return Vec::new();
    }
    let mut message = vec![0x0a];
    let mut length = service.len();
    while length >= usize::from(MORE) {
        message.push(u8::try_from(length & 0x7f).unwrap_or(0) | MORE);
        length >>= BITS;
    }
    message.push(u8::try_from(length).unwrap_or(0));
    message.extend_from_slice(service.as_bytes());
    message
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], &length.to_be_bytes()[..], message].concat()
}

/// Field 1 of the answer, a number, which is left out where it is 0; nothing where there is no message, or none that
/// can be read.
fn health_in(answer: &[u8]) -> Option<u64> {
    let (prefix, rest) = answer.split_at_checked(PREFIX)?;
    let length = u32::from_be_bytes(prefix.get(1..)?.try_into().ok()?);
    let mut message = rest.get(..usize::try_from(length).ok()?)?;
    if prefix.first() != Some(&0) {
        return None;
    }
    let mut health = 0;
    while !message.is_empty() {
        let tag = number(&mut message)?;
        match tag & 0x07 {
            0 => {
                let value = number(&mut message)?;
                health = if tag >> 3 == 1 { value } else { health };
            }
            1 => message = message.get(8..)?,
            2 => {
                let length = usize::try_from(number(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            5 => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(health)
}

fn number(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(usize::try_from(BITS).unwrap_or(7)) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(byte & !MORE).checked_shl(shift)?;
        if byte & MORE == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sent_with_its_length() {
        assert_eq!(framed(&asking_for("")), [0, 0, 0, 0, 0]);
        assert_eq!(framed(&asking_for("db")), [0, 0, 0, 0, 4, 0x0a, 2, b'd', b'b']);
        let long = asking_for(&"x".repeat(300));
        assert_eq!((long[..3].to_vec(), long.len()), (vec![0x0a, 0xac, 0x02], 303));
    }

    /// A message that is none must not be taken for a healthy server.
    #[test]
    fn only_a_whole_message_tells_the_health() {
        assert_eq!(health_in(&[0, 0, 0, 0, 2, 0x08, 1]), Some(1));
        assert_eq!(health_in(&[0, 0, 0, 0, 0]), Some(0));
        assert_eq!(
            health_in(&[0, 0, 0, 0, 6, 0x12, 2, b'a', b'b', 0x08, 2]),
            Some(2),
            "unknown fields are passed over"
        );
        for bad in [&[][..], &[0, 0, 0, 0, 2, 0x08], &[1, 0, 0, 0, 2, 0x08, 1], &[0, 0, 0, 0, 2, 0x0f, 1], &[0xff; 30]]
        {
            assert_eq!(health_in(bad), None, "{bad:?}");
        }
    }
}

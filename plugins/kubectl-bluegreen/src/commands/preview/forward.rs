//! A port of this machine to an idle color, for as long as somebody looks.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use release_cli::output;
use release_cli::run::{Run, interrupted};
use release_cluster::local_port::LocalPort;
use release_core::failure::{Failure, Outcome};
use release_core::text::{one_line, printable};
use release_core::traffic::preview::port_of;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::shown::{looked, shown};
use super::ways::Ways;
use crate::apply::deploy::may_test;
use crate::options::preview::PreviewOptions;
use crate::routed_view::seen;

/// Connections at the same time; a browser makes six.
const AT_ONCE: usize = 200;
/// A connection waits so long for a pod: they are being replaced, perhaps.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks for one.
const POLL: Duration = Duration::from_millis(500);

/// Forwards until interrupted, which is how it is meant to end.
///
/// # Errors
/// Exit 1 where there is nothing to show, the port is taken, or pods may not be reached.
pub async fn forward(run: &Run, options: &PreviewOptions, (local, remote): (u16, Option<&str>)) -> Outcome<()> {
    let snapshot = looked(run, options).await?;
    let view = seen(&snapshot.services[0], &snapshot, options.track_key.as_deref());
    let (_, color) = shown(run, options, (&view, &snapshot))?;
    let remote = port_of(view.service, remote);
    let remote = remote.map_err(|why| Failure::failed("NoSuchPort", why).next("--port LOCAL:REMOTE names one"))?;
    may_test(run).await?;
    let port = LocalPort::open(local).await.map_err(|error| taken(local, &error))?;
    let ways = Ways::new(run, options, (&color, remote), &snapshot);
    output::data_line(format_args!(
        "Forwarding from 127.0.0.1:{} -> {color} of service/{}, port {}",
        port.number(),
        printable(view.name()),
        remote.port
    ));
    tokio::select! {
        () = serve(run, &ways, &port) => Ok(()),
        () = interrupted() => Ok(()),
    }
}

fn taken(port: u16, error: &std::io::Error) -> Failure {
    let text = format!("port {port} of this machine can't be opened: {}", one_line(&error.to_string()));
    Failure::failed("PortTaken", text).next("--port 0 takes a free one")
}

/// Never ends by itself: pods come and go.
async fn serve(run: &Run, ways: &Ways<'_>, port: &LocalPort) {
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = port.accept(), if connections.len() < AT_ONCE => match accepted {
                Ok(connection) => connections.push(carry(run, ways, connection)),
                Err(error) => {
                    run.say(&format!("a connection was not taken: {}", one_line(&error.to_string())));
                    sleep(POLL).await;
                }
            },
            Some(()) = connections.next(), if !connections.is_empty() => {}
        }
    }
}

/// One connection, to a pod that can be reached; another is tried where one has just gone.
async fn carry(run: &Run, ways: &Ways<'_>, connection: TcpStream) {
    let began = Instant::now();
    let (mut tried, mut why) = (BTreeSet::new(), String::new());
    while began.elapsed() < PATIENCE {
        match ways.next(&tried).await {
            Ok(Some(way)) => match run.cluster.way_to(&way.pod, way.port).await {
                Ok(open) => {
                    if let Err(refused) = open.carry(connection).await {
                        run.say(&format!("pod/{}:{} was not reached: {refused}", way.pod, way.port));
                    }
                    return;
                }
                Err(error) => {
                    why = format!("pod/{}: {}", way.pod, error.short());
                    tried.insert(way.pod);
                    continue;
                }
            },
            // All of them may be new by now.
            Ok(None) => tried.clear(),
            Err(failure) => why = failure.message,
        }
        sleep(POLL).await;
    }
    let because = if why.is_empty() { "no pod of it is ready".to_owned() } else { one_line(&why) };
    run.say(&format!("a connection was ended after {} s: {because}", PATIENCE.as_secs()));
}

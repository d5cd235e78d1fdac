//! Completion: the shim that kubectl looks for, and the candidates it asks us for.

use std::ffi::OsString;

use clap::CommandFactory;
use clap_complete::engine::complete;

use crate::args::Cli;

/// kubectl looks for `kubectl_complete-bluegreen` on PATH and passes the words typed
/// (<https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/#using-the-command-line-runtime-package>).
pub const SHIM: &str = include_str!("../../../../completions/kubectl_complete-bluegreen");

/// Prints a candidate a line for the last of `words`, then cobra's directive 4: no file names.
pub fn print_candidates(words: &[String]) {
    let mut args: Vec<OsString> = vec!["kubectl-bluegreen".into()];
    args.extend(words.iter().map(OsString::from));
    if args.len() == 1 {
        args.push(OsString::new());
    }
    let index = args.len() - 1;
    let mut command = Cli::command();
    let here = std::env::current_dir().ok();
    for candidate in complete(&mut command, args, index, here.as_deref()).unwrap_or_default() {
        let value = candidate.get_value().to_string_lossy().into_owned();
        match candidate.get_help() {
            Some(help) => println!("{value}\t{}", help.to_string().lines().next().unwrap_or_default()),
            None => println!("{value}"),
        }
    }
    println!(":4");
}

use clap::{Args as _, FromArgMatches as _};
use release_cli::flags::{Output, OutputArgs};
use release_core::failure::Exit;

use super::*;

const HOST: &str = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com";

fn named(names: &[&str]) -> RepositoriesArgs {
    RepositoriesArgs { repositories: names.iter().map(|n| (*n).to_owned()).collect(), ..RepositoriesArgs::default() }
}

#[test]
fn names_and_addresses_of_repositories_are_the_same_thing() {
    let arn = "arn:aws:ecr:ap-southeast-2:123456789012:repository/shop/db";
    let web = format!("{HOST}/shop/web@sha256:{}", "0".repeat(64));
    let found = repositories(&named(&["shop/api", &web, arn, "shop/api"])).unwrap();
    let names: Vec<&str> = found.names.iter().map(|named| named.name.as_str()).collect();
    assert_eq!(names, ["shop/api", "shop/web", "shop/db"]);
    assert_eq!((found.account.as_deref(), found.region.as_deref()), (Some("123456789012"), Some("ap-southeast-2")));
}

/// A policy would be put on another repository than the one whose name was typed.
#[test]
fn a_name_is_taken_as_it_is_first_and_only_then_as_we_print_it() {
    let read = |typed: &str| repositories(&named(&[typed])).unwrap().names.remove(0);
    let as_is = |name: &str| Named { name: name.into(), or: None };
    assert_eq!(read("repository/api"), Named { name: "repository/api".into(), or: Some("api".into()) });
    assert_eq!(read(&format!("{HOST}/repository/api")), as_is("repository/api"));
    assert_eq!(read("arn:aws:ecr:ap-southeast-2:123456789012:repository/repository/api"), as_is("repository/api"));
    // Names that pull-through caches have.
    for name in ["public.ecr.aws/nginx/nginx", "docker.io/library/nginx", "quay.io/prometheus/node-exporter"] {
        assert_eq!(read(name), as_is(name));
    }
}

/// A policy in another account's repository of the same name would be the wrong one.
#[test]
fn two_registries_in_one_command_are_refused() {
    let other = "999999999999.dkr.ecr.ap-southeast-2.amazonaws.com/api";
    let us = "123456789012.dkr.ecr.us-east-1.amazonaws.com/api";
    let here = format!("{HOST}/api");
    for names in [[here.as_str(), other], [here.as_str(), us]] {
        assert_eq!(repositories(&named(&names)).unwrap_err().exit, Exit::Usage);
    }
    let flagged = RepositoriesArgs { registry_id: Some("999999999999".into()), ..named(&[&here]) };
    assert_eq!(repositories(&flagged).unwrap_err().exit, Exit::Usage);
}

#[test]
fn what_can_be_no_registry_or_repository_is_refused() {
    for name in [
        "",
        "UPPER",
        "-x",
        "a//b",
        "a b",
        "api:1.0",
        "repository/",
        "12.dkr.ecr.us-east-1.amazonaws.com/api",
        "arn:aws:ecr:us-east-1:123456789012:repository/*",
        "arn:aws:ecr-public::123456789012:repository/api",
    ] {
        assert_eq!(repositories(&named(&[name])).unwrap_err().exit, Exit::Usage, "{name}");
    }
    let account = RepositoriesArgs { registry_id: Some("12".into()), ..named(&["api"]) };
    let region = RepositoriesArgs { region: Some("here".into()), ..named(&["api"]) };
    for args in [account, region] {
        assert_eq!(repositories(&args).unwrap_err().exit, Exit::Usage);
    }
}

fn apply_args(policy: PolicyArgs) -> ApplyArgs {
    ApplyArgs {
        repositories: named(&["api"]),
        policy,
        clusters: ClustersArgs::default(),
        force: Vec::new(),
        strict: false,
        allow_expiring_in_use: false,
        yes: false,
        dry_run: DryRunFlag::None,
        output: OutputArgs { output: Output::Table },
    }
}

#[test]
fn applying_needs_a_policy_and_no_dry_run_of_the_server() {
    let policy = || PolicyArgs { keep_untagged: Some(2), ..PolicyArgs::default() };
    assert!(apply(&apply_args(policy())).is_ok());
    assert_eq!(apply(&apply_args(PolicyArgs::default())).unwrap_err().exit, Exit::Usage);
    let server = ApplyArgs { dry_run: DryRunFlag::Server, ..apply_args(policy()) };
    assert_eq!(apply(&server).unwrap_err().exit, Exit::Usage);
}

/// The old flag is in pipelines: it must go on meaning what it meant.
#[test]
fn allowing_what_is_in_use_to_go_is_every_name_at_once() {
    let with = |allow_expiring_in_use: bool, force: &[&str]| {
        let policy = PolicyArgs { keep_untagged: Some(2), ..PolicyArgs::default() };
        let force = force.iter().map(ToString::to_string).collect();
        apply(&ApplyArgs { allow_expiring_in_use, force, ..apply_args(policy) }).unwrap().forced
    };
    assert!(allowed_in_use().all(|id| with(true, &[]).has(id) && !with(false, &[]).has(id)));
    let one = with(false, &["pulled-lately"]);
    assert!(one.has(ids::PULLED_LATELY) && !one.has(ids::RUNNING));
}

#[test]
fn a_bad_policy_names_all_its_problems_and_a_bad_prefix_is_wrong_usage() {
    let failure = checked_file(br#"{"rules":[{"rulePriority":0}]}"#).unwrap_err();
    assert_eq!((failure.exit, failure.reason), (Exit::Failed, "InvalidPolicy"));
    assert!(failure.message.lines().count() > 3, "{}", failure.message);
    let args = PolicyArgs { keep_tagged: Some(1), tag_prefix: vec!["v*".into()], ..PolicyArgs::default() };
    let Source::Built(policy) = source(&args) else { panic!() };
    assert_eq!(checked_built(&policy).unwrap_err().exit, Exit::Usage);
}

/// A person would paste a command that checks, waits or reads otherwise than the one that they typed.
#[test]
fn every_flag_of_apply_is_repeated_or_added_by_who_knows_better() {
    /// What spares and gives up is added where the command is printed; the rest is about one run.
    const NOT_REPEATED: [&str; 6] =
        ["keep-rollback-target", "force", "allow-expiring-in-use", "yes", "dry-run", "output"];
    let command = ApplyArgs::augment_args(clap::Command::new("apply"));
    let flags =
        command.get_arguments().filter_map(|arg| Some((arg.get_long()?.to_owned(), arg.get_action().takes_values())));
    for (flag, takes_value) in flags.filter(|(flag, _)| !NOT_REPEATED.contains(&flag.as_str())) {
        let value = if takes_value { "=7" } else { "" };
        let with = match flag.as_str() {
            "name-filter" => vec!["--all-repositories"],
            "all-repositories" => vec![],
            "tag-prefix" => vec!["api", "--keep-tagged=7"],
            _ => vec!["api"],
        };
        let typed = format!("--{flag}{value}");
        let matches = command.clone().get_matches_from(["apply"].into_iter().chain(with).chain([typed.as_str()]));
        let args = ApplyArgs::from_arg_matches(&matches).unwrap();
        let again = apply_again(&args, &args.repositories).to_string();
        let short = if flag == "file" { " -f ".to_owned() } else { format!(" --{flag}") };
        assert!(again.contains(&short), "{typed} is lost: {again}");
    }
}

#[test]
fn of_several_repositories_some_are_named_as_they_were_typed() {
    let host = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    let typed = [format!("{host}/api"), format!("{host}/web"), "repository/worker".to_owned()];
    let args = RepositoriesArgs { repositories: typed.to_vec(), ..RepositoriesArgs::default() };
    assert_eq!(only(&args, &["web", "worker"]).repositories, typed[1..]);
    let all = RepositoriesArgs {
        all_repositories: true,
        name_filter: Some("team/*".into()),
        region: Some("eu-west-1".into()),
        ..RepositoriesArgs::default()
    };
    let some = only(&all, &["team/api"]);
    assert_eq!((some.repositories, some.all_repositories, some.name_filter), (vec!["team/api".into()], false, None));
    assert_eq!(some.region.as_deref(), Some("eu-west-1"));
}

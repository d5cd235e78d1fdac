//! From typed words to what the commands work with; conflicts end here.

use std::path::{Path, PathBuf};

use release_cli::flags::DryRunFlag;
use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::checks::weighing::{Urgency, Weighing, weigh};
use release_core::command::Command;
use release_core::duration::typed_duration;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::{EcrRepository, NotEcr, is_account, is_region, is_repository_name};
use release_core::registry::lifecycle_policy::{Keep, MAX_CHARS, Policy, Problem, build, parse, text_in_file};
use release_core::text::printable;

use super::args::{ApplyArgs, ClustersArgs, LimitArgs, PolicyArgs, RepositoriesArgs};
use super::usage::Forced;

/// Which repositories of which registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repositories {
    /// Empty for every repository of the registry.
    pub names: Vec<Named>,
    pub name_filter: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub fips: bool,
    pub dual_stack: bool,
}

/// A repository as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    /// What `repository/NAME`, as we print it, means where there is no repository of that whole name.
    pub or: Option<String>,
}

/// Where the policy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    /// Stdin.
    Stdin,
    Built(Policy),
    /// Nothing was named: a preview takes the one in force.
    InForce,
}

/// Reads the names; `HOST/NAME` and ARNs say account and region too.
///
/// # Errors
/// Exit 2 where they contradict each other or ECR could have none of that name.
pub fn repositories(args: &RepositoriesArgs) -> Outcome<Repositories> {
    let mut found = Repositories {
        name_filter: args.name_filter.clone(),
        account: args.registry_id.clone(),
        region: args.region.clone(),
        ..Repositories::default()
    };
    if let Some(account) = args.registry_id.as_ref().filter(|account| !is_account(account)) {
        return Err(Failure::usage(format!("--registry-id: \"{}\" is no account of 12 digits", printable(account))));
    }
    if let Some(region) = args.region.as_ref().filter(|region| !is_region(region)) {
        return Err(Failure::usage(format!("--region: \"{}\" is no region", printable(region))));
    }
    for typed in &args.repositories {
        let named = named(typed, &mut found)?;
        if !found.names.contains(&named) {
            found.names.push(named);
        }
    }
    Ok(found)
}

/// An ARN and `HOST/NAME` say account and region, too, and mean that very name.
fn named(typed: &str, found: &mut Repositories) -> Outcome<Named> {
    let of = if typed.starts_with("arn:") { EcrRepository::of_arn(typed) } else { EcrRepository::of(typed) };
    match of {
        Ok(repository) => {
            agree_on(&mut found.account, repository.account, "account")?;
            agree_on(&mut found.region, repository.region, "region")?;
            found.fips |= repository.fips;
            found.dual_stack |= repository.dual_stack;
            Ok(Named { name: repository.name, or: None })
        }
        Err(why) if typed.starts_with("arn:") || matches!(why, NotEcr::Malformed(_)) => {
            Err(Failure::usage(format!("\"{}\": {why}", printable(typed))))
        }
        // A name may look like another registry's host: pull-through caches are named so.
        Err(_) if is_repository_name(typed) => {
            let or = typed.strip_prefix("repository/").filter(|name| is_repository_name(name)).map(str::to_owned);
            Ok(Named { name: typed.to_owned(), or })
        }
        Err(_) => Err(Failure::usage(format!("\"{}\" is no repository name", printable(typed)))
            .next("NAME, HOST/NAME or an ARN, without tag and digest where there is no host")),
    }
}

fn agree_on(so_far: &mut Option<String>, now: String, what: &str) -> Outcome<()> {
    match so_far {
        Some(first) if *first != now => {
            let message = format!("one command works in one {what}, and these are two: {first}, {now}");
            Err(Failure::usage(message).next("run it once for each"))
        }
        _ => {
            *so_far = Some(now);
            Ok(())
        }
    }
}

/// Where the policy comes from.
#[must_use]
pub fn source(args: &PolicyArgs) -> Source {
    match &args.file {
        Some(path) if path == Path::new("-") => Source::Stdin,
        // As the AWS CLI has it.
        Some(path) => {
            Source::File(path.to_str().and_then(|p| p.strip_prefix("file://")).map_or(path.clone(), PathBuf::from))
        }
        None if !args.is_named() => Source::InForce,
        None => Source::Built(build(&Keep {
            tagged: args.keep_tagged,
            prefixes: args.tag_prefix.clone(),
            untagged: args.keep_untagged,
        })),
    }
}

/// Checks the policy in a file; all that is wrong with it in one message.
///
/// # Errors
/// Exit 1, reason `InvalidPolicy`.
pub fn checked_file(bytes: &[u8]) -> Outcome<Policy> {
    let parsed = text_in_file(bytes).map_err(|problem| vec![problem]).and_then(|text| parse(&text));
    parsed.map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem: &Problem| format!("  {problem}")).collect();
        Failure::failed(
            "InvalidPolicy",
            format!("ECR would refuse this policy; nothing was sent\n{}", lines.join("\n")),
        )
    })
}

/// Checks a policy that was built from flags: a prefix may be none.
///
/// # Errors
/// Exit 2.
pub fn checked_built(policy: &Policy) -> Outcome<Policy> {
    parse(&policy.to_text()).map_err(|problems| {
        let message = problems.first().map(ToString::to_string).unwrap_or_default();
        Failure::usage(format!("--tag-prefix: {message}"))
    })
}

/// Checks that are about an image which somebody uses: raised numbers answer each of them.
pub const IN_USE: [CheckId; 8] = [
    ids::RUNNING,
    ids::ROLLBACK_TARGET,
    ids::ASKED_FOR,
    ids::IN_HISTORY,
    ids::ROLLBACK_RECORD,
    ids::OTHER_HOST,
    ids::PULLED_LATELY,
    ids::GOES_LATER,
];

/// What `--allow-expiring-in-use` means: what can't be seen to be used is given up, too.
fn allowed_in_use() -> impl Iterator<Item = CheckId> {
    IN_USE.into_iter().chain([ids::CLUSTER_UNREAD])
}

/// What `apply` has beyond a preview.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    pub forced: Forced,
    pub strict: bool,
    pub yes: bool,
    pub dry_run: bool,
}

impl ApplyOptions {
    /// Weighs what was found: what is overridden, and whether what could not be checked blocks.
    pub fn weigh(&self, findings: &mut [Finding]) {
        let weighing = Weighing { force: self.forced.ids().to_vec(), strict: self.strict };
        weigh(findings, &weighing, Urgency::Ordinary, &[], None);
    }
}

/// Checks what only `apply` has.
///
/// # Errors
/// Exit 2 for `--dry-run=server`, and without a policy.
pub fn apply(args: &ApplyArgs) -> Outcome<ApplyOptions> {
    if args.dry_run == DryRunFlag::Server {
        let message = "--dry-run=server: ECR can't try a policy without putting it in force";
        return Err(Failure::usage(message).next("use --dry-run=client"));
    }
    if source(&args.policy) == Source::InForce && !args.clusters.keep_rollback_target {
        let message = "no policy: name one with -f, or make one with --keep-tagged and --keep-untagged";
        return Err(Failure::usage(message));
    }
    let in_use = args.allow_expiring_in_use.then(allowed_in_use).into_iter().flatten().map(|id| id.to_string());
    Ok(ApplyOptions {
        forced: Forced::new(args.force.iter().cloned().chain(in_use).collect()),
        strict: args.strict,
        yes: args.yes,
        dry_run: args.dry_run == DryRunFlag::Client,
    })
}

/// The command that applies a policy, as it was typed: repositories, registry, policy, contexts.
#[must_use]
pub fn apply_command(repositories: &RepositoriesArgs, policy: &PolicyArgs, clusters: &ClustersArgs) -> Command {
    let limit = clusters.limit.timeout;
    let joined = |words: &[String]| (!words.is_empty()).then(|| words.join(","));
    let flags = [
        ("--name-filter", repositories.name_filter.clone()),
        ("--registry-id", repositories.registry_id.clone()),
        ("--region", repositories.region.clone()),
        ("-f", policy.file.as_ref().map(|path| path.display().to_string())),
        ("--keep-tagged", policy.keep_tagged.map(|n| n.to_string())),
        ("--tag-prefix", joined(&policy.tag_prefix)),
        ("--keep-untagged", policy.keep_untagged.map(|n| n.to_string())),
        ("--contexts", joined(&clusters.contexts)),
        ("--timeout", (limit != LimitArgs::DEFAULT).then(|| typed_duration(limit))),
    ];
    let all = repositories.all_repositories.then_some("--all-repositories");
    let command = Command::new("kubectl ecr-rollback lifecycle apply").args(all).args(&repositories.repositories);
    let given = flags.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
    given.fold(command, |command, (flag, value)| command.flag(flag, value))
}

/// An `apply` as it was typed, to these repositories, for whoever adds what spares and what gives up:
/// `--keep-rollback-target`, `--force` with the ids that `--allow-expiring-in-use` means, too.
#[must_use]
pub fn apply_again(args: &ApplyArgs, repositories: &RepositoriesArgs) -> Command {
    apply_command(repositories, &args.policy, &args.clusters).args(args.strict.then_some("--strict"))
}

/// Only these of the repositories, each as it was typed.
#[must_use]
pub fn only(args: &RepositoriesArgs, names: &[&str]) -> RepositoriesArgs {
    let typed = |name: &&str| {
        let is_it = |typed: &&String| {
            let named = named(typed, &mut Repositories::default());
            named.is_ok_and(|named| named.name == **name || named.or.as_deref() == Some(name))
        };
        args.repositories.iter().find(is_it).cloned().unwrap_or_else(|| (*name).to_owned())
    };
    RepositoriesArgs {
        repositories: names.iter().map(typed).collect(),
        all_repositories: false,
        name_filter: None,
        registry_id: args.registry_id.clone(),
        region: args.region.clone(),
    }
}

/// How many bytes of a policy file are read: more can't be a policy, escaped inside of an answer of
/// the AWS CLI and written in two bytes a character.
pub const READABLE_BYTES: u64 = 8 * MAX_CHARS as u64 + 1;

#[cfg(test)]
mod tests;

//! The right image each time, also where pushes, tags and deployments tell different stories.

mod asked;
mod containers;
mod evidence;
mod manifests;
mod moved_tags;
mod platforms;
mod pushes;
mod rollout_history;
mod steps;
mod unexpected;

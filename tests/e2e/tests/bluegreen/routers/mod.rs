//! Routes that decide between the colors: they are moved instead of the selector.

mod alb;
mod alb_meanwhile;
mod astray;
mod first;
mod found;
mod gateway;
mod istio;
mod meanwhile;
mod nginx;
mod nginx_main;
mod nginx_meanwhile;
mod release;
mod route53;
mod several;
mod targets;

//! Kinds of routers.

use super::alb::action::ACTIONS;
use super::nginx::annotations::WEIGHT;
use super::route53::CHANGE;
use crate::release::hand::Part;
use crate::traffic::routes::{GATEWAY_API, ISTIO};

/// A kind of object that can decide between colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouterKind {
    Service,
    VirtualService,
    HttpRoute,
    GrpcRoute,
    /// An Ingress of an AWS load balancer.
    Alb,
    /// A canary Ingress of ingress-nginx.
    Nginx,
    /// Records of Amazon Route 53. What is written in the cluster is the Service.
    Route53,
}

impl RouterKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Service, Self::VirtualService, Self::HttpRoute, Self::GrpcRoute, Self::Alb, Self::Nginx, Self::Route53];

    /// As people type it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::VirtualService => "virtualservice",
            Self::HttpRoute => "httproute",
            Self::GrpcRoute => "grpcroute",
            Self::Alb => "alb",
            Self::Nginx => "nginx",
            Self::Route53 => "route53",
        }
    }

    /// As kubectl takes it: `ingress`.
    #[must_use]
    pub fn resource(self) -> &'static str {
        match self {
            Self::Alb | Self::Nginx => "ingress",
            Self::Route53 => "service",
            _ => self.word(),
        }
    }

    /// True where it is an Ingress, by whichever controller.
    #[must_use]
    pub fn is_ingress(self) -> bool {
        matches!(self, Self::Alb | Self::Nginx)
    }

    /// As the API has it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Service | Self::Route53 => "Service",
            Self::VirtualService => "VirtualService",
            Self::HttpRoute => "HTTPRoute",
            Self::GrpcRoute => "GRPCRoute",
            Self::Alb | Self::Nginx => "Ingress",
        }
    }

    /// The API group; empty for the core.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Service | Self::Route53 => "",
            Self::VirtualService => ISTIO,
            Self::HttpRoute | Self::GrpcRoute => GATEWAY_API,
            Self::Alb | Self::Nginx => "networking.k8s.io",
        }
    }

    /// As paths and rights have it.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Service | Self::Route53 => "services",
            Self::VirtualService => "virtualservices",
            Self::HttpRoute => "httproutes",
            Self::GrpcRoute => "grpcroutes",
            Self::Alb | Self::Nginx => "ingresses",
        }
    }

    /// What managers of fields hold once they have written what a move writes.
    #[must_use]
    pub fn held(self) -> Part<'static> {
        match self {
            Self::Service => Part::Field(["f:spec", "f:selector"]),
            Self::VirtualService => Part::Field(["f:spec", "f:http"]),
            Self::HttpRoute | Self::GrpcRoute => Part::Field(["f:spec", "f:rules"]),
            Self::Alb => Part::Annotations(ACTIONS),
            Self::Nginx => Part::Annotations(WEIGHT),
            Self::Route53 => Part::Annotations(CHANGE),
        }
    }
}

//! A notice to try what receivers are sent.

use super::*;

pub fn notice(stage: Stage) -> Notice {
    let api = Released {
        uid: Some("u-1".into()),
        from: Some("blue".into()),
        to: Some("green".into()),
        ..Released::named("api")
    };
    Notice {
        api_version: "kubectl-release.dev/v1",
        kind: "Notice",
        id: "0123-4".into(),
        run: "0123".into(),
        stage,
        at: "2031-11-28T21:23:02Z".parse().unwrap(),
        verb: Deed::Deploy,
        context: "prod-eu".into(),
        namespace: "shop".into(),
        services: vec![api],
        by: "lee".into(),
        reason: "faster".into(),
        message: "service/api is served by green".into(),
        began: true,
        exit_code: None,
        seconds: 12.5,
    }
}

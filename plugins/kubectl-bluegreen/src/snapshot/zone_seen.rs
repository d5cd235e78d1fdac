//! What was read of a hosted zone.

use std::collections::BTreeMap;

use release_aws::route53::Zone;
use release_cluster::read::Reading;
use release_core::traffic::router::route53::RecordSet;
use release_core::traffic::router::route53::external_dns::Keeper;

/// The records of a name as they were read, and who else keeps them.
#[derive(Debug, Clone)]
pub struct ZoneSeen {
    pub zone: Zone,
    pub sets: Vec<RecordSet>,
    /// What external-dns keeps of them; read only where a move waits for everything.
    pub keepers: Reading<Vec<Keeper>>,
    /// Whether their health checks pass, by id; read only then, too.
    pub health: BTreeMap<String, Reading<bool>>,
    /// Records that stand between the name and its load balancers.
    pub between: Vec<RecordSet>,
}

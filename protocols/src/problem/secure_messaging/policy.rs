//! Who is who and who may do what: the policy of the company, known to all and never wrong. That a
//! system keeps to it is what its judges look at.
//!
//! The last three nodes hold offices (the authority vouches for keys, the keeper keeps the log, the
//! broker carries the messages); the others are agents, by turns admin, operator and guest.

use sim_core::id::{Cluster, NodeId};

use crate::capability::{Action, Resource};

/// How many nodes hold offices.
pub const OFFICES: u32 = 3;

/// What a node is there for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Office {
    /// It has a user and resources.
    Agent,
    /// It vouches for keys and revokes them. All trust begins here.
    Authority,
    /// It keeps the audit log.
    Keeper,
    /// It carries messages.
    Broker,
}

/// What an agent is in the company.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Role {
    /// May do everything, and carries out what others ask.
    Admin,
    /// May read everything, and write what lies open.
    Operator,
    /// May read what lies open.
    Guest,
}

/// One rule of the policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Rule {
    /// Of which role it speaks.
    pub role: Role,
    /// Of resources that lie open, or of those that do not.
    pub lies_open: bool,
    /// Of doing what with them.
    pub action: Action,
    /// Whether that is permitted.
    pub permits: bool,
}

impl Rule {
    /// Whether it is the rule for this agent and resource.
    pub fn is_about(
        &self,
        cluster: Cluster,
        agent: NodeId,
        resource: Resource,
        action: Action,
    ) -> bool {
        (self.role, self.lies_open, self.action)
            == (role(agent), lies_open(cluster, resource), action)
    }
}

/// The rules of the company, one for each case.
pub fn rules() -> impl Iterator<Item = Rule> {
    let roles = [Role::Admin, Role::Operator, Role::Guest].into_iter();
    let cases = [
        (true, Action::Read),
        (true, Action::Write),
        (false, Action::Read),
        (false, Action::Write),
    ];
    roles.flat_map(move |role| {
        cases.map(|(lies_open, action)| {
            let permits = allows(role, lies_open, action);
            Rule { role, lies_open, action, permits }
        })
    })
}

/// For whose eyes a content is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Label {
    /// Everybody's.
    Public,
    /// Those of admins and operators.
    Secret,
}

/// The agents.
pub fn agents(cluster: Cluster) -> impl DoubleEndedIterator<Item = NodeId> + Clone {
    (0..cluster.n.saturating_sub(OFFICES)).map(NodeId)
}

/// The node that vouches for keys.
pub const fn authority(cluster: Cluster) -> NodeId {
    NodeId(cluster.n.saturating_sub(3))
}

/// The node that keeps the log.
pub const fn keeper(cluster: Cluster) -> NodeId {
    NodeId(cluster.n.saturating_sub(2))
}

/// The node that carries messages.
pub const fn broker(cluster: Cluster) -> NodeId {
    NodeId(cluster.n.saturating_sub(1))
}

/// What a node is there for.
pub fn office(cluster: Cluster, node: NodeId) -> Office {
    match node {
        node if node == authority(cluster) => Office::Authority,
        node if node == keeper(cluster) => Office::Keeper,
        node if node == broker(cluster) => Office::Broker,
        _ => Office::Agent,
    }
}

/// The role of an agent.
pub const fn role(agent: NodeId) -> Role {
    match agent.0 % 3 {
        0 => Role::Admin,
        1 => Role::Operator,
        _ => Role::Guest,
    }
}

/// Whether a node may know a content of this label.
pub fn clears(cluster: Cluster, node: NodeId, label: Label) -> bool {
    label == Label::Public || office(cluster, node) == Office::Agent && role(node) != Role::Guest
}

/// All resources: each agent owns one that lies open and one that does not.
pub fn resources(cluster: Cluster) -> impl Iterator<Item = Resource> + Clone {
    (0..2 * cluster.n.saturating_sub(OFFICES)).map(Resource)
}

/// Whose a resource is.
pub const fn owner(cluster: Cluster, resource: Resource) -> NodeId {
    NodeId(resource.0 % (cluster.n - OFFICES))
}

/// Whether an agent may do this.
pub fn permits(cluster: Cluster, agent: NodeId, resource: Resource, action: Action) -> bool {
    office(cluster, agent) == Office::Agent
        && allows(role(agent), lies_open(cluster, resource), action)
}

const fn lies_open(cluster: Cluster, resource: Resource) -> bool {
    resource.0 < cluster.n - OFFICES
}

fn allows(role: Role, lies_open: bool, action: Action) -> bool {
    match role {
        Role::Admin => true,
        Role::Operator => lies_open || action == Action::Read,
        Role::Guest => lies_open && action == Action::Read,
    }
}

//! Planted bugs in the whole world: drawn faults find them, and the property that names them
//! speaks. (Scripted stories for each of them stand beside the protocols.)

mod trial;
mod bargain;
mod ben_or;
mod bracha;
mod consensus;
mod crdt;
mod estimate;
mod generals;
mod gossip;
mod kv;
mod pbft;
mod raft_and_voting;
mod register;
mod secure_messaging;
mod swim;

//! Problems of agreement, and the protocols that solve them.

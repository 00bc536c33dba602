//! Source `oci`: container images built in place, without a daemon, in Linux namespaces.

mod layer;

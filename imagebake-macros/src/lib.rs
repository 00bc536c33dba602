//! Procedural macros of imagebake.

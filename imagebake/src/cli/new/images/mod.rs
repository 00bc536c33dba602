//! One file per image; a new one is named here.

mod web;

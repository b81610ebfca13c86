//! Rules that say who may do what.

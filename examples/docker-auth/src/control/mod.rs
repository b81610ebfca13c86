//! The control socket, where a running server is asked by whoever may act as its user: HTTP/1.1, described by `openapi.json`
//! beside this file.
//!
//! A running server alone has its store of tokens open; the socket stands beside that.

mod caller;
mod client;
mod connection;
mod desk;
mod routes;
mod socket;

pub(crate) use client::ask;
pub(crate) use desk::Desk;

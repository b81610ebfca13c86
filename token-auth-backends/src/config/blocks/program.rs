//! A program that is run, and a plugin that is not.

use crate::config::kind::{Key, Kind};

/// Which program, and what it may cost.
pub(super) const PROGRAM: &[Key] = &[
    Key::new("command", Kind::Path, "The program; a name without a slash is looked up where programs are.")
        .required()
        .example("/usr/local/bin/ask"),
    Key::new("args", Kind::TEXTS, "Its arguments, which no shell reads.").example("[--quiet]"),
    Key::new(
        "environment",
        Kind::TEXTS,
        "The variables of the server's environment that it gets; by default none, beside a `PATH`.",
    )
    .ours()
    .example("[LANG]"),
    Key::new("form", Kind::Choice(&["docker_auth", "json"]), "The form of the question to it.")
        .ours()
        .default("docker_auth"),
    Key::new("timeout", Kind::TIME, "After this it is killed, with all that it has started.")
        .ours()
        .default("4s"),
    Key::new("concurrency", Kind::COUNT, "How many processes run at once.").ours().default("16"),
    Key::new("queue", Kind::COUNT_OR_ZERO, "How many requests may wait for their turn.")
        .ours()
        .default("1024"),
    Key::new("patience", Kind::TIME, "How long one may have to wait.").ours().default("4s"),
    Key::new("output_bytes", Kind::COUNT, "Bytes of standard output; it is killed if it writes more.")
        .ours()
        .default("65536"),
    Key::new("cache", Kind::TIME_OR_ZERO, "How long an answer is good for the very same question.")
        .ours()
        .default("0s"),
];

pub(super) const PLUGIN: Kind =
    Kind::Keys(&[&[
        Key::new("plugin_path", Kind::Path, "The plugin, built for Go.").example("/etc/plugin.so")
    ]]);

pub(super) const NO_PLUGINS: &str = "cannot be supported: Go plugins load into Go programs only; use `webhook_auth`, `webhook_authz`, \
                                     `ext_auth` or `ext_authz`, or embed the library and implement its trait";

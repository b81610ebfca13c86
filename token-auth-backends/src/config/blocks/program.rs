//! A program that is run, and a plugin that is not.

use crate::config::kind::{Key, Kind};

pub(super) const PROGRAM: Kind = Kind::Keys(&[&[
    Key::new("command", Kind::Path, "The program.").usual().example("/usr/local/bin/ask"),
    Key::new("args", Kind::TEXTS, "Its arguments.").example("[--quiet]"),
]]);

pub(super) const PLUGIN: Kind =
    Kind::Keys(&[&[
        Key::new("plugin_path", Kind::Path, "The plugin, built for Go.").example("/etc/plugin.so")
    ]]);

pub(super) const NO_PLUGINS: &str = "cannot be supported: Go plugins load into Go programs only; use `ext_auth` or `ext_authz`, or \
                                     embed the library and implement its trait";

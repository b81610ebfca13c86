//! The block `htpasswd_auth`: accounts of a password file. docker_auth does not have it.

use std::sync::Arc;

use crate::config::block::Block;
use crate::config::field::Field;
use crate::config::finding::{Finding, Spot};
use crate::config::kind::{Key, Kind};
use crate::config::parts::Parts;
use crate::config::{Assembly, Config, Limits, labels, limits};
use crate::htpasswd::{Htpasswd, HtpasswdError, HtpasswdOptions};

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY).labels(supplied).handled(read, join);

const KEY: Key = Key::new(
    "htpasswd_auth",
    Kind::Keys(&[&[
        Key::new("file", Kind::TendedFile, "The password file. It is read again when it changes.")
            .secret()
            .required()
            .example("/etc/docker-auth/htpasswd"),
        Key::new(
            "group_file",
            Kind::TendedFile,
            "The groups of its accounts, which become their label `group`.",
        )
        .example("/etc/docker-auth/groups"),
    ]]),
    "Accounts of a password file, asked after `users`.",
)
.ours();

/// The password file, and where to complain of it.
#[derive(Debug)]
pub(in crate::config) struct LocatedHtpasswd {
    pub(in crate::config) options: HtpasswdOptions,
    spot: Spot,
}

fn supplied(field: &Field<'_>) -> labels::Supplied {
    Some(field.child("group_file").map(|_| "group".to_owned()).into_iter().collect())
}

fn read(field: &Field<'_>, parts: &mut Parts) {
    let Some(section) = field.section() else { return };
    let file = section.require("file").and_then(|field| field.file());
    let group_file = section.get("group_file").and_then(|field| field.file());
    section.finish();
    let Some(file) = file else { return };
    let mut options = HtpasswdOptions::new(file);
    options.group_file = group_file;
    options.hash_limits = parts.get::<Limits>().map(|limits| limits.hashes.clone()).unwrap_or_default();
    parts.insert(LocatedHtpasswd { options, spot: field.spot() });
}

fn join(config: &mut Config, assembly: &mut Assembly) {
    let Some(LocatedHtpasswd { options, spot }) = config.part() else { return };
    let options = HtpasswdOptions { settle_time: config.settle_time, ..options.clone() };
    match Htpasswd::open(options, Arc::clone(assembly.verifier())) {
        Ok(htpasswd) => {
            let decoys = std::mem::take(&mut assembly.decoys);
            assembly.authenticator("htpasswd", htpasswd.with_decoys(decoys), spot);
        }
        Err(HtpasswdError::Invalid { file, problems }) => {
            let file: Arc<str> = file.display().to_string().into();
            for mut problem in problems {
                problem.message = limits::name_key(problem.message);
                assembly.error(Finding::of_line(&file, problem));
            }
        }
        Err(error) => assembly.error(spot.finding(error.to_string())),
    }
}

//! The configuration as a whole: a loop over its blocks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use token_auth_core::acl::{Acl, LintContext};

use super::block::Block;
use super::exposed::Secrets;
use super::field::Field;
use super::key_pair::SigningPair;
use super::kind::{Key, Kind};
use super::parts::Parts;
use super::reader::Reader;
use super::section::Section;
use super::yaml::{self, Budget, Position};
use super::{Config, ServerConfig, TokenConfig};
use crate::static_users::StaticUser;

/// Room for some hundred thousand users or rules.
const BUDGET: Budget = Budget { bytes: 64 << 20, nodes: 4_000_000, depth: 32 };

/// The configuration, or at least one error in the reader.
pub(super) fn read(bytes: &[u8], reader: &Reader) -> Option<Config> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            reader.error(Position { line, column: 1 }, "", "is not UTF-8");
            return None;
        }
    };
    let (root, problems) = yaml::parse(text, BUDGET);
    if root.is_none() && problems.is_empty() {
        reader.error(Position { line: 1, column: 1 }, "", "says nothing");
    }
    for problem in problems {
        reader.error(problem.position, "", problem.message);
    }
    read_root(Field::root(reader, &*root?).blocks()?, reader.blocks())
}

fn read_root(root: Section<'_>, blocks: &[&'static Block]) -> Option<Config> {
    let mut parts = Parts::default();
    blocks.iter().for_each(|block| block.note(&root, &mut parts));
    blocks.iter().for_each(|block| block.read(&root, &mut parts));
    for block in blocks {
        block.agree(&root, &parts);
    }
    for block in blocks.iter().filter(|block| block.key.is_required) {
        if !parts.is_configured(block.name()) {
            root.missing(block.name(), "is required");
        }
    }
    let none_of =
        |is: fn(&Block) -> bool| !blocks.iter().any(|block| is(block) && parts.is_configured(block.name()));
    if none_of(Block::is_authenticator) {
        root.missing("users", "no way to authenticate is configured: write `users: {}` to deny everyone");
    }
    if none_of(Block::is_authorizer) {
        root.missing("acl", "no way to authorize is configured: write `acl: []` to deny everything");
    }
    let (mut files, mut secrets) = (Files::default(), Secrets::new(root.spot()));
    let (mut labels, mut distinguished) = (Some(BTreeSet::new()), BTreeSet::new());
    for block in blocks {
        labels = labels.zip(block.supplied(&root)).map(|(some, more)| &some | &more);
        distinguished.append(&mut block.distinguished(&root));
        if let Some(field) = block.configured(&root) {
            block.key.visit(&field, &mut |key, field| {
                files.add(key, field);
                secrets.add(key, field);
            });
        }
    }
    let are_all = none_of(|block| block.is_authenticator() && block.name() != "users");
    let start = root.spot();
    root.finish();
    let users = parts.take::<Vec<(String, StaticUser)>>();
    let mut surroundings = LintContext::default();
    let names = || users.iter().flatten().map(|(name, _)| name);
    surroundings.anonymous = Some(names().any(String::is_empty));
    surroundings.labels = labels;
    surroundings.dn_labels = distinguished;
    surroundings.accounts =
        (are_all && users.is_some()).then(|| names().filter(|name| !name.is_empty()).cloned().collect());
    let (server, token) = (parts.take::<ServerConfig>()?, parts.take::<TokenConfig>()?);
    let signing_pair = parts.take::<SigningPair>()?.0;
    let services: BTreeSet<String> = token.services.iter().cloned().collect();
    surroundings.services = Some(services).filter(|services| !services.is_empty());
    Some(Config {
        server,
        token,
        users,
        acl: parts.take::<Acl>(),
        limits: parts.take().unwrap_or_default(),
        tokens: parts.take(),
        parts,
        blocks: blocks.to_vec(),
        examine: false,
        settle_time: Duration::ZERO,
        notes: Vec::new(),
        signing_pair,
        files: files.watched,
        tended_files: files.tended,
        secrets,
        surroundings,
        start,
    })
}

/// The files that a configuration names and that are read when it is loaded.
#[derive(Default)]
struct Files {
    /// When one of these changes, it is loaded again.
    watched: Vec<PathBuf>,
    /// These their readers look after.
    tended: Vec<PathBuf>,
}

impl Files {
    fn add(&mut self, key: &Key, field: &Field<'_>) {
        let files = match key.kind {
            Kind::File => &mut self.watched,
            Kind::TendedFile => &mut self.tended,
            _ => return,
        };
        let path = field.scalar_text().filter(|text| !text.is_empty()).map(PathBuf::from);
        files.extend(path.filter(|path| !files.contains(path)));
    }
}

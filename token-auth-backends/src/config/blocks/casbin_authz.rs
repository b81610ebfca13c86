//! The block `casbin_authz`: a model and a policy of casbin.

use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block =
    Block::authorizer(KEY).built("casbin", with_feature!("casbin", served::HANDLING));

const KEY: Key = Key::new(
    "casbin_authz",
    Kind::Keys(&[&[
        Key::new("model_path", Kind::TendedFile, "The model. It is read again when it changes.")
            .required()
            .example("/etc/docker-auth/model.conf"),
        Key::new("policy_path", Kind::TendedFile, "The policy. It is read again when it changes.")
            .required()
            .example("/etc/docker-auth/policy.csv"),
        Key::new("lines", Kind::COUNT, "How many lines the policy may have.").ours().default("10000"),
        Key::new("timeout", Kind::TIME, "How long an answer may take.").ours().default("2s"),
    ]]),
    "A model and a policy of casbin, which grant or deny whatever nobody before them has decided.",
);

#[cfg(feature = "casbin")]
mod served {
    use crate::casbin::{Casbin, CasbinOptions};
    use crate::config::block::Handling;
    use crate::config::field::Field;
    use crate::config::finding::Spot;
    use crate::config::parts::Parts;
    use crate::config::{Assembly, Config};

    /// The files, and where to complain of them.
    #[derive(Debug)]
    struct Located {
        options: CasbinOptions,
        spot: Spot,
    }

    pub(super) const HANDLING: Handling = Handling::new(read, join);

    fn read(field: &Field<'_>, parts: &mut Parts) {
        let Some(section) = field.section() else { return };
        let file = |key| section.require(key).and_then(|field| field.file());
        let (model, policy) = (file("model_path"), file("policy_path"));
        let lines = section.get("lines").and_then(|field| field.count());
        let timeout = section.get("timeout").and_then(|field| field.duration());
        section.finish();
        let (Some(model), Some(policy)) = (model, policy) else { return };
        let mut options = CasbinOptions::new(model, policy);
        options.lines = lines.unwrap_or(options.lines);
        options.timeout = timeout.unwrap_or(options.timeout);
        parts.insert(Located { options, spot: field.spot() });
    }

    fn join(config: &mut Config, assembly: &mut Assembly) {
        let Some(Located { options, spot }) = config.part() else { return };
        if let Some(rules) = assembly.take(Casbin::open(options.clone()), spot) {
            assembly.authorizer(rules);
        }
    }
}
